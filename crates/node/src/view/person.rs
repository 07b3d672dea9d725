//! People: known, asking, and nearby.

use identity::PeerId;
use wire::ids::RoomId;

use super::clock::Time;
use super::link::LinkState;

/// A person who is known: a contact or a co-member.
#[derive(Clone, Debug)]
pub struct Person {
    /// Public key.
    pub peer: PeerId,
    /// Name.
    pub name: String,
    /// In the address book.
    pub contact: bool,
    /// Connection.
    pub link: LinkState,
}

/// Particulars of a person.
#[derive(Clone, Debug)]
pub struct PersonDetails {
    /// The row.
    pub person: Person,
    /// Known addresses.
    pub addresses: Vec<String>,
    /// Rooms in common.
    pub rooms: Vec<RoomId>,
    /// Another person's name, or one's own, that looks like theirs.
    pub looks_like: Option<String>,
}

/// A person who asks to become a contact.
#[derive(Clone, Debug)]
pub struct Request {
    /// Public key.
    pub peer: PeerId,
    /// Name that they give.
    pub name: String,
    /// When it came.
    pub at: Time,
    /// Another person's name, or one's own, that looks like theirs.
    pub looks_like: Option<String>,
}

/// A person on the local network.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearby {
    /// Valid while they are listed.
    pub id: String,
    /// Name that they announce.
    pub name: String,
    /// Where they listen.
    pub address: String,
    /// Who that is, if they are known.
    pub peer: Option<PeerId>,
    /// The attempt to reach them that is under way.
    pub join: Option<u64>,
}
