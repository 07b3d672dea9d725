//! Where DHT nodes say that they see this device, and what follows from it.

use std::collections::VecDeque;
use std::net::{SocketAddr, SocketAddrV4};

use wire::reach::NatClass;

use super::limits::{MAX_VOTES, MIN_VOTES, VOTE_AGE};

/// Who counts as another witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witnesses {
    /// One for each /24: a stranger has many ports, and seldom many networks.
    Networks,
    /// One for each address and port: a DHT of one's own, perhaps on one machine.
    Sockets,
}

struct Vote {
    witness: (u32, u16),
    seen: SocketAddrV4,
    at: u64,
}

/// The newest word of each of the last few witnesses.
pub(super) struct Votes {
    witnesses: Witnesses,
    votes: VecDeque<Vote>,
}

impl Votes {
    pub(super) fn new(witnesses: Witnesses) -> Self {
        Self { witnesses, votes: VecDeque::new() }
    }

    pub(super) fn clear(&mut self) {
        self.votes.clear();
    }

    pub(super) fn add(&mut self, node: SocketAddrV4, seen: SocketAddrV4, now: u64) {
        let witness = match self.witnesses {
            Witnesses::Networks => (node.ip().to_bits() >> 8, 0),
            Witnesses::Sockets => (node.ip().to_bits(), node.port()),
        };
        self.votes.retain(|vote| vote.witness != witness && now.saturating_sub(vote.at) < VOTE_AGE);
        self.votes.push_back(Vote { witness, seen, at: now });
        while self.votes.len() > MAX_VOTES {
            self.votes.pop_front();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.votes.len()
    }

    /// The address that most witnesses agree on, and the class that follows from their ports. None
    /// as long as there are too few, or no majority for an IP.
    pub(super) fn verdict(&self) -> Option<(SocketAddr, NatClass)> {
        if self.votes.len() < MIN_VOTES {
            return None;
        }
        let ips = |ip| self.votes.iter().filter(|vote| *vote.seen.ip() == ip).count();
        let ip = self.votes.iter().map(|vote| *vote.seen.ip()).find(|ip| ips(*ip) * 2 > self.votes.len())?;
        let ports = |port| self.votes.iter().filter(|vote| *vote.seen.ip() == ip && vote.seen.port() == port).count();
        let here = || self.votes.iter().rev().map(|vote| vote.seen).filter(|seen| *seen.ip() == ip);
        let newest = here().next()?;
        let most = here().map(|seen| seen.port()).find(|port| ports(*port) * 2 > self.votes.len());
        Some(match most {
            Some(port) => (SocketAddr::from((ip, port)), NatClass::Easy),
            None => (SocketAddr::V4(newest), NatClass::Hard),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddrV4 {
        text.parse().expect("an address")
    }

    /// What nodes in different networks say, in this order.
    fn check(said: &[&str], expected: Option<(&str, NatClass)>) {
        let mut votes = Votes::new(Witnesses::Networks);
        for (index, seen) in said.iter().enumerate() {
            votes.add(SocketAddrV4::new([50, 1, index as u8, 1].into(), 6881), address(seen), 1_000);
        }
        let expected = expected.map(|(text, class)| (SocketAddr::V4(address(text)), class));
        assert_eq!(votes.verdict(), expected, "{said:?}");
    }

    #[test]
    fn one_or_two_are_never_believed() {
        check(&[], None);
        check(&["9.9.9.9:1"], None);
        check(&["9.9.9.9:1", "9.9.9.9:1"], None);
        check(&["9.9.9.9:1", "9.9.9.9:1", "9.9.9.9:1"], Some(("9.9.9.9:1", NatClass::Easy)));
    }

    #[test]
    fn one_liar_among_three_changes_nothing() {
        check(&["9.9.9.9:1", "6.6.6.6:6", "9.9.9.9:1"], Some(("9.9.9.9:1", NatClass::Easy)));
        check(&["9.9.9.9:1", "9.9.9.9:2", "9.9.9.9:1"], Some(("9.9.9.9:1", NatClass::Easy)));
        check(&["9.9.9.9:1", "6.6.6.6:6", "7.7.7.7:7"], None);
    }

    #[test]
    fn another_port_for_each_is_a_hard_nat() {
        check(&["9.9.9.9:1", "9.9.9.9:2", "9.9.9.9:3"], Some(("9.9.9.9:3", NatClass::Hard)));
        check(&["9.9.9.9:1", "9.9.9.9:2", "6.6.6.6:1", "9.9.9.9:4"], Some(("9.9.9.9:4", NatClass::Hard)));
    }

    #[test]
    fn a_new_address_holds_as_soon_as_most_of_the_last_say_so() {
        let mut said = vec!["9.9.9.9:1"; 5];
        said.extend(["8.8.8.8:2"; 2]);
        check(&said, Some(("9.9.9.9:1", NatClass::Easy)));
        said.push("8.8.8.8:2");
        check(&said, Some(("8.8.8.8:2", NatClass::Easy)));
    }

    #[test]
    fn many_ports_of_one_network_are_one_witness() {
        let mut votes = Votes::new(Witnesses::Networks);
        let mut own = Votes::new(Witnesses::Sockets);
        for port in 1..100 {
            let node = SocketAddrV4::new([50, 1, 1, port as u8].into(), port);
            votes.add(node, address("6.6.6.6:6"), 1_000);
            own.add(node, address("6.6.6.6:6"), 1_000);
        }
        assert_eq!((votes.count(), votes.verdict()), (1, None));
        assert_eq!(own.count(), MAX_VOTES);
    }

    #[test]
    fn old_words_are_forgotten() {
        let mut votes = Votes::new(Witnesses::Sockets);
        for port in 1..4 {
            votes.add(SocketAddrV4::new([50, 1, 1, 1].into(), port), address("9.9.9.9:1"), 1_000);
        }
        assert!(votes.verdict().is_some());
        votes.add(SocketAddrV4::new([50, 1, 1, 1].into(), 9), address("9.9.9.9:1"), 1_000 + VOTE_AGE);
        assert_eq!(votes.count(), 1);
    }
}
