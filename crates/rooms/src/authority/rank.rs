//! Who stands above whom.

use std::cmp::{Ordering, Reverse};

use bincode::{Decode, Encode};
use wire::ids::EventId;

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Role {
    /// Reads and writes, and lets people in if the room allows that.
    #[default]
    Member,
    /// Removes those below, gives roles, sets what the room is called and who may come in.
    Admin,
    /// An admin whom no admin can remove.
    Owner,
}

/// The rank that a right gives: by role, then by how many hands it came through from the one who
/// made the room, then by the id of the event that gave it. No two rights have the same rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// The role that it gives.
    pub role: Role,
    /// Through how many hands it came.
    pub depth: u32,
    /// The event that gave it.
    pub right: EventId,
}

impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> Ordering {
        let key = |rank: &Rank| (rank.role, Reverse(rank.depth), Reverse(rank.right));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
