//! What the keys of the index look like: a one-byte space, then names and numbers that sort as they
//! are read.
//!
//! ```text
//! E room16 place40            an entry of the timeline (Create, Add, Leave, Message)
//! O room16 target56 place40   an Edit, Delete or Reaction, under what it is about
//! L room16 device16 log8 seq4 events by their log, up to seq                        → run
//! H room16 device16 log8      how far that log has come                             → head
//! R room16                    a room
//! P peer16                    a person
//! Q peer16                    a request to become a contact
//! J attempt16                 an attempt to get in
//! I invite16                  an invite to become contacts
//! G invite16                  the secret of an invite made here
//! S setting1                  a setting
//! A room16 peer16             what a member has of one's own logs
//! U room16                    what came late in a room and is unseen
//! K room16 epoch16            an epoch, and its secret
//! T room16 part16             the recipients that a part of an epoch names
//! W room16 key16              the private half of an own prekey
//! V room16 peer16             the prekey of a member
//! Y room16 epoch16            what waits for the secret of an epoch
//! ```
//! Under most stands where it is in the journal. Runs are in `log_index.rs`, heads in `heads.rs`.
//! `target56` is a [`Position`]: display order; of `place40` the id has 16 bytes.
//! Names are keyed hashes ([`crate::seal`]); numbers are big-endian.

use rooms::Position;
use wire::ids::EventId;

pub(crate) const ENTRY: u8 = b'E';
pub(crate) const RELATION: u8 = b'O';
pub(crate) const LOG: u8 = b'L';
pub(crate) const HEAD: u8 = b'H';
pub(crate) const ROOM: u8 = b'R';
pub(crate) const LATE: u8 = b'U';
pub(crate) const PEER: u8 = b'P';
pub(crate) const REQUEST: u8 = b'Q';
pub(crate) const ATTEMPT: u8 = b'J';
pub(crate) const INVITE: u8 = b'I';
pub(crate) const SECRET: u8 = b'G';
pub(crate) const SETTING: u8 = b'S';
pub(crate) const ACK: u8 = b'A';
pub(crate) const EPOCH: u8 = b'K';
pub(crate) const EPOCH_PART: u8 = b'T';
pub(crate) const OWN_PREKEY: u8 = b'W';
pub(crate) const PEER_PREKEY: u8 = b'V';
pub(crate) const AWAITED: u8 = b'Y';
/// A keyed hash that stands for a name.
pub(crate) type Name = [u8; 16];
/// Bytes of an id in keys: no two ids agree in so many, and each row is shorter.
const ID_BYTES: usize = 16;

fn join(space: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().fold(1, |bytes: usize, part| bytes.saturating_add(part.len())));
    key.push(space);
    parts.iter().for_each(|p| key.extend_from_slice(p));
    key
}

pub(crate) fn entry(room: &Name, place: &Position) -> Vec<u8> {
    join(ENTRY, &[room, short(&place.to_key())])
}

pub(crate) fn relation(room: &Name, target: &Position, place: &Position) -> Vec<u8> {
    join(RELATION, &[room, &target.to_key(), short(&place.to_key())])
}

/// A row with this name, or all rows of a room in one space.
pub(crate) fn named(space: u8, name: &Name) -> Vec<u8> {
    join(space, &[name])
}

/// Relations of one target.
pub(crate) fn of_target(room: &Name, target: &Position) -> Vec<u8> {
    join(RELATION, &[room, &target.to_key()])
}

pub(crate) fn log(room: &Name, device: &Name, log: u64, seq: u32) -> Vec<u8> {
    join(LOG, &[room, device, &log.to_be_bytes(), &seq.to_be_bytes()])
}

pub(crate) fn head(room: &Name, device: &Name, log: u64) -> Vec<u8> {
    join(HEAD, &[room, device, &log.to_be_bytes()])
}

/// One of the rows of a room in one space.
pub(crate) fn in_room(space: u8, room: &Name, name: &Name) -> Vec<u8> {
    join(space, &[room, name])
}

/// A position with a part of the id.
fn short(place: &[u8; Position::KEY_BYTES]) -> &[u8] {
    place.get(..Position::KEY_BYTES - 32 + ID_BYTES).unwrap_or_default()
}

/// Whether the key of an entry may be that of the event with this id.
pub(crate) fn may_be(key: &[u8], id: &EventId) -> bool {
    id.0.first_chunk::<ID_BYTES>().is_some_and(|id| key.ends_with(id))
}

/// Where the target begins in the key of a relation.
const TARGET_AT: usize = 1 + size_of::<Name>();

/// The position of what a relation is about, in its key.
pub(crate) fn target_of_relation(key: &[u8]) -> Option<Position> {
    Position::from_key(key.get(TARGET_AT..)?.get(..Position::KEY_BYTES)?)
}
