//! What two devices say to each other over a link: one record each (`docs/PROTOCOL.md` §1.2).

use std::sync::Arc;

use bincode::Encode;

use crate::address::Address;
use crate::codec::{self, CodecFault};
pub use crate::epoch_keys::{EpochKey, KeyRequest, Keys, SecretBytes};
use crate::ids::{RoomId, RoomTag};
use crate::limits::{
    MAX_ADDRESSES, MAX_AGENT, MAX_CIRCUIT_DATA, MAX_ENDED, MAX_EPOCHS_ASKED, MAX_HEADS, MAX_KEYS, MAX_RECORD, MAX_RECORDS, MAX_RUN_BYTES,
    MAX_RUN_EVENTS, MAX_SHUFFLE, MAX_SIGNAL, MAX_TAGS, MAX_TTL,
};
use crate::name_seal::SealedName;
pub use crate::overlay::{Disconnect, ForwardJoin, Neighbour, NeighbourReply, Shuffle};
pub use crate::reach::{
    CheckReach, CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, CircuitOpen, CircuitWay, DialBack, Observed, ReachChecked, Signal,
    SignalRefused,
};
pub use crate::record::PeerRecord;
pub use crate::spread::{Data, Digest, HeadOf, Heads, Need, RawEvent, Run};
pub use crate::talk::{Bye, ContactAnswer, ContactRequest, Hello, Join, JoinRefused, Time, Welcome, epoch_tag, room_tag, verify_pass};
use crate::text::{is_unfit, shows};

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
    /// Addresses, signed by their subjects.
    Records(Vec<PeerRecord>),
    /// What one's clock shows.
    Time(Time),
    /// The sender's display name, which has changed.
    Name(SealedName),
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
    /// Asks for secrets of epochs.
    KeyRequest(KeyRequest),
    /// Secrets of epochs.
    Keys(Keys),
    /// Asks that fresh events of a room be told by Heads only, no longer sent at once.
    Prune(RoomId),
    /// Asks that fresh events of a room be sent at once again.
    Graft(RoomId),
    /// Asks to become active neighbours.
    Neighbour(Neighbour),
    /// Answers that.
    NeighbourReply(NeighbourReply),
    /// No longer active neighbours.
    Disconnect(Disconnect),
    /// Makes a newcomer known.
    ForwardJoin(ForwardJoin),
    /// Exchanges known members.
    Shuffle(Shuffle),
    /// Where the sender sees the receiver.
    Observed(Observed),
    /// Asks to be dialled by somebody else.
    CheckReach(CheckReach),
    /// Asks to dial somebody.
    DialBack(DialBack),
    /// What came of a dial-back.
    ReachChecked(ReachChecked),
    /// Is passed on to a third device, or was.
    Signal(Signal),
    /// Is not passed on.
    SignalRefused(SignalRefused),
    /// Asks to carry a link.
    CircuitOpen(CircuitOpen),
    /// Answers that.
    CircuitAnswer(CircuitAnswer),
    /// Bytes of a circuit.
    CircuitData(CircuitData),
    /// More may be sent on a circuit.
    CircuitCredit(CircuitCredit),
    /// Ends a circuit.
    CircuitClose(CircuitClose),
}

/// A message as it goes into a frame: `type ‖ body`. Shared, because one Run goes to several peers.
pub type Record = Arc<[u8]>;

/// Which queue of a link a message waits in; they are drained in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Keeps the link alive and says who may stay. If its queue is full, the link ends.
    Control,
    /// Fresh events and what tells of them. May be dropped: repair makes up for it.
    Live,
    /// History and address books.
    Bulk,
}

/// Why a record is not a message. The link ends, with Bye(Protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// No type at all.
    #[error("an empty record")]
    Empty,
    /// A type below 0x80 that version 1 does not know.
    #[error("unknown record type {0:#04x}")]
    UnknownType(u8),
    /// The body is not what its type says.
    #[error("{0}")]
    Codec(#[from] CodecFault),
    /// Something is longer, more or less than the protocol allows; says what.
    #[error("outside its limits: {0}")]
    Limit(&'static str),
}

/// First type that a receiver skips if it does not know it.
const IGNORABLE: u8 = 0x80;

/// Type of the records that carry a circuit's bytes. Those are padded frames already, so a frame of
/// nothing else need not be padded.
pub const CIRCUIT_DATA: u8 = kind::CIRCUIT_DATA;

mod kind {
    pub(super) const HELLO: u8 = 0x01;
    pub(super) const PING: u8 = 0x02;
    pub(super) const PONG: u8 = 0x03;
    pub(super) const BYE: u8 = 0x04;
    pub(super) const ROOMS: u8 = 0x05;
    pub(super) const JOIN: u8 = 0x06;
    pub(super) const WELCOME: u8 = 0x07;
    pub(super) const JOIN_REFUSED: u8 = 0x08;
    pub(super) const CONTACT_REQUEST: u8 = 0x09;
    pub(super) const CONTACT_ANSWER: u8 = 0x0a;
    pub(super) const RECORDS: u8 = 0x0b;
    pub(super) const TIME: u8 = 0x0c;
    pub(super) const NAME: u8 = 0x0d;
    pub(super) const RUN: u8 = 0x10;
    pub(super) const DIGEST: u8 = 0x11;
    pub(super) const HEADS: u8 = 0x12;
    pub(super) const NEED: u8 = 0x13;
    pub(super) const DATA: u8 = 0x14;
    pub(super) const KEY_REQUEST: u8 = 0x15;
    pub(super) const KEYS: u8 = 0x16;
    pub(super) const PRUNE: u8 = 0x20;
    pub(super) const GRAFT: u8 = 0x21;
    pub(super) const NEIGHBOUR: u8 = 0x22;
    pub(super) const NEIGHBOUR_REPLY: u8 = 0x23;
    pub(super) const DISCONNECT: u8 = 0x24;
    pub(super) const FORWARD_JOIN: u8 = 0x25;
    pub(super) const SHUFFLE: u8 = 0x26;
    pub(super) const OBSERVED: u8 = 0x80;
    pub(super) const CHECK_REACH: u8 = 0x81;
    pub(super) const DIAL_BACK: u8 = 0x82;
    pub(super) const REACH_CHECKED: u8 = 0x83;
    pub(super) const SIGNAL: u8 = 0x84;
    pub(super) const SIGNAL_REFUSED: u8 = 0x85;
    pub(super) const CIRCUIT_OPEN: u8 = 0x90;
    pub(super) const CIRCUIT_ANSWER: u8 = 0x91;
    pub(super) const CIRCUIT_DATA: u8 = 0x92;
    pub(super) const CIRCUIT_CREDIT: u8 = 0x93;
    pub(super) const CIRCUIT_CLOSE: u8 = 0x94;
}

impl Message {
    /// `type ‖ body`, ready to be queued.
    ///
    /// What is sent must keep the limits that [`Message::decode`] checks: the other side ends the
    /// link over it. Debug builds panic.
    pub fn encode(&self) -> Record {
        debug_assert_eq!(self.check(), Ok(()));
        let bytes = match self {
            Message::Hello(body) => tagged(kind::HELLO, body),
            Message::Ping(token) => tagged(kind::PING, token),
            Message::Pong(token) => tagged(kind::PONG, token),
            Message::Bye(reason) => tagged(kind::BYE, reason),
            Message::Rooms(tags) => tagged(kind::ROOMS, tags),
            Message::Join(body) => tagged(kind::JOIN, body),
            Message::Welcome(body) => tagged(kind::WELCOME, body),
            Message::JoinRefused(reason) => tagged(kind::JOIN_REFUSED, reason),
            Message::ContactRequest(body) => tagged(kind::CONTACT_REQUEST, body),
            Message::ContactAnswer(body) => tagged(kind::CONTACT_ANSWER, body),
            Message::Records(records) => tagged(kind::RECORDS, records),
            Message::Time(body) => tagged(kind::TIME, body),
            Message::Name(name) => tagged(kind::NAME, name),
            Message::Run(body) => tagged(kind::RUN, body),
            Message::Digest(body) => tagged(kind::DIGEST, body),
            Message::Heads(body) => tagged(kind::HEADS, body),
            Message::Need(body) => tagged(kind::NEED, body),
            Message::Data(body) => tagged(kind::DATA, body),
            Message::KeyRequest(body) => tagged(kind::KEY_REQUEST, body),
            Message::Keys(body) => tagged(kind::KEYS, body),
            Message::Prune(room) => tagged(kind::PRUNE, room),
            Message::Graft(room) => tagged(kind::GRAFT, room),
            Message::Neighbour(body) => tagged(kind::NEIGHBOUR, body),
            Message::NeighbourReply(body) => tagged(kind::NEIGHBOUR_REPLY, body),
            Message::Disconnect(body) => tagged(kind::DISCONNECT, body),
            Message::ForwardJoin(body) => tagged(kind::FORWARD_JOIN, body),
            Message::Shuffle(body) => tagged(kind::SHUFFLE, body),
            Message::Observed(body) => tagged(kind::OBSERVED, body),
            Message::CheckReach(body) => tagged(kind::CHECK_REACH, body),
            Message::DialBack(body) => tagged(kind::DIAL_BACK, body),
            Message::ReachChecked(body) => tagged(kind::REACH_CHECKED, body),
            Message::Signal(body) => tagged(kind::SIGNAL, body),
            Message::SignalRefused(body) => tagged(kind::SIGNAL_REFUSED, body),
            Message::CircuitOpen(body) => tagged(kind::CIRCUIT_OPEN, body),
            Message::CircuitAnswer(body) => tagged(kind::CIRCUIT_ANSWER, body),
            Message::CircuitData(body) => tagged(kind::CIRCUIT_DATA, body),
            Message::CircuitCredit(body) => tagged(kind::CIRCUIT_CREDIT, body),
            Message::CircuitClose(body) => tagged(kind::CIRCUIT_CLOSE, body),
        };
        debug_assert!(bytes.len() <= MAX_RECORD);
        bytes.into()
    }

    /// Reads one record. `None` for a type that this version does not know and may skip.
    pub fn decode(record: &[u8]) -> Result<Option<Self>, MessageFault> {
        let (kind, body) = record.split_first().ok_or(MessageFault::Empty)?;
        // Not of types that are skipped: how long those are is a later version's business.
        within(record.len() <= MAX_RECORD || *kind >= IGNORABLE, "bytes of a record")?;
        let message = match *kind {
            kind::HELLO => Message::Hello(codec::decode(body)?),
            kind::PING => Message::Ping(codec::decode(body)?),
            kind::PONG => Message::Pong(codec::decode(body)?),
            kind::BYE => Message::Bye(codec::decode(body)?),
            kind::ROOMS => Message::Rooms(codec::decode(body)?),
            kind::JOIN => Message::Join(codec::decode(body)?),
            kind::WELCOME => Message::Welcome(codec::decode(body)?),
            kind::JOIN_REFUSED => Message::JoinRefused(codec::decode(body)?),
            kind::CONTACT_REQUEST => Message::ContactRequest(codec::decode(body)?),
            kind::CONTACT_ANSWER => Message::ContactAnswer(codec::decode(body)?),
            kind::RECORDS => Message::Records(codec::decode(body)?),
            kind::TIME => Message::Time(codec::decode(body)?),
            kind::NAME => Message::Name(codec::decode(body)?),
            kind::RUN => Message::Run(codec::decode(body)?),
            kind::DIGEST => Message::Digest(codec::decode(body)?),
            kind::HEADS => Message::Heads(codec::decode(body)?),
            kind::NEED => Message::Need(codec::decode(body)?),
            kind::DATA => Message::Data(codec::decode(body)?),
            kind::KEY_REQUEST => Message::KeyRequest(codec::decode(body)?),
            kind::KEYS => Message::Keys(codec::decode(body)?),
            kind::PRUNE => Message::Prune(codec::decode(body)?),
            kind::GRAFT => Message::Graft(codec::decode(body)?),
            kind::NEIGHBOUR => Message::Neighbour(codec::decode(body)?),
            kind::NEIGHBOUR_REPLY => Message::NeighbourReply(codec::decode(body)?),
            kind::DISCONNECT => Message::Disconnect(codec::decode(body)?),
            kind::FORWARD_JOIN => Message::ForwardJoin(codec::decode(body)?),
            kind::SHUFFLE => Message::Shuffle(codec::decode(body)?),
            kind::OBSERVED => Message::Observed(codec::decode(body)?),
            kind::CHECK_REACH => Message::CheckReach(codec::decode(body)?),
            kind::DIAL_BACK => Message::DialBack(codec::decode(body)?),
            kind::REACH_CHECKED => Message::ReachChecked(codec::decode(body)?),
            kind::SIGNAL => Message::Signal(codec::decode(body)?),
            kind::SIGNAL_REFUSED => Message::SignalRefused(codec::decode(body)?),
            kind::CIRCUIT_OPEN => Message::CircuitOpen(codec::decode(body)?),
            kind::CIRCUIT_ANSWER => Message::CircuitAnswer(codec::decode(body)?),
            kind::CIRCUIT_DATA => Message::CircuitData(codec::decode(body)?),
            kind::CIRCUIT_CREDIT => Message::CircuitCredit(codec::decode(body)?),
            kind::CIRCUIT_CLOSE => Message::CircuitClose(codec::decode(body)?),
            unknown if unknown >= IGNORABLE => return Ok(None),
            unknown => return Err(MessageFault::UnknownType(unknown)),
        };
        message.check()?;
        Ok(Some(message))
    }

    /// The queue that this waits in.
    pub fn class(&self) -> Class {
        match self {
            Message::Hello(_) | Message::Ping(_) | Message::Pong(_) | Message::Bye(_) | Message::Rooms(_) => Class::Control,
            Message::Join(_) | Message::Welcome(_) | Message::JoinRefused(_) => Class::Control,
            Message::ContactRequest(_) | Message::ContactAnswer(_) | Message::Time(_) | Message::Name(_) => Class::Control,
            // Both sides must agree on who is whose neighbour: these are never dropped.
            Message::Neighbour(_) | Message::NeighbourReply(_) | Message::Disconnect(_) => Class::Control,
            Message::Run(_) | Message::Digest(_) | Message::Heads(_) | Message::Need(_) => Class::Live,
            // Before what is sealed under them.
            Message::KeyRequest(_) | Message::Keys(_) => Class::Live,
            Message::Prune(_) | Message::Graft(_) => Class::Live,
            // Behind the records of whom they name.
            Message::ForwardJoin(_) | Message::Shuffle(_) => Class::Bulk,
            Message::Records(_) | Message::Data(_) => Class::Bulk,
            Message::Observed(_) | Message::CheckReach(_) | Message::DialBack(_) | Message::ReachChecked(_) => Class::Control,
            Message::Signal(_) | Message::SignalRefused(_) => Class::Control,
            Message::CircuitOpen(_) | Message::CircuitAnswer(_) | Message::CircuitCredit(_) => Class::Control,
            // The end of a circuit does not overtake what was said on it.
            Message::CircuitData(_) | Message::CircuitClose(_) => Class::Bulk,
        }
    }

    fn check(&self) -> Result<(), MessageFault> {
        match self {
            Message::Hello(hello) => {
                within(is_line(&hello.agent, MAX_AGENT) && shows(&hello.agent), "agent")?;
                check_addresses(&hello.addresses)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Bye(_) | Message::JoinRefused(_) | Message::Digest(_) => Ok(()),
            // Whatever it says, it only ever makes words.
            Message::Time(_) => Ok(()),
            Message::Rooms(tags) => within(tags.len() <= MAX_TAGS, "room tags"),
            Message::Join(Join { name, .. }) | Message::Welcome(Welcome { name, .. }) => within(name.fits(), "sealed name"),
            Message::ContactRequest(ContactRequest { name }) | Message::Name(name) => within(name.fits(), "sealed name"),
            Message::ContactAnswer(answer) => within(answer.name.fits(), "sealed name"),
            Message::Records(records) => {
                within(records.len() <= MAX_RECORDS, "peer records")?;
                records.iter().try_for_each(|record| check_addresses(&record.addresses))
            }
            Message::Run(run) => {
                within(run.ttl <= MAX_TTL, "ttl")?;
                within(!run.events.is_empty(), "events of a run")?;
                check_events(&run.events)
            }
            Message::Heads(heads) => {
                within(heads.heads.len() <= MAX_HEADS, "heads")?;
                within(heads.heads.iter().all(|head| head.seq > 0), "seq of a head")
            }
            Message::Need(need) => within(need.from > 0 && need.from <= need.to, "range that is needed"),
            Message::Data(data) => check_events(&data.events),
            Message::KeyRequest(request) => within(request.epochs.len() <= MAX_EPOCHS_ASKED, "epochs that are asked for"),
            Message::Keys(keys) => {
                within(keys.keys.len() <= MAX_KEYS, "secrets of epochs")?;
                let ended = || keys.keys.iter().filter_map(|key| key.ended.as_ref());
                let is_sorted = ended().all(|ended| ended.is_sorted_by(|one, next| one < next));
                within(is_sorted && ended().map(Vec::len).sum::<usize>() <= MAX_ENDED, "memberships that ended")
            }
            Message::Prune(_) | Message::Graft(_) => Ok(()),
            Message::Neighbour(_) | Message::NeighbourReply(_) | Message::Disconnect(_) => Ok(()),
            Message::ForwardJoin(join) => within(join.ttl <= MAX_TTL, "ttl"),
            Message::Shuffle(shuffle) => within(shuffle.peers.len() <= MAX_SHUFFLE, "people in a shuffle"),
            Message::Observed(observed) => check_addresses(std::slice::from_ref(&observed.address)),
            Message::CheckReach(check) => {
                within(check.port > 0, "port")?;
                check_addresses(&check.record.addresses)
            }
            Message::DialBack(dial) => {
                check_addresses(std::slice::from_ref(&dial.address))?;
                check_addresses(&dial.record.addresses)
            }
            Message::Signal(signal) => {
                within(signal.body.len() <= MAX_SIGNAL, "bytes of a signal")?;
                within(signal.tcp.iter().chain(&signal.udp).all(Address::fits_messages), "an address")
            }
            Message::CircuitData(data) => within((1..=MAX_CIRCUIT_DATA).contains(&data.bytes.len()), "bytes of a circuit"),
            Message::CircuitCredit(credit) => within(credit.bytes > 0, "credit"),
            Message::ReachChecked(_) | Message::SignalRefused(_) => Ok(()),
            Message::CircuitOpen(_) | Message::CircuitAnswer(_) | Message::CircuitClose(_) => Ok(()),
        }
    }
}

fn tagged(kind: u8, body: &impl Encode) -> Vec<u8> {
    // A byte is its own encoding, and a pair is its parts one after the other.
    codec::encode(&(kind, body))
}

fn within(holds: bool, what: &'static str) -> Result<(), MessageFault> {
    if holds { Ok(()) } else { Err(MessageFault::Limit(what)) }
}

fn check_addresses(addresses: &[Address]) -> Result<(), MessageFault> {
    within(addresses.len() <= MAX_ADDRESSES, "addresses")?;
    // Only their form as text: whether one can be dialled is asked when it is dialled.
    within(addresses.iter().all(Address::fits_messages), "an address")
}

fn check_events(events: &[RawEvent]) -> Result<(), MessageFault> {
    within(events.len() <= MAX_RUN_EVENTS, "events")?;
    within(events.iter().map(|event| event.0.len()).sum::<usize>() <= MAX_RUN_BYTES, "bytes of events")
}

fn is_line(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && !text.chars().any(is_unfit)
}

#[cfg(test)]
mod tests;
