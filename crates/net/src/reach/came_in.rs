//! Who came to this device's port without being called: the only proof that others can.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use identity::PeerId;

use super::facts::CameIn;
use super::limits::{DIALLED_OPENS, STRANGE_AFTER};
use super::links::{Links, remember};
use super::network::Horizon;
use super::own::Scope;
use crate::time::Now;

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// A router lets in who was called.
    dialled: BTreeMap<IpAddr, u64>,
    punched: BTreeMap<PeerId, u64>,
    /// Addresses of such peers, whoever is behind them.
    fired_at: BTreeMap<IpAddr, u64>,
    pub(crate) far: CameIn,
    pub(crate) nearby: Option<u64>,
}

impl Arrivals {
    /// This device calls that address.
    pub(crate) fn dialled(&mut self, ip: IpAddr, now: u64) {
        remember(&mut self.dialled, ip, now);
    }

    /// A punch with this peer begins.
    pub(crate) fn punched(&mut self, peer: PeerId, now: u64) {
        remember(&mut self.punched, peer, now);
    }

    /// A punch sends there.
    pub(crate) fn fired_at(&mut self, ip: IpAddr, now: u64) {
        remember(&mut self.fired_at, ip, now);
        self.dialled(ip, now);
    }

    /// Whether a punch sent there lately.
    pub(crate) fn was_fired_at(&self, ip: IpAddr, now: u64) -> bool {
        self.fired_at.get(&ip).is_some_and(|at| now.saturating_sub(*at) < DIALLED_OPENS)
    }

    /// Whether it was called lately, or a punch with it ran.
    pub(crate) fn was_punched(&self, peer: PeerId, now: u64) -> bool {
        self.punched.get(&peer).is_some_and(|at| now.saturating_sub(*at) < STRANGE_AFTER)
    }

    /// A peer came to the port of this device, from there. `own`: addresses of this machine, and of
    /// its routers.
    pub(crate) fn came_in(&mut self, peer: PeerId, remote: SocketAddr, own: &[IpAddr], links: &Links, horizon: Horizon, now: Now) {
        let ip = remote.ip().to_canonical();
        if !horizon.is_far(ip) {
            if matches!(Scope::of(ip), Scope::Private | Scope::Link) {
                self.nearby = Some(now.wall);
            }
            return;
        }
        let called = self.dialled.get(&ip).is_some_and(|at| now.tick.saturating_sub(*at) < DIALLED_OPENS);
        let next_door = !horizon.loopback_is_far && own.iter().any(|own| is_next_door(*own, ip));
        if called || next_door || self.was_punched(peer, now.tick) || links.linked_lately(peer, now.tick) {
            return;
        }
        let proof = if ip.is_ipv4() { &mut self.far.v4 } else { &mut self.far.v6 };
        *proof = Some(now.wall);
    }

    /// The network changed: nothing is proved any more.
    pub(crate) fn clear(&mut self) {
        self.far = CameIn::default();
        self.nearby = None;
    }
}

/// The same /24 or /64: no router, or the same one, stands between.
fn is_next_door(own: IpAddr, other: IpAddr) -> bool {
    match (own, other) {
        (IpAddr::V4(own), IpAddr::V4(other)) => own.octets().first_chunk::<3>() == other.octets().first_chunk(),
        (IpAddr::V6(own), IpAddr::V6(other)) => own.octets().first_chunk::<8>() == other.octets().first_chunk(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wire::Role;

    use super::super::links::LinkView;
    use super::*;
    use crate::event::LinkId;
    use crate::path::Path;

    const HORIZON: Horizon = Horizon { loopback_is_far: false };
    const NOW: Now = Now { tick: 10_000_000, wall: 77 };

    fn peer() -> PeerId {
        PeerId::from_bytes([1; 32])
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn check(arrivals: &mut Arrivals, links: &Links, from: &str, far: CameIn, nearby: Option<u64>) {
        arrivals.came_in(peer(), at(from), &[at("203.0.113.9:1").ip(), at("192.168.1.5:1").ip()], links, HORIZON, NOW);
        assert_eq!((arrivals.far, arrivals.nearby), (far, nearby), "{from}");
    }

    const NOBODY: CameIn = CameIn { v4: None, v6: None };
    const V4: CameIn = CameIn { v4: Some(77), v6: None };

    #[test]
    fn a_stranger_from_another_network_is_proof() {
        check(&mut Arrivals::default(), &Links::default(), "198.51.100.1:5", V4, None);
        check(&mut Arrivals::default(), &Links::default(), "[2001:db8::1]:5", CameIn { v4: None, v6: Some(77) }, None);
    }

    #[test]
    fn who_is_near_proves_that_this_network_lets_in() {
        check(&mut Arrivals::default(), &Links::default(), "192.168.1.7:5", NOBODY, Some(77));
        check(&mut Arrivals::default(), &Links::default(), "127.0.0.1:5", NOBODY, None);
        check(&mut Arrivals::default(), &Links::default(), "203.0.113.200:5", NOBODY, None);
    }

    #[test]
    fn who_was_called_or_linked_or_punched_is_no_proof() {
        let mut arrivals = Arrivals::default();
        arrivals.dialled(at("198.51.100.1:9").ip(), NOW.tick - DIALLED_OPENS + 1);
        check(&mut arrivals, &Links::default(), "198.51.100.1:5", NOBODY, None);
        let mut arrivals = Arrivals::default();
        arrivals.punched(peer(), NOW.tick - STRANGE_AFTER + 1);
        check(&mut arrivals, &Links::default(), "198.51.100.1:5", NOBODY, None);
        let mut links = Links::default();
        links.insert(peer(), LinkView::new(LinkId(1), Path::Tcp(at("198.51.100.1:5")), Role::Initiator, &[0; 32]));
        check(&mut Arrivals::default(), &links, "198.51.100.1:5", NOBODY, None);
        links.remove(peer(), LinkId(1), NOW.tick - STRANGE_AFTER + 1);
        check(&mut Arrivals::default(), &links, "198.51.100.1:5", NOBODY, None);
    }

    #[test]
    fn after_a_while_it_is_proof_again() {
        let (mut arrivals, mut links) = (Arrivals::default(), Links::default());
        arrivals.dialled(at("198.51.100.1:9").ip(), NOW.tick - DIALLED_OPENS);
        arrivals.punched(peer(), NOW.tick - STRANGE_AFTER);
        links.insert(peer(), LinkView::new(LinkId(1), Path::Tcp(at("198.51.100.1:5")), Role::Initiator, &[0; 32]));
        links.remove(peer(), LinkId(1), NOW.tick - STRANGE_AFTER);
        check(&mut arrivals, &links, "198.51.100.1:5", V4, None);
        arrivals.clear();
        assert_eq!(arrivals.far, NOBODY);
    }
}
