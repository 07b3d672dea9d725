//! What is known of how others reach this device: what the doctor goes by.

use std::collections::VecDeque;
use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::{CheckOutcome, HelpRefused, NatClass};

use super::limits::MAX_TRIED;
use crate::mapping::Mappings;
use crate::path::Path;
use crate::rendezvous::DhtState;

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
    /// Doors, and what the router said.
    pub mappings: Mappings,
    /// How it stands with the DHT.
    pub dht: DhtState,
    /// Bytes carried for others since midnight (UTC).
    pub carried_today: u64,
    /// Where others are told to dial, best first.
    pub announced: Vec<SocketAddr>,
    /// The UDP port.
    pub udp: UdpState,
    /// Ways that were tried to peers, the last of each kind, the latest last.
    pub tried: Vec<Tried>,
}

/// How it stands with the UDP port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UdpState {
    /// It is open, with this number.
    pub port: Option<u16>,
    /// Why it is not.
    pub failed: Option<String>,
    /// Others answered there.
    pub answered: bool,
    /// Where it is seen, as far as that is believed.
    pub observed: Vec<SocketAddr>,
}

/// A way to a peer that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// To whom.
    pub peer: PeerId,
    /// How.
    pub way: Way,
    /// What came of it.
    pub outcome: Outcome,
    /// When it ended, in milliseconds since 1970.
    pub at: u64,
}

/// A way to a peer other than dialling an address of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Asking this member to pass a signal on.
    Signal {
        /// Who was asked.
        helper: PeerId,
    },
    /// Both calling each other at once.
    Punch,
    /// A circuit.
    Circuit {
        /// Who was asked to carry it.
        carrier: PeerId,
    },
}

/// What came of trying a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A link.
    Linked(Path),
    /// The member did not help.
    Refused(HelpRefused),
    /// No answer in time, or a punch that nobody came through.
    Silent,
}

/// The last of each kind.
#[derive(Debug, Default)]
pub(crate) struct TriedLog(VecDeque<Tried>);

impl TriedLog {
    pub(crate) fn add(&mut self, tried: Tried) {
        self.0.retain(|old| old.peer != tried.peer || std::mem::discriminant(&old.way) != std::mem::discriminant(&tried.way));
        self.0.push_back(tried);
        if self.0.len() > MAX_TRIED {
            self.0.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<Tried> {
        self.0.iter().copied().collect()
    }
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
