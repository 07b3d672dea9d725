//! Who is linked with whom, and who has what.

use identity::PeerId;
use wire::ids::RoomId;

use super::clock::Time;
use super::link::LinkState;
use super::me::Me;

/// Who has what in a room, from what members with a link up have said. Oneself is not counted; the
/// four numbers together are all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Whatever is known here and was written up to then, all who were heard have. None if nobody
    /// was heard, or nothing can be said.
    pub up_to: Option<Time>,
    /// Linked members who have said what they have.
    pub heard: u32,
    /// Linked members who have not yet.
    pub unheard: u32,
    /// Members whom only others may be linked with: what is written goes to them through those.
    pub through: u32,
    /// Members who are not to be reached now.
    pub away: u32,
    /// Heard members who lack something for longer than it takes to arrive, most first; only the
    /// first few.
    pub behind: Vec<Behind>,
    /// How many lack something, those not named included.
    pub behind_in_all: u32,
}

/// What one member lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Public key.
    pub peer: PeerId,
    /// Their name.
    pub name: String,
    /// Events that are here and that they are not known to have.
    pub count: u64,
}

/// Everybody known, and how each is reached.
#[derive(Clone, Debug)]
pub struct Network {
    /// Oneself.
    pub me: Me,
    /// The others.
    pub people: Vec<Reach>,
}

/// How one person is reached, and what is on its way between the two of us.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// Public key.
    pub peer: PeerId,
    /// Their name.
    pub name: String,
    /// In the address book.
    pub contact: bool,
    /// Own link with them.
    pub link: LinkState,
    /// Without a link: who passes on what is said in a common room.
    pub through: Option<Via>,
    /// When a link was last up.
    pub last_seen: Option<Time>,
    /// When they wrote the newest thing of theirs that is here.
    pub wrote_at: Option<Time>,
    /// Rooms in common.
    pub rooms: Vec<RoomId>,
    /// What is on its way, room by room; only rooms where something is.
    pub owed: Vec<Owed>,
    /// Bytes that wait for their link to take them.
    pub queued: u64,
}

/// A linked person who passes things on: the one who brought the newest of it or, if nobody has
/// yet, the one whose link has been up longest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Public key.
    pub peer: PeerId,
    /// Their name.
    pub name: String,
    /// How many others would do it too.
    pub others: u32,
}

/// What two people owe each other in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The room.
    pub room: RoomId,
    /// Events that they are not known to have.
    pub theirs: u64,
    /// Events of theirs that are missing here.
    pub ours: u64,
}
