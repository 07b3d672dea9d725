//! Rooms, their members, and how far own messages have come.

use identity::PeerId;
use rooms::Position;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wire::ids::{LogId, RoomId};

use super::clock::Time;
use super::link::LinkState;
use super::network::Level;

/// Group or direct.
// The store's `RoomKind` also says with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Any number of people.
    Group,
    /// Exactly two.
    Direct,
}

/// One's own standing in a room.
// The store's `Standing` also knows a room whose first events are still on their way; it is
// shown as a member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// May read and write.
    Member,
    /// Left; history stays readable.
    Left,
    /// A direct room whose other side has not accepted yet.
    Requested,
}

/// A room in a list.
#[derive(Clone, Debug)]
pub struct RoomRow {
    /// Room id.
    pub id: RoomId,
    /// Group or direct.
    pub kind: RoomKind,
    /// Name; for a direct room the other's.
    pub name: String,
    /// The other person of a direct room.
    pub peer: Option<PeerId>,
    /// Own standing.
    pub standing: Standing,
    /// Members, oneself included.
    pub members: u32,
    /// Other members with a link up.
    pub connected: u32,
    /// Newest message.
    pub last: Option<Preview>,
    /// Unread messages of others.
    pub unread: u32,
    /// Of these, the messages that stand above what has been read.
    pub late: Option<Late>,
    /// Read up to here.
    pub read_up_to: Option<Position>,
    /// Typed, not sent.
    pub draft: String,
    /// Events known to exist elsewhere and missing here.
    pub lacking: u32,
    /// Who has what.
    pub level: Level,
    /// Last activity.
    pub active_at: Time,
}

/// Messages of others that came when what stands below them had been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Late {
    /// How many.
    pub count: u32,
    /// Where the first one stands.
    pub first: Position,
}

/// How the newest message begins.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Who wrote it.
    pub author: PeerId,
    /// Their name.
    pub author_name: String,
    /// Oneself.
    pub mine: bool,
    /// At most 140 characters.
    pub text: String,
    /// When.
    pub at: Time,
}

/// A member of a room.
#[derive(Clone, Debug)]
pub struct Member {
    /// Public key.
    pub peer: PeerId,
    /// Name.
    pub name: String,
    /// Oneself.
    pub me: bool,
    /// Made the room.
    pub creator: bool,
    /// Connection.
    pub link: LinkState,
}

/// How far own logs have come on disk and with others.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// On disk up to here.
    pub saved: Vec<(LogId, u32)>,
    /// What each member said that it has.
    pub acks: Vec<(PeerId, LogId, u32)>,
}
