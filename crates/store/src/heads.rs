//! How far each log has come, in memory and in rows of its own, so that a start never walks the events.

use std::collections::{BTreeMap, HashMap};

use identity::PeerId;
use rooms::{Hlc, LogHead};
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};

use crate::disk::{Broken, Change, Disk};
use crate::key::{self, Name};
use crate::places::LogName;

/// All heads, by room.
#[derive(Default)]
pub(crate) struct Heads(HashMap<RoomId, BTreeMap<LogKey, LogHead>>);

impl Heads {
    /// Reads all head rows. An unreadable one means damage: then the rows must be rebuilt from the events.
    pub(crate) fn load(disk: &Disk) -> Result<Heads, Broken> {
        let mut heads = Heads::default();
        let before = disk.unreadable();
        for (key, value) in disk.scan_prefix(&[key::HEAD]) {
            let row = disk.open_row(&key, &value).as_deref().and_then(decode);
            let (room, log, head) = row.ok_or_else(|| Broken::Damaged("a head row is unreadable".to_owned()))?;
            heads.set(room, log, head);
        }
        if disk.unreadable() != before {
            return Err(Broken::Damaged("head rows are unreadable".to_owned()));
        }
        Ok(heads)
    }

    pub(crate) fn get(&self, room: &RoomId, log: &LogKey) -> Option<&LogHead> {
        self.0.get(room)?.get(log)
    }

    pub(crate) fn set(&mut self, room: RoomId, log: LogKey, head: LogHead) {
        self.0.entry(room).or_default().insert(log, head);
    }

    pub(crate) fn of_room(&self, room: &RoomId) -> Vec<(LogKey, LogHead)> {
        self.0.get(room).map(|logs| logs.iter().map(|(log, head)| (*log, *head)).collect()).unwrap_or_default()
    }

    /// Every log of every room.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&RoomId, &LogKey, &LogHead)> {
        self.0.iter().flat_map(|(room, logs)| logs.iter().map(move |(log, head)| (room, log, head)))
    }

    /// Number of events in all logs: they are contiguous from 1.
    pub(crate) fn events(&self) -> u64 {
        self.all().map(|(_, _, log)| u64::from(log.head.seq)).sum()
    }
}

/// The row of a head.
pub(crate) fn row(disk: &Disk, room: &RoomId, log: &LogKey, head: &LogHead) -> Change {
    let (room_name, device) = names(disk, room, &log.device);
    Change::Put { key: key::head(&room_name, &device, log.log.0), plain: encode(room, log, head) }
}

/// The names of a room and of a device in keys.
fn names(disk: &Disk, room: &RoomId, device: &PeerId) -> (Name, Name) {
    (room_name(disk, room), disk.sealer().name(b'd', device.as_bytes()))
}

/// The name of a log in keys.
pub(crate) fn log_name(disk: &Disk, room: &RoomId, log: &LogKey) -> LogName {
    let (room, device) = names(disk, room, &log.device);
    LogName { room, device, log: log.log.0 }
}

/// The name of a room in keys.
pub(crate) fn room_name(disk: &Disk, room: &RoomId) -> Name {
    disk.sealer().name(b'r', room.as_bytes())
}

/// A fixed layout, because it is written with every batch: `room ‖ device ‖ log ‖ seq ‖ chain ‖ hlc ‖ forked`.
fn encode(room: &RoomId, log: &LogKey, head: &LogHead) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(117);
    bytes.extend_from_slice(room.as_bytes());
    bytes.extend_from_slice(log.device.as_bytes());
    bytes.extend_from_slice(&log.log.0.to_be_bytes());
    bytes.extend_from_slice(&head.head.seq.to_be_bytes());
    bytes.extend_from_slice(head.head.chain.as_bytes());
    bytes.extend_from_slice(&head.hlc.0.to_be_bytes());
    bytes.push(u8::from(head.forked));
    bytes
}

/// Reads the row of a head.
pub(crate) fn decode(bytes: &[u8]) -> Option<(RoomId, LogKey, LogHead)> {
    let (room, rest) = bytes.split_first_chunk::<32>()?;
    let (device, rest) = rest.split_first_chunk::<32>()?;
    let (log, rest) = rest.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<4>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (hlc, rest) = rest.split_first_chunk::<8>()?;
    let forked = match rest {
        [0] => false,
        [1] => true,
        [..] => return None,
    };
    let log = LogKey { device: PeerId::from_bytes(*device), log: LogId(u64::from_be_bytes(*log)) };
    let head = Head { seq: u32::from_be_bytes(*seq), chain: ChainHash(*chain) };
    Some((RoomId(*room), log, LogHead { head, hlc: Hlc(u64::from_be_bytes(*hlc)), forked }))
}
