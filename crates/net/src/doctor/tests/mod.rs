//! Each row of the doctor: the facts that give it, and that it is not there without them.

mod conclusions;
mod rows;
mod system;

use std::net::SocketAddr;

use super::evidence::Evidence;
use super::facts::{Portal, SystemFacts};
use crate::mapping::{Door, MappingAnswer, MappingProtocol, MappingState, Mappings, Router, Transport};
use crate::reach::{CameIn, ReachFacts, ReachSettings};
use crate::rendezvous::DhtState;

/// What is known somewhere.
#[derive(Clone)]
struct Known {
    reach: ReachFacts,
    system: Option<SystemFacts>,
    listening: Vec<SocketAddr>,
    failed: bool,
    links: usize,
    own_address_failed: bool,
}

impl Known {
    /// At home, with everything turned on: the router has opened a door, and people have come in.
    fn at_home() -> Known {
        let router = Router {
            gateway: Some("192.168.1.1".parse().expect("an address")),
            wan: Some("203.0.113.9".parse().expect("an address")),
            upnp: MappingAnswer::Granted,
            nat_pmp: MappingAnswer::Found,
            pcp: MappingAnswer::Silent,
            pinhole: MappingAnswer::NotAsked,
        };
        let mappings = Mappings { state: MappingState::Settled, doors: vec![door("192.168.1.5:4747", "203.0.113.9:4747")], router };
        let settings = ReachSettings { mapping: true, internet: true, carry: true };
        Known {
            reach: ReachFacts {
                settings,
                observed: vec!["203.0.113.9:4747".parse().expect("an address")],
                nat: wire::reach::NatClass::Easy,
                came_in: CameIn { v4: Some(1_000), v6: None },
                came_in_nearby: Some(900),
                mappings,
                dht: DhtState::Reachable,
                ..ReachFacts::default()
            },
            system: Some(SystemFacts { ipv4: true, portal: Portal::Absent, ..SystemFacts::default() }),
            listening: vec!["192.168.1.5:4747".parse().expect("an address")],
            failed: false,
            links: 3,
            own_address_failed: false,
        }
    }

    /// The same before anybody has come in, and with a router that opens nothing.
    fn shut_in() -> Known {
        let mut known = Known::at_home();
        known.reach.came_in = CameIn::default();
        known.reach.came_in_nearby = None;
        known.reach.mappings.doors.clear();
        known.answer(MappingAnswer::Silent);
        known.reach.mappings.router.wan = None;
        known
    }

    /// All protocols have led to this.
    fn answer(&mut self, answer: MappingAnswer) {
        let router = &mut self.reach.mappings.router;
        (router.upnp, router.nat_pmp, router.pcp) = (answer.clone(), answer.clone(), answer);
    }

    fn listens_at(&mut self, addresses: &[&str]) {
        self.listening = addresses.iter().map(|text| text.parse().expect("an address")).collect();
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            reach: &self.reach,
            system: self.system.as_ref(),
            listening: &self.listening,
            failed: self.failed,
            links: self.links,
            own_address_failed: self.own_address_failed,
        }
    }
}

fn door(internal: &str, external: &str) -> Door {
    let [internal, external] = [internal, external].map(|text| text.parse().expect("an address"));
    Door { transport: Transport::Tcp, by: MappingProtocol::Upnp, internal, external, until: u64::MAX }
}
