//! Oneself.

use identity::PeerId;
use net::Reach as OwnReach;

/// Oneself.
#[derive(Clone, Debug)]
pub struct Me {
    /// Own device.
    pub peer: PeerId,
    /// Display name.
    pub name: String,
    /// Where others may dial, best first.
    pub addresses: Vec<String>,
    /// From where others may dial, as far as it is known.
    pub reach: OwnReach,
    /// Why listening does not work, or not on all that was asked for.
    pub not_listening: Option<String>,
    /// The name is announced on the local network.
    pub nearby_visible: bool,
    /// Links that are up, whoever is there.
    pub links: u32,
    /// Contacts, and members of common rooms, with whom a link is up.
    pub friends: u32,
}
