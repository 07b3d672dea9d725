//! Oneself.

use identity::PeerId;
use net::doctor::OwnReach;

/// Oneself.
#[derive(Clone, Debug)]
pub struct Me {
    /// Public key of this device.
    pub peer: PeerId,
    /// Display name.
    pub name: String,
    /// Where others may dial, best first.
    pub addresses: Vec<String>,
    /// From where others can dial.
    pub reach: OwnReach,
    /// Why listening does not work, or not on all that was asked for.
    pub not_listening: Option<String>,
    /// The name is announced on the local network.
    pub nearby_visible: bool,
    /// People are met by the DHT.
    pub internet: bool,
    /// The router is asked for doors.
    pub mapping: bool,
    /// Messages are carried for friends.
    pub carry: bool,
    /// Links that are up, with contacts, members and strangers.
    pub links: u32,
    /// Contacts, and members of common rooms, with whom a link is up.
    pub friends: u32,
}
