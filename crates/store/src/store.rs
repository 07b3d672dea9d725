//! The open store: writing events, and what durable means.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rooms::{Branch, Event, Fitting, LogHead, Verified, kind};
use wire::ids::{LogId, LogKey, RoomId};

use crate::disk::Disk;
use crate::error::StoreError;
use crate::event_row;
use crate::heads::{self, Filed, Heads};
use crate::id_cache::IdCache;
use crate::key::{self, Name};
use crate::lock::Lock;
use crate::log_index::{self, Filing, LogName};
use crate::row::Change;
use crate::witness::{Ended, Testimony, Witness};

/// Events in one atomic batch. It holds the longest run, so that a run is stored whole or not at
/// all; sled's memory grows out of proportion with batches of a thousand and more.
pub(crate) const MAX_BATCH_EVENTS: usize = rooms::limits::MAX_RUN_EVENTS;

/// How many writes have been made since opening. A mark is durable once [`Store::flush`] has
/// returned one at least as high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// A profile's database. Clones are handles of one and the same.
///
/// Reading never waits; writing waits for other writers, and for the disk only while more than it
/// can take is waiting. All else but [`Store::flush`] and [`Store::close`] stays in the range of
/// microseconds.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    disk: Disk,
    heads: RwLock<Heads>,
    writing: Mutex<()>,
    mark: AtomicU64,
    id_cache: IdCache,
    /// None in memory.
    witness: Option<Mutex<Witness>>,
    // Last, so that the profile is let go after the database.
    _lock: Option<Lock>,
}

impl Store {
    pub(crate) fn new(disk: Disk, heads: Heads, beside: Option<(Witness, Lock)>) -> Store {
        let (witness, lock) = beside.unzip();
        Store(Arc::new(Inner {
            disk,
            heads: RwLock::new(heads),
            writing: Mutex::default(),
            mark: AtomicU64::new(0),
            id_cache: IdCache::default(),
            witness: witness.map(Mutex::new),
            _lock: lock,
        }))
    }

    /// Stores events, of any rooms, each log in order and without gaps. Those that are stored
    /// already are passed over, erased ones included.
    ///
    /// A run is stored whole or not at all, also across a crash, if it is given in a call of its
    /// own; longer lists are cut into batches of [`rooms::limits::MAX_RUN_EVENTS`]. Durable only
    /// after a [`Store::flush`].
    pub fn append(&self, events: &[Verified]) -> Result<(), StoreError> {
        let _writing = self.writing();
        events.chunks(MAX_BATCH_EVENTS).try_for_each(|batch| self.append_batch(batch, None))
    }

    /// Stores events of one log where they belong, once the log is cut as that needs. The
    /// counterpart of [`rooms::Logs::recut`].
    pub fn append_fitting(&self, room: &RoomId, fitting: &Fitting, events: &[Verified]) -> Result<(), StoreError> {
        let _writing = self.writing();
        self.recut(room, &fitting.recut)?;
        let into = fitting.branch.map(|branch| (fitting.log, branch));
        events.chunks(MAX_BATCH_EVENTS).try_for_each(|batch| self.append_batch(batch, into))
    }

    /// `into` names the branch that all of them belong to.
    fn append_batch(&self, events: &[Verified], into: Option<(LogKey, Branch)>) -> Result<(), StoreError> {
        let disk = &self.0.disk;
        let mut changes = Vec::with_capacity(events.len().saturating_add(8));
        let mut grown: Vec<Growth> = Vec::new();
        let mut fresh = Vec::with_capacity(events.len());
        for event in events {
            let (room, log) = (event.header.room, into.map_or_else(|| event.log_key(), |(log, _)| log));
            let branch = into.map(|(_, branch)| branch);
            let at = grown.iter().rposition(|g| g.room == room && g.log == log);
            let before = at.and_then(|at| grown.get(at)).map(|g| g.head).or_else(|| self.heads_now().get(&room, &log).copied());
            if !is_next(before.as_ref(), branch.as_ref(), event)? {
                continue;
            }
            let head = LogHead { head: event.head(), hlc: event.header.hlc, forked: false, branch };
            match at.and_then(|at| grown.get_mut(at)) {
                Some(growth) => {
                    growth.head = head;
                    event_row::file_event(event, &mut growth.filing, &mut changes);
                }
                None => {
                    let heads = self.heads_now();
                    let mut filing = Filing::new(heads.name(disk, &room, &log));
                    event_row::file_event(event, &mut filing, &mut changes);
                    grown.push(Growth { room, log, head, under: heads.filed_under(&room, &log), filing });
                }
            }
            fresh.push(event);
        }
        for growth in &mut grown {
            growth.filing.put(&mut changes);
            changes.push(heads::row(disk, &growth.room, &growth.log, &growth.filed()));
        }
        self.apply(changes)?;
        let mut heads = self.heads_mut();
        grown.into_iter().for_each(|growth| heads.file(growth.room, growth.log, growth.filed()));
        fresh.into_iter().filter(|e| e.header.kind == kind::MESSAGE).for_each(|e| self.0.id_cache.note(&e.header.room, &e.position()));
        Ok(())
    }

    /// Erases an event's content for good; its place in log and order stays. Fine if it is erased
    /// already or not here.
    ///
    /// The old bytes are no longer reachable; sealed, they may stay in unused parts of the file
    /// until these are used again.
    pub fn erase(&self, event: &Event) -> Result<(), StoreError> {
        let _writing = self.writing();
        if event.payload().is_none() {
            return Ok(());
        }
        let key = event_row::event_key(&self.room_name(&event.header.room), event);
        let Some(stored) = self.read_event(&key) else { return Ok(()) };
        if stored.id() != event.id() || stored.payload().is_none() {
            return Ok(());
        }
        let plain = event_row::encode_event(&stored.without_payload(), stored.proof());
        self.apply(vec![Change::Put { key, plain }])
    }

    /// Sets aside edits, deletes and reactions that later ones have superseded
    /// ([`rooms::superseded`]): readers no longer find them with the message, and their content is
    /// gone for good. They keep their numbers in their logs.
    pub fn set_aside<'a>(&self, events: impl IntoIterator<Item = &'a Verified>) -> Result<(), StoreError> {
        let _writing = self.writing();
        let mut changes = Vec::new();
        let mut moved: BTreeMap<LogName, BTreeMap<u32, Vec<u8>>> = BTreeMap::new();
        for event in events {
            let Some((of, key, stored)) = self.place_of(event) else { continue };
            let bare = stored.without_payload();
            let to = event_row::event_key(&of.room, &bare);
            if to == key {
                continue;
            }
            changes.push(Change::Remove { key });
            changes.push(Change::Put { key: to.clone(), plain: event_row::encode_event(&bare, stored.proof()) });
            moved.entry(of).or_default().insert(event.header.seq, to);
        }
        for (of, moved) in moved {
            log_index::refile(&self.0.disk, &of, &moved, &mut changes);
        }
        self.apply(changes)
    }

    /// Where an event lies, and under which name it is in the index: it may be in a branch of its
    /// log.
    fn place_of(&self, event: &Verified) -> Option<(LogName, Vec<u8>, Verified)> {
        let names = self.heads_now().names_of_parts(&self.0.disk, &event.header.room, &event.log_key());
        names.into_iter().find_map(|of| {
            let key = log_index::find(&self.0.disk, &of, event.header.seq)?;
            let stored = self.read_event(&key).filter(|stored| stored.id() == event.id())?;
            Some((of, key, stored))
        })
    }

    /// So much waits for the disk that a caller that writes much now may be blocked.
    pub fn is_full(&self) -> bool {
        self.0.disk.is_full()
    }

    /// One event by number, of all that is filed under a name.
    pub(crate) fn event_at(&self, of: &LogName, seq: u32) -> Option<Verified> {
        self.read_event(&log_index::find(&self.0.disk, of, seq)?)
    }

    /// How far each log of a room has come, sorted by log. From memory.
    pub fn heads(&self, room: &RoomId) -> Vec<(LogKey, LogHead)> {
        self.heads_now().of_room(room)
    }

    /// Number of events in all rooms. From memory.
    pub fn events(&self) -> u64 {
        self.heads_now().events()
    }

    /// A write has failed: every other is refused until the store is opened anew.
    pub fn has_failed(&self) -> bool {
        self.0.disk.has_failed()
    }

    /// What has been written so far.
    pub fn mark(&self) -> Mark {
        Mark(self.0.mark.load(Ordering::Acquire))
    }

    /// Makes everything written so far survive a power cut, and says how far that is. Waits for the
    /// disk: not for the node's own task.
    pub fn flush(&self) -> Result<Mark, StoreError> {
        // Both are read before the flush and rise after a write, so that they promise no more than
        // it does. Not under the lock of the writers: where these come one after the other it would
        // never be free.
        let (mark, events) = (self.mark(), self.events());
        self.0.disk.sync()?;
        self.testify(events, Ended::NotYet)?;
        Ok(mark)
    }

    /// An orderly end: all is durable, and the next start knows that nothing was lost. Other
    /// handles can still read; what they write makes the end disorderly again.
    pub fn close(self) -> Result<(), StoreError> {
        let _writing = self.writing();
        self.0.disk.sync()?;
        self.0.disk.apply(vec![Change::Put { key: key::CLEAN.to_vec(), plain: Vec::new() }])?;
        self.0.disk.sync()?;
        self.testify(self.events(), Ended::Orderly)?;
        self.sync_witness()
    }

    /// Rows that could not be read since opening, because the disk damaged them. Anything above
    /// zero: tell the user; the next start repairs.
    pub fn unreadable(&self) -> u64 {
        self.0.disk.unreadable()
    }

    /// From here on the witness says that the store is open.
    pub(crate) fn start_witness(&self) -> Result<(), StoreError> {
        self.testify(self.events(), Ended::NotYet)?;
        self.sync_witness()
    }

    fn sync_witness(&self) -> Result<(), StoreError> {
        let Some(witness) = &self.0.witness else { return Ok(()) };
        witness.lock().unwrap_or_else(PoisonError::into_inner).sync().map_err(|e| StoreError::Disk(e.to_string()))
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.0.disk
    }

    pub(crate) fn id_cache(&self) -> &IdCache {
        &self.0.id_cache
    }

    pub(crate) fn room_name(&self, room: &RoomId) -> Name {
        heads::room_name(&self.0.disk, room)
    }

    pub(crate) fn heads_now(&self) -> RwLockReadGuard<'_, Heads> {
        self.0.heads.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn heads_mut(&self) -> RwLockWriteGuard<'_, Heads> {
        self.0.heads.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes rows that are not events.
    pub(crate) fn write(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let _writing = self.writing();
        self.apply(changes)
    }

    /// The event under a key, if it is there and readable.
    pub(crate) fn read_event(&self, key: &[u8]) -> Option<Verified> {
        let plain = self.0.disk.get(key)?;
        self.event_of(plain)
    }

    pub(crate) fn event_of(&self, plain: Vec<u8>) -> Option<Verified> {
        let read = event_row::read(&plain);
        if read.is_none() {
            self.0.disk.note_unreadable("event");
        }
        read
    }

    pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.0.disk.apply(changes)?;
        self.0.mark.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn testify(&self, events: u64, ended: Ended) -> Result<(), StoreError> {
        let io = |e: std::io::Error| StoreError::Disk(e.to_string());
        let Some(witness) = &self.0.witness else { return Ok(()) };
        let file_bytes = self.0.disk.file_bytes().map_err(io)?;
        let mut witness = witness.lock().unwrap_or_else(PoisonError::into_inner);
        witness.write(Testimony { events, file_bytes, ended }, self.0.disk.sealer()).map_err(io)
    }
}

/// A log that grows by a batch.
struct Growth {
    room: RoomId,
    log: LogKey,
    head: LogHead,
    under: LogId,
    filing: Filing,
}

impl Growth {
    fn filed(&self) -> Filed {
        Filed { end: self.head, under: self.under }
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
