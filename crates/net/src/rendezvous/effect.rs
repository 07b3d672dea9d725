//! What goes into the core and what comes out of it.

use std::net::{SocketAddr, SocketAddrV4};

use zeroize::Zeroizing;

use super::meeting::{Meeting, Own, RendezvousEvent};
use super::saying::Stored;

/// What happened.
pub(super) enum Input {
    /// The switch.
    On(bool),
    /// All who are awaited.
    Meetings(Vec<Meeting>),
    /// Where this device can be reached.
    Own(Own),
    /// This device has begun to fire at that address of a partner.
    Fired(Meeting, SocketAddr),
    /// The network changed.
    Refresh,
    /// A datagram that may be of a DHT node.
    Heard(SocketAddrV4, Vec<u8>),
    /// The first nodes of the DHT; none if their names could not be resolved.
    Resolved(Vec<SocketAddrV4>),
    /// A search found a value. Its signature has been checked.
    Found { public: [u8; 32], number: i64, value: Vec<u8> },
    /// A search ended, at these nodes, the nearest first.
    Searched { public: [u8; 32], near: Vec<SocketAddrV4> },
    /// Storing ended.
    Stored { public: [u8; 32], outcome: Stored },
    /// Time has passed.
    Tick,
}

/// What is to be done.
pub(super) enum Effect {
    /// Ends in [`Input::Resolved`].
    Resolve,
    /// Send a question by our own UDP port.
    Ask { to: SocketAddrV4, bytes: Vec<u8> },
    /// Ends in [`Input::Searched`], perhaps after some [`Input::Found`].
    Search { public: [u8; 32] },
    /// Ends in [`Input::Stored`].
    Store { seed: Zeroizing<[u8; 32]>, public: [u8; 32], number: i64, value: Vec<u8> },
    /// End all of that at once.
    Stop,
    /// Tell the one who asked for rendezvous.
    Tell(RendezvousEvent),
}
