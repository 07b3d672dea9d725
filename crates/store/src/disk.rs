//! The one place that knows sled: sealed rows, atomic batches, real durability, and its panics kept in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::seal::Sealer;

/// Page cache. Raised: faster paging far back in large histories; lowered: less memory (it fills only as it is used).
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How long a database that was closed a moment ago may stay locked.
const FREE_WITHIN: Duration = Duration::from_secs(2);

/// Extension of the empty file beside the database that says: rows were unreadable.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Why a write was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused (full, or failing). What this call would have written will not be there after reopening, nothing before it is
    /// lost, and every further write is refused until the store is opened anew.
    #[error("writing to the store failed: {0}")]
    Disk(String),
    /// An event does not follow on what is stored of its log: `expected` comes next. Earlier batches of the same call may be stored.
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

/// Sealed rows in key order.
pub(crate) struct Disk {
    back: Back,
    sealer: Arc<Sealer>,
    unreadable: AtomicU64,
    failed: AtomicBool,
}

/// Where the rows are.
enum Back {
    Files(Files),
    /// In memory, in clear: nothing of it outlives the process.
    #[cfg(feature = "manual")]
    Memory(crate::memory::Medium),
}

/// A database of sled, and what is needed to make it durable.
struct Files {
    db: sled::Db,
    dir: PathBuf,
    file: File,
    synced_blobs: Mutex<BTreeSet<OsString>>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.back {
            Back::Files(files) => write!(f, "Disk({})", files.dir.display()),
            #[cfg(feature = "manual")]
            Back::Memory(_) => write!(f, "Disk(memory)"),
        }
    }
}

/// Opened databases may be shared between threads: sled is lock-free and the rest is guarded.
impl Disk {
    /// Opens or makes the database in `dir`. sled repairs a torn tail by itself, and may panic on worse: that comes back as damage.
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>) -> Result<Disk, Broken> {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = match catch_unwind(AssertUnwindSafe(|| open_when_free(&config))) {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(e))) if is_about_the_system(&e) => return Err(Broken::Io(e)),
            Ok(Err(e)) => return Err(Broken::Damaged(e.to_string())),
            Err(panic) => return Err(Broken::Damaged(panic_text(&*panic))),
        };
        let file = File::open(dir.join("db")).map_err(Broken::Io)?;
        let files = Files { db, dir: dir.to_path_buf(), file, synced_blobs: Mutex::default() };
        Ok(Disk::of(Back::Files(files), sealer))
    }

    /// The rows of a medium in memory.
    #[cfg(feature = "manual")]
    pub(crate) fn in_memory(medium: crate::memory::Medium, sealer: Arc<Sealer>) -> Disk {
        Disk::of(Back::Memory(medium), sealer)
    }

    fn of(back: Back, sealer: Arc<Sealer>) -> Disk {
        Disk { back, sealer, unreadable: AtomicU64::new(0), failed: AtomicBool::new(false) }
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Rows that could not be read since opening. A damaged row is left out of every answer and counted here.
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

    /// A row as it lies on disk.
    pub(crate) fn get_raw(&self, key: &[u8]) -> Result<Option<sled::IVec>, Broken> {
        match catch_unwind(AssertUnwindSafe(|| self.back.get(key))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(e)) => Err(Broken::Damaged(e.to_string())),
            Err(panic) => Err(Broken::Damaged(panic_text(&*panic))),
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

    /// Unseals what lies under a key.
    pub(crate) fn open_row(&self, key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let plain = self.back.unseal(&self.sealer, key, value);
        if plain.is_none() {
            self.note_unreadable("row");
        }
        plain
    }

    /// Rows between two keys, still sealed; from either end.
    pub(crate) fn scan(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_> {
        // sled asks for ordered bounds.
        let empty = match (&from, &to) {
            (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a > b,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        };
        Rows { disk: self, iter: if empty { None } else { Some(self.back.range(from, to)) } }
    }

    /// Rows whose key begins so.
    pub(crate) fn scan_prefix(&self, prefix: &[u8]) -> Rows<'_> {
        Rows { disk: self, iter: Some(self.back.scan_prefix(prefix)) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.scan_prefix(&[]).next().is_none()
    }

    /// All of it or, after a crash, none of it. Later writes are refused once one has failed, because the database's memory may then
    /// hold half of a batch that its disk does not.
    pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        if changes.len() == 1 {
            return self.apply_in_order(changes);
        }
        self.refuse_if_failed()?;
        self.guarded(|| self.back.apply(&self.sealer, changes))
    }

    /// One after the other; a crash leaves those before some point. A batch wakes seven of sled's threads twice and takes 150–220 µs; three single
    /// rows take 30 µs and wake nobody, which is most of what a live message waits for.
    pub(crate) fn apply_in_order(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.guarded(|| changes.into_iter().try_for_each(|change| self.back.apply_one(&self.sealer, change)))
    }

    /// Makes everything applied before this call survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.guarded(|| self.back.sync())
    }

    /// Length of the database file in bytes.
    pub(crate) fn file_bytes(&self) -> io::Result<u64> {
        match &self.back {
            Back::Files(files) => files.file.metadata().map(|m| m.len()),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(0),
        }
    }

    /// Makes the names of the files survive a power cut; needed once, after they were made.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        match &self.back {
            Back::Files(files) => sync_dir(&files.dir).and_then(|()| files.dir.parent().map_or(Ok(()), sync_dir)),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(()),
        }
    }

    fn refuse_if_failed(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::Acquire) {
            return Err(StoreError::Disk("an earlier write failed".to_owned()));
        }
        Ok(())
    }

    fn guarded(&self, write: impl FnOnce() -> Result<(), String>) -> Result<(), StoreError> {
        let outcome = catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|panic| Err(panic_text(&*panic)));
        outcome.map_err(|e| {
            self.failed.store(true, Ordering::Release);
            tracing::error!(error = %e, "the store cannot be written");
            StoreError::Disk(e)
        })
    }
}

impl Back {
    fn get(&self, key: &[u8]) -> sled::Result<Option<sled::IVec>> {
        match self {
            Back::Files(files) => files.db.get(key),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Ok(medium.get(key)),
        }
    }

    fn unseal(&self, sealer: &Sealer, key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        match self {
            Back::Files(_) => sealer.unseal(key, value).ok(),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Some(value.to_vec()),
        }
    }

    fn range(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Iter {
        match self {
            Back::Files(files) => Iter::Files(files.db.range::<Vec<u8>, _>((from, to))),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Iter::Memory(medium.range(from, to)),
        }
    }

    fn scan_prefix(&self, prefix: &[u8]) -> Iter {
        match self {
            Back::Files(files) => Iter::Files(files.db.scan_prefix(prefix)),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => Iter::Memory(medium.scan_prefix(prefix)),
        }
    }

    fn apply(&self, sealer: &Sealer, changes: Vec<Change>) -> Result<(), String> {
        match self {
            Back::Files(files) => {
                let mut batch = sled::Batch::default();
                for change in changes {
                    match change.sealed(sealer) {
                        (key, Some(value)) => batch.insert(key, value),
                        (key, None) => batch.remove(key),
                    }
                }
                files.db.apply_batch(batch).map_err(|e| e.to_string())
            }
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.apply(changes.into_iter().map(Change::plain));
                Ok(())
            }
        }
    }

    fn apply_one(&self, sealer: &Sealer, change: Change) -> Result<(), String> {
        match self {
            Back::Files(files) => {
                let done = match change.sealed(sealer) {
                    (key, Some(value)) => files.db.insert(key, value),
                    (key, None) => files.db.remove(key),
                };
                done.map(drop).map_err(|e| e.to_string())
            }
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.apply([change.plain()]);
                Ok(())
            }
        }
    }

    fn sync(&self) -> Result<(), String> {
        match self {
            Back::Files(files) => files.sync(),
            #[cfg(feature = "manual")]
            Back::Memory(medium) => {
                medium.sync();
                Ok(())
            }
        }
    }

    fn note_unreadable(&self) -> io::Result<()> {
        match self {
            Back::Files(files) => fs::write(files.dir.with_extension(UNREADABLE), b""),
            #[cfg(feature = "manual")]
            Back::Memory(_) => Ok(()),
        }
    }
}

impl Files {
    fn sync(&self) -> Result<(), String> {
        self.db.flush().map_err(|e| e.to_string())?;
        // Large pages lie in files of their own, which sled never syncs; they go first, because the log refers to them.
        self.sync_blobs().map_err(|e| e.to_string())?;
        // On Linux sled's flush is sync_file_range, which does not reach the disk's own cache nor the file's length.
        self.file.sync_data().map_err(|e| e.to_string())
    }

    fn sync_blobs(&self) -> io::Result<()> {
        let dir = self.dir.join("blobs");
        let mut synced = self.synced_blobs.lock().unwrap_or_else(PoisonError::into_inner);
        let names: BTreeSet<OsString> = fs::read_dir(&dir)?.map(|entry| entry.map(|e| e.file_name())).collect::<Result<_, _>>()?;
        if names == *synced {
            return Ok(());
        }
        for name in names.difference(&synced) {
            match File::open(dir.join(name)) {
                Ok(blob) => blob.sync_data()?,
                // Replaced while we looked: then nothing durable needs it.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        sync_dir(&dir)?;
        *synced = names;
        Ok(())
    }
}

impl Change {
    /// Key and sealed value; no value to remove it.
    fn sealed(self, sealer: &Sealer) -> (Vec<u8>, Option<Vec<u8>>) {
        match self {
            Change::Put { key, plain } => {
                let value = sealer.seal(&key, &plain);
                (key, Some(value))
            }
            Change::PutClear { key, value } => (key, Some(value)),
            Change::Remove { key } => (key, None),
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

/// A walk over rows, from either end.
enum Iter {
    Files(sled::Iter),
    #[cfg(feature = "manual")]
    Memory(crate::memory::Walk),
}

impl Iterator for Iter {
    type Item = sled::Result<(sled::IVec, sled::IVec)>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Files(iter) => iter.next(),
            #[cfg(feature = "manual")]
            Iter::Memory(walk) => walk.next().map(Ok),
        }
    }
}

impl DoubleEndedIterator for Iter {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Files(iter) => iter.next_back(),
            #[cfg(feature = "manual")]
            Iter::Memory(walk) => walk.next_back().map(Ok),
        }
    }
}

/// Sealed rows in order; a page that cannot be read ends them and is counted.
pub(crate) struct Rows<'a> {
    disk: &'a Disk,
    iter: Option<Iter>,
}

impl Rows<'_> {
    fn step(&mut self, step: impl FnOnce(&mut Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>) -> Option<(sled::IVec, sled::IVec)> {
        let iter = self.iter.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| step(iter))) {
            Ok(Some(Ok(row))) => return Some(row),
            Ok(None) => {}
            Ok(Some(Err(_))) | Err(_) => self.disk.note_unreadable("page"),
        }
        self.iter = None;
        None
    }
}

impl Iterator for Rows<'_> {
    type Item = (sled::IVec, sled::IVec);

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Rows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

/// Errors that say more about rights, space or the device than about the content of the files.
fn is_about_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock};
    matches!(error.kind(), PermissionDenied | StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem | NotADirectory | WouldBlock)
        || error.to_string().contains("could not acquire lock")
}

/// Opens it, waiting a moment if the file is still locked. We hold the profile's own lock, so that can only be the last work of sled's threads for a
/// handle that this process has just dropped.
fn open_when_free(config: &sled::Config) -> sled::Result<sled::Db> {
    let since = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(e)) if e.to_string().contains("could not acquire lock") && since.elapsed() < FREE_WITHIN => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Makes the names in a directory survive a power cut. Only Unix can and needs to.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the database gave up").to_owned()
}
