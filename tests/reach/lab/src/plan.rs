//! What a lab is to be like.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::nat::Nat;

/// The people beside c, and the wires.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who is where; c is always there.
    pub sides: Vec<Side>,
    /// How long a packet takes from one end of the internet to the other.
    pub one_way: Duration,
    /// Packets that are lost on the way, in per cent.
    pub loss: f64,
    /// A provider's router, without NAT, before each home router, and a way between them as long as
    /// those of the internet are: packets of low TTL die there.
    pub hop: bool,
    /// IPv6 too, with routers that let nothing in.
    pub ipv6: bool,
}

/// One place with its router.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Name of its namespace.
    pub name: &'static str,
    /// How it is connected.
    pub nat: Nat,
}

impl Plan {
    /// a and b, a round trip of 100 ms, nothing lost.
    pub fn pair(a: Nat, b: Nat) -> Plan {
        let sides = vec![Side { name: "a", nat: a }, Side { name: "b", nat: b }];
        Plan { sides, one_way: Duration::from_millis(50), loss: 0.0, hop: false, ipv6: false }
    }

    /// Only a.
    pub fn one(a: Nat) -> Plan {
        let mut plan = Plan::pair(a, Nat::Open);
        plan.sides.truncate(1);
        plan
    }

    /// The same with packets lost.
    pub fn losing(mut self, per_cent: f64) -> Plan {
        self.loss = per_cent;
        self
    }

    /// The same with providers' routers between.
    pub fn with_hops(mut self) -> Plan {
        self.hop = true;
        self
    }

    /// The same with IPv6.
    pub fn with_ipv6(mut self) -> Plan {
        self.ipv6 = true;
        self
    }

    /// Routers that the switch stands for.
    pub(crate) fn hops(&self) -> u8 {
        if self.hop { LONG_WAY } else { 0 }
    }

    /// The number of a side in all its addresses.
    pub(crate) fn number(&self, side: &str) -> u8 {
        let at = self.sides.iter().position(|known| known.name == side);
        let at = at.unwrap_or_else(|| panic!("nobody in this lab is called {side}"));
        // .9 is c's.
        let number = if at + 2 < 9 { at + 2 } else { at + 3 };
        u8::try_from(number).expect("few sides")
    }

    /// Where this side is seen from outside.
    pub fn outer(&self, side: &str) -> Ipv4Addr {
        match (self.hop, self.sides.iter().find(|known| known.name == side).map(|known| known.nat)) {
            (true, Some(nat)) if nat != Nat::Open && nat.carrier().is_none() => Ipv4Addr::new(11, 98, self.number(side), 2),
            _ => Ipv4Addr::new(11, 99, 0, self.number(side)),
        }
    }

    /// Its address behind its router, or the public one.
    pub fn inner(&self, side: &str) -> Ipv4Addr {
        let number = self.number(side);
        match self.sides.iter().find(|known| known.name == side).map(|known| known.nat) {
            Some(Nat::Open) | None => Ipv4Addr::new(11, 99, 0, number),
            Some(_) => Ipv4Addr::new(192, 168, number, 2),
        }
    }

    /// Its IPv6 address, in a lab that has them.
    pub fn inner6(&self, side: &str) -> Ipv6Addr {
        let number = u16::from(self.number(side));
        match self.sides.iter().find(|known| known.name == side).map(|known| known.nat) {
            Some(Nat::Open) | None => Ipv6Addr::new(0x2a00, 0x99, 0, 0, 0, 0, 0, number),
            Some(_) => Ipv6Addr::new(0x2a00, 0x99, number, 0, 0, 0, 0, 2),
        }
    }
}

/// Hops between two providers; most ways have more.
const LONG_WAY: u8 = 8;
/// Where the nodes of a private DHT are, at c. Each has an address of its own: a search takes no
/// more than one node of an address, unless its name fits the address (BEP 42).
pub(crate) fn dht_addresses() -> impl Iterator<Item = Ipv4Addr> {
    (100..130).map(|byte| Ipv4Addr::new(11, 99, 0, byte))
}

/// c's first address; the other is .9.
pub(crate) const PUBLIC: [Ipv4Addr; 2] = [Ipv4Addr::new(11, 99, 0, 1), Ipv4Addr::new(11, 99, 0, 9)];
