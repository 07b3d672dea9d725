//! Messages and pages of history.

use identity::PeerId;
use rooms::Position;
use wire::ids::{EventId, LogId};

use super::clock::Time;
use super::room::Role;

/// An entry of a room's history.
#[derive(Clone, Debug)]
pub struct Message {
    /// Event id.
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
    /// Sealed under a key that is not here yet.
    Waiting {
        /// It has been waited for so long that it may never come.
        lost: bool,
    },
    /// Erased by its author.
    Deleted,
    /// The room was made.
    RoomCreated {
        /// Its name.
        name: String,
    },
    /// A person came in.
    MemberAdded {
        /// Public key of the newcomer.
        peer: PeerId,
        /// Their name.
        name: String,
    },
    /// The author left.
    MemberLeft,
    /// The author put a person out.
    MemberRemoved {
        /// Who is no longer a member.
        peer: PeerId,
        /// Their name.
        name: String,
    },
    /// The author gave a person another role.
    RoleGiven {
        /// Who has it now.
        peer: PeerId,
        /// Their name.
        name: String,
        /// The role.
        role: Role,
    },
    /// The author gave the room another name.
    RoomRenamed {
        /// The name.
        name: String,
    },
    /// The author said what the room is about.
    TopicSet {
        /// The topic; may be empty.
        text: String,
    },
    /// The author set who may add people.
    OnlyAdminsAdd {
        /// Admins only.
        on: bool,
    },
    /// The author set whether new members see what was said before they came.
    HistorySet {
        /// They do.
        on: bool,
    },
}

/// A message that is answered.
#[derive(Clone, Debug)]
pub struct Quote {
    /// Event id.
    pub id: EventId,
    /// Place.
    pub position: Position,
    /// Author's name; empty if it is not here, or cannot be read.
    pub author_name: String,
    /// How it begins; empty if erased, not here, or not to be read.
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

/// What `say` gives back.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Event id.
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
