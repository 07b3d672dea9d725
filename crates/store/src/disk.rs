//! What a profile keeps: the journal, which is the truth, and the index that finds things in it.
//! Both on disk, or both in memory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sled::IVec;

use crate::error::StoreError;
use crate::index::{Change, End, Index, KeyRange, MergeIter, Meta, Unusable};
use crate::journal::{At, Fate, Journal};
use crate::opened_records::{Entries, OpenedRecords};
use crate::seal::Sealer;

const INDEX_REFUSES: &str = "the index takes nothing";

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
    failed: AtomicBool,
    /// An empty file that makes the next start build the index anew.
    flag: PathBuf,
}

impl Disk {
    /// `flag`: where it is noted that something could not be read.
    pub(crate) fn of_files(journal: Arc<Journal>, index: Arc<Index>, sealer: Arc<Sealer>, flag: &Path) -> Disk {
        let (opened, failed, flag) = (OpenedRecords::default(), AtomicBool::new(false), flag.to_owned());
        Disk { back: Back::Files(Files { journal, index, opened, failed, flag }), sealer, unreadable: AtomicU64::new(0) }
    }

    #[cfg(feature = "manual")]
    pub(crate) fn in_memory(medium: crate::memory::Medium, sealer: Arc<Sealer>) -> Disk {
        Disk { back: Back::Memory(medium), sealer, unreadable: AtomicU64::new(0) }
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
                if files.failed.load(Ordering::Acquire) {
                    return Err(StoreError::Disk("an earlier write failed".to_owned()));
                }
                if !files.index.has_room() {
                    return Err(StoreError::Disk(INDEX_REFUSES.to_owned()));
                }
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
        match &self.back {
            Back::Files(files) if files.index.has_room() => files.index.write(rows, next),
            Back::Files(_) => return Err(StoreError::Disk(INDEX_REFUSES.to_owned())),
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
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
            Back::Files(files) => files.index.get(key).unwrap_or_else(|unusable| {
                self.note_unusable(&unusable);
                None
            }),
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
        let iter = match &self.back {
            Back::Files(files) => RowIter::Files(Box::new(MergeIter::new(&files.index, span, end))),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => RowIter::Memory(medium.rows_in(span, end)),
        };
        Rows { disk: self, iter: Some(iter) }
    }

    /// Makes everything written before this call survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        match &self.back {
            Back::Files(files) => files.journal.sync().map(drop).map_err(|error| {
                // The system may have forgotten what it could not write.
                files.failed.store(true, Ordering::Release);
                refused(error)
            }),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.sync();
                Ok(())
            }
        }
    }

    /// Whether the disk failed for good, so that no write is tried any more.
    pub(crate) fn has_failed(&self) -> bool {
        match &self.back {
            Back::Files(files) => files.failed.load(Ordering::Acquire),
            #[cfg(feature = "manual")]
            Back::Memory(_) => false,
        }
    }

    /// Leaves all in good order; what could not be put in order is read at the next start.
    pub(crate) fn finish(&self) {
        self.settle();
        match &self.back {
            Back::Files(files) => drop(files.journal.finish()),
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
    }

    fn settle(&self) {
        match &self.back {
            Back::Files(files) => drop(files.index.settle()),
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
    }

    /// What the index says of itself.
    pub(crate) fn index_meta(&self) -> Meta {
        match &self.back {
            Back::Files(files) => files.index.meta(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Meta::default(),
        }
    }

    /// Notes how many records were missing when the index was built, so that it is told once.
    pub(crate) fn note_gone(&self, gone: u64) {
        self.settle();
        self.note(|meta| meta.gone = gone);
    }

    fn note(&self, change: impl FnOnce(&mut Meta)) {
        match &self.back {
            Back::Files(files) => {
                if let Err(error) = files.index.note(change) {
                    tracing::error!(%error, "the index cannot be written");
                }
            }
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
    }

    /// Writes anew what of the journal has entries that nothing points to any more. False: it was
    /// not to go on.
    pub(crate) fn rewrite(&self, fate: impl Fn(At, &[u8]) -> Fate, goes_on: impl Fn() -> bool) -> Result<bool, StoreError> {
        match &self.back {
            Back::Files(files) => {
                if !files.index.settle() {
                    return Err(StoreError::Disk(INDEX_REFUSES.to_owned()));
                }
                let meta = files.index.meta();
                // Of later records the index may not know yet that they are needed.
                let is_meant = |record| record < meta.next && meta.dead.touches(record);
                let is_done = files.journal.rewrite(is_meant, fate, goes_on).map_err(refused)?;
                files.opened.clear();
                if is_done {
                    self.note(|now| now.dead.forget(&meta.dead));
                }
                Ok(is_done)
            }
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(true),
        }
    }

    /// So much waits for the disk that writers may soon be blocked.
    pub(crate) fn is_full(&self) -> bool {
        match &self.back {
            Back::Files(files) => files.index.is_full(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => false,
        }
    }

    /// What could not be read since opening. It is left out of every answer and counted here.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Counts what could not be read, and makes the next start build the index anew.
    pub(crate) fn note_unreadable(&self, what: &str) {
        if self.unreadable.fetch_add(1, Ordering::Relaxed) == 0
            && let Err(error) = self.flag()
        {
            tracing::error!(%error, "the need for a repair cannot be noted");
        }
        tracing::error!(what, "something stored cannot be read");
    }

    fn note_unusable(&self, unusable: &Unusable) {
        match unusable {
            // Nothing is wrong with what is stored.
            Unusable::Io(error) => tracing::error!(%error, "the index cannot be read"),
            Unusable::Damaged(_) => self.note_unreadable("index"),
        }
    }

    fn flag(&self) -> io::Result<()> {
        match &self.back {
            Back::Files(files) => fs::write(&files.flag, b""),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(()),
        }
    }
}

fn refused(error: impl ToString) -> StoreError {
    tracing::error!(error = error.to_string(), "the journal cannot be written");
    StoreError::Disk(error.to_string())
}

impl Drop for Disk {
    fn drop(&mut self) {
        match &self.back {
            Back::Files(files) => files.index.finish(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
    }
}

enum RowIter {
    Files(Box<MergeIter>),
    #[cfg(feature = "manual")]
    Memory(crate::memory::MediumIter),
}

/// Rows in order; a block that cannot be read ends them and is counted.
pub(crate) struct Rows<'a> {
    disk: &'a Disk,
    iter: Option<RowIter>,
}

impl Iterator for Rows<'_> {
    type Item = (IVec, IVec);

    fn next(&mut self) -> Option<Self::Item> {
        let step = match self.iter.as_mut()? {
            RowIter::Files(iter) => iter.next(),
            #[cfg(feature = "manual")]
            RowIter::Memory(iter) => Ok(iter.next()),
        };
        let row = step.unwrap_or_else(|unusable| {
            self.disk.note_unusable(&unusable);
            None
        });
        if row.is_none() {
            self.iter = None;
        }
        row
    }
}
