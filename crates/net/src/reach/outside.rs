//! What the DHT tells, and what it is to tell others of this device.

use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::NatClass;

use super::effect::Effect;
use super::meetings::Met;
use super::reacher::Reacher;
use crate::event::Event;
use crate::mapping::Transport;
use crate::rendezvous::{DhtState, Meeting, Own};
use crate::time::Now;

impl Reacher {
    /// Whom to meet from now on.
    pub(crate) fn set_meetings(&mut self, meetings: &[Meeting]) {
        self.meetings.set(meetings);
    }

    /// The other side of a meeting says where it is.
    pub(crate) fn met(&mut self, met: Met, now: Now, out: &mut Vec<Effect>) {
        out.push(Effect::Tell(Event::Partner { meeting: met.meeting.clone(), nat: met.class }));
        self.meetings.met(met, now.tick, out);
    }

    /// Calling a partner is over; `peer` if it led to a link.
    pub(crate) fn meeting_ended(&mut self, key: u64, peer: Option<PeerId>, now: Now) {
        self.meetings.ended(key, peer, now.tick);
    }

    /// How it stands with the DHT.
    pub(crate) fn dht_is(&mut self, state: DhtState) {
        self.facts.dht = state;
        self.unsettled = true;
    }

    /// Most of at least three DHT nodes see the UDP port there.
    pub(crate) fn dht_sees(&mut self, seen: Option<(SocketAddr, NatClass)>) {
        self.udp.observed.dht_says(seen);
        self.unsettled = true;
    }

    /// What the DHT is to tell of this device.
    pub(crate) fn own(&self) -> Own {
        let doors = self.facts.mappings.doors.iter();
        let far = self.facts.announced.iter().copied().filter(|address| self.horizon.is_far(address.ip()));
        Own {
            udp: doors.filter(|door| door.transport == Transport::Udp && door.external.is_ipv4()).map(|door| door.external).next(),
            tcp: self.facts.observed.iter().copied().find(|seen| seen.port() > 0),
            addresses: far.collect(),
            class: if self.facts.nat == NatClass::Open { NatClass::Open } else { NatClass::Unknown },
        }
    }
}
