//! What is shown first, and what happens then.

use node::view::{AlertKind, Doctor};

use super::ids::{JoinIdText, MessageIdText, PeerIdText, RoomIdText};
use super::invite::Joining;
use super::message::Message;
use super::network::Reach;
use super::person::{Nearby, Person, Request};
use super::room::{Delivery, Member, RoomRow};
use super::stage::{Me, Stage};

data! {
    /// Everything that an open profile shows first.
    pub struct Snapshot {
        /// Notices up to and including this number are contained.
        #[ts(type = "number")] pub seq: u64,
        /// Oneself.
        pub me: Me,
        /// Rooms.
        pub rooms: Vec<RoomRow>,
        /// People.
        pub people: Vec<Person>,
        /// Contact requests.
        pub requests: Vec<Request>,
        /// People on this network.
        pub nearby: Vec<Nearby>,
        /// Attempts under way.
        pub joining: Vec<Joining>,
        /// Things that the user should know (repairs, a wrong clock).
        pub alerts: Vec<Alert>,
    }

    /// Something that the user should know.
    pub struct Alert {
        /// The case; clients have their own words for each.
        pub kind: AlertKind,
        /// Particulars, such as a path or a count. Of one kind there is one alert for each detail.
        pub detail: String,
        /// For `clock_off`: whose clock, and by how much.
        pub clock: Option<ClockOff>,
        /// For `fork`: whose device, and in which room.
        pub fork: Option<Forked>,
    }

    /// A device that signed two histories of who is in a room.
    pub struct Forked {
        /// Whose it is.
        pub peer: PeerIdText,
        /// Their name.
        pub name: String,
        /// The room.
        pub room: RoomIdText,
        /// Its name.
        pub room_name: String,
    }

    /// A clock that is off by more than two minutes.
    pub struct ClockOff {
        /// Whose it is.
        pub whose: ClockOwner,
        /// The person, unless it is one's own.
        pub peer: Option<PeerIdText>,
        /// Their name; empty if it is one's own.
        pub name: String,
        /// It is ahead of the others; if it is not clear whose is wrong, theirs is ahead of one's
        /// own.
        pub fast: bool,
        /// By how many minutes, rounded.
        pub minutes: u32,
    }

    /// Whose clock is off.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ClockOwner {
        /// This computer's: most of the people who are connected differ from it to the same side.
        Own,
        /// Theirs: another connected person agrees with this computer's.
        Theirs,
        /// Theirs or this computer's: nobody else is connected to compare with.
        Unclear,
    }

    /// A numbered notice. A client that sees a number that is not the previous one plus one asks
    /// for a snapshot.
    pub struct Numbered {
        /// Rises by one.
        #[ts(type = "number")] pub seq: u64,
        /// What happened.
        pub notice: Notice,
    }

    /// What happened. Rows replace earlier rows with the same id.
    #[serde(tag = "notice", rename_all = "snake_case")]
    pub enum Notice {
        /// The profile moved on.
        StageChanged {
            /// Where it stands now.
            stage: Stage,
        },
        /// Oneself changed.
        MeChanged {
            /// The new row.
            me: Me,
        },
        /// A room is new or changed.
        RoomChanged {
            /// The new row.
            room: Box<RoomRow>,
        },
        /// A room is no longer listed: the other person of a requested direct room said no.
        RoomGone {
            /// Room id; a client drops the row with it.
            room: RoomIdText,
        },
        /// Messages are new or changed (edited, deleted, reacted to).
        Messages {
            /// Their room.
            room: RoomIdText,
            /// In display order.
            messages: Vec<Message>,
        },
        /// Messages, or lines about members, that the history no longer shows: it turned out that
        /// they do not count.
        MessagesGone {
            /// Their room.
            room: RoomIdText,
            /// Their ids.
            messages: Vec<MessageIdText>,
        },
        /// Own messages were saved or delivered.
        DeliveryChanged {
            /// The room.
            room: RoomIdText,
            /// Only what changed; sequence numbers never fall.
            delivery: Delivery,
        },
        /// Members of a room came, went, or were renamed.
        MembersChanged {
            /// The room.
            room: RoomIdText,
            /// All members.
            people: Vec<Member>,
        },
        /// A person is new or changed.
        PersonChanged {
            /// The new row.
            person: Person,
        },
        /// A contact request is new.
        RequestAdded {
            /// The new row.
            request: Request,
        },
        /// A contact request was answered or withdrawn.
        RequestGone {
            /// The person who had asked.
            peer: PeerIdText,
        },
        /// The list of people nearby changed.
        NearbyChanged {
            /// The whole list.
            nearby: Vec<Nearby>,
        },
        /// An attempt moved on.
        JoinChanged {
            /// The new row.
            joining: Joining,
        },
        /// An attempt is over and no longer listed.
        JoinGone {
            /// Id of the attempt; it is not used again while this process runs.
            id: JoinIdText,
        },
        /// Something that the user should know.
        AlertRaised {
            /// Takes the place of the one with the same kind and detail.
            alert: Alert,
        },
        /// The reason of an alert has gone.
        AlertGone {
            /// The one to take away: its kind and detail tell which.
            alert: Alert,
        },
        /// How people are reached has changed; told for 20 s after a `network` call that watches,
        /// at most twice a second.
        NetworkChanged {
            /// New and changed rows.
            people: Vec<Reach>,
            /// Those who are no longer known.
            gone: Vec<PeerIdText>,
        },
        /// The doctor has found out more; told for 20 s after a `doctor` call that watches, at most
        /// twice a second.
        DoctorChanged {
            /// All of it.
            doctor: Doctor,
        },
        /// The shell was asked to open an invite (deep link, second start).
        InviteOpened {
            /// The text, for `read_invite`.
            text: String,
        },
    }
}
