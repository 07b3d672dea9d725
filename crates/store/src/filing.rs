//! What follows from entries of the journal: rows of the index, and heads of logs. The same for
//! what is written now and for what is read again at a start.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rooms::{Branch, Event, LogHead, Payload, Position, Verified, kind};
use wire::ids::{LogKey, RoomId};

use crate::disk::Disk;
use crate::entry::{self, Entry};
use crate::error::StoreError;
use crate::heads::{self, Filed, Heads};
use crate::index::Change;
use crate::journal::At;
use crate::key::{self, Name};
use crate::log_index::{LogName, Run};

/// One record of the journal, and what follows from it.
pub(crate) struct Filing<'a> {
    disk: &'a Disk,
    heads: &'a RwLock<Heads>,
    record: u64,
    entries: Vec<Vec<u8>>,
    rows: Vec<Change>,
    logs: Vec<Log>,
    /// Events that are elsewhere in the journal now.
    moved: BTreeMap<LogName, BTreeMap<u32, At>>,
}

/// What follows from a record.
pub(crate) struct Effect {
    /// What is to be written. Empty if the record is in the journal already.
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) rows: Vec<Change>,
    pub(crate) heads: Vec<(RoomId, LogKey, Option<Filed>)>,
}

/// A log that changes.
struct Log {
    room: RoomId,
    log: LogKey,
    /// None: it is no more.
    filed: Option<Filed>,
    name: LogName,
    /// The last events of it that were filed, without a row yet.
    run: Option<Run>,
}

impl<'a> Filing<'a> {
    pub(crate) fn new(disk: &'a Disk, heads: &'a RwLock<Heads>, record: u64) -> Filing<'a> {
        Filing { disk, heads, record, entries: Vec::new(), rows: Vec::new(), logs: Vec::new(), moved: BTreeMap::new() }
    }

    /// Writes an event, into a branch of its log if one is given. False: it is there already, or
    /// its log is closed.
    pub(crate) fn event(&mut self, event: &Verified, into: Option<(LogKey, Branch)>) -> Result<bool, StoreError> {
        let is_new = self.file_event(self.next(), event, into)?;
        if is_new {
            self.entries.push(entry::event(event, event.proof(), into.as_ref().map(|(log, branch)| (log.log, branch))));
        }
        Ok(is_new)
    }

    /// Writes an event as it is from now on; it is found under `target`, if it says none itself.
    pub(crate) fn replace(&mut self, event: &Verified, target: Option<Position>) {
        self.file_replacing(self.next(), event, target);
        self.entries.push(entry::replacing(event, target.as_ref()));
    }

    /// Writes a small row.
    pub(crate) fn row(&mut self, key: &[u8], content: &[u8]) {
        self.rows.push((key.into(), Some(self.next().to_bytes().into())));
        self.entries.push(entry::row(key, content));
    }

    /// Removes a small row.
    pub(crate) fn no_row(&mut self, key: &[u8]) {
        self.rows.push((key.into(), None));
        self.entries.push(entry::no_row(key));
    }

    /// Removes the events of a log after `keep`. It ends so; with none it is no more. Of the logs
    /// in a record only one may have such events: what is filed here is not seen before it is
    /// written.
    pub(crate) fn end(&mut self, room: &RoomId, log: &LogKey, keep: u32, filed: Option<Filed>) {
        self.file_end(room, log, keep, filed);
        self.entries.push(entry::end(room, log, keep, filed.as_ref()));
    }

    /// Files an entry that is in the journal. None: it makes no sense.
    pub(crate) fn again(&mut self, at: At, entry: &[u8]) -> Option<()> {
        match entry::decode(entry)? {
            Entry::Event { event, into } => {
                let into = into.map(|(log, branch)| (LogKey { log, ..event.log_key() }, branch));
                if self.file_event(at, &event, into).is_err() {
                    // Shown, and filed in its log once what is missing has come again.
                    let room = heads::room_name(self.disk, &event.header.room);
                    self.file_place(at, &room, &event, None);
                }
            }
            Entry::Replacing { event, target } => self.file_replacing(at, &event, target),
            Entry::Row { key, .. } => self.rows.push((key.into(), Some(at.to_bytes().into()))),
            Entry::NoRow { key } => self.rows.push((key.into(), None)),
            Entry::End { room, log, keep, filed } => self.file_end(&room, &log, keep, filed),
            Entry::Open | Entry::Closed => {}
        }
        Some(())
    }

    /// What follows from the record.
    pub(crate) fn done(mut self) -> Effect {
        for (log, moved) in &self.moved {
            log.refile(self.disk, moved, &mut self.rows);
        }
        for log in &self.logs {
            self.rows.extend(log.run.map(|run| run.row(&log.name)));
            let row = log.filed.map(|filed| heads::encode(&log.room, &log.log, &filed).into());
            self.rows.push((heads::row_key(self.disk, &log.room, &log.log).into(), row));
        }
        let heads = self.logs.into_iter().map(|log| (log.room, log.log, log.filed)).collect();
        Effect { entries: self.entries, rows: self.rows, heads }
    }

    /// Where the next entry will be.
    fn next(&self) -> At {
        // A batch is far shorter than a record may be.
        At { record: self.record, entry: self.entries.len() as u16 }
    }

    fn file_event(&mut self, at: At, event: &Verified, into: Option<(LogKey, Branch)>) -> Result<bool, StoreError> {
        let (room, branch) = (event.header.room, into.map(|(_, branch)| branch));
        let log = into.map_or_else(|| event.log_key(), |(log, _)| log);
        let held = self.logs.iter().rposition(|held| held.room == room && held.log == log);
        let (before, name) = match held.and_then(|held| self.logs.get(held)) {
            Some(held) => (held.filed, held.name),
            None => {
                let heads = self.heads();
                (heads.filed(&room, &log).copied(), heads.name(self.disk, &room, &log))
            }
        };
        if !is_next(before.as_ref().map(|filed| &filed.end), branch.as_ref(), event)? {
            return Ok(false);
        }
        let end = LogHead { head: event.head(), hlc: event.header.hlc, forked: false, branch };
        let filed = Some(Filed { end, under: before.map_or(log.log, |before| before.under) });
        let run = Run::of(event.header.seq, at);
        match held.and_then(|held| self.logs.get_mut(held)) {
            Some(held) => {
                held.filed = filed;
                if !held.run.as_mut().is_some_and(|run| run.add(event.header.seq, at)) {
                    self.rows.extend(held.run.replace(run).map(|run| run.row(&name)));
                }
            }
            None => self.logs.push(Log { room, log, filed, name, run: Some(run) }),
        }
        self.file_place(at, &name.room, event, None);
        Ok(true)
    }

    /// Files an event where it is shown.
    fn file_place(&mut self, at: At, room: &Name, event: &Event, target: Option<Position>) {
        self.rows.extend(place(room, event, target).map(|key| (key.into(), Some(at.to_bytes().into()))));
    }

    fn file_replacing(&mut self, at: At, event: &Verified, target: Option<Position>) {
        let room = heads::room_name(self.disk, &event.header.room);
        let place_now = place(&room, event, target);
        if let Some((log, before)) = find(self.disk, &self.heads(), event) {
            let place_before = self.disk.read(before, |entry| Some(place_of(&room, entry))).flatten();
            self.rows.extend(place_before.filter(|before| Some(before) != place_now.as_ref()).map(|key| (key.into(), None)));
            self.moved.entry(log).or_default().insert(event.header.seq, at);
        }
        self.file_place(at, &room, event, target);
    }

    fn file_end(&mut self, room: &RoomId, log: &LogKey, keep: u32, filed: Option<Filed>) {
        let name = self.heads().name(self.disk, room, log);
        let last = self.heads().filed(room, log).map_or(0, |held| held.end.head.seq);
        if last > keep {
            for at in name.cut(self.disk, keep, last, &mut self.rows) {
                let place = self.disk.read(at, |entry| Some(place_of(&name.room, entry))).flatten();
                let is_there = |place: &Vec<u8>| self.disk.at(place) == Some(at);
                self.rows.extend(place.filter(is_there).map(|key| (key.into(), None)));
            }
        }
        self.logs.push(Log { room: *room, log: *log, filed, name, run: None });
    }

    fn heads(&self) -> RwLockReadGuard<'a, Heads> {
        self.heads.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Under which log an event is filed, if it is there, and where it is in the journal.
pub(crate) fn find(disk: &Disk, heads: &Heads, event: &Event) -> Option<(LogName, At)> {
    let names = heads.names_of_parts(disk, &event.header.room, &event.log_key());
    names.into_iter().find_map(|name| {
        let at = name.find(disk, event.header.seq)?;
        disk.read(at, entry::event_of).filter(|stored| stored.id() == event.id()).map(|_| (name, at))
    })
}

/// Under which key an event is shown: entries of the timeline, and relations under their targets.
pub(crate) fn place(room: &Name, event: &Event, target: Option<Position>) -> Option<Vec<u8>> {
    let place = event.position();
    match kind::role(event.header.kind) {
        kind::Role::Entry => Some(key::entry(room, &place)),
        kind::Role::Relation => {
            // Without content the target is unknown, and the event changes nothing.
            let target = target.or_else(|| Payload::of(event).ok().and_then(|payload| payload.target()))?;
            Some(key::relation(room, &target, &place))
        }
        kind::Role::Aside => None,
    }
}

/// The same of an entry.
pub(crate) fn place_of(room: &Name, entry: &[u8]) -> Option<Vec<u8>> {
    match entry::decode(entry)? {
        Entry::Event { event, .. } => place(room, &event, None),
        Entry::Replacing { event, target } => place(room, &event, target),
        _ => None,
    }
}

/// Whether an event is new and comes next in its log; it is not new if the log is closed.
fn is_next(before: Option<&LogHead>, branch: Option<&Branch>, event: &Event) -> Result<bool, StoreError> {
    let have = before.map_or(branch.map_or(0, |branch| branch.after.seq), |log| log.head.seq);
    let seq = event.header.seq;
    if seq <= have || before.is_some_and(|log| log.forked) {
        return Ok(false);
    }
    let expected = have.saturating_add(1);
    if seq == expected { Ok(true) } else { Err(StoreError::Gap { expected, seq }) }
}
