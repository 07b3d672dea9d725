//! The sealed rows of one profile: reads and writes them, wherever they are kept.

use std::fs;
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sled::IVec;

use crate::error::{Broken, StoreError};
use crate::files::{Files, sync_dir};
use crate::key_range::{End, KeyRange};
use crate::merge_iter::MergeIter;
use crate::row::{Change, Stored};
use crate::seal::Sealer;

/// Extension of an empty file beside the database. If the file is there, rows were unreadable.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Sealed rows in key order.
pub(crate) struct Disk {
    back: Back,
    sealer: Arc<Sealer>,
    unreadable: AtomicU64,
}

/// Where the rows are.
enum Back {
    Files(Arc<Files>),
    /// In memory, in clear: nothing of it outlives the process.
    #[cfg(feature = "manual")]
    Memory(crate::memory::Medium),
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.back {
            Back::Files(files) => write!(f, "Disk({})", files.dir().display()),
            #[cfg(feature = "manual")]
            Back::Memory(_) => write!(f, "Disk(memory)"),
        }
    }
}

/// Opened databases may be shared between threads: sled is lock-free and the rest is guarded.
impl Disk {
    /// Opens or makes the database in `dir`.
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>) -> Result<Disk, Broken> {
        Ok(Disk::of(Back::Files(Files::open(dir, sealer.clone())?), sealer))
    }

    /// The rows of a medium in memory.
    #[cfg(feature = "manual")]
    pub(crate) fn in_memory(medium: crate::memory::Medium, sealer: Arc<Sealer>) -> Disk {
        Disk::of(Back::Memory(medium), sealer)
    }

    fn of(back: Back, sealer: Arc<Sealer>) -> Disk {
        Disk { back, sealer, unreadable: AtomicU64::new(0) }
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Rows that could not be read since opening. A damaged row is left out of every answer and
    /// counted here.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Counts an unreadable row, and makes the next start repair the database.
    pub(crate) fn note_unreadable(&self, what: &str) {
        if self.unreadable.fetch_add(1, Ordering::Relaxed) == 0
            && let Err(e) = self.back.note_unreadable()
        {
            tracing::error!(error = %e, "the need for a repair cannot be noted");
        }
        tracing::error!(what, "a stored row cannot be read");
    }

    /// A row as it is stored.
    pub(crate) fn get_raw(&self, key: &[u8]) -> Result<Option<Stored>, Broken> {
        match &self.back {
            Back::Files(files) => files.get(key),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Ok(medium.get(key).map(Stored::Plain)),
        }
    }

    /// A row's content; none if it is not there, or not readable.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.get_raw(key) {
            Ok(value) => self.open_row(key, &value?),
            Err(_) => {
                self.note_unreadable("page");
                None
            }
        }
    }

    pub(crate) fn has(&self, key: &[u8]) -> bool {
        matches!(self.get_raw(key), Ok(Some(_)))
    }

    /// What was stored under a key, in clear.
    pub(crate) fn open_row(&self, key: &[u8], stored: &Stored) -> Option<Vec<u8>> {
        let plain = stored.open(&self.sealer, key);
        if plain.is_none() {
            self.note_unreadable("row");
        }
        plain
    }

    /// Rows between two keys, from either end.
    pub(crate) fn scan(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_> {
        self.rows(KeyRange::new(from, to))
    }

    /// Rows whose key begins so.
    pub(crate) fn scan_prefix(&self, prefix: &[u8]) -> Rows<'_> {
        self.rows(KeyRange::of_prefix(prefix))
    }

    fn rows(&self, span: KeyRange) -> Rows<'_> {
        let iter = match &self.back {
            Back::Files(files) => RowIter::Files(Box::new(MergeIter::new(files, span))),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => RowIter::Memory(medium.rows_in(span)),
        };
        Rows { disk: self, iter: Some(iter) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.scan_prefix(&[]).next().is_none()
    }

    /// All of it or, after a crash, none of it.
    pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        match &self.back {
            Back::Files(files) => files.apply(changes),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.apply(changes.into_iter().map(Change::plain));
                Ok(())
            }
        }
    }

    /// So much waits for the disk that writers may soon be blocked.
    pub(crate) fn is_full(&self) -> bool {
        match &self.back {
            Back::Files(files) => files.memtable.is_full(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => false,
        }
    }

    /// Makes everything applied before this call survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        match &self.back {
            Back::Files(files) => files.sync(),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.sync();
                Ok(())
            }
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        match &self.back {
            Back::Files(files) => files.has_failed(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => false,
        }
    }

    /// Length of the database file in bytes.
    pub(crate) fn file_bytes(&self) -> io::Result<u64> {
        match &self.back {
            Back::Files(files) => files.file_bytes(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(0),
        }
    }

    /// Makes the names of the files survive a power cut; needed once, after they were made.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        match &self.back {
            Back::Files(files) => sync_dir(files.dir()).and_then(|()| files.dir().parent().map_or(Ok(()), sync_dir)),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(()),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        match &self.back {
            Back::Files(files) => files.finish(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => {}
        }
    }
}

impl Back {
    fn note_unreadable(&self) -> io::Result<()> {
        match self {
            // Once a write has failed sled reads no better than it writes; what is on disk may be
            // whole.
            Back::Files(files) if files.has_failed() => Ok(()),
            Back::Files(files) => fs::write(files.dir().with_extension(UNREADABLE), b""),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(()),
        }
    }
}

enum RowIter {
    Files(Box<MergeIter>),
    #[cfg(feature = "manual")]
    Memory(crate::memory::MediumIter),
}

/// Rows in order, from either end; a page that cannot be read ends them and is counted.
pub(crate) struct Rows<'a> {
    disk: &'a Disk,
    iter: Option<RowIter>,
}

impl Rows<'_> {
    fn step(&mut self, end: End) -> Option<(IVec, Stored)> {
        let step = match self.iter.as_mut()? {
            RowIter::Files(iter) => catch_unwind(AssertUnwindSafe(|| iter.step(end))),
            #[cfg(feature = "manual")]
            RowIter::Memory(iter) => Ok(iter.step(end).map(|(key, value)| Ok((key, Stored::Plain(value))))),
        };
        match step {
            Ok(Some(Ok(row))) => return Some(row),
            Ok(None) => {}
            Ok(Some(Err(_))) | Err(_) => self.disk.note_unreadable("page"),
        }
        self.iter = None;
        None
    }
}

impl Iterator for Rows<'_> {
    type Item = (IVec, Stored);

    fn next(&mut self) -> Option<Self::Item> {
        self.step(End::Front)
    }
}

impl DoubleEndedIterator for Rows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(End::Back)
    }
}
