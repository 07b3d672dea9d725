//! The database on disk: the one place that calls sled. Atomic batches, real durability, and no
//! panic of sled gets out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::ops::Bound::{Excluded, Included};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sled::IVec;

use crate::block::{self, Entry};
use crate::error::{Broken, StoreError};
use crate::key_range::{End, KeyRange};
use crate::memtable::{Batch, Memtable};
use crate::row::{Cell, Change, Stored};
use crate::seal::Sealer;

/// Page cache. Raised: faster paging far back in large histories. Lowered: less memory, which a
/// member that talks much can fill. sled keeps a page or two in each of its 256 shards all the
/// same, 16 MB.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// How long a database that was closed a moment ago may stay locked.
const FREE_WITHIN: Duration = Duration::from_secs(2);

/// A database of sled, the rows on their way to it, and what is needed to make them durable.
pub(crate) struct Files {
    pub(crate) memtable: Memtable,
    pub(crate) db: sled::Db,
    dir: PathBuf,
    file: File,
    sealer: Arc<Sealer>,
    synced_blobs: Mutex<BTreeSet<OsString>>,
    /// The thread that gives full batches to the database; it ends when there is nothing to do.
    settler: Mutex<Option<JoinHandle<()>>>,
    failed: AtomicBool,
}

impl Files {
    /// Opens or makes the database in `dir`. sled repairs a torn tail by itself, and may panic on
    /// worse: that comes back as damage.
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>) -> Result<Arc<Files>, Broken> {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = match catch_unwind(AssertUnwindSafe(|| open_when_free(&config))) {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(e))) if is_about_the_system(&e) => return Err(Broken::Io(e)),
            Ok(Err(e)) => return Err(Broken::Damaged(e.to_string())),
            Err(panic) => return Err(Broken::Damaged(panic_text(&*panic))),
        };
        let file = File::open(dir.join("db")).map_err(Broken::Io)?;
        Ok(Arc::new(Files {
            memtable: Memtable::default(),
            db,
            dir: dir.to_path_buf(),
            file,
            sealer,
            synced_blobs: Mutex::default(),
            settler: Mutex::default(),
            failed: AtomicBool::new(false),
        }))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a write has failed; then no other is tried.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Length of the database file in bytes.
    pub(crate) fn file_bytes(&self) -> io::Result<u64> {
        self.file.metadata().map(|m| m.len())
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Stored>, Broken> {
        if let Some(cell) = self.memtable.get(key) {
            return Ok(cell.into_stored());
        }
        match catch_unwind(AssertUnwindSafe(|| self.find(key))) {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(e)) => Err(Broken::Damaged(e.to_string())),
            Err(panic) => Err(Broken::Damaged(panic_text(&*panic))),
        }
    }

    /// What the database has under a key, the memtable not asked.
    fn find(&self, key: &[u8]) -> sled::Result<Option<Stored>> {
        if block::group(key).is_none() {
            return Ok(self.db.get(key)?.map(Stored::Sealed));
        }
        let Some((first, sealed)) = self.block_up_to(key)? else { return Ok(None) };
        Ok(match self.entries(&first, &sealed) {
            Some(entries) => entries.into_iter().find(|(other, _)| other == key).map(|(_, value)| Stored::Plain(value)),
            // The entry may be in there.
            None => Some(Stored::Sealed(sealed)),
        })
    }

    /// The last block that begins at a key or before it, in the same room.
    pub(crate) fn block_up_to(&self, key: &[u8]) -> sled::Result<Option<(IVec, IVec)>> {
        let Some(group) = block::group(key) else { return Ok(None) };
        self.db.range(group..=key).next_back().transpose()
    }

    /// What is in a block; none if it is unreadable.
    pub(crate) fn entries(&self, first: &IVec, sealed: &IVec) -> Option<Vec<Entry>> {
        block::decode(first, &self.sealer.unseal(first, sealed).ok()?)
    }

    /// All of it or, after a crash, none of it. Returns before the database has it.
    pub(crate) fn apply(self: &Arc<Self>, changes: Vec<Change>) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        if self.memtable.push(changes.into_iter().map(Change::into_cell).collect()) {
            self.start_settler();
        }
        Ok(())
    }

    fn start_settler(self: &Arc<Self>) {
        let files = self.clone();
        match thread::Builder::new().name("store-settle".to_owned()).spawn(move || while files.settle_one() {}) {
            // The thread before this one has nothing to do any more.
            Ok(thread) => *guard(&self.settler) = Some(thread),
            Err(_) => while self.settle_one() {},
        }
    }

    /// Gives the database one batch; false if none is full or wanted, or if it failed, which shows
    /// with the next write or sync.
    fn settle_one(&self) -> bool {
        let Some(batch) = self.memtable.take() else { return false };
        let bring = || self.sealed(&batch).and_then(|sealed| self.db.apply_batch(sealed)).map_err(|e| e.to_string());
        if self.guarded(bring).is_err() {
            return false;
        }
        self.memtable.retire(batch);
        true
    }

    fn sealed(&self, batch: &Batch) -> sled::Result<sled::Batch> {
        let mut sealed = sled::Batch::default();
        let mut entries = Vec::with_capacity(batch.rows().len());
        for (key, cell) in batch.rows() {
            match cell {
                _ if block::group(key).is_some() => entries.push((key, cell)),
                Cell::Plain(plain) => sealed.insert(anew(key), self.sealer.seal(key, plain)),
                Cell::Clear(value) => sealed.insert(anew(key), value.clone()),
                Cell::Removed => sealed.remove(key.clone()),
            }
        }
        entries.sort_unstable_by_key(|(key, _)| *key);
        self.seal_blocks(&entries, &mut sealed)?;
        Ok(sealed)
    }

    /// Writes entries into the block that they fall into, or into new ones where there is none.
    fn seal_blocks(&self, entries: &[(&IVec, &Cell)], sealed: &mut sled::Batch) -> sled::Result<()> {
        let mut rest = entries;
        while let Some((key, _)) = rest.first() {
            let (stretch, before) = self.stretch_around(key)?;
            let (written, others) = rest.split_at(rest.partition_point(|(key, _)| stretch.contains(key)));
            rest = others;
            let old = before.first().map(|(first, _)| first.clone());
            let after = block::merge(before, written);
            // If the first entry is still there, its block is written over.
            if let Some(old) = old.filter(|old| after.first().is_none_or(|(first, _)| first != old)) {
                sealed.remove(old);
            }
            for (first, plain) in block::encode(&after) {
                sealed.insert(anew(first), self.sealer.seal(first, &plain));
            }
        }
        Ok(())
    }

    /// Which keys are written together with `key`, and what is there already: from `key` to the end
    /// of the block that it falls into, with all entries of that block; or up to the next block,
    /// with none.
    fn stretch_around(&self, key: &IVec) -> sled::Result<(KeyRange, Vec<Entry>)> {
        if let Some((first, sealed)) = self.block_up_to(key)? {
            // An unreadable one ends where it begins, so that it is written over by its first entry
            // only.
            let entries = self.entries(&first, &sealed).unwrap_or_else(|| vec![(first, IVec::default())]);
            if let Some(last) = entries.last().map(|(last, _)| last.clone()).filter(|last| key <= last) {
                return Ok((KeyRange::new(Included(key.to_vec()), Included(last.to_vec())), entries));
            }
        }
        let mut room = KeyRange::of_prefix(block::group(key).unwrap_or_default());
        room.leave_out(key, End::Front);
        let next = self.db.range::<&[u8], _>(room.bounds()).next().transpose()?;
        let end = next.map_or_else(|| room.bounds().1.map(<[u8]>::to_vec), |(next, _)| Excluded(next.to_vec()));
        Ok((KeyRange::new(Included(key.to_vec()), end), Vec::new()))
    }

    /// Makes everything applied before this call survive a power cut.
    pub(crate) fn sync(self: &Arc<Self>) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.settle()?;
        self.guarded(|| {
            self.db.flush().map_err(|e| e.to_string())?;
            // Large pages lie in files of their own, which sled never syncs; they go first, because
            // the log refers to them.
            self.sync_blobs().map_err(|e| e.to_string())?;
            // On Linux sled's flush is sync_file_range, which does not reach the disk's own cache
            // nor the file's length.
            self.file.sync_data().map_err(|e| e.to_string())
        })
    }

    /// Waits until the database has everything applied before this call.
    fn settle(self: &Arc<Self>) -> Result<(), StoreError> {
        let (newest, ours) = self.memtable.want_all();
        while ours && self.settle_one() {
            if self.memtable.has_retired(newest) {
                if self.memtable.leave() {
                    self.start_settler();
                }
                break;
            }
        }
        self.memtable.wait_for(newest);
        self.refuse_if_failed()
    }

    fn sync_blobs(&self) -> io::Result<()> {
        let dir = self.dir.join("blobs");
        let mut synced = guard(&self.synced_blobs);
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

    /// Called when the last handle goes. Gives all that waits to the database, and ends the work on
    /// it.
    pub(crate) fn finish(self: &Arc<Self>) {
        if let Some(settler) = guard(&self.settler).take() {
            // A panic of its own has been caught and noted.
            let _ = settler.join();
        }
        if self.refuse_if_failed().is_ok() {
            // A failure is logged where it happens; there is no caller left to tell.
            let _ = self.settle();
        }
    }

    /// Later writes are refused once one has failed, because the database's memory may then hold
    /// half of a batch that its disk does not.
    fn refuse_if_failed(&self) -> Result<(), StoreError> {
        if self.has_failed() {
            return Err(StoreError::Disk("an earlier write failed".to_owned()));
        }
        Ok(())
    }

    fn guarded<T>(&self, write: impl FnOnce() -> Result<T, String>) -> Result<T, StoreError> {
        let outcome = catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|panic| Err(panic_text(&*panic)));
        outcome.map_err(|e| {
            self.failed.store(true, Ordering::Release);
            self.memtable.give_up();
            tracing::error!(error = %e, "the store cannot be written");
            StoreError::Disk(e)
        })
    }
}

/// A copy of its own. The database keeps keys for long. Allocated here, they lie in memory beside
/// other things that it keeps, and not among short-lived ones, whose memory could then not be given
/// back.
fn anew(key: &IVec) -> IVec {
    IVec::from(key.as_ref())
}

/// Opens it, waiting a moment if the file is still locked. We hold the profile's own lock, so that
/// can only be the last work of sled's threads for a handle that this process has just dropped.
fn open_when_free(config: &sled::Config) -> sled::Result<sled::Db> {
    let since = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(e)) if e.to_string().contains("could not acquire lock") && since.elapsed() < FREE_WITHIN => {
                thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Errors that say more about rights, space or the device than about the content of the files.
fn is_about_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock};
    matches!(error.kind(), PermissionDenied | StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem | NotADirectory | WouldBlock)
        || error.to_string().contains("could not acquire lock")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the database gave up").to_owned()
}

/// Nothing here panics half-way through a change, so a poisoned state is whole.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the names in a directory survive a power cut. Only Unix can and needs to.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
