//! What follows from entries of the journal: rows of the index, and heads of logs. The same for
//! what is written now and for what is read again at a start.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rooms::{Branch, Event, LogHead, Payload, Position, Verified, kind};
use wire::ids::{LogId, LogKey, RoomId};

use crate::disk::Disk;
use crate::entry::{Entry, Stored};
use crate::error::StoreError;
use crate::heads::{self, Filed, Heads, LogOf};
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
    logs: BTreeMap<LogOf, Log>,
    /// Events that are elsewhere in the journal now.
    moved: BTreeMap<LogName, BTreeMap<u32, At>>,
}

/// What follows from a record.
pub(crate) struct Effect {
    /// What is to be written. Empty if the record is in the journal already.
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) rows: Vec<Change>,
    pub(crate) heads: Vec<(LogOf, Option<Filed>)>,
}

/// A log that changes.
struct Log {
    /// None: it is no more.
    filed: Option<Filed>,
    name: LogName,
    /// The events of it that are in the record.
    runs: Vec<Run>,
}

impl<'a> Filing<'a> {
    pub(crate) fn new(disk: &'a Disk, heads: &'a RwLock<Heads>, record: u64) -> Filing<'a> {
        Filing { disk, heads, record, entries: Vec::new(), rows: Vec::new(), logs: BTreeMap::new(), moved: BTreeMap::new() }
    }

    /// Writes an entry. False: it is an event that is there already, or whose log is closed.
    ///
    /// Of the logs that end in a record only one may have events that go: what is filed here is not
    /// seen before it is written.
    pub(crate) fn write(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        // A batch is far shorter than a record may be.
        let at = At { record: self.record, entry: self.entries.len() as u16 };
        let is_new = self.file(at, entry)?;
        if is_new {
            self.entries.push(entry.encode());
        }
        Ok(is_new)
    }

    /// Files an entry that is in the journal. None: it makes no sense.
    pub(crate) fn again(&mut self, at: At, entry: &[u8]) -> Option<()> {
        let entry = Entry::decode(entry)?;
        if self.file(at, &entry).is_err()
            && let Entry::Event { event: Stored(event), target, .. } = &entry
        {
            // Shown, and filed in its log once what is missing has come again.
            let room = heads::room_name(self.disk, &event.header.room);
            self.rows.extend(place(&room, event, *target).map(|key| row(key, at)));
        }
        Some(())
    }

    /// What follows from the record.
    pub(crate) fn done(mut self) -> Effect {
        for (log, moved) in &self.moved {
            log.refile(self.disk, moved, &mut self.rows);
        }
        for (of @ (_, log), Log { filed, name, runs }) in &self.logs {
            self.rows.extend(runs.iter().map(|run| run.row(name)));
            let content = filed.map(|filed| heads::content(of, &filed).into());
            self.rows.push((key::head(&name.room, &name.device, log.log.0).into(), content));
        }
        let heads = self.logs.into_iter().map(|(log, changed)| (log, changed.filed)).collect();
        Effect { entries: self.entries, rows: self.rows, heads }
    }

    /// False: it is an event that is there already, or whose log is closed.
    fn file(&mut self, at: At, entry: &Entry) -> Result<bool, StoreError> {
        match entry {
            Entry::Event { event, into, target } => return self.file_event(at, &event.0, *into, *target),
            Entry::Replacing { event, target } => self.file_replacing(at, &event.0, *target),
            Entry::Row { key, .. } => self.rows.push(row(key.clone(), at)),
            Entry::NoRow { key } => self.rows.push((key.as_slice().into(), None)),
            Entry::End { room, log, keep, filed } => self.file_end(room, log, *keep, *filed),
            Entry::Open | Entry::Closed => {}
        }
        Ok(true)
    }

    fn file_event(
        &mut self,
        at: At,
        event: &Verified,
        into: Option<(LogId, Branch)>,
        target: Option<Position>,
    ) -> Result<bool, StoreError> {
        let (room, seq) = (event.header.room, event.header.seq);
        let (log, branch) = into.map_or((event.header.log, None), |(log, branch)| (log, Some(branch)));
        let log = LogKey { log, ..event.log_key() };
        let (disk, heads) = (self.disk, self.heads());
        let held = self.logs.get(&(room, log)).map_or_else(|| heads.filed(&room, &log).copied(), |held| held.filed);
        if !is_next(held.as_ref().map(|held| &held.end), branch.as_ref(), event)? {
            return Ok(false);
        }
        let new = || Log { filed: None, name: heads.name(disk, &room, &log), runs: Vec::new() };
        let changed = self.logs.entry((room, log)).or_insert_with(new);
        let end = LogHead { head: event.head(), hlc: event.header.hlc, forked: false, branch };
        changed.filed = Some(Filed { end, under: held.map_or(log.log, |held| held.under) });
        Run::add(&mut changed.runs, seq, at);
        self.rows.extend(place(&changed.name.room, event, target).map(|key| row(key, at)));
        Ok(true)
    }

    fn file_replacing(&mut self, at: At, event: &Verified, target: Option<Position>) {
        let room = heads::room_name(self.disk, &event.header.room);
        let place_now = place(&room, event, target);
        if let Some(found) = find(self.disk, &self.heads(), event) {
            let place_before = place(&room, &found.event, found.target).filter(|before| Some(before) != place_now.as_ref());
            self.rows.extend(place_before.map(|key| (key.into(), None)));
            self.moved.entry(found.log).or_default().insert(event.header.seq, at);
        }
        self.rows.extend(place_now.map(|key| row(key, at)));
    }

    fn file_end(&mut self, room: &RoomId, log: &LogKey, keep: u32, filed: Option<Filed>) {
        let name = self.heads().name(self.disk, room, log);
        let last = self.heads().filed(room, log).map_or(0, |held| held.end.head.seq);
        if last > keep {
            for at in name.cut(self.disk, keep, last, &mut self.rows) {
                let event = self.disk.read(at, |entry| Entry::decode(entry)?.into_event());
                let place = event.and_then(|(event, target)| place(&name.room, &event, target));
                self.rows.extend(place.filter(|key| self.disk.at(key) == Some(at)).map(|key| (key.into(), None)));
            }
        }
        self.logs.insert((*room, *log), Log { filed, name, runs: Vec::new() });
    }

    fn heads(&self) -> RwLockReadGuard<'a, Heads> {
        self.heads.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event as it is stored.
pub(crate) struct Found {
    /// Under which log it is filed.
    pub(crate) log: LogName,
    pub(crate) event: Verified,
    /// What it is found under, if it does not say it in the clear.
    pub(crate) target: Option<Position>,
}

impl Found {
    pub(crate) fn is_shown(&self) -> bool {
        place(&self.log.room, &self.event, self.target).is_some()
    }
}

pub(crate) fn find(disk: &Disk, heads: &Heads, event: &Event) -> Option<Found> {
    let names = heads.names_of_parts(disk, &event.header.room, &event.log_key());
    names.into_iter().find_map(|log| {
        let stored = disk.read(log.find(disk, event.header.seq)?, |entry| Entry::decode(entry)?.into_event());
        let (event, target) = stored.filter(|(stored, _)| stored.id() == event.id())?;
        Some(Found { log, event, target })
    })
}

/// Under which key an event is shown: entries of the timeline, and relations under their targets.
pub(crate) fn place(room: &Name, event: &Event, target: Option<Position>) -> Option<Vec<u8>> {
    let place = event.position();
    match kind::role(event.header.kind) {
        kind::Role::Entry => Some(key::entry(room, &place)),
        // Without content, or while it is sealed, the target is unknown, and the event changes
        // nothing.
        kind::Role::Relation => Some(key::relation(room, &target.or_else(|| target_of(event))?, &place)),
        kind::Role::Aside => None,
    }
}

/// The target that an event says.
pub(crate) fn target_of(event: &Event) -> Option<Position> {
    Payload::of(event).ok()?.target()
}

/// What has to be kept beside an event that is sealed, and was opened before it was given here.
pub(crate) fn sealed_target(event: &Event) -> Option<Position> {
    let is_sealed_relation = event.is_sealed() && kind::role(event.header.kind) == kind::Role::Relation;
    if is_sealed_relation { target_of(event) } else { None }
}

/// A row that tells where in the journal something is.
fn row(key: Vec<u8>, at: At) -> Change {
    (key.into(), Some(at.to_bytes().into()))
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
