//! Rooms, their members, and how far one's own messages have come.

use std::collections::BTreeMap;

use node::view::{ClosedWhy, Role, RoomKind, Standing};

use super::ids::{InviteIdText, LogIdText, PeerIdText, PositionText, RoomIdText};
use super::network::Level;
use super::person::LinkState;

data! {
    /// A room as the sidebar shows it.
    pub struct RoomRow {
        /// Room id.
        pub id: RoomIdText,
        /// Group or direct.
        pub kind: RoomKind,
        /// Name; for a direct room the other person's.
        pub name: String,
        /// The other person of a direct room.
        pub peer: Option<PeerIdText>,
        /// Own standing.
        pub standing: Standing,
        /// Number of members, oneself included.
        pub members: u32,
        /// Number of other members with whom a link is up.
        pub connected: u32,
        /// Newest message, if any.
        pub last: Option<Preview>,
        /// Unread messages of others; counting stops at 999.
        pub unread: u32,
        /// Of the unread, the messages that came when what stands below them had been read. None if
        /// there are none.
        pub late: Option<Late>,
        /// Everything up to here has been read, but for what came late. Never one's own message
        /// while there are others'.
        pub read_up_to: Option<PositionText>,
        /// What was typed but not sent.
        pub draft: String,
        /// Events that others are known to have and this device lacks; 0 when level with everyone
        /// heard from.
        pub lacking: u32,
        /// Who has what.
        pub level: Level,
        /// Creation or last activity, for ordering.
        #[ts(type = "number")] pub active_at: u64,
        /// Own role; none if one is not a member.
        pub my_role: Option<Role>,
        /// What it is about; may be empty.
        pub topic: String,
        /// Only admins may add people, and invite them.
        pub only_admins_add: bool,
        /// New members see what was said before they came.
        pub shows_history: bool,
        /// What one may do in it, beside speaking.
        pub may: RoomMay,
        /// Why nothing more can be said, if one was a member.
        pub closed: Option<Closed>,
    }

    /// What one may do in a room.
    pub struct RoomMay {
        /// Add people, and invite them.
        pub add: bool,
        /// Set its name, its topic, who may add people, and whether new members see what was said.
        pub rename: bool,
    }

    /// How one's own membership ended.
    pub struct Closed {
        /// The case.
        pub why: ClosedWhy,
        /// Who removed one.
        pub by: Option<PeerIdText>,
        /// Their name; empty if one left.
        pub by_name: String,
        /// When, by the clock of who did it.
        #[ts(type = "number")] pub at_ms: u64,
    }

    /// Messages of others that came late, and are unseen.
    pub struct Late {
        /// How many; counting stops at 999.
        pub count: u32,
        /// Where the first one stands.
        pub first: PositionText,
    }

    /// How the newest message begins, with its line breaks.
    pub struct Preview {
        /// Author's key.
        pub author: PeerIdText,
        /// Author's name.
        pub author_name: String,
        /// Written by oneself.
        pub mine: bool,
        /// At most 140 characters.
        pub text: String,
        /// When it was written.
        #[ts(type = "number")] pub at: u64,
    }

    /// A room as its own view shows it.
    pub struct RoomDetails {
        /// The row.
        pub room: RoomRow,
        /// All members, oneself included, by name.
        pub people: Vec<Member>,
        /// Delivery of one's own messages.
        pub delivery: Delivery,
        /// Who last set whether new members see what was said before they came; none if nobody did.
        pub history: Option<Setter>,
    }

    /// Who set something of a room.
    pub struct Setter {
        /// Public key.
        pub peer: PeerIdText,
        /// Their name.
        pub name: String,
        /// When, by their clock.
        #[ts(type = "number")] pub at_ms: u64,
    }

    /// One member of a room.
    pub struct Member {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// Oneself.
        pub me: bool,
        /// Made the room.
        pub creator: bool,
        /// How this device is connected with them.
        pub link: LinkState,
        /// What they are in the room.
        pub role: Role,
        /// Who let them in; none for who made the room, and in direct rooms.
        pub added_by: Option<PeerIdText>,
        /// What one may do with them.
        pub may: MemberMay,
    }

    /// What one may do with a member.
    pub struct MemberMay {
        /// Remove them.
        pub remove: bool,
        /// Roles that one may give them, other than the one that they have.
        pub set_role: Vec<Role>,
    }

    /// An invite to a room that its members know of.
    pub struct RoomInvite {
        /// The event that announced it; for `revoke_invite`.
        pub id: InviteIdText,
        /// Who made it.
        pub author: PeerIdText,
        /// How many people it lets in.
        pub uses: u32,
        /// How many it has let in. After a partition this may be more than `uses`.
        pub used: u32,
        /// Until when; 0 for no end.
        #[ts(type = "number")] pub expires_ms: u64,
        /// A member ended it.
        pub revoked: bool,
        /// One may end it: one's own, or as an admin.
        pub may_revoke: bool,
    }

    /// How far one's own logs in a room have come. A message with (`log`, `seq`) is *sending* until
    /// `saved[log] ≥ seq`, then *saved*; it is *delivered* to each peer with an entry of that log
    /// with `seq` at least as high.
    pub struct Delivery {
        /// Highest sequence number known to be on disk, for each own log.
        #[ts(type = "Record<string, number>")] pub saved: BTreeMap<LogIdText, u32>,
        /// What each other member said that it has of each own log.
        pub acks: Vec<Ack>,
    }

    /// What one member has of one of our logs.
    pub struct Ack {
        /// The member.
        pub peer: PeerIdText,
        /// Our log.
        pub log: LogIdText,
        /// Highest sequence number that it has.
        pub seq: u32,
    }
}
