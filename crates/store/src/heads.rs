//! Heads of logs: how far each log has come, in memory and in rows of its own, so that a start need
//! not read the events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use identity::PeerId;
use rooms::{Branch, Hlc, LogHead};
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};

use crate::disk::Disk;
use crate::index::{End, KeyRange};
use crate::key::{self, Name};
use crate::log_index::LogName;

/// All heads, by room.
#[derive(Default)]
pub(crate) struct Heads(HashMap<RoomId, BTreeMap<LogKey, Filed>>);

/// How far a log has come, and under which log's name its events are in the index: what was cut off
/// at a fork stays where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filed {
    pub(crate) end: LogHead,
    pub(crate) under: LogId,
}

impl Heads {
    /// Reads all head rows. None: one is damaged.
    pub(crate) fn load(disk: &Disk) -> Option<Heads> {
        let before = disk.unreadable();
        let mut heads = Heads::default();
        for (_, row) in disk.scan(KeyRange::of_prefix(&[key::HEAD]), End::Front) {
            let (room, log, filed) = decode(&row)?;
            heads.0.entry(room).or_default().insert(log, filed);
        }
        (disk.unreadable() == before).then_some(heads)
    }

    pub(crate) fn get(&self, room: &RoomId, log: &LogKey) -> Option<&LogHead> {
        self.filed(room, log).map(|filed| &filed.end)
    }

    pub(crate) fn filed(&self, room: &RoomId, log: &LogKey) -> Option<&Filed> {
        self.0.get(room)?.get(log)
    }

    /// Under which log's name its events are in the index.
    pub(crate) fn filed_under(&self, room: &RoomId, log: &LogKey) -> LogId {
        self.filed(room, log).map_or(log.log, |filed| filed.under)
    }

    /// The name of a log in keys of the index.
    pub(crate) fn name(&self, disk: &Disk, room: &RoomId, log: &LogKey) -> LogName {
        log_name(disk, room, &LogKey { log: self.filed_under(room, log), ..*log })
    }

    /// The names under which a log and its branches are filed, each once.
    pub(crate) fn names_of_parts(&self, disk: &Disk, room: &RoomId, log: &LogKey) -> BTreeSet<LogName> {
        let all = LogKey { log: LogId(0), ..*log }..=LogKey { log: LogId(u64::MAX), ..*log };
        let Some(logs) = self.0.get(room) else { return BTreeSet::new() };
        let its = logs.range(all).filter(|(part, filed)| **part == *log || filed.end.branch.is_some_and(|branch| branch.of == log.log));
        its.map(|(_, filed)| log_name(disk, room, &LogKey { log: filed.under, ..*log })).collect()
    }

    /// Takes what changed; logs with none are no more.
    pub(crate) fn take(&mut self, changed: Vec<(RoomId, LogKey, Option<Filed>)>) {
        for (room, log, filed) in changed {
            let logs = self.0.entry(room).or_default();
            match filed {
                Some(filed) => drop(logs.insert(log, filed)),
                None => drop(logs.remove(&log)),
            }
        }
    }

    pub(crate) fn of_room(&self, room: &RoomId) -> Vec<(LogKey, LogHead)> {
        self.0.get(room).map(|logs| logs.iter().map(|(log, filed)| (*log, filed.end)).collect()).unwrap_or_default()
    }

    /// Every log of every room.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&RoomId, &LogKey, &Filed)> {
        self.0.iter().flat_map(|(room, logs)| logs.iter().map(move |(log, filed)| (room, log, filed)))
    }

    /// Number of events in all logs: each is contiguous.
    pub(crate) fn events(&self) -> u64 {
        self.all().map(|(_, _, log)| u64::from(log.end.len())).sum()
    }
}

pub(crate) fn row_key(disk: &Disk, room: &RoomId, log: &LogKey) -> Vec<u8> {
    let (room_name, device) = names(disk, room, &log.device);
    key::head(&room_name, &device, log.log.0)
}

/// The names of a room and of a device in keys.
fn names(disk: &Disk, room: &RoomId, device: &PeerId) -> (Name, Name) {
    (room_name(disk, room), disk.sealer().name(b'd', device.as_bytes()))
}

/// The name of a log in keys.
fn log_name(disk: &Disk, room: &RoomId, log: &LogKey) -> LogName {
    let (room, device) = names(disk, room, &log.device);
    LogName { room, device, log: log.log.0 }
}

/// The name of a room in keys.
pub(crate) fn room_name(disk: &Disk, room: &RoomId) -> Name {
    disk.sealer().name(b'r', room.as_bytes())
}

/// A fixed layout:
/// `room ‖ device ‖ log ‖ seq ‖ chain ‖ hlc ‖ forked`. A branch adds the log that it is of, seq and
/// chain of what it follows on, chain of its first event, and the log under which it is filed.
pub(crate) fn encode(room: &RoomId, log: &LogKey, filed: &Filed) -> Vec<u8> {
    let head = &filed.end;
    let mut bytes = Vec::with_capacity(201);
    bytes.extend_from_slice(room.as_bytes());
    bytes.extend_from_slice(log.device.as_bytes());
    bytes.extend_from_slice(&log.log.0.to_be_bytes());
    bytes.extend_from_slice(&head.head.seq.to_be_bytes());
    bytes.extend_from_slice(head.head.chain.as_bytes());
    bytes.extend_from_slice(&head.hlc.0.to_be_bytes());
    bytes.push(u8::from(head.forked));
    if let Some(branch) = &head.branch {
        encode_branch(branch, &mut bytes);
        bytes.extend_from_slice(&filed.under.0.to_be_bytes());
    }
    bytes
}

/// Bytes of a branch.
pub(crate) const BRANCH_BYTES: usize = 76;

pub(crate) fn encode_branch(branch: &Branch, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&branch.of.0.to_be_bytes());
    bytes.extend_from_slice(&branch.after.seq.to_be_bytes());
    bytes.extend_from_slice(branch.after.chain.as_bytes());
    bytes.extend_from_slice(branch.first.as_bytes());
}

/// Reads the row of a head.
pub(crate) fn decode(bytes: &[u8]) -> Option<(RoomId, LogKey, Filed)> {
    let (room, rest) = bytes.split_first_chunk::<32>()?;
    let (device, rest) = rest.split_first_chunk::<32>()?;
    let (log, rest) = rest.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<4>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (hlc, rest) = rest.split_first_chunk::<8>()?;
    let (forked, rest) = match rest.split_first()? {
        (0, rest) => (false, rest),
        (1, rest) => (true, rest),
        _ => return None,
    };
    let (branch, under) = match rest.is_empty() {
        true => (None, *log),
        false => {
            let (branch, under) = decode_branch(rest)?;
            (Some(branch), under.try_into().ok()?)
        }
    };
    let under = LogId(u64::from_be_bytes(under));
    let log = LogKey { device: PeerId::from_bytes(*device), log: LogId(u64::from_be_bytes(*log)) };
    let head = Head { seq: u32::from_be_bytes(*seq), chain: ChainHash(*chain) };
    Some((RoomId(*room), log, Filed { end: LogHead { head, hlc: Hlc(u64::from_be_bytes(*hlc)), forked, branch }, under }))
}

/// A branch, and what comes after it.
pub(crate) fn decode_branch(bytes: &[u8]) -> Option<(Branch, &[u8])> {
    let (of, rest) = bytes.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<4>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (first, rest) = rest.split_first_chunk::<32>()?;
    let after = Head { seq: u32::from_be_bytes(*seq), chain: ChainHash(*chain) };
    Some((Branch { of: LogId(u64::from_be_bytes(*of)), after, first: ChainHash(*first) }, rest))
}
