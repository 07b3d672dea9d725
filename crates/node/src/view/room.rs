//! Rooms, their members, and how far own messages have come.

use identity::PeerId;
use rooms::{Position, authority};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wire::ids::{EventId, LogId, RoomId};

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
    /// Put out by an admin; history stays readable.
    Removed,
    /// A direct room whose other side has not accepted yet.
    Requested,
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and writes, and lets people in if the room allows that.
    Member,
    /// Removes those below, gives roles, sets what the room is called and who may come in.
    Admin,
    /// An admin whom no admin can remove.
    Owner,
}

impl Role {
    /// All, the lowest first.
    pub const ALL: [Role; 3] = [Role::Member, Role::Admin, Role::Owner];
}

impl From<authority::Role> for Role {
    fn from(role: authority::Role) -> Role {
        match role {
            authority::Role::Member => Role::Member,
            authority::Role::Admin => Role::Admin,
            authority::Role::Owner => Role::Owner,
        }
    }
}

impl From<Role> for authority::Role {
    fn from(role: Role) -> authority::Role {
        match role {
            Role::Member => authority::Role::Member,
            Role::Admin => authority::Role::Admin,
            Role::Owner => authority::Role::Owner,
        }
    }
}

/// What one may do in a room, beside speaking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomMay {
    /// Let people in, and invite them.
    pub add: bool,
    /// Set its name, its topic, and who may add people.
    pub rename: bool,
}

/// Why nothing more can be said in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// How it ended.
    pub why: ClosedWhy,
    /// Who removed this device; none if it left, or if what had let it in counts no longer.
    pub by: Option<PeerId>,
    /// Their name; empty without them.
    pub by_name: String,
    /// When, by the clock of who did it; 0 if nobody did.
    pub at_ms: Time,
}

/// How one's own membership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedWhy {
    /// One left.
    Left,
    /// An admin put one out.
    Removed,
}

/// Who set something of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setter {
    /// Public key.
    pub peer: PeerId,
    /// Their name.
    pub name: String,
    /// When, by their clock.
    pub at_ms: Time,
}

/// An invite that members know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomInvite {
    /// The event that announced it.
    pub id: EventId,
    /// Who made it.
    pub author: PeerId,
    /// How many people it lets in.
    pub uses: u32,
    /// How many it has let in.
    pub used: u32,
    /// Until when; 0 for no end.
    pub expires_ms: Time,
    /// A member ended it.
    pub revoked: bool,
    /// One may end it: one's own, or as an admin.
    pub may_revoke: bool,
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
    /// Own role; none if one is not a member.
    pub my_role: Option<Role>,
    /// What it is about; may be empty.
    pub topic: String,
    /// Only admins may add people.
    pub only_admins_add: bool,
    /// New members see what was said before they came.
    pub shows_history: bool,
    /// What one may do.
    pub may: RoomMay,
    /// Why nothing more can be said, if one was a member.
    pub closed: Option<Closed>,
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
    /// What they are in the room.
    pub role: Role,
    /// Who let them in; none for who made the room, and in direct rooms.
    pub added_by: Option<PeerId>,
    /// What one may do with them.
    pub may: MemberMay,
    /// Connection.
    pub link: LinkState,
}

/// What one may do with a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberMay {
    /// Put them out.
    pub remove: bool,
    /// Roles that one may give them, other than the one they have.
    pub set_role: Vec<Role>,
}

/// How far own logs have come on disk and with others.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// On disk up to here.
    pub saved: Vec<(LogId, u32)>,
    /// What each member said that it has.
    pub acks: Vec<(PeerId, LogId, u32)>,
}
