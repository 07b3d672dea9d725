//! Which of the peers on the local network are known already. They announce no key, so that they
//! cannot be followed from network to network: what tells is where they can be dialled.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use identity::PeerId;
use net::NearbyPeer;
use wire::{Address, Role};

use super::Core;
use crate::parts::links::OpenLink;
use crate::view::{LinkState, Nearby};

impl Core {
    /// All who announce a name: who that is, as far as it is known, and the attempt under way.
    pub(crate) fn nearby_rows(&self) -> Vec<Nearby> {
        if self.nearby.all().is_empty() {
            return Vec::new();
        }
        let known = self.known_nearby();
        let row = |near: &NearbyPeer| {
            let peer = known.get(near.id.as_str()).copied();
            Nearby {
                id: near.id.clone(),
                name: near.name.clone(),
                address: near.address.to_string(),
                peer,
                join: self.attempts.reaching(peer, &near.address.into()),
            }
        };
        self.nearby.all().iter().map(row).collect()
    }

    /// The same, if it is not what was told last.
    pub(crate) fn fresh_nearby(&mut self) -> Option<Vec<Nearby>> {
        let rows = self.nearby_rows();
        self.nearby.tell(rows)
    }

    /// Who is behind what is announced nearby, if that is known.
    pub(crate) fn person_nearby(&self, id: &str) -> Option<PeerId> {
        self.known_nearby().get(id).copied()
    }

    /// Goes once through people and links, which are many. What tells more comes later and counts.
    fn known_nearby(&self) -> BTreeMap<&str, PeerId> {
        let mut by_address: BTreeMap<Address, Vec<&NearbyPeer>> = BTreeMap::new();
        for near in self.nearby.all() {
            by_address.entry(near.address.into()).or_default().push(near);
        }
        let at = |address: &Address| by_address.get(address).into_iter().flatten().copied();
        let mut known = BTreeMap::new();
        // Without a link an address alone tells little: it may belong to another by now.
        for (peer, person) in self.people.iter().filter(|(peer, _)| self.links.get(peer).is_none()) {
            let addresses = person.addresses();
            let same = addresses.iter().flat_map(at).filter(|near| near.name == person.row.name);
            known.extend(same.map(|near| (near.id.as_str(), *peer)));
        }
        let mut reached = BTreeMap::new();
        for (peer, link) in self.links.all() {
            let asks = self.people.request(peer).map(|request| &request.name);
            if asks.is_none() && !self.people.contains_key(peer) {
                continue;
            }
            let Some(remote) = remote(link) else { continue };
            if link.role == Role::Initiator {
                reached.extend(at(&remote.into()).map(|near| (near.id.as_str(), *peer)));
            }
            // A peer can claim any address, so something else has to speak for it.
            let is_called = |name: &String| asks.map_or_else(|| self.name_of(peer) == *name, |own| own == name);
            let such = |near: &&NearbyPeer| same_host(near.address.ip(), remote.ip()) || is_called(&near.name);
            known.extend(link.listening.iter().flat_map(at).filter(such).map(|near| (near.id.as_str(), *peer)));
        }
        known.extend(reached);
        known
    }
}

fn remote(link: &OpenLink) -> Option<SocketAddr> {
    match &link.state {
        LinkState::Connected { address, .. } => address.as_ref()?.parse().ok(),
        LinkState::Own | LinkState::Connecting { .. } | LinkState::Waiting { .. } | LinkState::Unreachable { .. } => None,
    }
}

fn same_host(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}
