//! What the node tells whoever shows it: plain data with typed ids. `api` mirrors it as JSON.

mod clock;
mod network;

pub use clock::{ClockOff, Whose};
use identity::PeerId;
pub use net::{Reach as OwnReach, Reason};
pub use network::{Behind, Level, Network, Owed, Reach, Via};
use rooms::Position;
use wire::ids::{EventId, LogId, RoomId};

/// Milliseconds since 1970 UTC.
pub type Time = u64;

/// Oneself.
#[derive(Clone, Debug)]
pub struct Me {
    /// Own device.
    pub peer: PeerId,
    /// Display name.
    pub name: String,
    /// Where others may dial, best first.
    pub addresses: Vec<String>,
    /// From where others may dial, as far as it is known.
    pub reach: OwnReach,
    /// Why listening does not work, or not on all that was asked for.
    pub not_listening: Option<String>,
    /// The name is announced on the local network.
    pub nearby_visible: bool,
    /// Links that are up, whoever is there.
    pub links: u32,
    /// Contacts, and members of common rooms, with whom a link is up.
    pub friends: u32,
}

/// Kind of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKind {
    /// Any number of people.
    Group,
    /// Exactly two.
    Direct,
}

/// One's own standing in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Takes part, or is about to.
    Member,
    /// Left; history stays.
    Left,
    /// A direct room whose other side has not accepted yet.
    Requested,
}

/// A room in a list.
#[derive(Clone, Debug)]
pub struct RoomRow {
    /// Id.
    pub id: RoomId,
    /// Kind.
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
    /// Device.
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

/// State of the connection with a person.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// Oneself.
    Own,
    /// Up.
    Connected {
        /// The other end.
        address: String,
        /// Round trip, microseconds.
        latency_us: Option<u32>,
        /// Since when.
        since: Time,
    },
    /// Dialling.
    Connecting {
        /// Address being tried.
        address: String,
    },
    /// Failed; will be tried again.
    Waiting {
        /// Address tried last.
        address: String,
        /// When it is tried again.
        retry_at: Time,
        /// Why it failed.
        reason: Reason,
    },
    /// No address is known.
    Unreachable {
        /// When a link was last up.
        last_seen: Option<Time>,
    },
}

/// Somebody known.
#[derive(Clone, Debug)]
pub struct Person {
    /// Device.
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
    /// The name of somebody else that looks like theirs.
    pub looks_like: Option<String>,
}

/// Somebody who asks to become a contact.
#[derive(Clone, Debug)]
pub struct Request {
    /// Device.
    pub peer: PeerId,
    /// Name that they give.
    pub name: String,
    /// When it came.
    pub at: Time,
    /// The name of somebody else that looks like theirs.
    pub looks_like: Option<String>,
}

/// Somebody on the local network.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearby {
    /// Id while listed.
    pub id: String,
    /// Name that they announce.
    pub name: String,
    /// Address.
    pub address: String,
    /// Who that is, if they are known.
    pub peer: Option<PeerId>,
    /// The attempt to reach them that is under way.
    pub join: Option<u64>,
}

/// An attempt to join, or to reach an address.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Id while this process runs.
    pub id: u64,
    /// Whom or what.
    pub target: String,
    /// How it stands.
    pub state: JoinState,
}

/// Steps of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinState {
    /// Dialling.
    Connecting {
        /// Address being tried.
        address: String,
    },
    /// Failed; will be tried again.
    Waiting {
        /// When.
        retry_at: Time,
        /// Why it failed.
        reason: Reason,
    },
    /// Connected, and waiting for an answer.
    Asked {
        /// Name of who is asked.
        name: String,
    },
    /// Done.
    Joined {
        /// The room that opened.
        room: RoomId,
    },
    /// Over.
    Refused(JoinRefusal),
}

/// Why an attempt is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinRefusal {
    /// Whoever answered does not know the invite.
    UnknownInvite,
    /// Used up.
    UsedUp,
    /// The person said no.
    Declined,
    /// The room is full.
    Full,
    /// It leads to oneself.
    Own,
}

/// An entry of a room's history.
#[derive(Clone, Debug)]
pub struct Message {
    /// Event.
    pub id: EventId,
    /// Place.
    pub position: Position,
    /// Who wrote it.
    pub author: PeerId,
    /// Their name.
    pub author_name: String,
    /// Oneself.
    pub mine: bool,
    /// Own, and dated more than two minutes ahead of this computer's clock: others see it when its
    /// time has come.
    pub early: bool,
    /// Came late, and nobody has seen it yet.
    pub late: bool,
    /// Author's log.
    pub log: LogId,
    /// Place in that log.
    pub seq: u32,
    /// Content.
    pub body: Body,
}

/// Content of an entry.
#[derive(Clone, Debug)]
pub enum Body {
    /// A text.
    Text {
        /// As last edited.
        text: String,
        /// When.
        edited: Option<Time>,
        /// What it answers.
        reply: Option<Quote>,
        /// Most used first.
        reactions: Vec<Reaction>,
    },
    /// Erased by its author.
    Deleted,
    /// The room was made.
    RoomCreated {
        /// Its name.
        name: String,
    },
    /// Somebody came in.
    MemberAdded {
        /// Who.
        peer: PeerId,
        /// Their name.
        name: String,
    },
    /// The author left.
    MemberLeft,
}

/// A message that is answered.
#[derive(Clone, Debug)]
pub struct Quote {
    /// Event.
    pub id: EventId,
    /// Place.
    pub position: Position,
    /// Author's name; empty if it is not here.
    pub author_name: String,
    /// How it begins; empty if erased or not here.
    pub text: String,
}

/// One emoji under a message.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Names.
    pub people: Vec<String>,
    /// Oneself among them.
    pub mine: bool,
}

/// A page of history, oldest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// Entries.
    pub messages: Vec<Message>,
    /// Older ones exist.
    pub more_before: bool,
    /// Newer ones exist.
    pub more_after: bool,
}

/// How far own logs have come on disk and with others.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// On disk up to here.
    pub saved: Vec<(LogId, u32)>,
    /// What each member said that it has.
    pub acks: Vec<(PeerId, LogId, u32)>,
}

/// What `say` gives back.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Event.
    pub id: EventId,
    /// Place.
    pub position: Position,
    /// Own log.
    pub log: LogId,
    /// Place in it.
    pub seq: u32,
}

impl Said {
    pub(crate) fn of(event: &rooms::Verified) -> Said {
        Said { id: event.id(), position: event.position(), log: event.header.log, seq: event.header.seq }
    }
}

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Case.
    pub kind: AlertKind,
    /// Particulars. Of one kind there is one alert for each.
    pub detail: String,
    /// Whose clock is off, if that is the case.
    pub clock: Option<ClockOff>,
}

/// Cases of things that the user should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// History was damaged and mostly kept.
    HistoryRepaired,
    /// History could not be read and was set aside.
    HistorySetAside,
    /// Writing fails.
    DiskFailing,
    /// The port could not be opened.
    NotListening,
    /// Clocks differ by more than two minutes.
    ClockOff,
    /// Somebody signed two histories of who is in a room.
    Fork,
    /// This profile also runs, or ran, elsewhere, or was restored from an old copy.
    ProfileCopied,
}

/// A change, for whoever shows the node. Rows replace earlier rows with the same id.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Oneself.
    Me(Me),
    /// A room.
    Room(Box<RoomRow>),
    /// A room is no longer listed.
    RoomGone(RoomId),
    /// New or changed entries of a room.
    Messages(RoomId, Vec<Message>),
    /// Entries that a room's history no longer shows.
    MessagesGone(RoomId, Vec<EventId>),
    /// Progress of own messages.
    Delivery(RoomId, Delivery),
    /// All members of a room.
    Members(RoomId, Vec<Member>),
    /// A person.
    Person(Person),
    /// A new contact request.
    RequestAdded(Request),
    /// An answered one.
    RequestGone(PeerId),
    /// Everybody nearby.
    Nearby(Vec<Nearby>),
    /// An attempt.
    Join(Joining),
    /// An attempt that is over.
    JoinGone(u64),
    /// Something to know, in place of the one of the same kind and detail.
    Alert(Alert),
    /// Its reason has gone.
    AlertGone(Alert),
    /// How people are reached; only while somebody watches.
    Network {
        /// New or changed rows.
        people: Vec<Reach>,
        /// Those who are no longer known.
        gone: Vec<PeerId>,
    },
}

/// Everything at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Number of the last notice that is contained.
    pub seq: u64,
    /// Oneself.
    pub me: Me,
    /// Rooms.
    pub rooms: Vec<RoomRow>,
    /// People.
    pub people: Vec<Person>,
    /// Contact requests.
    pub requests: Vec<Request>,
    /// People nearby.
    pub nearby: Vec<Nearby>,
    /// Attempts.
    pub joining: Vec<Joining>,
    /// Things to know.
    pub alerts: Vec<Alert>,
}

/// What a pasted text turned out to be.
#[derive(Clone, Debug)]
pub enum Reading {
    /// An invite to a room.
    Room {
        /// Its maker.
        inviter: PeerId,
        /// Where it leads.
        addresses: Vec<String>,
        /// That room, if one is a member.
        member: Option<RoomId>,
    },
    /// An invite to become contacts.
    Contact {
        /// Its maker.
        inviter: PeerId,
        /// Where it leads.
        addresses: Vec<String>,
        /// Already a contact.
        known: bool,
    },
    /// An address.
    Address(String),
    /// One's own invite.
    Own,
    /// Several different invites.
    Several(Vec<Found>),
}

/// One of several invites in a text.
#[derive(Clone, Debug)]
pub struct Found {
    /// `gv1…`, alone.
    pub text: String,
    /// What it is.
    pub reading: Reading,
}

/// An invite that was made.
#[derive(Clone, Debug)]
pub struct MadeInvite {
    /// `gv1…`
    pub text: String,
    /// `grapevine://join/…`
    pub link: String,
    /// How many may use it.
    pub uses: u32,
    /// Addresses in it.
    pub addresses: Vec<String>,
}

/// Why something asked for was not done; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such room here.
    #[error("no such room")]
    UnknownRoom,
    /// No such message here.
    #[error("no such message")]
    UnknownMessage,
    /// No such person here.
    #[error("no such person")]
    UnknownPeer,
    /// Only its author may do that.
    #[error("not the author")]
    NotAuthor,
    /// Only members may do that.
    #[error("not a member")]
    NotMember,
    /// Neither invite nor address.
    #[error("not an invite: {0}")]
    BadInvite(wire::invite::InviteFault),
    /// Several different invites, of which one must be chosen.
    #[error("several different invites: choose one")]
    SeveralInvites,
    /// A limit was reached.
    #[error("limit reached")]
    Limit,
    /// The disk failed.
    #[error("disk failed")]
    Disk,
    /// The node ends.
    #[error("closing")]
    Closing,
}

pub use store::Anchor;
pub use wire::invite::InviteFault;
