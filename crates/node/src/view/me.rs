//! Oneself.

use identity::PeerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Oneself.
#[derive(Clone, Debug)]
pub struct Me {
    /// Public key of this device.
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
    /// Links that are up, with contacts, members and strangers.
    pub links: u32,
    /// Contacts, and members of common rooms, with whom a link is up.
    pub friends: u32,
}

/// From where others can dial a device, as far as its own sockets tell; nobody has dialled
/// back, so that a router or a firewall may still stand between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnReach {
    /// From nowhere: the system does not let it listen.
    Closed,
    /// From nowhere: it is on no network.
    NoNetwork,
    /// Only programs on the same computer.
    ThisComputer,
    /// Everybody on the same network.
    ThisNetwork,
    /// The same; and it has addresses that mean something elsewhere, which nobody has tried.
    PerhapsOutside,
}

impl From<net::Reach> for OwnReach {
    fn from(reach: net::Reach) -> OwnReach {
        match reach {
            net::Reach::Closed => OwnReach::Closed,
            net::Reach::NoNetwork => OwnReach::NoNetwork,
            net::Reach::ThisComputer => OwnReach::ThisComputer,
            net::Reach::ThisNetwork => OwnReach::ThisNetwork,
            net::Reach::PerhapsOutside => OwnReach::PerhapsOutside,
        }
    }
}
