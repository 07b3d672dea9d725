//! What was erased or written over leaves the disk: segments of the journal are written anew
//! without it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::entry::{Entry, Stored};
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
    /// that hold such entries, up to half a second for each of 16 MiB; others read and write
    /// meanwhile. After a crash it is done again.
    pub fn erase_now(&self) -> Result<(), StoreError> {
        self.erase_while(|| true)
    }

    /// Erases twice a day, and what earlier processes left some minutes after the start. Between
    /// segments it asks whether it is to stop.
    pub(crate) fn erase_until(&self, stops_within: impl Fn(Duration) -> bool) {
        let mut wait = FIRST_AFTER;
        while !stops_within(wait) {
            let erased = self.erase_while(|| !stops_within(Duration::ZERO));
            wait = if erased.is_ok() { EVERY } else { FIRST_AFTER };
        }
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
        let (event, target, into) = match Entry::decode(bytes) {
            Some(Entry::Event { event, into, target }) => (event.0, target, Some(into)),
            Some(Entry::Replacing { event, target }) => (event.0, target, None),
            Some(Entry::Row { key, .. }) if self.disk().at(&key) != Some(at) => return Fate::Goes,
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
        let event = Stored(event.without_payload());
        let left = match into {
            Some(into) => Entry::Event { event, into, target: None },
            None => Entry::Replacing { event, target: None },
        };
        Fate::Becomes(left.encode())
    }
}
