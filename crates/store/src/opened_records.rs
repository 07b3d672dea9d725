//! A small cache of records of the journal that were read and unsealed.
//!
//! A page of messages that came together, or a run that is served, reads the same record again for
//! each of its events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The entries of a record; one that was erased is empty.
pub(crate) type Entries = Arc<Vec<Vec<u8>>>;

/// Once records of so many bytes are kept, older ones are not. Raised: fewer records are unsealed
/// twice.
const BYTES: usize = 1 << 20;
/// Records that are looked through for one. Raised: more of them are found, and none is sooner.
const RECORDS: usize = 32;

/// The records that were read last, the newest first.
#[derive(Default)]
pub(crate) struct OpenedRecords(Mutex<VecDeque<(u64, Entries)>>);

impl OpenedRecords {
    /// A record from here, or as it is read now.
    pub(crate) fn get(&self, number: u64, read: impl FnOnce() -> Option<Vec<Vec<u8>>>) -> Option<Entries> {
        let held = self.lock().iter().find(|(held, _)| *held == number).map(|(_, entries)| entries.clone());
        if held.is_some() {
            return held;
        }
        let entries = Entries::new(read()?);
        let mut records = self.lock();
        records.push_front((number, entries.clone()));
        records.truncate(RECORDS);
        let mut bytes = 0_usize;
        records.retain(|(_, entries)| {
            let fits = bytes < BYTES;
            bytes = entries.iter().fold(bytes, |bytes, entry| bytes.saturating_add(entry.len()));
            fits
        });
        Some(entries)
    }

    /// Forgets all of them: some were written anew.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Entries)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
