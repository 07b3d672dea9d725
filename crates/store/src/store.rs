//! The open store: writing events, and what durable means.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use rooms::keys::Keyring;
use rooms::{Branch, Event, Fitting, LogHead, Position, Verified, kind};
use wire::ids::{LogId, LogKey, RoomId};

use crate::disk::Disk;
use crate::entry::{self, Entry, Stored};
use crate::error::StoreError;
use crate::filing::{self, Effect, Filing, Found};
use crate::heads::{self, Heads};
use crate::id_cache::IdCache;
use crate::index::{End, KeyRange};
use crate::journal::At;
use crate::key::Name;
use crate::lock::Lock;
use crate::log_index::LogName;

/// Events in one atomic batch. It holds the longest run, so that a run is stored whole or not at
/// all.
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
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    disk: Disk,
    heads: RwLock<Heads>,
    keyring: Keyring,
    writing: Mutex<()>,
    mark: AtomicU64,
    refused: AtomicU64,
    pub(crate) id_cache: IdCache,
    /// One more than the mark up to which all that was erased is gone from the disk.
    pub(crate) erased: AtomicU64,
    /// One at a time.
    pub(crate) erasing: Mutex<()>,
    // Last, so that the profile is let go after the database.
    _lock: Option<Lock>,
}

impl Store {
    pub(crate) fn new(disk: Disk, heads: RwLock<Heads>, lock: Option<Lock>) -> Store {
        Store(Arc::new(Inner {
            disk,
            heads,
            keyring: Keyring::default(),
            writing: Mutex::default(),
            mark: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            id_cache: IdCache::default(),
            erased: AtomicU64::new(0),
            erasing: Mutex::default(),
            _lock: lock,
        }))
    }

    /// Stores events, of any rooms, each log in order and without gaps. Those that are stored
    /// already are passed over, erased ones included. A sealed edit, delete or reaction is found
    /// under its target if it is given opened, and from [`Store::file_under`] on if it is not.
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
        let into = fitting.branch.map(|branch| (fitting.log.log, branch));
        events.chunks(MAX_BATCH_EVENTS).try_for_each(|batch| self.append_batch(batch, into))
    }

    /// `into` names the branch that all of them belong to.
    fn append_batch(&self, events: &[Verified], into: Option<(LogId, Branch)>) -> Result<(), StoreError> {
        let mut filing = self.filing();
        let mut fresh = Vec::with_capacity(events.len());
        for event in events {
            let target = filing::sealed_target(event);
            if filing.write(&Entry::Event { event: Stored(event.clone()), into, target })? {
                fresh.push(event);
            }
        }
        self.commit(filing)?;
        let messages = fresh.into_iter().filter(|event| event.header.kind == kind::MESSAGE);
        self.0.id_cache.note(messages.map(|event| (&event.header.room, event.position())));
        Ok(())
    }

    /// Erases an event's content; its place in log and order stays. Fine if it is erased already or
    /// not here. Its bytes are gone from the disk once [`Store::erased_up_to`] says so.
    pub fn erase(&self, event: &Event) -> Result<(), StoreError> {
        let _writing = self.writing();
        let Some(found) = self.find_stored(event).filter(|found| found.event.payload().is_some()) else { return Ok(()) };
        let target = found.target.or_else(|| filing::target_of(&found.event));
        self.record([Entry::Replacing { event: Stored(found.event.without_payload()), target }])
    }

    /// Sets aside edits, deletes and reactions that later ones have superseded
    /// ([`rooms::superseded`]): readers no longer find them with the message, and their content is
    /// erased. They keep their numbers in their logs.
    pub fn set_aside<'a>(&self, events: impl IntoIterator<Item = &'a Verified>) -> Result<(), StoreError> {
        let _writing = self.writing();
        let relations = events.into_iter().filter(|event| kind::role(event.header.kind) == kind::Role::Relation);
        let shown = relations.filter_map(|event| self.find_stored(event).filter(Found::is_shown));
        self.record(shown.map(|found| Entry::Replacing { event: Stored(found.event.without_payload()), target: None }))
    }

    /// Files an edit, a delete or a reaction under its target, because it could not be opened when
    /// it came, and now can. Fine if it is not here.
    pub fn file_under(&self, event: &Event, target: &Position) -> Result<(), StoreError> {
        let _writing = self.writing();
        let hidden = self.find_stored(event).filter(|found| !found.is_shown());
        self.record(hidden.map(|found| Entry::Replacing { event: Stored(found.event), target: Some(*target) }))
    }

    fn find_stored(&self, event: &Event) -> Option<Found> {
        filing::find(self.disk(), &self.heads_now(), event)
    }

    /// So much waits for the disk that a caller that writes much now may be blocked.
    pub fn is_full(&self) -> bool {
        self.0.disk.is_full()
    }

    /// The keys by which it opens what it reads for people. Empty at first; whoever has keys puts
    /// them in. None of them is written by it.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The event of an entry, opened if there is a key.
    pub(crate) fn open_event(&self, entry: &[u8]) -> Option<Verified> {
        entry::event_of(entry).map(|event| self.0.keyring.open_verified(event))
    }

    /// One event by number, of all that is filed under a name.
    pub(crate) fn event_at(&self, of: &LogName, seq: u32) -> Option<Verified> {
        self.disk().read(of.find(self.disk(), seq)?, entry::event_of)
    }

    /// How far each log of a room has come, sorted by log. From memory.
    pub fn heads(&self, room: &RoomId) -> Vec<(LogKey, LogHead)> {
        self.heads_now().of_room(room)
    }

    /// Number of events in all rooms. From memory.
    pub fn events(&self) -> u64 {
        self.heads_now().events()
    }

    /// The disk failed to make durable what it had taken: every write is refused until the store is
    /// opened anew. A write that a full disk refused is no failure: later ones may succeed.
    pub fn has_failed(&self) -> bool {
        self.0.disk.has_failed()
    }

    /// How many writes the disk has refused since opening.
    pub fn refused_writes(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// What has been written so far.
    pub fn mark(&self) -> Mark {
        Mark(self.0.mark.load(Ordering::Acquire))
    }

    /// Makes everything written so far survive a power cut, and says how far that is. Waits for the
    /// disk: not for the node's own task.
    pub fn flush(&self) -> Result<Mark, StoreError> {
        // Read before, and it rises after a write, so that it promises no more than the disk does.
        // Not under the lock of the writers: where these come one after the other it would never be
        // free.
        let mark = self.mark();
        self.0.disk.sync()?;
        Ok(mark)
    }

    /// An orderly end: all is durable, and the next start knows that nothing was lost. Other
    /// handles can still read; what they write makes the end disorderly again.
    pub fn close(self) -> Result<(), StoreError> {
        let _writing = self.writing();
        self.mark_with(&Entry::Closed)?;
        self.0.disk.sync()?;
        self.0.disk.finish();
        Ok(())
    }

    /// From here on the journal says that the store is open, until it says otherwise.
    pub(crate) fn mark_open(&self) -> Result<(), StoreError> {
        self.mark_with(&Entry::Open)?;
        self.0.disk.sync()
    }

    fn mark_with(&self, entry: &Entry) -> Result<(), StoreError> {
        self.0.disk.write(&[entry.encode()], Vec::new())
    }

    /// What could not be read since opening, because the disk damaged it. Anything above zero: tell
    /// the user; the next start builds anew what can be, and says what is missing.
    pub fn unreadable(&self) -> u64 {
        self.0.disk.unreadable()
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.0.disk
    }

    pub(crate) fn room_name(&self, room: &RoomId) -> Name {
        heads::room_name(&self.0.disk, room)
    }

    pub(crate) fn heads_now(&self) -> RwLockReadGuard<'_, Heads> {
        self.0.heads.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the entries say that rows of a range stand for. Those that damage made unreadable are
    /// left out and counted.
    pub(crate) fn read_all<T>(&self, span: KeyRange, end: End, made_of: impl Fn(&[u8]) -> Option<T>) -> impl Iterator<Item = T> {
        self.disk().scan(span, end).filter_map(move |(_, at)| self.disk().read(At::from_bytes(&at)?, &made_of))
    }

    /// Writes entries, all or none.
    pub(crate) fn write(&self, entries: impl IntoIterator<Item = Entry>) -> Result<(), StoreError> {
        let _writing = self.writing();
        self.record(entries)
    }

    /// As [`Store::write`], under the lock of the writers.
    pub(crate) fn record(&self, entries: impl IntoIterator<Item = Entry>) -> Result<(), StoreError> {
        let mut filing = self.filing();
        entries.into_iter().try_for_each(|entry| filing.write(&entry).map(drop))?;
        self.commit(filing)
    }

    fn filing(&self) -> Filing<'_> {
        Filing::new(&self.0.disk, &self.0.heads, self.0.disk.next())
    }

    fn commit(&self, filing: Filing<'_>) -> Result<(), StoreError> {
        let Effect { entries, rows, heads } = filing.done();
        if entries.is_empty() {
            return Ok(());
        }
        self.0.disk.write(&entries, rows).inspect_err(|_| {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
        })?;
        // After the rows: heads never promise what cannot be found.
        self.0.heads.write().unwrap_or_else(PoisonError::into_inner).take(heads);
        self.0.mark.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
