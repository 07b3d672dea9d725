//! Who is awaited, and what rendezvous tells about it.

use std::fmt;

use identity::PeerId;

/// Which of the two this device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It made the invite.
    Inviter,
    /// It holds the invite. Several may.
    Joiner,
    /// Of two contacts, the one with the smaller PeerId.
    Smaller,
    /// The other contact.
    Greater,
}

/// Somebody is awaited.
#[derive(Clone, PartialEq, Eq)]
pub struct Meeting {
    /// What only the two sides know: `derive("rendezvous", seed)` of an invite, or what two
    /// contacts agreed on.
    pub secret: [u8; 32],
    /// Which of the two this device is.
    pub side: Side,
    /// Who is awaited, if that is known. A joiner must know: values of an inviter are signed.
    pub peer: Option<PeerId>,
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meeting({:?}, {:?})", self.side, self.peer)
    }
}

/// How it stands with the DHT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DhtState {
    /// Not turned on: nothing is sent.
    #[default]
    Off,
    /// Asked, and nobody answered yet.
    Joining,
    /// Somebody answered.
    Reachable,
    /// Nobody answers. It is tried again.
    Unreachable,
}
