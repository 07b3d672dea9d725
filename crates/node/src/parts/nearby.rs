//! Who announces a name on the local network.

use net::NearbyPeer;
use wire::Address;

use crate::view;

/// Peers on the local network, and what the window was told of them.
#[derive(Default)]
pub(crate) struct Nearby {
    seen: Vec<NearbyPeer>,
    told: Vec<view::Nearby>,
}

impl Nearby {
    pub(crate) fn set(&mut self, seen: Vec<NearbyPeer>) {
        self.seen = seen;
    }

    pub(crate) fn all(&self) -> &[NearbyPeer] {
        &self.seen
    }

    pub(crate) fn get(&self, id: &str) -> Option<&NearbyPeer> {
        self.seen.iter().find(|near| near.id == id)
    }

    /// The peer that announces this address.
    pub(crate) fn at(&self, address: &Address) -> Option<&NearbyPeer> {
        self.seen.iter().find(|near| Address::from(near.address) == *address)
    }

    /// These rows, if the window does not have them.
    pub(crate) fn tell(&mut self, rows: Vec<view::Nearby>) -> Option<Vec<view::Nearby>> {
        (rows != self.told).then(|| {
            self.told.clone_from(&rows);
            rows
        })
    }
}
