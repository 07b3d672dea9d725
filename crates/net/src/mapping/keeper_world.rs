//! A router played by hand, second by second, for the tests of the `keeper`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::ask::{Answer, Ask};
use super::keeper::{Errand, Keeper};
use super::limits::HEAD_START;
use super::mappings::{Door, MappingProtocol, Ports};
use super::opening::{Grant, Opening, Way, Why};
use super::place::{Place, PlaceV4, PlaceV6};
use crate::time::Now;

pub(super) const PORT: u16 = 4747;
pub(super) const WAN: IpAddr = IpAddr::V4(Ipv4Addr::new(11, 99, 0, 2));

/// What one protocol of the router says, always the same.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Says {
    Yes,
    /// Doors under this address.
    YesAt(IpAddr),
    Nothing,
    No,
    PermanentOnly,
    Taken,
}

pub(super) struct Ana {
    pub(super) keeper: Keeper,
    pub(super) tick: u64,
    pub(super) rng: StdRng,
    /// pcp, nat-pmp, upnp, pinholes by PCP, by UPnP.
    pub(super) router: [Says; 5],
    pub(super) epoch: u32,
    pub(super) asked: Vec<(u64, Way, Ask)>,
}

impl Ana {
    pub(super) fn behind(router: [Says; 5]) -> Self {
        let keeper = Keeper::new(Ports { tcp: Some(PORT), udp: Some(PORT) }, true);
        Self { keeper, tick: 1, rng: StdRng::seed_from_u64(7), router, epoch: 1000, asked: Vec::new() }
    }

    pub(super) fn now(&self) -> Now {
        Now { tick: self.tick, wall: 1_000_000 + self.tick }
    }

    pub(super) fn errands(&mut self) -> Vec<Errand> {
        let mut errands = Vec::new();
        self.keeper.next(self.now(), &mut self.rng, &mut errands);
        self.asked.extend(errands.iter().map(|errand| (self.tick, errand.way, errand.ask.clone())));
        errands
    }

    /// The router answers all that is asked, until nothing is left to ask at this moment.
    pub(super) fn talk(&mut self) {
        for _ in 0..50 {
            let errands = self.errands();
            if errands.is_empty() {
                return;
            }
            for Errand { way, turn, ask } in errands {
                let answer = self.answer(way, &ask);
                self.keeper.answered(way, turn, answer, self.now());
            }
        }
        panic!("asks without end: {:?}", self.asked.last());
    }

    pub(super) fn answer(&self, way: Way, ask: &Ask) -> Answer {
        let says = self.router[Way::ALL.iter().position(|each| *each == way).expect("a way")];
        let opening = match ask {
            Ask::Close(_) => return Answer::Closed,
            Ask::Find if says == Says::Nothing => return Answer::Not(Why::Silent),
            Ask::Find => {
                let wan = if let Says::YesAt(wan) = says { wan } else { WAN };
                return Answer::Found((!way.is_v6()).then_some(wan));
            }
            Ask::Open(opening) => opening,
        };
        match says {
            Says::Yes => self.granted(way, opening, WAN),
            Says::YesAt(wan) => self.granted(way, opening, wan),
            Says::PermanentOnly if opening.lease == 0 => self.granted(way, opening, WAN),
            Says::PermanentOnly => Answer::Not(Why::PermanentOnly),
            Says::Taken if opening.port != PORT => self.granted(way, opening, WAN),
            Says::Taken => Answer::Not(Why::PortTaken),
            Says::Nothing => Answer::Not(Why::Silent),
            Says::No => Answer::Not(Why::Refused),
        }
    }

    fn granted(&self, way: Way, opening: &Opening, wan: IpAddr) -> Answer {
        let external = if way.is_v6() { opening.slot.internal } else { SocketAddr::new(wan, opening.port) };
        let epoch = (way.protocol() != MappingProtocol::Upnp).then_some(self.epoch);
        Answer::Opened(Grant { external, lease: opening.lease, token: opening.token, epoch })
    }

    /// Time goes by as the keeper asks for it.
    pub(super) fn wait(&mut self, millis: u64) {
        let end = self.tick + millis;
        loop {
            self.talk();
            let wake = self.keeper.wake(self.now()).unwrap_or(end).min(end);
            assert!(wake > self.tick || wake == end, "it wakes without end");
            self.epoch += u32::try_from((wake - self.tick) / 1000).expect("short");
            self.tick = wake;
            if wake == end {
                return self.talk();
            }
        }
    }

    pub(super) fn doors(&self) -> Vec<Door> {
        self.keeper.mappings().doors
    }

    pub(super) fn asks_of(&self, way: Way) -> usize {
        self.asked.iter().filter(|(_, asked, _)| *asked == way).count()
    }
}

pub(super) fn house() -> Place {
    let gateway = Ipv4Addr::new(192, 168, 2, 1);
    let own = "192.168.2.2/24".parse().expect("a network");
    Place { gateway: Some(gateway.into()), v4: Some(PlaceV4 { gateway, own }), v6: None }
}

pub(super) fn house_v6(own: &[&str]) -> Place {
    let own = own.iter().map(|text| text.parse().expect("a network")).collect();
    let gateway = "fe80::1".parse().expect("an address");
    Place { v6: Some(PlaceV6 { gateway, interface: 2, own }), ..Place::default() }
}

pub(super) fn at_home(router: [Says; 5]) -> Ana {
    let mut ana = Ana::behind(router);
    ana.keeper.set_place(house());
    ana.wait(HEAD_START * 3);
    ana
}
