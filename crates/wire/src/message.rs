//! What two devices say to each other over a link: one record each (`docs/PROTOCOL.md` §1.2).

use bincode::{Decode, Encode};
use identity::{PeerId, Signature};

use crate::ids::{EventId, LogId, LogKey, RoomId, RoomTag};

/// Any record of version 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// First in each direction.
    Hello(Hello),
    /// Asks for a Pong with the same token.
    Ping(u64),
    /// Answers a Ping.
    Pong(u64),
    /// Says why this side closes.
    Bye(Bye),
    /// Tags of the rooms that one has.
    Rooms(Vec<RoomTag>),
    /// Presents an invite.
    Join(Join),
    /// Accepts a Join.
    Welcome(Welcome),
    /// Turns a Join down.
    JoinRefused(JoinRefused),
    /// Asks to become contacts.
    ContactRequest(ContactRequest),
    /// Answers a contact request.
    ContactAnswer(ContactAnswer),
    /// Addresses and names, signed by their subjects.
    Records(Vec<PeerRecord>),
    /// Fresh events, spreading.
    Run(Run),
    /// All logs of a room in one digest.
    Digest(Digest),
    /// What one has of some logs of a room.
    Heads(Heads),
    /// Asks for a range of one log.
    Need(Need),
    /// A part of what was asked for.
    Data(Data),
}

/// Introduction of a running process.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Hello {
    /// Random per process: tells a restart from a second link.
    pub boot_nonce: u64,
    /// Where this device listens, `host:port`, best first.
    pub addresses: Vec<String>,
    /// Software and version, for diagnostics only.
    pub agent: String,
}

/// Why a side closes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Bye {
    /// The program ends.
    Shutdown,
    /// Unknown, and no invite or request was presented.
    NotWelcome,
    /// Another link with the same peer stays.
    Replaced,
    /// The other side broke the protocol.
    Protocol,
    /// The other side does not take what is sent.
    TooSlow,
    /// A limit was reached.
    Busy,
    /// The link is a day old; dial again.
    Renew,
}

/// Presents an invite.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Join {
    /// The invite's public key.
    pub key: [u8; 32],
    /// First half of the room id; zero for a contact invite.
    pub hint: [u8; 16],
    /// Display name of who joins.
    pub name: String,
    /// By the invite's key over `h* ‖ joiner`, context "join".
    pub proof: Signature,
}

/// Accepts a Join.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Welcome {
    /// The room that opened; none for a contact invite.
    pub room: Option<RoomId>,
    /// The room's name, or the contact's.
    pub name: String,
}

/// Turns a Join down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum JoinRefused {
    /// Not known (any more) here.
    UnknownInvite,
    /// Used as often as it may be.
    UsedUp,
    /// The room cannot take more people.
    Full,
}

/// Asks to become contacts.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ContactRequest {
    /// Display name of who asks.
    pub name: String,
}

/// Answers a contact request.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ContactAnswer {
    /// Yes or no.
    pub accepted: bool,
    /// Display name of who answers.
    pub name: String,
}

/// What a device says of itself, relayed by others; `sig` makes it impossible to invent.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PeerRecord {
    /// The subject.
    pub device: PeerId,
    /// Milliseconds when made; the higher replaces the lower.
    pub seq: u64,
    /// Display name.
    pub name: String,
    /// Where it listens, `host:port`, best first.
    pub addresses: Vec<String>,
    /// By the subject over the bincode of the fields before, context "record".
    pub sig: Signature,
}

/// Fresh events of one log, spreading hop by hop. The events are in wire form (`rooms::run` reads them).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Run {
    /// Hops that are left.
    pub ttl: u8,
    /// Their room.
    pub room: RoomId,
    /// Consecutive, the last one signed.
    pub events: Vec<RawEvent>,
}

/// An event as bytes: `flags ‖ header ‖ sig? ‖ payload?` (`docs/PROTOCOL.md` §2). Shared, because it goes to many peers and to the store.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent(pub std::sync::Arc<[u8]>);

/// All logs of a room in one digest.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Digest {
    /// The room.
    pub room: RoomId,
    /// BLAKE3 over all sorted heads, first 16 bytes.
    pub digest: [u8; 16],
}

/// What one has of some logs of a room. Each head is a statement of its own.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Heads {
    /// The room.
    pub room: RoomId,
    /// At most [`crate::limits::MAX_HEADS`].
    pub heads: Vec<HeadOf>,
}

/// How far one log has come at the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeadOf {
    /// The log.
    pub log: LogKey,
    /// Its last sequence number there.
    pub seq: u32,
    /// First 8 bytes of that event's chain hash.
    pub hash: [u8; 8],
}

/// Asks for a range of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Need {
    /// The room.
    pub room: RoomId,
    /// The log.
    pub log: LogKey,
    /// First sequence number wanted.
    pub from: u32,
    /// Last sequence number wanted.
    pub to: u32,
}

/// A part of what was asked for: consecutive events, the last one signed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Data {
    /// The room.
    pub room: RoomId,
    /// The log.
    pub log: LogKey,
    /// Last sequence number that will be sent for the Need that this answers.
    pub last: u32,
    /// In wire form; empty when nothing of the range is here.
    pub events: Vec<RawEvent>,
}

/// Identifies a run on its way: the id of its last event.
pub type RunId = EventId;

/// A log of a room, for maps that span rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomLog {
    /// The room.
    pub room: RoomId,
    /// Device and log.
    pub log: LogKey,
}

const _: () = assert!(std::mem::size_of::<LogId>() == 8);
