//! Finding people on the local network (`docs/PROTOCOL.md` §5), and being found if one wants to.
//!
//! Where multicast does not work, nobody is found, and nothing else is the worse for it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mdns_sd::{IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};
use wire::{check_name, tidy_name};

use crate::config::NearbyConfig;
use crate::event::NearbyPeer;

/// People remembered at once: more do not fit on a screen, and any device on the network can
/// invent them.
const MAX_NEARBY: usize = 64;
/// Bytes of an instance name: what DNS allows in a label.
const MAX_INSTANCE: usize = 63;
/// Bytes of a display name, so that it fits into a TXT string with its key.
const MAX_TXT_NAME: usize = 240;
/// Rest before looking again after the search broke off.
const RESTART: Duration = Duration::from_secs(30);
/// Seconds between looks at the machine's interfaces.
const INTERFACES_EVERY: u32 = 30;

/// A running search, and perhaps an announcement.
pub(crate) struct Nearby {
    daemon: ServiceDaemon,
    service: String,
    /// Own instance name: random, so that nobody is followed from network to network.
    instance: String,
    /// What there is to announce.
    place: Option<Place>,
    found: Option<Receiver<ServiceEvent>>,
    restart_at: Instant,
    seen: Seen,
    announced: Option<String>,
}

impl Nearby {
    /// Begins to search, and to announce what is listened on if there is a name to show. None if
    /// the system does not let us.
    pub(crate) fn start(config: &NearbyConfig, bound: &[SocketAddr]) -> Option<Self> {
        let daemon = ServiceDaemon::new().inspect_err(|error| warn!(%error, "nobody nearby can be found")).ok()?;
        let _ = daemon.set_ip_check_interval(INTERFACES_EVERY);
        let instance = format!("{:032x}", rand::random::<u128>());
        let mut nearby = Self {
            daemon,
            service: config.service.clone(),
            seen: Seen::new(instance.clone(), config.service.clone()),
            instance,
            place: Place::of(bound),
            found: None,
            restart_at: Instant::now(),
            announced: None,
        };
        nearby.search();
        nearby.announce(config.name.clone());
        Some(nearby)
    }

    /// Shows this name from now on. Without a name there is no announcement at all.
    pub(crate) fn announce(&mut self, name: Option<String>) {
        let name = name.filter(|name| check_name(name).is_ok() && name.len() <= MAX_TXT_NAME);
        if name == self.announced {
            return;
        }
        let result = match (&name, &self.place) {
            (Some(name), Some(place)) => self.register(name, place),
            _ => self.daemon.unregister(&format!("{}.{}", self.instance, self.service)).map(|_| ()),
        };
        match result {
            Ok(()) => self.announced = name,
            Err(error) => warn!(%error, "cannot announce"),
        }
    }

    /// It is listened elsewhere from now on: who is found by the announcement must find somebody.
    pub(crate) fn listens_at(&mut self, bound: &[SocketAddr]) {
        let name = self.announced.clone();
        self.announce(None);
        self.place = Place::of(bound);
        self.announce(name);
    }

    /// All who are there now.
    pub(crate) fn peers(&self) -> Vec<NearbyPeer> {
        self.seen.peers.values().cloned().collect()
    }

    /// Waits until [`peers`](Self::peers) changed.
    pub(crate) async fn changed(&mut self) {
        loop {
            let Some(found) = &self.found else {
                sleep_until(self.restart_at).await;
                self.search();
                continue;
            };
            match found.recv_async().await {
                Ok(event) => {
                    if self.seen.apply(event) {
                        return;
                    }
                }
                Err(_) => {
                    debug!("the search broke off");
                    self.found = None;
                    self.restart_at = after_rest();
                }
            }
        }
    }

    /// Takes the announcement back.
    pub(crate) fn stop(&mut self) {
        self.announce(None);
        let _ = self.daemon.shutdown();
    }

    fn search(&mut self) {
        match self.daemon.browse(&self.service) {
            Ok(found) => self.found = Some(found),
            Err(error) => {
                warn!(%error, "cannot search nearby");
                self.restart_at = after_rest();
            }
        }
    }

    fn register(&self, name: &str, place: &Place) -> mdns_sd::Result<()> {
        // The host is named after the instance: the machine's own name stays private.
        let host = format!("{}.local.", self.instance);
        let text = [("v", "1"), ("name", name)];
        // The library follows the interfaces as they come and go, and takes those of their
        // addresses on which it is listened.
        let mut info = ServiceInfo::new(&self.service, &self.instance, &host, "", place.port, &text[..])?.enable_addr_auto();
        info.set_interfaces(place.addresses.clone());
        self.daemon.register(info)
    }
}

/// Where others on the network are told to dial. A name has one port, so of several the first
/// counts that others can reach at all.
struct Place {
    port: u16,
    addresses: Vec<IfKind>,
}

impl Place {
    /// None if only programs on this machine could follow the announcement.
    fn of(bound: &[SocketAddr]) -> Option<Self> {
        let outside = bound.iter().map(|socket| (socket.ip().to_canonical(), socket.port())).filter(|(ip, _)| !ip.is_loopback());
        let (_, port) = outside.clone().next()?;
        let addresses = outside.filter(|(_, other)| *other == port).map(|(ip, _)| match ip {
            IpAddr::V6(v6) if v6.is_unspecified() => IfKind::All,
            IpAddr::V4(v4) if v4.is_unspecified() => IfKind::IPv4,
            ip => IfKind::Addr(ip),
        });
        Some(Self { port, addresses: addresses.collect() })
    }
}

/// What the search has found.
struct Seen {
    own: String,
    service: String,
    peers: BTreeMap<String, NearbyPeer>,
}

impl Seen {
    fn new(own: String, service: String) -> Self {
        Self { own, service, peers: BTreeMap::new() }
    }

    /// Whether anything changed.
    fn apply(&mut self, event: ServiceEvent) -> bool {
        match event {
            ServiceEvent::ServiceResolved(service) => {
                let addresses: Vec<IpAddr> = service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
                let Some(id) = self.id(&service.fullname) else { return false };
                match name(&service).zip(best(addresses, service.port)) {
                    Some((name, address)) => self.insert(NearbyPeer { id, name, address }),
                    None => self.peers.remove(&id).is_some(),
                }
            }
            ServiceEvent::ServiceRemoved(_, fullname) => self.id(&fullname).is_some_and(|id| self.peers.remove(&id).is_some()),
            // The library may add kinds; these say nothing about who is there.
            _ => false,
        }
    }

    fn insert(&mut self, peer: NearbyPeer) -> bool {
        if self.peers.get(&peer.id) == Some(&peer) || (self.peers.len() >= MAX_NEARBY && !self.peers.contains_key(&peer.id)) {
            return false;
        }
        self.peers.insert(peer.id.clone(), peer);
        true
    }

    /// The instance name, unless it is one's own or not one of ours.
    fn id(&self, fullname: &str) -> Option<String> {
        let id = fullname.strip_suffix(&self.service)?.strip_suffix('.')?;
        let fits = (1..=MAX_INSTANCE).contains(&id.len()) && id != self.own;
        fits.then(|| id.to_owned())
    }
}

/// When to look again after the search broke off.
fn after_rest() -> Instant {
    let now = Instant::now();
    now.checked_add(RESTART).unwrap_or(now)
}

fn name(service: &ResolvedService) -> Option<String> {
    let version = service.txt_properties.get_property_val_str("v")?;
    let name = service.txt_properties.get_property_val_str("name")?;
    (version == "1" && check_name(name).is_ok()).then(|| tidy_name(name))
}

/// The address to dial: IPv4 first, since it is never ambiguous on a local network. Link-local IPv6
/// would need an interface.
fn best(addresses: Vec<IpAddr>, port: u16) -> Option<SocketAddr> {
    let useful = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast() && !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let best = addresses.into_iter().filter(useful).min_by_key(|ip| (ip.is_loopback(), ip.is_ipv6(), *ip))?;
    (port > 0).then_some(SocketAddr::new(best, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "_grapevine._tcp.local.";

    fn seen() -> Seen {
        Seen::new("ana".to_owned(), SERVICE.to_owned())
    }

    fn resolved(instance: &str, text: &[(&str, &str)], ip: &str) -> ServiceEvent {
        let info = ServiceInfo::new(SERVICE, instance, "host.local.", ip, 4747, text).expect("a service");
        ServiceEvent::ServiceResolved(Box::new(info.as_resolved_service()))
    }

    fn removed(instance: &str) -> ServiceEvent {
        ServiceEvent::ServiceRemoved(SERVICE.to_owned(), format!("{instance}.{SERVICE}"))
    }

    /// `expected`: the port and what is announced, as the library writes it.
    fn check(bound: &[&str], expected: Option<(u16, &str)>) {
        let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().expect("an address")).collect();
        let place = Place::of(&bound).map(|place| (place.port, format!("{:?}", place.addresses)));
        assert_eq!(place, expected.map(|(port, addresses)| (port, addresses.to_owned())), "{bound:?}");
    }

    #[test]
    fn only_what_is_listened_on_is_announced() {
        check(&[], None);
        check(&["127.0.0.1:4747", "[::1]:4747", "127.0.0.2:4848"], None);
        check(&["[::]:4747"], Some((4747, "[All]")));
        check(&["0.0.0.0:4747"], Some((4747, "[IPv4]")));
        check(&["192.168.1.5:4747"], Some((4747, "[Addr(192.168.1.5)]")));
        check(&["127.0.0.1:4747", "192.168.1.5:4848"], Some((4848, "[Addr(192.168.1.5)]")));
        check(&["192.168.1.5:4747", "[fd00::1]:4747", "10.0.0.5:4848"], Some((4747, "[Addr(192.168.1.5), Addr(fd00::1)]")));
    }

    #[test]
    fn who_announces_a_name_is_listed_until_gone() {
        let mut seen = seen();
        assert!(seen.apply(resolved("ben", &[("v", "1"), ("name", "Ben")], "192.168.1.7")));
        assert!(!seen.apply(resolved("ben", &[("v", "1"), ("name", "Ben")], "192.168.1.7")), "nothing new");
        let ben = seen.peers.get("ben").expect("listed");
        assert_eq!((ben.name.as_str(), ben.address.to_string().as_str()), ("Ben", "192.168.1.7:4747"));
        assert!(seen.apply(removed("ben")));
        assert!(seen.peers.is_empty());
    }

    #[test]
    fn oneself_the_nameless_and_the_unfit_are_not_listed() {
        let mut seen = seen();
        let cases = [
            resolved("ana", &[("v", "1"), ("name", "Ana")], "192.168.1.7"),
            resolved("ben", &[("v", "1")], "192.168.1.7"),
            resolved("ben", &[("v", "2"), ("name", "Ben")], "192.168.1.7"),
            resolved("ben", &[("v", "1"), ("name", "B\u{202e}en")], "192.168.1.7"),
            resolved("ben", &[("v", "1"), ("name", "\u{200b} ")], "192.168.1.7"),
            resolved("ben", &[("v", "1"), ("name", "Ben")], "fe80::1"),
        ];
        for (n, case) in cases.into_iter().enumerate() {
            assert!(!seen.apply(case), "case {n}");
        }
    }

    #[test]
    fn who_hides_the_name_again_disappears() {
        let mut seen = seen();
        assert!(seen.apply(resolved("ben", &[("v", "1"), ("name", "Ben")], "192.168.1.7")));
        assert!(seen.apply(resolved("ben", &[("v", "1")], "192.168.1.7")));
        assert!(seen.peers.is_empty());
    }

    #[test]
    fn an_invented_crowd_is_bounded() {
        let mut seen = seen();
        for n in 0..200 {
            seen.apply(resolved(&format!("crowd{n}"), &[("v", "1"), ("name", "Chi")], "192.168.1.7"));
        }
        assert_eq!(seen.peers.len(), MAX_NEARBY);
    }
}
