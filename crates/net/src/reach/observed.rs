//! Where others see this device, and which of it is believed.
//!
//! Invariant: no address is believed that one peer alone has named (guarded by
//! `one_peer_alone_is_never_believed`).

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use identity::PeerId;
use wire::reach::NatClass;

use super::limits::{CLAIM_STAYS, MAX_CLAIMS, SILENT_ASKED, SILENT_PEERS};
use super::network::{Horizon, Network};

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// The end of each link, as its peer sees it.
    links: BTreeMap<PeerId, Claim>,
    /// The UDP port, as the two ports of each peer see it.
    echoes: BTreeMap<(PeerId, SocketAddr), Claim>,
    /// What most of at least three DHT nodes see.
    dht: Option<(SocketAddr, NatClass)>,
    /// What the router calls its own address outside.
    router: Option<IpAddr>,
    /// Questions to a peer since its last answer.
    unanswered: BTreeMap<PeerId, u8>,
    echoed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    seen: SocketAddr,
    /// From where.
    from: Network,
    /// This device called, so its routers chose the port.
    called: bool,
    /// When it is forgotten.
    until: u64,
}

/// A claim about the end of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Where the peer sees this device.
    pub(crate) seen: SocketAddr,
    /// Where this device sees the peer.
    pub(crate) from: IpAddr,
    /// This device called.
    pub(crate) called: bool,
}

impl Observed {
    /// A peer says where it sees this end of its TCP link.
    pub(crate) fn peer_says(&mut self, peer: PeerId, claim: Seen, horizon: Horizon) {
        let far = horizon.is_far(claim.seen.ip()) && horizon.is_far(claim.from);
        if far && (self.links.len() < MAX_CLAIMS || self.links.contains_key(&peer)) {
            let Seen { seen, from, called } = claim;
            self.links.insert(peer, Claim { seen, from: Network::of(from), called, until: u64::MAX });
        }
    }

    /// A port of a peer says where it sees the UDP port.
    pub(crate) fn echo_says(&mut self, peer: PeerId, port: SocketAddr, seen: SocketAddr, horizon: Horizon) {
        self.unanswered.remove(&peer);
        self.echoed = true;
        let fits = self.echoes.len() < MAX_CLAIMS || self.echoes.contains_key(&(peer, port));
        if fits && horizon.is_far(seen.ip()) && horizon.is_far(port.ip()) {
            self.echoes.insert((peer, port), Claim { seen, from: Network::of(port.ip()), called: true, until: u64::MAX });
        }
    }

    /// A peer is asked that by UDP.
    pub(crate) fn asked(&mut self, peer: PeerId) {
        if self.unanswered.len() < MAX_CLAIMS || self.unanswered.contains_key(&peer) {
            let asked = self.unanswered.entry(peer).or_default();
            *asked = asked.saturating_add(1);
        }
    }

    /// Most of at least three DHT nodes see the UDP port there.
    pub(crate) fn dht_says(&mut self, seen: Option<(SocketAddr, NatClass)>) {
        self.dht = seen;
    }

    /// The router says that this is its address outside.
    pub(crate) fn router_says(&mut self, wan: Option<IpAddr>) {
        self.router = wan;
    }

    /// The link is down: what its peer said is good for a while.
    pub(crate) fn link_down(&mut self, peer: PeerId, now: u64) {
        let until = now.saturating_add(CLAIM_STAYS);
        self.links.entry(peer).and_modify(|claim| claim.until = until);
        self.echoes.iter_mut().filter(|((who, _), _)| *who == peer).for_each(|(_, claim)| claim.until = until);
        self.unanswered.remove(&peer);
    }

    /// The network changed: nothing holds any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets what is too old.
    pub(crate) fn tick(&mut self, now: u64) {
        self.links.retain(|_, claim| claim.until > now);
        self.echoes.retain(|_, claim| claim.until > now);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.links.values().chain(self.echoes.values()).map(|claim| claim.until).min().filter(|until| *until < u64::MAX)
    }

    /// Addresses of this device's routers that are believed.
    pub(crate) fn ips(&self) -> Vec<IpAddr> {
        let claims = || self.links.values().chain(self.echoes.values());
        let named: BTreeSet<IpAddr> = claims().map(|claim| claim.seen.ip()).chain(self.dht.map(|(seen, _)| seen.ip())).collect();
        let believed = |ip: &IpAddr| {
            let from: BTreeSet<Network> = claims().filter(|claim| claim.seen.ip() == *ip).map(|claim| claim.from).collect();
            let dht = self.dht.is_some_and(|(seen, _)| seen.ip() == *ip);
            from.len() >= 2 || dht || (!from.is_empty() && self.router == Some(*ip))
        };
        named.into_iter().filter(believed).collect()
    }

    /// Where the TCP port is seen, by two in different networks; they called it so, or this device
    /// called both.
    pub(crate) fn tcp(&self) -> Vec<SocketAddr> {
        self.agreed(self.links.values())
    }

    /// Where the UDP port is seen.
    pub(crate) fn udp(&self) -> Vec<SocketAddr> {
        let dht = self.dht.filter(|(_, class)| *class != NatClass::Hard).map(|(seen, _)| seen);
        let mut agreed = self.agreed(self.echoes.values());
        agreed.extend(dht.filter(|seen| !agreed.contains(seen)));
        agreed
    }

    fn agreed<'a>(&self, claims: impl Iterator<Item = &'a Claim>) -> Vec<SocketAddr> {
        let mut by_address: BTreeMap<SocketAddr, BTreeSet<Network>> = BTreeMap::new();
        for claim in claims {
            by_address.entry(claim.seen).or_default().insert(claim.from);
        }
        let believed = |seen: &SocketAddr, from: &BTreeSet<Network>| from.len() >= 2 || self.router == Some(seen.ip());
        by_address.iter().filter(|(seen, from)| believed(seen, from)).map(|(seen, _)| *seen).collect()
    }

    /// How routers choose the port. `own`: addresses of this machine.
    pub(crate) fn class(&self, own: &[SocketAddr]) -> NatClass {
        let peers: BTreeSet<PeerId> = self.echoes.keys().map(|(peer, _)| *peer).collect();
        let by_peers = peers.iter().map(|peer| verdict(self.echoes.iter().filter(|((who, _), _)| who == peer).map(|(_, claim)| claim)));
        // Of two that see another port each one may lie, so this counts as much as one peer does.
        let together = (peers.len() > 1).then(|| verdict(self.echoes.values()));
        let by_dht = self.dht.map(|(_, class)| if class == NatClass::Hard { Verdict::Differ } else { Verdict::Same });
        let mut votes: Vec<Verdict> = by_peers.chain(together).chain(by_dht).collect();
        if votes.iter().all(|vote| *vote == Verdict::TooFew) {
            votes = vec![verdict(self.links.values().filter(|claim| claim.called))];
        }
        let count = |wanted| votes.iter().filter(|vote| **vote == wanted).count();
        let (same, differ) = (count(Verdict::Same), count(Verdict::Differ));
        let silent = self.unanswered.values().filter(|asked| **asked >= SILENT_ASKED).count();
        let here = || self.echoes.values().chain(self.links.values()).any(|claim| own.iter().any(|own| own.ip() == claim.seen.ip()));
        match (same, differ) {
            (0, 0) if here() => NatClass::Open,
            (0, 0) if silent >= SILENT_PEERS && !self.echoed && self.dht.is_none() => NatClass::Blocked,
            (0, 0) => NatClass::Unknown,
            _ if differ > same => NatClass::Hard,
            _ if here() => NatClass::Open,
            _ => NatClass::Easy,
        }
    }

    /// Whether an answer ever came by UDP.
    pub(crate) fn has_echoed(&self) -> bool {
        self.echoed
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Differ,
    TooFew,
}

/// Whether those who see an address of one IP version see the same one.
fn verdict<'a>(claims: impl Iterator<Item = &'a Claim>) -> Verdict {
    let mut verdict = Verdict::TooFew;
    let (mut v4, mut v6) = (None, None);
    for claim in claims {
        let before = if claim.seen.is_ipv4() { &mut v4 } else { &mut v6 };
        match before {
            None => *before = Some(claim.seen),
            Some(before) if *before == claim.seen && verdict != Verdict::Differ => verdict = Verdict::Same,
            Some(before) if *before == claim.seen => {}
            Some(_) => verdict = Verdict::Differ,
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Horizon = Horizon { loopback_is_far: false };

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn says(observed: &mut Observed, n: u8, from: &str, seen: &str) {
        let claim = Seen { seen: at(seen), from: at(from).ip(), called: true };
        observed.peer_says(peer(n), claim, HORIZON);
    }

    #[test]
    fn one_peer_alone_is_never_believed() {
        let mut observed = Observed::default();
        says(&mut observed, 1, "198.51.100.1:1", "203.0.113.9:4747");
        for port in 1..9 {
            observed.echo_says(peer(1), SocketAddr::new(at("198.51.100.1:1").ip(), port), at("203.0.113.9:4747"), HORIZON);
        }
        assert_eq!((observed.ips(), observed.tcp(), observed.udp()), (vec![], vec![], vec![]));
        says(&mut observed, 2, "198.51.7.7:1", "203.0.113.9:4747");
        assert!(observed.ips().is_empty(), "a second one of the same network may be the same one");
        says(&mut observed, 3, "192.0.2.1:1", "203.0.113.9:4747");
        assert_eq!(observed.ips(), [at("203.0.113.9:1").ip()]);
        assert_eq!(observed.tcp(), [at("203.0.113.9:4747")]);
    }

    #[test]
    fn a_peer_and_the_router_or_the_dht_are_believed() {
        let mut observed = Observed::default();
        observed.router_says(Some(at("203.0.113.9:1").ip()));
        assert!(observed.ips().is_empty(), "the router alone is not");
        says(&mut observed, 1, "198.51.100.1:1", "203.0.113.9:4747");
        assert_eq!(observed.tcp(), [at("203.0.113.9:4747")]);
        let mut observed = Observed::default();
        observed.dht_says(Some((at("203.0.113.9:999"), NatClass::Easy)));
        assert_eq!((observed.ips(), observed.udp()), (vec![at("203.0.113.9:1").ip()], vec![at("203.0.113.9:999")]));
    }

    #[test]
    fn who_sees_an_address_of_this_network_says_nothing_of_the_world() {
        let mut observed = Observed::default();
        says(&mut observed, 1, "192.168.1.7:1", "192.168.1.5:4747");
        says(&mut observed, 2, "10.0.0.7:1", "203.0.113.9:4747");
        observed.router_says(Some(at("203.0.113.9:1").ip()));
        assert!(observed.ips().is_empty());
    }

    fn class(echoes: &[(u8, &str, &str)], own: &[&str]) -> NatClass {
        let mut observed = Observed::default();
        for (n, port, seen) in echoes {
            observed.echo_says(peer(*n), at(port), at(seen), HORIZON);
        }
        observed.class(&own.iter().map(|own| at(own)).collect::<Vec<_>>())
    }

    #[test]
    fn two_ports_or_two_peers_show_how_a_router_maps() {
        let (one, other) = ("198.51.100.1:1", "198.51.100.1:2");
        assert_eq!(class(&[], &[]), NatClass::Unknown);
        assert_eq!(class(&[(1, one, "203.0.113.9:5")], &["192.168.1.5:1"]), NatClass::Unknown);
        assert_eq!(class(&[(1, one, "203.0.113.9:5"), (1, other, "203.0.113.9:5")], &["192.168.1.5:1"]), NatClass::Easy);
        assert_eq!(class(&[(1, one, "203.0.113.9:5"), (1, other, "203.0.113.9:6")], &["192.168.1.5:1"]), NatClass::Hard);
        assert_eq!(class(&[(1, one, "203.0.113.9:5"), (2, "192.0.2.1:1", "203.0.113.9:5")], &[]), NatClass::Easy);
        assert_eq!(class(&[(1, one, "203.0.113.9:5"), (2, "192.0.2.1:1", "203.0.113.9:6")], &[]), NatClass::Hard);
        assert_eq!(class(&[(1, one, "203.0.113.9:5")], &["203.0.113.9:5"]), NatClass::Open);
    }

    #[test]
    fn one_liar_does_not_change_what_others_see() {
        let honest = [(1, "198.51.100.1:1"), (1, "198.51.100.1:2"), (2, "192.0.2.1:1"), (2, "192.0.2.1:2")];
        let mut echoes: Vec<(u8, &str, &str)> = honest.iter().map(|(n, port)| (*n, *port, "203.0.113.9:5")).collect();
        echoes.extend([(3, "192.88.1.1:1", "203.0.113.9:6"), (3, "192.88.1.1:2", "203.0.113.9:7")]);
        assert_eq!(class(&echoes, &[]), NatClass::Easy);
    }

    #[test]
    fn udp_counts_as_blocked_when_three_are_silent() {
        let mut observed = Observed::default();
        for n in 1..=3 {
            assert_eq!(observed.class(&[]), NatClass::Unknown);
            (0..3).for_each(|_| observed.asked(peer(n)));
        }
        assert_eq!(observed.class(&[]), NatClass::Blocked);
        observed.echo_says(peer(1), at("198.51.100.1:1"), at("203.0.113.9:5"), HORIZON);
        assert_eq!(observed.class(&[]), NatClass::Unknown);
    }

    #[test]
    fn what_was_said_goes_a_while_after_its_link_and_with_the_network() {
        let mut observed = Observed::default();
        says(&mut observed, 1, "198.51.100.1:1", "203.0.113.9:4747");
        says(&mut observed, 2, "192.0.2.1:1", "203.0.113.9:4747");
        assert_eq!(observed.next_due(), None);
        observed.link_down(peer(1), 1_000);
        observed.tick(1_000 + CLAIM_STAYS - 1);
        assert_eq!(observed.tcp().len(), 1);
        assert_eq!(observed.next_due(), Some(1_000 + CLAIM_STAYS));
        observed.tick(1_000 + CLAIM_STAYS);
        assert!(observed.tcp().is_empty());
        says(&mut observed, 1, "198.51.100.1:1", "203.0.113.9:4747");
        observed.clear();
        assert!(observed.ips().is_empty());
    }

    #[test]
    fn a_crowd_of_sources_is_bounded() {
        let mut observed = Observed::default();
        for n in 0..2_000_u32 {
            let mut id = [7; 32];
            id[..4].copy_from_slice(&n.to_be_bytes());
            let who = PeerId::from_bytes(id);
            observed.peer_says(who, Seen { seen: at("203.0.113.9:1"), from: at("198.51.100.1:1").ip(), called: true }, HORIZON);
            observed.echo_says(who, at("198.51.100.1:1"), at("203.0.113.9:1"), HORIZON);
            observed.asked(who);
        }
        assert_eq!((observed.links.len(), observed.echoes.len(), observed.unanswered.len()), (MAX_CLAIMS, MAX_CLAIMS, MAX_CLAIMS));
    }
}
