//! What was erased or written over leaves the disk: segments of the journal are written anew
//! without it.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::entry::{self, Entry};
use crate::error::StoreError;
use crate::filing;
use crate::journal::{At, Fate};
use crate::store::{Mark, Store};

/// How soon after the start what earlier processes left is erased.
const FIRST_AFTER: Duration = Duration::from_secs(10 * 60);
/// How long what was erased may stay on the disk. Lowered: more segments written anew.
const EVERY: Duration = Duration::from_secs(12 * 60 * 60);

impl Store {
    /// Removes from the disk what was erased or written over before this call: texts that were
    /// deleted, old drafts and names. Takes the time of writing anew the segments of the journal
    /// that hold such entries, up to a second for each of 64 MiB; others read and write meanwhile.
    /// After a crash it is done again.
    pub fn erase_now(&self) -> Result<(), StoreError> {
        self.erase_while(|| true)
    }

    fn erase_while(&self, goes_on: impl Fn() -> bool) -> Result<(), StoreError> {
        let _erasing = self.0.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = self.mark();
        if self.disk().rewrite(|at, entry| self.fate(at, entry), goes_on)? {
            // One more, because zero stands for never.
            self.0.erased.store(mark.0.saturating_add(1), Ordering::Release);
        }
        Ok(())
    }

    /// What was erased or written over before this mark is gone from the disk. None: nothing has
    /// been removed since opening, neither what earlier processes left.
    pub fn erased_up_to(&self) -> Option<Mark> {
        self.0.erased.load(Ordering::Acquire).checked_sub(1).map(Mark)
    }

    /// An entry that nothing points to is dead. Of an event what its log needs stays: all but its
    /// content.
    fn fate(&self, at: At, bytes: &[u8]) -> Fate {
        let (event, target, into) = match entry::decode(bytes) {
            Some(Entry::Event { event, into }) => (event, None, Some(into)),
            Some(Entry::Replacing { event, target }) => (event, target, None),
            Some(Entry::Row { key, .. }) if self.disk().at(key) != Some(at) => return Fate::Goes,
            Some(Entry::Open | Entry::Closed) => return Fate::Goes,
            _ => return Fate::Stays,
        };
        let room = self.room_name(&event.header.room);
        let names = self.heads_now().names_of_parts(self.disk(), &event.header.room, &event.log_key());
        let in_logs = names.iter().filter_map(|name| name.find(self.disk(), event.header.seq));
        let is_live = in_logs.chain(filing::place(&room, &event, target).and_then(|key| self.disk().at(&key))).any(|there| there == at);
        if is_live || event.payload().is_none() {
            return Fate::Stays;
        }
        let left = event.without_payload();
        Fate::Becomes(match into {
            Some(into) => entry::event(&left, left.proof(), into.as_ref().map(|(log, branch)| (*log, branch))),
            None => entry::replacing(&left, None),
        })
    }
}

/// A thread that erases twice a day, and what earlier processes left some minutes after the start.
pub(crate) struct Eraser {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    is_wanted: Mutex<bool>,
    changed: Condvar,
}

impl Eraser {
    /// Starts the thread.
    pub(crate) fn start(store: Store) -> io::Result<Eraser> {
        let stop = Arc::new(Stop::default());
        let of_thread = stop.clone();
        let thread = thread::Builder::new().name("store-erase".to_owned()).spawn(move || {
            let mut wait = FIRST_AFTER;
            while !of_thread.comes_within(wait) {
                let erased = store.erase_while(|| !of_thread.comes_within(Duration::ZERO));
                wait = if erased.is_ok() { EVERY } else { FIRST_AFTER };
            }
        })?;
        Ok(Eraser { stop, thread: Some(thread) })
    }
}

impl Stop {
    fn comes_within(&self, most: Duration) -> bool {
        let is_wanted = self.is_wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_wanted, most, |is_wanted| !*is_wanted);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for Eraser {
    /// Ends the thread, and waits for it: at most as long as one segment takes.
    fn drop(&mut self) {
        *self.stop.is_wanted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by its own thread.
            let _ = thread.join();
        }
    }
}
