//! What a profile keeps: the journal, which is the truth, and the index that finds things in it.
//! Both on disk, or both in memory.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sled::IVec;

use crate::error::StoreError;
use crate::index::{Change, End, Index, KeyRange, MergeIter, Meta, Unusable};
use crate::journal::{At, Fate, Journal};
use crate::opened_records::{Entries, OpenedRecords};
use crate::seal::Sealer;

/// Journal and index of one profile. May be shared between threads.
pub(crate) struct Disk {
    back: Back,
    sealer: Arc<Sealer>,
    unreadable: AtomicU64,
}

/// Where they are.
enum Back {
    Files(Files),
    /// In clear; nothing of it outlives the process.
    #[cfg(feature = "manual")]
    Memory(crate::memory::Medium),
}

struct Files {
    journal: Arc<Journal>,
    index: Arc<Index>,
    opened: OpenedRecords,
    /// An empty file that makes the next start build the index anew.
    flag: PathBuf,
}

/// Rows in order; a block that cannot be read ends them and is counted.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = (IVec, IVec)> + 'a>;

impl Disk {
    /// `flag`: where it is noted that something could not be read.
    pub(crate) fn of_files(journal: Arc<Journal>, index: Arc<Index>, sealer: Arc<Sealer>, flag: &Path) -> Disk {
        let files = Files { journal, index, opened: OpenedRecords::default(), flag: flag.to_owned() };
        Disk { back: Back::Files(files), sealer, unreadable: AtomicU64::new(0) }
    }

    #[cfg(feature = "manual")]
    pub(crate) fn in_memory(medium: crate::memory::Medium, sealer: Arc<Sealer>) -> Disk {
        Disk { back: Back::Memory(medium), sealer, unreadable: AtomicU64::new(0) }
    }

    /// None: in memory, where nothing waits, fails, or is ever damaged.
    fn files(&self) -> Option<&Files> {
        match &self.back {
            Back::Files(files) => Some(files),
            #[cfg(feature = "manual")]
            Back::Memory(_) => None,
        }
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        match &self.back {
            Back::Files(files) => files.journal.next(),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => medium.next(),
        }
    }

    /// Appends a record, and then the rows that find it. All of it is there after a crash, or none.
    /// If the disk refuses, nothing has changed, and the next try may succeed.
    pub(crate) fn write(&self, entries: &[Vec<u8>], rows: Vec<Change>) -> Result<(), StoreError> {
        match &self.back {
            Back::Files(files) => {
                taken(files.index.has_room())?;
                let number = files.journal.append(entries.iter().map(Vec::as_slice)).map_err(refused)?;
                files.index.write(rows, number.saturating_add(1));
            }
            #[cfg(feature = "manual")]
            Back::Memory(medium) => medium.write(entries, rows),
        }
        Ok(())
    }

    /// Adds rows of a record that is in the journal already, before the record `next`.
    pub(crate) fn index(&self, rows: Vec<Change>, next: u64) -> Result<(), StoreError> {
        let Some(files) = self.files() else { return Ok(()) };
        taken(files.index.has_room())?;
        files.index.write(rows, next);
        Ok(())
    }

    /// A record; none if it is not there, or damaged.
    pub(crate) fn record(&self, number: u64) -> Option<Entries> {
        match &self.back {
            Back::Files(files) => files.opened.get(number, || files.journal.read(number).ok().flatten()),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => medium.record(number),
        }
    }

    /// What an entry says; none if it is not there, or makes no sense, which is counted.
    pub(crate) fn read<T>(&self, at: At, made_of: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let record = self.record(at.record);
        let said = record.as_ref().and_then(|entries| entries.get(usize::from(at.entry))).and_then(|entry| made_of(entry));
        if said.is_none() {
            self.note_unreadable("entry of the journal");
        }
        said
    }

    /// What is under a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<IVec> {
        match &self.back {
            Back::Files(files) => self.found(files.index.get(key)),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => medium.get(key),
        }
    }

    /// Where in the journal that is which a key stands for.
    pub(crate) fn at(&self, key: &[u8]) -> Option<At> {
        At::from_bytes(&self.get(key)?)
    }

    /// What the entry says that a key stands for.
    pub(crate) fn entry<T>(&self, key: &[u8], made_of: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        self.read(self.at(key)?, made_of)
    }

    /// Rows of a range, from one end.
    pub(crate) fn scan(&self, span: KeyRange, end: End) -> Rows<'_> {
        match &self.back {
            Back::Files(files) => {
                let mut rows = MergeIter::new(&files.index, span, end);
                Box::new(iter::from_fn(move || self.found(rows.next())).fuse())
            }
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Box::new(medium.rows_in(span, end)),
        }
    }

    /// Makes everything written before this call survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        match &self.back {
            Back::Files(files) => files.journal.sync().map_err(refused),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.sync();
                Ok(())
            }
        }
    }

    /// Whether the disk failed for good, so that no write is tried any more.
    pub(crate) fn has_failed(&self) -> bool {
        self.files().is_some_and(|files| files.journal.has_failed())
    }

    /// Gives the index all that waits for it; what it refuses is read at the next start.
    pub(crate) fn finish(&self) {
        if let Some(files) = self.files() {
            files.index.settle();
        }
    }

    /// Writes anew what of the journal has entries that nothing points to any more. False: it was
    /// not to go on.
    pub(crate) fn rewrite(&self, fate: impl Fn(At, &[u8]) -> Fate, goes_on: impl Fn() -> bool) -> Result<bool, StoreError> {
        let Some(files) = self.files() else { return Ok(true) };
        // First all rows, which may leave more to erase.
        taken(files.index.settle() && files.index.note(Meta::begin_erasure))?;
        let meta = files.index.meta();
        // Of later records the index may not know yet that they are needed.
        let is_meant = |record| record < meta.next && meta.is_erasing(record);
        let is_done = files.journal.rewrite(is_meant, fate, goes_on).map_err(refused)?;
        files.opened.clear();
        if is_done {
            files.index.note(|now| now.erasing.clear());
        }
        Ok(is_done)
    }

    /// So much waits for the disk that writers may soon be blocked.
    pub(crate) fn is_full(&self) -> bool {
        self.files().is_some_and(|files| files.index.is_full())
    }

    /// What could not be read since opening. It is left out of every answer and counted here.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Counts what could not be read, and makes the next start build the index anew.
    pub(crate) fn note_unreadable(&self, what: &str) {
        let is_first = self.unreadable.fetch_add(1, Ordering::Relaxed) == 0;
        if let Some(Err(error)) = self.files().filter(|_| is_first).map(|files| fs::write(&files.flag, b"")) {
            tracing::error!(%error, "the need for a repair cannot be noted");
        }
        tracing::error!(what, "something stored cannot be read");
    }

    /// What was found in the index; if it is damaged, that is counted.
    fn found<T>(&self, found: Result<Option<T>, Unusable>) -> Option<T> {
        found.unwrap_or_else(|unusable| {
            match unusable {
                // Nothing is wrong with what is stored.
                Unusable::Io(error) => tracing::error!(%error, "the index cannot be read"),
                Unusable::Damaged(_) => self.note_unreadable("index"),
            }
            None
        })
    }
}

fn taken(by_index: bool) -> Result<(), StoreError> {
    if by_index { Ok(()) } else { Err(StoreError::Disk("the index takes nothing".to_owned())) }
}

fn refused(error: impl ToString) -> StoreError {
    tracing::error!(error = error.to_string(), "the journal cannot be written");
    StoreError::Disk(error.to_string())
}

impl Drop for Files {
    fn drop(&mut self) {
        self.index.finish();
    }
}
