//! Where this device tells others to dial it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{IpAddr, SocketAddr};

use wire::limits::MAX_ADDRESSES;
use wire::reach::NatClass;

use super::network::Horizon;

/// What there is to choose from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// On which this machine listens, best first.
    pub(crate) own: Vec<SocketAddr>,
    /// Doors of routers that lead there.
    pub(crate) doors: Vec<SocketAddr>,
    /// Where the port is seen, as far as that is believed.
    pub(crate) seen: Vec<SocketAddr>,
    /// Addresses of routers that are believed.
    pub(crate) ips: Vec<IpAddr>,
    /// Nobody came through there.
    pub(crate) closed: Vec<SocketAddr>,
    pub(crate) nat: NatClass,
}

impl Places {
    /// Best first.
    pub(crate) fn to_announce(&self, horizon: Horizon) -> Vec<SocketAddr> {
        if self.own.is_empty() {
            return Vec::new();
        }
        let mut chosen = self.doors.clone();
        // Behind a router that changes the port with each peer an address that others saw leads
        // nowhere. Else it does where the router lets in whoever comes.
        if self.nat != NatClass::Hard {
            chosen.extend(self.seen.iter().copied());
        }
        // A person may have opened the same port by hand.
        let port = self.own.iter().find(|own| horizon.is_far(own.ip()) || !own.ip().is_loopback()).map(SocketAddr::port);
        let by_hand = self.ips.iter().filter_map(|ip| Some(SocketAddr::new(*ip, port?)));
        chosen.extend(by_hand.filter(|address| !self.closed.contains(address)));
        // Global ones of this machine are as good as a door, and cost the router nothing.
        let (far, near): (Vec<SocketAddr>, Vec<SocketAddr>) = self.own.iter().partition(|own| horizon.is_far(own.ip()));
        let mut all: Vec<SocketAddr> = Vec::new();
        for address in chosen.into_iter().chain(far).chain(near) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        // However many there are outside, the best two of this machine are told too.
        let kept = self.own.iter().take(2).copied().collect::<Vec<_>>();
        while all.len() > MAX_ADDRESSES {
            let Some(last) = all.iter().rposition(|address| !kept.contains(address)) else { break };
            all.remove(last);
        }
        all
    }

    /// Where a dial-back would prove something, by IPv4 and by IPv6.
    pub(crate) fn to_check(&self, horizon: Horizon) -> [Option<SocketAddr>; 2] {
        let announced = self.to_announce(horizon);
        let first = |v4: bool| announced.iter().copied().find(|address| horizon.is_far(address.ip()) && address.is_ipv4() == v4);
        // What others saw of a port may come from a router that lets in only who was called; a port
        // that may have been opened by hand is told beside it.
        [first(true), first(false)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Horizon = Horizon { loopback_is_far: false };

    fn at(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    fn places(own: &[&str], doors: &[&str], seen: &[&str]) -> Places {
        let ips = at(seen).iter().map(SocketAddr::ip).collect();
        Places { own: at(own), doors: at(doors), seen: at(seen), ips, closed: Vec::new(), nat: NatClass::Easy }
    }

    #[test]
    fn doors_come_first_and_the_machine_last() {
        let told = places(&["192.168.1.5:4747"], &["203.0.113.9:4801"], &["203.0.113.9:4747"]).to_announce(HORIZON);
        assert_eq!(told, at(&["203.0.113.9:4801", "203.0.113.9:4747", "192.168.1.5:4747"]));
    }

    #[test]
    fn behind_a_changing_port_only_one_opened_by_hand_is_told_until_it_proves_closed() {
        let mut places = places(&["192.168.1.5:4747"], &[], &["203.0.113.9:61000"]);
        places.nat = NatClass::Hard;
        assert_eq!(places.to_announce(HORIZON), at(&["203.0.113.9:4747", "192.168.1.5:4747"]));
        places.closed = at(&["203.0.113.9:4747"]);
        assert_eq!(places.to_announce(HORIZON), at(&["192.168.1.5:4747"]));
    }

    #[test]
    fn nothing_is_told_where_nothing_is_listened_on() {
        assert_eq!(places(&[], &["203.0.113.9:4801"], &["203.0.113.9:4747"]).to_announce(HORIZON), []);
    }

    #[test]
    fn there_is_room_for_this_machine_among_many() {
        let doors: Vec<String> = (1..20).map(|n| format!("203.0.113.{n}:1")).collect();
        let doors: Vec<&str> = doors.iter().map(String::as_str).collect();
        let told = places(&["192.168.1.5:4747", "[fd00::5]:4747"], &doors, &[]).to_announce(HORIZON);
        assert_eq!(told.len(), MAX_ADDRESSES);
        assert!(told.ends_with(&at(&["192.168.1.5:4747", "[fd00::5]:4747"])));
    }

    #[test]
    fn what_is_public_is_checked_for_each_ip_version() {
        let places = places(&["192.168.1.5:4747", "[2001:db8::5]:4747"], &["203.0.113.9:4801"], &[]);
        assert_eq!(
            places.to_check(HORIZON).map(|one| one.map(|one| one.to_string())),
            [Some("203.0.113.9:4801".to_owned()), Some("[2001:db8::5]:4747".to_owned())]
        );
        assert_eq!(super::Places::default().to_check(HORIZON), [None, None]);
    }
}
