//! Records of a profile, one small row each: rooms, people, requests, invites, settings.

use std::fmt;

use bincode::{Decode, Encode};
use identity::PeerId;
use rooms::Position;
use wire::ids::{LogId, RoomId};
use wire::message::PeerRecord;
use wire::{Address, codec};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::index::{End, KeyRange};
use crate::key;
use crate::store::Store;

/// Largest content of a small row, in bytes: a draft of more than three of the longest messages,
/// and what the codec takes.
pub const MAX_ROW_BYTES: usize = 60 * 1024;

/// Form of the small rows. Rows carry it first, so that a later form can still read this one.
const ROW_VERSION: u8 = 1;

/// A room as this device keeps it; its events are elsewhere.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RoomRow {
    /// Id of the room, under which the row is filed.
    pub room: RoomId,
    /// Group or direct.
    pub kind: RoomKind,
    /// The name as last shown; the events may know a newer one.
    pub name: String,
    /// Own standing.
    pub standing: Standing,
    /// Everything up to here has been read.
    pub read_up_to: Option<Position>,
    /// Typed, not sent.
    pub draft: String,
    /// Creation or last activity, milliseconds since 1970.
    pub active_at: u64,
    /// Own logs in this room, oldest first.
    pub own_logs: Vec<LogId>,
}

/// Messages of a room that came after what stands below them had been read, and that have not been
/// on the screen yet. Apart from [`RoomRow`], which is written with every draft.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LateRow {
    /// Id of the room, under which the row is filed.
    pub room: RoomId,
    /// Where they stand, in order.
    pub places: Vec<Position>,
    /// How many there are besides.
    pub more: u32,
}

/// Group or direct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RoomKind {
    /// Any number of people.
    Group,
    /// Oneself and this person.
    Direct(PeerId),
}

/// One's own standing in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Standing {
    /// May read and write.
    Member,
    /// Left; history stays.
    Left,
    /// A direct room whose other side has not accepted yet.
    Requested,
    /// Welcomed, but the control events are not here yet.
    Joining,
}

/// A known person: a contact or a co-member. The owner of the rows bounds how many are kept.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PeerRow {
    /// Id of the device, under which the row is filed.
    pub peer: PeerId,
    /// The name to show, as they said it last.
    pub name: String,
    /// Whether they are in the address book.
    pub contact: Contact,
    /// What they say of themselves.
    pub record: Option<PeerRecord>,
    /// Addresses from elsewhere (invites, typed, nearby), best first.
    pub addresses: Vec<Address>,
    /// Where a link last came up.
    pub last_good_address: Option<Address>,
    /// When a link was last up, milliseconds since 1970.
    pub last_seen_ms: Option<u64>,
}

/// Where a person stands with the address book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Contact {
    /// Merely a co-member.
    No,
    /// We asked them and wait for their answer.
    Asked,
    /// Both agreed.
    Yes,
    /// They asked, and we said no: not to be asked again.
    Declined,
}

/// A person who asks to become a contact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RequestRow {
    /// Id of the device, under which the row is filed.
    pub peer: PeerId,
    /// The name that they give.
    pub name: String,
    /// When it came, milliseconds since 1970.
    pub at_ms: u64,
    /// Where they can be reached, as they said.
    pub addresses: Vec<Address>,
}

/// An attempt to get in that is not over: it goes on after a restart. The owner of the rows bounds
/// how many are kept.
#[derive(Clone, PartialEq, Encode, Decode)]
pub struct AttemptRow {
    /// A hash of the text, under which the row is filed.
    pub id: [u8; 32],
    /// The invite or the address.
    pub text: String,
    /// Whom or what it is to reach, as shown.
    pub target: String,
    /// When it began, milliseconds since 1970.
    pub began_ms: u64,
}

impl fmt::Debug for AttemptRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttemptRow({} B)", self.text.len())
    }
}

/// An invite to become contacts that was made here. Invites to rooms are events.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ContactInviteRow {
    /// Its public key.
    pub key: [u8; 32],
    /// How many may use it.
    pub uses: u32,
    /// How many did.
    pub used: u32,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
}

/// The secret of an invite that was made here, to a room or to become contacts: by it, who holds
/// the invite is met.
#[derive(Clone, PartialEq, Encode, Decode)]
pub struct OwnInviteRow {
    /// The invite's public key.
    pub key: [u8; 32],
    /// Its secret.
    pub seed: [u8; 16],
    /// The room that it leads to; none if it is to become contacts.
    pub room: Option<RoomId>,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
}

impl fmt::Debug for OwnInviteRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnInviteRow(to {:?})", self.room)
    }
}

/// Names of settings; the values are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Setting {
    /// One's own display name.
    DisplayName = 1,
    /// Whether the name is announced on the local network: `yes` or `no`.
    NearbyVisible = 2,
    /// The port that was listened on last, decimal.
    ListenPort = 3,
    /// Milliseconds of one's last peer record; the next must be higher.
    RecordSeq = 4,
    /// Whether people are met by the DHT: `yes` or `no`.
    Internet = 5,
    /// Whether the router is asked for doors: `yes` or `no`.
    Mapping = 6,
    /// Whether messages are carried for friends: `yes` or `no`.
    Carry = 7,
    /// Whether the display name has been another one: `yes`, or never written.
    Renamed = 8,
}

/// A kind of small row: [`RoomRow`], [`LateRow`], [`PeerRow`], [`RequestRow`], [`AttemptRow`],
/// [`ContactInviteRow`], [`OwnInviteRow`].
pub trait Row: Encode + Decode<()> {
    /// What it is filed under.
    type Id;
    /// The key space.
    #[doc(hidden)]
    const SPACE: u8;
    /// What this one is filed under.
    fn id(&self) -> &Self::Id;
    /// The id as bytes.
    fn id_bytes(id: &Self::Id) -> &[u8; 32];
}

macro_rules! row {
    ($row:ident, $space:ident, $field:ident: $id:ty, $bytes:expr) => {
        impl Row for $row {
            type Id = $id;
            const SPACE: u8 = key::$space;

            fn id(&self) -> &$id {
                &self.$field
            }

            fn id_bytes(id: &$id) -> &[u8; 32] {
                $bytes(id)
            }
        }
    };
}

// The same again and again but for names.
row!(RoomRow, ROOM, room: RoomId, RoomId::as_bytes);
row!(LateRow, LATE, room: RoomId, RoomId::as_bytes);
row!(PeerRow, PEER, peer: PeerId, PeerId::as_bytes);
row!(RequestRow, REQUEST, peer: PeerId, PeerId::as_bytes);
row!(AttemptRow, ATTEMPT, id: [u8; 32], std::convert::identity);
row!(ContactInviteRow, INVITE, key: [u8; 32], std::convert::identity);
row!(OwnInviteRow, SECRET, key: [u8; 32], std::convert::identity);

/// Reading leaves out (and counts, [`Store::unreadable`]) rows that damage made unreadable.
impl Store {
    /// Writes a small row, replacing the one with its id.
    pub fn put<R: Row>(&self, row: &R) -> Result<(), StoreError> {
        self.write([row_entry(self.row_key::<R>(row.id()), row)?])
    }

    /// One small row.
    pub fn get<R: Row>(&self, id: &R::Id) -> Option<R> {
        self.row_under(&self.row_key::<R>(id))
    }

    /// Every small row of a kind, in no useful order.
    pub fn all<R: Row>(&self) -> Vec<R> {
        self.rows_under(&[R::SPACE])
    }

    pub(crate) fn row_under<R: Decode<()> + Encode>(&self, key: &[u8]) -> Option<R> {
        self.disk().entry(key, read_row)
    }

    pub(crate) fn rows_under<R: Decode<()> + Encode>(&self, prefix: &[u8]) -> Vec<R> {
        self.read_all(KeyRange::of_prefix(prefix), End::Front, read_row).collect()
    }

    /// Forgets a small row; fine if there is none.
    pub fn remove<R: Row>(&self, id: &R::Id) -> Result<(), StoreError> {
        self.write([Entry::NoRow { key: self.row_key::<R>(id) }])
    }

    /// Writes a setting.
    pub fn put_setting(&self, setting: Setting, value: &str) -> Result<(), StoreError> {
        self.write([row_entry(setting.key(), &value)?])
    }

    /// A setting; none if it was never written.
    pub fn setting(&self, setting: Setting) -> Option<String> {
        self.disk().entry(&setting.key(), read_row)
    }

    fn row_key<R: Row>(&self, id: &R::Id) -> Vec<u8> {
        key::named(R::SPACE, &self.disk().sealer().name(R::SPACE, R::id_bytes(id)))
    }
}

pub(crate) fn row_entry(key: Vec<u8>, row: &impl Encode) -> Result<Entry, StoreError> {
    let content = codec::encode(&(ROW_VERSION, row));
    if content.len() > MAX_ROW_BYTES { Err(StoreError::TooLarge(content.len())) } else { Ok(Entry::Row { key, content }) }
}

fn read_row<R: Decode<()> + Encode>(entry: &[u8]) -> Option<R> {
    let Entry::Row { content, .. } = Entry::decode(entry)? else { return None };
    let (version, row) = codec::decode::<(u8, R)>(&content).ok()?;
    (version == ROW_VERSION).then_some(row)
}

impl Setting {
    fn key(self) -> Vec<u8> {
        vec![key::SETTING, self as u8]
    }
}
