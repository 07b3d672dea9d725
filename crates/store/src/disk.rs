//! Rows: sealed on their way to the disk, opened on their way back.

use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sled::IVec;

use crate::files::Files;
use crate::key_range::{End, KeyRange};
use crate::memtable::Cell;
use crate::seal::Sealer;
use crate::walk;

/// Extension of the empty file beside the database that says: rows were unreadable.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Why a write was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused (full, or failing). Nothing that a [`crate::Store::flush`] vouched for is
    /// lost; what was written since may not be there after reopening, and every further write is
    /// refused until the store is opened anew.
    #[error("writing to the store failed: {0}")]
    Disk(String),
    /// An event does not follow on what is stored of its log: `expected` comes next. Earlier
    /// batches of the same call may be stored.
    #[error("event {seq} of a log where {expected} comes next")]
    Gap {
        /// What comes next.
        expected: u32,
        /// What was given.
        seq: u32,
    },
    /// The row is larger than [`crate::MAX_ROW_BYTES`]. Nothing has changed.
    #[error("a row of {0} bytes is too large")]
    TooLarge(usize),
}

/// Why the database could not be opened. Whether anything changed is decided by who asks.
#[derive(Debug)]
pub(crate) enum Broken {
    Io(io::Error),
    Damaged(String),
}

/// One change of a batch.
#[derive(Clone)]
pub(crate) enum Change {
    Put { key: Vec<u8>, plain: Vec<u8> },
    PutClear { key: Vec<u8>, value: Vec<u8> },
    Remove { key: Vec<u8> },
}

/// What is read under a key.
#[derive(Debug)]
pub(crate) enum Stored {
    /// As it lies on disk.
    Sealed(IVec),
    /// It has not been there, or never will.
    Plain(IVec),
}

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

    /// Counts it, and sees to it that the next start repairs.
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
        let walk = match &self.back {
            Back::Files(files) => Walk::Files(Box::new(walk::Walk::new(files, span))),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Walk::Memory(medium.walk(span)),
        };
        Rows { disk: self, walk: Some(walk) }
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

    /// Most of what may wait does.
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

impl Change {
    pub(crate) fn into_cell(self) -> (IVec, Cell) {
        match self {
            Change::Put { key, plain } => (key.into(), Cell::Plain(plain.into())),
            Change::PutClear { key, value } => (key.into(), Cell::Clear(value.into())),
            Change::Remove { key } => (key.into(), Cell::Removed),
        }
    }

    #[cfg(feature = "manual")]
    fn plain(self) -> (Vec<u8>, Option<Vec<u8>>) {
        match self {
            Change::Put { key, plain } => (key, Some(plain)),
            Change::PutClear { key, value } => (key, Some(value)),
            Change::Remove { key } => (key, None),
        }
    }
}

impl Stored {
    /// The content, if it was sealed here under this key.
    pub(crate) fn open(&self, sealer: &Sealer, key: &[u8]) -> Option<Vec<u8>> {
        match self {
            Stored::Sealed(row) => sealer.unseal(key, row).ok(),
            Stored::Plain(plain) => Some(plain.to_vec()),
        }
    }

    /// The bytes as they are.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Stored::Sealed(bytes) | Stored::Plain(bytes) => bytes,
        }
    }
}

enum Walk {
    Files(Box<walk::Walk>),
    #[cfg(feature = "manual")]
    Memory(crate::memory::Walk),
}

/// Rows in order, from either end; a page that cannot be read ends them and is counted.
pub(crate) struct Rows<'a> {
    disk: &'a Disk,
    walk: Option<Walk>,
}

impl Rows<'_> {
    fn step(&mut self, end: End) -> Option<(IVec, Stored)> {
        let step = match self.walk.as_mut()? {
            Walk::Files(walk) => catch_unwind(AssertUnwindSafe(|| walk.step(end))),
            #[cfg(feature = "manual")]
            Walk::Memory(walk) => Ok(walk.step(end).map(|(key, value)| Ok((key, Stored::Plain(value))))),
        };
        match step {
            Ok(Some(Ok(row))) => return Some(row),
            Ok(None) => {}
            Ok(Some(Err(_))) | Err(_) => self.disk.note_unreadable("page"),
        }
        self.walk = None;
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

/// Makes the names in a directory survive a power cut. Only Unix can and needs to.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
