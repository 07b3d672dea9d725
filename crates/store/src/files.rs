//! The one place that knows sled: atomic batches, real durability, and its panics kept in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sled::IVec;

use crate::disk::{Broken, Change, StoreError, Stored, sync_dir};
use crate::memtable::{Batch, Cell, Memtable};
use crate::seal::Sealer;
use crate::span::{End, Span};

/// Page cache. Raised: faster paging far back in large histories; lowered: less memory (it fills only as it is used).
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How long a database that was closed a moment ago may stay locked.
const FREE_WITHIN: Duration = Duration::from_secs(2);

/// A database of sled, the rows on their way to it, and what is needed to make them durable.
pub(crate) struct Files {
    memtable: Memtable,
    db: sled::Db,
    dir: PathBuf,
    file: File,
    sealer: Arc<Sealer>,
    synced_blobs: Mutex<BTreeSet<OsString>>,
    /// Settles; ends when there is nothing to do.
    settler: Mutex<Option<JoinHandle<()>>>,
    failed: AtomicBool,
}

impl Files {
    /// Opens or makes the database in `dir`. sled repairs a torn tail by itself, and may panic on worse: that comes back as damage.
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

    /// A write has failed; no other is tried.
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
        match catch_unwind(AssertUnwindSafe(|| self.db.get(key))) {
            Ok(Ok(value)) => Ok(value.map(Stored::Sealed)),
            Ok(Err(e)) => Err(Broken::Damaged(e.to_string())),
            Err(panic) => Err(Broken::Damaged(panic_text(&*panic))),
        }
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
            // The one before has nothing to do any more.
            Ok(thread) => *guard(&self.settler) = Some(thread),
            Err(_) => while self.settle_one() {},
        }
    }

    /// Gives the database one batch; false if none is full or wanted, or if it failed, which shows with the next write or sync.
    fn settle_one(&self) -> bool {
        let Some(batch) = self.memtable.take() else { return false };
        let bring = || self.db.apply_batch(self.sealed(&batch)).map_err(|e| e.to_string());
        if self.guarded(bring).is_err() {
            return false;
        }
        self.memtable.retire(batch);
        true
    }

    fn sealed(&self, batch: &Batch) -> sled::Batch {
        let mut sealed = sled::Batch::default();
        for (key, cell) in batch.rows() {
            match cell {
                Cell::Plain(plain) => sealed.insert(key.clone(), self.sealer.seal(key, plain)),
                Cell::Clear(value) => sealed.insert(key.clone(), value.clone()),
                Cell::Removed => sealed.remove(key.clone()),
            }
        }
        sealed
    }

    /// Makes everything applied before this call survive a power cut.
    pub(crate) fn sync(self: &Arc<Self>) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.settle()?;
        self.guarded(|| {
            self.db.flush().map_err(|e| e.to_string())?;
            // Large pages lie in files of their own, which sled never syncs; they go first, because the log refers to them.
            self.sync_blobs().map_err(|e| e.to_string())?;
            // On Linux sled's flush is sync_file_range, which does not reach the disk's own cache nor the file's length.
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

    /// The last handle goes: what waits is given to the database, and nobody works on it any more.
    pub(crate) fn finish(self: &Arc<Self>) {
        if let Some(settler) = guard(&self.settler).take() {
            // A panic of its own has been caught and noted.
            let _ = settler.join();
        }
        if self.refuse_if_failed().is_ok() {
            // Noted by itself; there is nobody left to tell.
            let _ = self.settle();
        }
    }

    /// Later writes are refused once one has failed, because the database's memory may then hold half of a batch that its disk does not.
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

/// Rows of a span from either end, those on their way to the database included. Sees what is written meanwhile.
pub(crate) struct Walk {
    files: Arc<Files>,
    span: Span,
    below: Option<Below>,
}

/// The database's part of a walk, from one end.
struct Below {
    end: End,
    /// The newest batch that the database had when this began. What came later it may miss, because sled reads ahead.
    since: u64,
    rows: sled::Iter,
    /// A row that was read and not given out.
    ahead: Option<(IVec, IVec)>,
}

impl Walk {
    pub(crate) fn new(files: &Arc<Files>, span: Span) -> Walk {
        Walk { files: files.clone(), span, below: None }
    }

    pub(crate) fn step(&mut self, end: End) -> Option<sled::Result<(IVec, Stored)>> {
        while !self.span.is_empty() {
            // Above before below: what moves down in between is then found twice, not never.
            let (retired, above) = self.files.memtable.outermost(&self.span, end);
            let mut below = match self.below.take() {
                Some(below) if below.end == end && below.since == retired => below,
                Some(_) | None => Below { end, since: retired, rows: self.files.db.range::<&[u8], _>(self.span.bounds()), ahead: None },
            };
            let under = match below.ahead.take().map(Ok).or_else(|| below.step(&self.span)) {
                Some(Err(e)) => return Some(Err(e)),
                Some(Ok(row)) => Some(row),
                None => None,
            };
            let (key, stored) = match (above, under) {
                (None, None) => return None,
                (None, Some((key, value))) => (key, Some(Stored::Sealed(value))),
                // The row above is found again.
                (Some((other, _)), Some((key, value))) if end.is_outer(&key, &other) => (key, Some(Stored::Sealed(value))),
                (Some((key, cell)), under) => {
                    // A row of the same key below is an older one.
                    below.ahead = under.filter(|(other, _)| *other != key);
                    (key, cell.into_stored())
                }
            };
            self.below = Some(below);
            self.span.leave_out(&key, end);
            if let Some(stored) = stored {
                return Some(Ok((key, stored)));
            }
        }
        None
    }
}

impl Below {
    /// The next row of what is left of the span. The database may just have got rows that were above until now and have been given out.
    fn step(&mut self, span: &Span) -> Option<sled::Result<(IVec, IVec)>> {
        let mut rows = std::iter::from_fn(|| match self.end {
            End::Front => self.rows.next(),
            End::Back => self.rows.next_back(),
        });
        rows.find(|row| row.as_ref().is_ok_and(|(key, _)| span.contains(key)) || row.is_err())
    }
}

/// Opens it, waiting a moment if the file is still locked. We hold the profile's own lock, so that can only be the last work of sled's threads for a
/// handle that this process has just dropped.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Write(Vec<(u8, Option<u8>)>),
        Settle,
        Reopen,
        /// A walk between two keys, from the end told, with rows settling after so many steps.
        Walk(u8, u8, bool, usize),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec((0..24u8, prop::option::of(any::<u8>())), 1..6).prop_map(Step::Write),
            2 => Just(Step::Settle),
            1 => Just(Step::Reopen),
            4 => (0..24u8, 0..24u8, any::<bool>(), 0..6usize).prop_map(|(from, to, back, settle)| Step::Walk(from, to, back, settle)),
        ]
    }

    fn change(key: u8, value: Option<u8>) -> Change {
        match value {
            Some(value) => Change::Put { key: vec![key], plain: vec![value] },
            None => Change::Remove { key: vec![key] },
        }
    }

    fn opened(dir: &Path, sealer: &Arc<Sealer>) -> Arc<Files> {
        Files::open(dir, sealer.clone()).unwrap_or_else(|e| panic!("{e:?}"))
    }

    fn plain(sealer: &Sealer, key: u8, stored: &Stored) -> u8 {
        stored.open(sealer, &[key]).expect("it is ours")[0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Where a row is, waiting or in the database or both, makes no difference to whoever reads.
        #[test]
        fn readers_cannot_tell_where_a_row_is(steps in prop::collection::vec(any_step(), 1..40)) {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let sealer = Arc::new(Sealer::new(&[1; 32]));
            let mut files = opened(dir.path(), &sealer);
            let mut model = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Write(rows) => {
                        files.apply(rows.iter().map(|(key, value)| change(*key, *value)).collect()).expect("the disk has room");
                        for (key, value) in rows {
                            match value {
                                Some(value) => model.insert(key, value),
                                None => model.remove(&key),
                            };
                        }
                    }
                    Step::Settle => files.settle().expect("the disk has room"),
                    Step::Reopen => {
                        files.finish();
                        drop(files);
                        files = opened(dir.path(), &sealer);
                    }
                    Step::Walk(from, to, back, settle) => {
                        let end = if back { End::Back } else { End::Front };
                        let mut walk = Walk::new(&files, Span::new(Bound::Included(vec![from]), Bound::Excluded(vec![to])));
                        let mut found = Vec::new();
                        while let Some(row) = walk.step(end) {
                            let (key, stored) = row.expect("it can be read");
                            found.push((key[0], plain(&sealer, key[0], &stored)));
                            if found.len() == settle {
                                files.settle().expect("the disk has room");
                            }
                        }
                        let mut expected: Vec<(u8, u8)> = model.range(from..to.max(from)).map(|(key, value)| (*key, *value)).collect();
                        if back {
                            expected.reverse();
                        }
                        prop_assert_eq!(found, expected);
                    }
                }
                for key in 0..24 {
                    let found = files.get(&[key]).expect("it can be read").map(|stored| plain(&sealer, key, &stored));
                    prop_assert_eq!(found, model.get(&key).copied());
                }
            }
        }
    }

    #[test]
    fn a_row_that_reaches_the_database_behind_a_walk_is_not_found_twice() {
        for end in [End::Front, End::Back] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let files = opened(dir.path(), &Arc::new(Sealer::new(&[1; 32])));
            files.apply((0..9).map(|key| change(key, Some(key))).collect()).expect("the disk has room");
            files.memtable.want_all();
            let mut walk = Walk::new(&files, Span::of_prefix(&[]));
            let mut found: Vec<u8> = Vec::new();
            let mut go = |steps| found.extend((0..steps).filter_map(|_| walk.step(end)).map(|row| row.expect("it can be read").0[0]));
            go(3);
            let batch = files.memtable.take().expect("it is wanted");
            files.db.apply_batch(files.sealed(&batch)).expect("the disk has room");
            go(3);
            files.memtable.retire(batch);
            go(9);
            if end == End::Back {
                found.reverse();
            }
            assert_eq!(found, (0..9).collect::<Vec<_>>());
        }
    }

    #[test]
    fn full_batches_go_by_themselves_and_whoever_writes_too_much_waits_for_them() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let files = opened(dir.path(), &sealer);
        let key = |n: u32| n.to_be_bytes().to_vec();
        for n in 0..40_000u32 {
            files
                .apply(vec![Change::Put { key: key(n), plain: vec![1; 100] }, Change::PutClear { key: key(u32::MAX), value: key(n) }])
                .expect("the disk has room");
            assert!(files.memtable.waiting() <= crate::memtable::MAX_ROWS + 2, "after {n}");
        }
        files.finish();
        assert_eq!(files.memtable.waiting(), 0);
        assert_eq!(files.db.len(), 40_001);
        assert_eq!(files.db.get(key(u32::MAX)).expect("it can be read").as_deref(), Some(key(39_999).as_slice()));
    }
}
