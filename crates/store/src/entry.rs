//! The entries of the journal: all that cannot be made from anything else.
//!
//! ```text
//! event     0|1 ‖ event as on the wire                     proof: of a later event, its own
//! branched  2|3 ‖ log8 ‖ branch76 ‖ event as on the wire   in a branch of its log
//! replacing 4|5 ‖ 0|1 ‖ target56? ‖ event                  in the place of that event, as it was
//! row       6 ‖ key1 ‖ key ‖ content                       a small row; the last one counts
//! no row    7 ‖ key                                        from here on
//! end       8 ‖ keep4 ‖ head                               a log is cut after `keep` and ends so
//! gone      9 ‖ room32 ‖ device32 ‖ log8 ‖ keep4           a branch is no more
//! open     10                                              a process has opened the store
//! closed   11                                              in good order
//! ```
//! `head` is in `heads.rs`. Numbers are big-endian.

use rooms::{Branch, Event, Position, Proof, Verified};
use wire::ids::{LogId, LogKey, RoomId};
use wire::message::RawEvent;

use crate::heads::{self, Filed};
use crate::key::PLACE_BYTES;

pub(crate) const OPEN: &[u8] = &[10];
pub(crate) const CLOSED: &[u8] = &[11];

/// An entry that was read.
pub(crate) enum Entry<'a> {
    Event {
        event: Verified,
        /// The branch that it is in, and its id.
        into: Option<(LogId, Branch)>,
    },
    /// An event as it is from now on: without its content, or found under another `target`.
    Replacing {
        event: Verified,
        target: Option<Position>,
    },
    Row {
        key: &'a [u8],
        content: &'a [u8],
    },
    NoRow {
        key: &'a [u8],
    },
    /// The events of a log after `keep` are gone, and it ends so; with none it is no more.
    End {
        room: RoomId,
        log: LogKey,
        keep: u32,
        filed: Option<Filed>,
    },
    Open,
    Closed,
}

pub(crate) fn event(event: &Event, proof: Proof, into: Option<(LogId, &Branch)>) -> Vec<u8> {
    let raw = &event.raw().0;
    let mut bytes = Vec::with_capacity(raw.len().saturating_add(1));
    match into {
        None => bytes.push(proof_bit(proof)),
        Some((log, branch)) => {
            bytes.push(2 | proof_bit(proof));
            bytes.extend_from_slice(&log.0.to_be_bytes());
            heads::encode_branch(branch, &mut bytes);
        }
    }
    bytes.extend_from_slice(raw);
    bytes
}

pub(crate) fn replacing(event: &Verified, target: Option<&Position>) -> Vec<u8> {
    let place = target.map(Position::to_key);
    let mut bytes = vec![4 | proof_bit(event.proof()), u8::from(place.is_some())];
    bytes.extend(place.into_iter().flatten());
    bytes.extend_from_slice(&event.raw().0);
    bytes
}

pub(crate) fn row(key: &[u8], content: &[u8]) -> Vec<u8> {
    // Keys are far shorter than 256 bytes.
    [&[6, key.len() as u8], key, content].concat()
}

pub(crate) fn no_row(key: &[u8]) -> Vec<u8> {
    [&[7], key].concat()
}

pub(crate) fn end(room: &RoomId, log: &LogKey, keep: u32, filed: Option<&Filed>) -> Vec<u8> {
    match filed {
        Some(filed) => [&[8][..], &keep.to_be_bytes(), &heads::encode(room, log, filed)].concat(),
        None => [&[9][..], room.as_bytes(), log.device.as_bytes(), &log.log.0.to_be_bytes(), &keep.to_be_bytes()].concat(),
    }
}

/// The content of a small row.
pub(crate) fn content(entry: &[u8]) -> Option<&[u8]> {
    match decode(entry)? {
        Entry::Row { content, .. } => Some(content),
        _ => None,
    }
}

/// The event of an entry, with its content or without.
pub(crate) fn event_of(entry: &[u8]) -> Option<Verified> {
    let (proof, raw) = raw_event(entry)?;
    Verified::from_store(RawEvent(raw.into()), proof).ok()
}

/// The event of an entry, as on the wire.
pub(crate) fn raw_event(entry: &[u8]) -> Option<(Proof, &[u8])> {
    let (tag, rest) = entry.split_first()?;
    let proof = if tag & 1 == 1 { Proof::Own } else { Proof::Later };
    let raw = match tag {
        0 | 1 => rest,
        2 | 3 => rest.get(8_usize.saturating_add(heads::BRANCH_BYTES)..)?,
        4 | 5 => match rest.split_first()? {
            (0, rest) => rest,
            (1, rest) => rest.get(PLACE_BYTES..)?,
            _ => return None,
        },
        _ => return None,
    };
    Some((proof, raw))
}

pub(crate) fn decode(entry: &[u8]) -> Option<Entry<'_>> {
    let (tag, rest) = entry.split_first()?;
    Some(match tag {
        0 | 1 => Entry::Event { event: event_of(entry)?, into: None },
        2 | 3 => {
            let (log, rest) = rest.split_first_chunk()?;
            let (branch, _) = heads::decode_branch(rest)?;
            Entry::Event { event: event_of(entry)?, into: Some((LogId(u64::from_be_bytes(*log)), branch)) }
        }
        4 | 5 => {
            let (has_target, rest) = rest.split_first()?;
            let target = match has_target {
                0 => None,
                _ => Some(Position::from_key(rest.first_chunk::<PLACE_BYTES>()?)?),
            };
            Entry::Replacing { event: event_of(entry)?, target }
        }
        6 => {
            let (length, rest) = rest.split_first()?;
            let (key, content) = rest.split_at_checked(usize::from(*length))?;
            Entry::Row { key, content }
        }
        7 => Entry::NoRow { key: rest },
        8 => {
            let (keep, rest) = rest.split_first_chunk()?;
            let (room, log, filed) = heads::decode(rest)?;
            Entry::End { room, log, keep: u32::from_be_bytes(*keep), filed: Some(filed) }
        }
        9 => {
            let (room, rest) = rest.split_first_chunk()?;
            let (device, rest) = rest.split_first_chunk()?;
            let (log, rest) = rest.split_first_chunk()?;
            let keep = u32::from_be_bytes(rest.try_into().ok()?);
            let log = LogKey { device: identity::PeerId::from_bytes(*device), log: LogId(u64::from_be_bytes(*log)) };
            Entry::End { room: RoomId(*room), log, keep, filed: None }
        }
        10 => Entry::Open,
        11 => Entry::Closed,
        _ => return None,
    })
}

fn proof_bit(proof: Proof) -> u8 {
    match proof {
        Proof::Own => 1,
        Proof::Later => 0,
    }
}
