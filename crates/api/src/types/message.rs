//! Messages and pages of history.

use node::view::Role;

use super::ids::{LogIdText, MessageIdText, PeerIdText, PositionText, RoomIdText};

data! {
    /// One entry of a room's history.
    pub struct Message {
        /// Event id; the same at every member.
        pub id: MessageIdText,
        /// The room that it was said in.
        pub room: RoomIdText,
        /// Place in the order.
        pub position: PositionText,
        /// Author's key.
        pub author: PeerIdText,
        /// Author's name as known now.
        pub author_name: String,
        /// Written by oneself.
        pub mine: bool,
        /// When it was written.
        #[ts(type = "number")] pub at: u64,
        /// One's own, and dated more than two minutes ahead of this computer's clock: others see it
        /// when its time has come. See `send_again`.
        pub early: bool,
        /// It came when what stands below it had been read, and had not been seen when this was
        /// told. See `mark_read`.
        pub late: bool,
        /// Author's log, for delivery.
        pub log: LogIdText,
        /// Sequence number in that log.
        pub seq: u32,
        /// What it says.
        pub body: Body,
    }

    /// Content of a history entry.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum Body {
        /// A text.
        Text {
            /// As last edited. Plain text with light markdown; never HTML.
            text: String,
            /// When it was last edited.
            #[ts(type = "number | null")] edited: Option<u64>,
            /// What it answers.
            reply: Option<Quote>,
            /// Reactions, most used first.
            reactions: Vec<Reaction>,
        },
        /// Sealed under a key that is not here yet.
        Waiting {
            /// It has been waited for so long that it may never come.
            lost: bool,
        },
        /// It was deleted by its author.
        Deleted,
        /// The room was made.
        RoomCreated {
            /// Its name.
            name: String,
        },
        /// A person came in.
        MemberAdded {
            /// Public key of the newcomer.
            peer: PeerIdText,
            /// Their name.
            name: String,
        },
        /// The author left.
        MemberLeft,
        /// The author removed a person.
        MemberRemoved {
            /// Public key of who is no longer a member.
            peer: PeerIdText,
            /// Their name.
            name: String,
        },
        /// The author gave a person another role.
        RoleGiven {
            /// Public key of who has it now.
            peer: PeerIdText,
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
        /// The author set what the room is about.
        TopicSet {
            /// The topic; may be empty.
            text: String,
        },
        /// The author set who may add people.
        OnlyAdminsAdd {
            /// Only admins, from now on.
            on: bool,
        },
        /// The author set whether new members see what was said before they came.
        HistorySet {
            /// They do, from now on.
            on: bool,
        },
    }

    /// The message that another one answers.
    pub struct Quote {
        /// Its id.
        pub id: MessageIdText,
        /// Its place.
        pub position: PositionText,
        /// Its author's name; empty when the message is not here, or cannot be read.
        pub author_name: String,
        /// How it begins, with its line breaks, at most 140 characters; empty when deleted or not
        /// here yet.
        pub text: String,
    }

    /// One emoji under a message.
    pub struct Reaction {
        /// The emoji.
        pub emoji: String,
        /// Who reacted so, by name.
        pub people: Vec<String>,
        /// Oneself among them.
        pub mine: bool,
    }

    /// Where a page of history lies.
    #[serde(tag = "at", rename_all = "snake_case")]
    pub enum Anchor {
        /// The newest messages.
        Latest,
        /// Those before a position.
        Before {
            /// Exclusive.
            position: PositionText,
        },
        /// Those after a position.
        After {
            /// Exclusive.
            position: PositionText,
        },
        /// Half before, half from this position on.
        Around {
            /// Inclusive.
            position: PositionText,
        },
    }

    /// A page of history.
    pub struct Page {
        /// Oldest first.
        pub messages: Vec<Message>,
        /// There are older ones.
        pub more_before: bool,
        /// There are newer ones.
        pub more_after: bool,
    }

    /// A message that has been accepted.
    pub struct Sent {
        /// Its id.
        pub id: MessageIdText,
        /// Its place.
        pub position: PositionText,
        /// Own log.
        pub log: LogIdText,
        /// Sequence number in it.
        pub seq: u32,
    }
}
