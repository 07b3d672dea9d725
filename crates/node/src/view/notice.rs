//! What is shown first, and what happens then.

use identity::PeerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wire::ids::{EventId, RoomId};

use super::clock::ClockOff;
use super::doctor::Doctor;
use super::invite::Joining;
use super::me::Me;
use super::message::Message;
use super::network::Reach;
use super::person::{Nearby, Person, Request};
use super::room::{Delivery, Member, RoomRow};

/// A change, for a program that shows the node. Rows replace earlier rows with the same id.
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
    /// What the doctor found out; only while a client looks at it.
    Doctor(Box<Doctor>),
    /// How people are reached; only while a client watches.
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

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// Particulars. Of one kind there is one alert for each.
    pub detail: String,
    /// Whose clock is off, if that is the case.
    pub clock: Option<ClockOff>,
    /// Whose device signed two histories, and of which room, if that is the case.
    pub fork: Option<Forked>,
}

/// A device that signed two histories of who is in a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Forked {
    /// Public key.
    pub peer: PeerId,
    /// Their name.
    pub name: String,
    /// The room.
    pub room: RoomId,
    /// Its name.
    pub room_name: String,
}

/// Cases of things that the user should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The history on disk was damaged; what could be read was kept, the rest comes from peers.
    HistoryRepaired,
    /// The history on disk could not be read; it was set aside and comes again from peers.
    HistorySetAside,
    /// Writing to disk fails; new messages are not kept.
    DiskFailing,
    /// The listening port could not be opened.
    NotListening,
    /// Clocks differ by more than two minutes.
    ClockOff,
    /// A member's device signed two different histories of who is in a room; what follows does
    /// not count.
    Fork,
    /// This profile also runs on another computer, or was restored from an old copy.
    ProfileCopied,
}
