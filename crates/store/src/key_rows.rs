//! Rows about the keys of a room: epochs, who their secrets are for, prekeys, and what waits for a
//! secret. Each is filed under its room.
//!
//! A row that is replaced or removed is gone from the disk with the next erasure, and its secret
//! with it.

use bincode::{Decode, Encode};
use identity::PeerId;
use rooms::{Hlc, To};
use wire::SecretBytes;
use wire::codec;
use wire::ids::{EpochId, EventId, LogKey, RoomId};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::key;
use crate::records::row_entry;
use crate::store::Store;

/// An epoch: its key, and what is known of it besides its recipients.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EpochRow {
    /// The room.
    pub room: RoomId,
    /// The epoch.
    pub epoch: EpochId,
    /// What of its secret is here.
    pub key: KeyRow,
    /// Who minted it for certain: the seal of that one was opened here, or it was this device.
    pub proven: Option<PeerId>,
    /// Events written here under it, at least so many.
    pub written: u32,
    /// What members say of it. The owner of the rows bounds how many.
    pub claims: Vec<ClaimRow>,
}

/// What of the secret of an epoch is here.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum KeyRow {
    /// Nothing.
    None,
    /// That by which control events are opened.
    Control(SecretBytes),
    /// All of it.
    Whole(SecretBytes),
}

/// What the Epoch events of one author say of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClaimRow {
    /// Their author.
    pub minter: PeerId,
    /// The memberships that had ended when it was minted.
    pub gone: [u8; 16],
    /// When.
    pub hlc: Hlc,
    /// How many parts there are.
    pub parts: u8,
    /// Which of them are here: bit 0 stands for part 1.
    pub here: u64,
    /// A membership of this device is among the recipients.
    pub for_me: bool,
}

/// Whom one part of an epoch names.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochPartRow {
    /// The room.
    pub room: RoomId,
    /// The epoch.
    pub epoch: EpochId,
    /// The author of the part.
    pub minter: PeerId,
    /// The part's number; 0 for what came with the key.
    pub part: u8,
    /// The recipients.
    pub to: Vec<To>,
    /// The memberships that had ended.
    pub ended: Vec<To>,
}

/// The private half of an own prekey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnPrekeyRow {
    /// The room in which it was made known.
    pub room: RoomId,
    /// The public half.
    pub key: [u8; 32],
    /// The private half.
    pub secret: SecretBytes,
    /// The own membership for which it was made.
    pub round: u32,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
    /// A secret that was sealed to it has been opened.
    pub used: bool,
    /// When another one took its place, milliseconds since 1970.
    pub replaced_ms: Option<u64>,
}

/// Somebody's latest prekey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PeerPrekeyRow {
    /// The room.
    pub room: RoomId,
    /// Whose it is.
    pub device: PeerId,
    /// The membership in which it was made known.
    pub round: u32,
    /// The public key.
    pub key: [u8; 32],
    /// When that was.
    pub hlc: Hlc,
    /// The event that made it known.
    pub event: EventId,
}

/// Sealed events of an epoch whose secret is not here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AwaitedRow {
    /// The room.
    pub room: RoomId,
    /// The epoch.
    pub epoch: EpochId,
    /// Since when it is awaited, milliseconds since 1970.
    pub since_ms: u64,
    /// The author of the first such event.
    pub author: PeerId,
    /// Where such events are: in which log, from which number to which. The owner of the rows
    /// bounds how many.
    pub ranges: Vec<(LogKey, u32, u32)>,
    /// There are more: all logs are to be looked through.
    pub everything: bool,
}

/// A kind of row that a room may have many of: [`EpochRow`], [`EpochPartRow`], [`OwnPrekeyRow`],
/// [`PeerPrekeyRow`], [`AwaitedRow`].
pub trait RowInRoom: Encode + Decode<()> {
    /// What it is filed under, within the room.
    type Id: Encode;
    /// The key space.
    #[doc(hidden)]
    const SPACE: u8;
    /// The room.
    fn room(&self) -> &RoomId;
    /// What this one is filed under.
    fn id(&self) -> Self::Id;
}

macro_rules! row_in_room {
    ($row:ident, $space:ident, $id:ty, |$it:ident| $of:expr) => {
        impl RowInRoom for $row {
            type Id = $id;
            const SPACE: u8 = key::$space;

            fn room(&self) -> &RoomId {
                &self.room
            }

            fn id(&self) -> $id {
                let $it = self;
                $of
            }
        }
    };
}

// Five times the same but for names.
row_in_room!(EpochRow, EPOCH, EpochId, |row| row.epoch);
row_in_room!(EpochPartRow, EPOCH_PART, (EpochId, PeerId, u8), |row| (row.epoch, row.minter, row.part));
row_in_room!(OwnPrekeyRow, OWN_PREKEY, [u8; 32], |row| row.key);
row_in_room!(PeerPrekeyRow, PEER_PREKEY, PeerId, |row| row.device);
row_in_room!(AwaitedRow, AWAITED, EpochId, |row| row.epoch);

/// Reading leaves out (and counts, [`Store::unreadable`]) rows that damage made unreadable.
impl Store {
    /// Writes a row of a room, replacing the one with its id.
    pub fn put_in<R: RowInRoom>(&self, row: &R) -> Result<(), StoreError> {
        self.put_all_in(std::slice::from_ref(row))
    }

    /// Writes rows of rooms, all or none, each replacing the one with its id.
    pub fn put_all_in<R: RowInRoom>(&self, rows: &[R]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| row_entry(self.key_in::<R>(row.room(), &row.id()), row));
        self.write(rows.collect::<Result<Vec<_>, _>>()?)
    }

    /// One row of a room.
    pub fn get_in<R: RowInRoom>(&self, room: &RoomId, id: &R::Id) -> Option<R> {
        self.row_under(&self.key_in::<R>(room, id))
    }

    /// Every row of a kind in a room, in no useful order.
    pub fn all_in<R: RowInRoom>(&self, room: &RoomId) -> Vec<R> {
        self.rows_under(&key::named(R::SPACE, &self.room_name(room)))
    }

    /// Forgets a row of a room; fine if there is none.
    pub fn remove_in<R: RowInRoom>(&self, room: &RoomId, id: &R::Id) -> Result<(), StoreError> {
        self.write([Entry::NoRow { key: self.key_in::<R>(room, id) }])
    }

    fn key_in<R: RowInRoom>(&self, room: &RoomId, id: &R::Id) -> Vec<u8> {
        let name = self.disk().sealer().name(R::SPACE, &wire::hash(&codec::encode(id)));
        key::in_room(R::SPACE, &self.room_name(room), &name)
    }
}
