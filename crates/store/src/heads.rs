//! Heads of logs: how far each log has come, in memory and in rows of its own, so that a start need
//! not read the events.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};
use identity::PeerId;
use rooms::LogHead;
use wire::codec;
use wire::ids::{LogId, LogKey, RoomId};

use crate::disk::Disk;
use crate::index::{End, KeyRange};
use crate::key::{self, Name};
use crate::log_index::LogName;

/// All heads.
#[derive(Default)]
pub(crate) struct Heads(BTreeMap<LogOf, Filed>);

/// A log, and the room that it is in.
pub(crate) type LogOf = (RoomId, LogKey);

/// How far a log has come, and under which log's name its events are in the index: what was cut off
/// at a fork stays where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
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
            let (log, filed) = codec::decode(&row).ok()?;
            heads.0.insert(log, filed);
        }
        (disk.unreadable() == before).then_some(heads)
    }

    pub(crate) fn get(&self, room: &RoomId, log: &LogKey) -> Option<&LogHead> {
        self.filed(room, log).map(|filed| &filed.end)
    }

    pub(crate) fn filed(&self, room: &RoomId, log: &LogKey) -> Option<&Filed> {
        self.0.get(&(*room, *log))
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
        let all = (*room, LogKey { log: LogId(0), ..*log })..=(*room, LogKey { log: LogId(u64::MAX), ..*log });
        let is_part = |part: &LogKey, filed: &Filed| part == log || filed.end.branch.is_some_and(|branch| branch.of == log.log);
        let its = self.0.range(all).filter(|((_, part), filed)| is_part(part, filed));
        its.map(|(_, filed)| log_name(disk, room, &LogKey { log: filed.under, ..*log })).collect()
    }

    /// Takes what changed; logs with none are no more.
    pub(crate) fn take(&mut self, changed: Vec<(LogOf, Option<Filed>)>) {
        for (log, filed) in changed {
            match filed {
                Some(filed) => drop(self.0.insert(log, filed)),
                None => drop(self.0.remove(&log)),
            }
        }
    }

    pub(crate) fn of_room(&self, room: &RoomId) -> Vec<(LogKey, LogHead)> {
        let first = LogKey { device: PeerId::from_bytes([0; 32]), log: LogId(0) };
        let logs = self.0.range((*room, first)..).take_while(|((of, _), _)| of == room);
        logs.map(|((_, log), filed)| (*log, filed.end)).collect()
    }

    /// Number of events in all logs: each is contiguous.
    pub(crate) fn events(&self) -> u64 {
        self.0.values().map(|log| u64::from(log.end.len())).sum()
    }
}

/// The name of a log in keys.
fn log_name(disk: &Disk, room: &RoomId, log: &LogKey) -> LogName {
    LogName { room: room_name(disk, room), device: disk.sealer().name(b'd', log.device.as_bytes()), log: log.log.0 }
}

/// The name of a room in keys.
pub(crate) fn room_name(disk: &Disk, room: &RoomId) -> Name {
    disk.sealer().name(b'r', room.as_bytes())
}

/// What is in the row of a head: fewer than the 256 bytes that a row may have.
pub(crate) fn content(log: &LogOf, filed: &Filed) -> Vec<u8> {
    codec::encode(&(log, filed))
}

#[cfg(test)]
mod tests {
    use rooms::{Branch, Hlc};
    use wire::ids::{ChainHash, Head};

    use super::*;

    #[test]
    fn the_longest_head_fits_into_a_row() {
        let head = Head { seq: u32::MAX, chain: ChainHash([0xff; 32]) };
        let branch = Branch { of: LogId(u64::MAX), after: head, first: head.chain };
        let end = LogHead { head, hlc: Hlc(u64::MAX), forked: true, branch: Some(branch) };
        let log = LogKey { device: PeerId::from_bytes([0xff; 32]), log: LogId(u64::MAX) };
        assert!(content(&(RoomId([0xff; 32]), log), &Filed { end, under: log.log }).len() < 250);
    }
}
