//! Bodies of the messages by which the members of a room keep their overlay (HyParView) and the
//! trees in it (Plumtree).
//!
//! People are named by id only; their signed records travel as `Records` just before, so that
//! nobody can invent a member.

use bincode::{Decode, Encode};
use identity::PeerId;

use crate::ids::RoomId;

/// Asks a linked member to become an active neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Neighbour {
    /// The room.
    pub room: RoomId,
    /// The asker has too few neighbours and may displace another.
    pub urgent: bool,
    /// Active neighbours that the asker has.
    pub degree: u8,
}

/// Answers a [`Neighbour`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NeighbourReply {
    /// The room.
    pub room: RoomId,
    /// Both are active neighbours now.
    pub accepted: bool,
    /// Active neighbours that the answerer has, after this.
    pub degree: u8,
}

/// Ends being active neighbours; the link may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Disconnect {
    /// The room.
    pub room: RoomId,
    /// Active neighbours that the sender has left.
    pub degree: u8,
}

/// Makes a newcomer known by a random walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ForwardJoin {
    /// The room.
    pub room: RoomId,
    /// Steps that are left.
    pub ttl: u8,
    /// The newcomer.
    pub peer: PeerId,
}

/// Some members whom the sender knows, in exchange for some of the receiver's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Shuffle {
    /// The room.
    pub room: RoomId,
    /// This is the answer: no other is expected.
    pub answer: bool,
    /// At most [`crate::limits::MAX_SHUFFLE`].
    pub peers: Vec<PeerId>,
}
