//! What the keys of rows look like: a one-byte space, then names and numbers that sort as they are
//! read.
//!
//! ```text
//! E room16 place56            an entry of the timeline (Create, Add, Leave, Message)   → block
//! O room16 target56 place56   an Edit, Delete or Reaction, under what it is about      → event
//! X room16 place56            any other event                                          → event
//! L room16 device16 log8 seq4 the index of a log: where the events up to seq lie       → places
//! H room16 device16 log8      how far that log has come                                → head
//! R room16                    a room
//! P peer16                    a person
//! Q peer16                    a request to become a contact
//! I invite16                  an invite to become contacts
//! G invite16                  the secret of an invite made here
//! S setting1                  a setting
//! A room16 peer16             what a member has of one's own logs
//! U room16                    what came late in a room and is unseen
//! V                           the form of keys and rows, in clear
//! K                           a proof of the key
//! C                           the mark of an orderly end
//! ```
//! `place56` is a [`Position`]: display order. Names are keyed hashes ([`crate::seal`]); numbers
//! are big-endian. Blocks are in `block.rs`, the index of logs in `log_index.rs`.

use rooms::Position;

/// Form of keys and rows that this version reads and writes.
pub const SCHEMA: u16 = 5;

pub(crate) const ENTRY: u8 = b'E';
pub(crate) const RELATION: u8 = b'O';
pub(crate) const OTHER: u8 = b'X';
pub(crate) const LOG: u8 = b'L';
/// In form 2: where sixteen events lie, `N room16 device16 log8 stretch4`.
pub(crate) const STRETCH: u8 = b'N';
pub(crate) const HEAD: u8 = b'H';
pub(crate) const ROOM: u8 = b'R';
pub(crate) const LATE: u8 = b'U';
pub(crate) const PEER: u8 = b'P';
pub(crate) const REQUEST: u8 = b'Q';
pub(crate) const INVITE: u8 = b'I';
pub(crate) const SECRET: u8 = b'G';
pub(crate) const SETTING: u8 = b'S';
pub(crate) const ACK: u8 = b'A';
pub(crate) const FORM: &[u8] = b"V";
pub(crate) const PROOF: &[u8] = b"K";
pub(crate) const CLEAN: &[u8] = b"C";

/// Spaces that hold events themselves; everything else about events can be rebuilt from them.
pub(crate) const EVENT_SPACES: [u8; 3] = [ENTRY, RELATION, OTHER];
/// Spaces of small rows.
pub(crate) const RECORD_SPACES: [u8; 8] = [ROOM, LATE, PEER, REQUEST, INVITE, SECRET, SETTING, ACK];

/// A keyed hash that stands for a name.
pub(crate) type Name = [u8; 16];
/// Bytes of a position.
pub(crate) const PLACE_BYTES: usize = 56;

fn join(space: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().fold(1, |bytes: usize, part| bytes.saturating_add(part.len())));
    key.push(space);
    parts.iter().for_each(|p| key.extend_from_slice(p));
    key
}

pub(crate) fn entry(room: &Name, place: &Position) -> Vec<u8> {
    join(ENTRY, &[room, &place.to_key()])
}

pub(crate) fn relation(room: &Name, target: &Position, place: &Position) -> Vec<u8> {
    join(RELATION, &[room, &target.to_key(), &place.to_key()])
}

pub(crate) fn other(room: &Name, place: &Position) -> Vec<u8> {
    join(OTHER, &[room, &place.to_key()])
}

/// All rows of a room in one space.
pub(crate) fn of_room(space: u8, room: &Name) -> Vec<u8> {
    join(space, &[room])
}

/// Relations of one target.
pub(crate) fn of_target(room: &Name, target: &Position) -> Vec<u8> {
    join(RELATION, &[room, &target.to_key()])
}

pub(crate) fn log_index(room: &Name, device: &Name, log: u64, last: u32) -> Vec<u8> {
    join(LOG, &[room, device, &log.to_be_bytes(), &last.to_be_bytes()])
}

pub(crate) fn head(room: &Name, device: &Name, log: u64) -> Vec<u8> {
    join(HEAD, &[room, device, &log.to_be_bytes()])
}

pub(crate) fn ack(room: &Name, peer: &Name) -> Vec<u8> {
    join(ACK, &[room, peer])
}

pub(crate) fn named(space: u8, name: &Name) -> Vec<u8> {
    join(space, &[name])
}

/// The position in the key of an entry.
pub(crate) fn place_of_entry(key: &[u8]) -> Option<Position> {
    key.last_chunk::<PLACE_BYTES>().filter(|_| key.first() == Some(&ENTRY)).and_then(|place| Position::from_key(place))
}

/// Where the target begins in the key of a relation.
const TARGET_AT: usize = 1 + size_of::<Name>();

/// The position of what a relation is about, in its key.
pub(crate) fn target_of_relation(key: &[u8]) -> Option<Position> {
    let (target, _) = key.get(TARGET_AT..)?.split_first_chunk::<PLACE_BYTES>()?;
    Position::from_key(target)
}

/// Where an event lies, as the index of its log holds it: its key without the room, which both
/// share.
pub(crate) fn to_location(event_key: &[u8]) -> Option<Vec<u8>> {
    let (space, rest) = event_key.split_first()?;
    Some(join(*space, &[rest.get(16..)?]))
}

/// The key that a location stands for.
pub(crate) fn of_location(room: &Name, location: &[u8]) -> Option<Vec<u8>> {
    let (space, rest) = location.split_first()?;
    Some(join(*space, &[room, rest]))
}
