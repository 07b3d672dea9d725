//! What is known of how others reach this device: what the doctor goes by.

use std::net::SocketAddr;

use wire::reach::{CheckOutcome, NatClass};

/// What a person may turn on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachSettings {
    /// Ask the router to open a door.
    pub mapping: bool,
    /// Meet people by the Mainline DHT, a public network.
    pub internet: bool,
    /// Carry circuits of members who reach each other in no other way.
    pub carry: bool,
}

impl Default for ReachSettings {
    fn default() -> Self {
        Self { mapping: true, internet: false, carry: true }
    }
}

/// All that has been found out. Told as a whole each time it changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReachFacts {
    /// What is turned on.
    pub settings: ReachSettings,
    /// Where peers see this device, when enough of them agree.
    pub observed: Vec<SocketAddr>,
    /// How its routers choose those addresses.
    pub nat: NatClass,
    /// When somebody last came in from another network with whom there was no link.
    pub came_in: CameIn,
    /// When a peer of the same network last came in, in milliseconds since 1970.
    pub came_in_nearby: Option<u64>,
    /// The last dial-back by IPv4.
    pub checked_v4: Option<Checked>,
    /// The last dial-back by IPv6.
    pub checked_v6: Option<Checked>,
    /// Bytes carried for others since midnight (UTC).
    pub carried_today: u64,
}

/// When somebody came in, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CameIn {
    /// By IPv4.
    pub v4: Option<u64>,
    /// By IPv6.
    pub v6: Option<u64>,
}

/// What came of a dial-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How it ended.
    pub outcome: CheckOutcome,
    /// When, in milliseconds since 1970.
    pub at: u64,
}
