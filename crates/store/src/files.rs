//! The one place that knows sled: atomic batches, real durability, and its panics kept in.

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
use crate::disk::{Broken, Change, StoreError, Stored, sync_dir};
use crate::key_range::{End, KeyRange};
use crate::memtable::{Batch, Cell, Memtable};
use crate::seal::Sealer;

/// Page cache. Raised: faster paging far back in large histories; lowered: less memory, which
/// whoever talks much can fill. sled keeps a page or two in each of its 256 shards all the same, 16
/// MB.
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
    /// Settles; ends when there is nothing to do.
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
        match catch_unwind(AssertUnwindSafe(|| self.find(key))) {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(e)) => Err(Broken::Damaged(e.to_string())),
            Err(panic) => Err(Broken::Damaged(panic_text(&*panic))),
        }
    }

    /// What the database has under a key.
    fn find(&self, key: &[u8]) -> sled::Result<Option<Stored>> {
        if block::group(key).is_none() {
            return Ok(self.db.get(key)?.map(Stored::Sealed));
        }
        let Some((first, sealed)) = self.block_up_to(key)? else { return Ok(None) };
        Ok(match self.entries(&first, &sealed) {
            Some(entries) => entries.into_iter().find(|(other, _)| other == key).map(|(_, value)| Stored::Plain(value)),
            // It may be in there.
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
            // The one before has nothing to do any more.
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

    /// The keys, from one on, that are written together with it: those of the block that it falls
    /// into, and what is in there, or those up to the next block.
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

/// A copy of its own. The database keeps keys for long: made here they lie beside what it keeps as
/// well, and not among what comes and goes while others talk, whose memory could then not be given
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;
    use crate::walk::Walk;

    /// Rows of their own, then entries of two rooms, then rows of their own again.
    const KEYS: u8 = 64;

    fn key(n: u8) -> Vec<u8> {
        match n {
            0..4 => vec![n],
            4..44 => [&[b'E'][..], &[1; 16], &[n; 56]].concat(),
            44..60 => [&[b'E'][..], &[2; 16], &[n; 56]].concat(),
            _ => vec![0xf0, n],
        }
    }

    fn number(key: &[u8]) -> u8 {
        *key.last().expect("no key is empty")
    }

    #[derive(Clone, Debug)]
    enum Step {
        Write(Vec<(u8, Option<u8>)>),
        Settle,
        Reopen,
        /// A walk between two keys, from the end told, with rows settling after so many steps.
        Walk(u8, u8, bool, usize),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let some = |most| prop::collection::vec((0..KEYS, prop::option::weighted(0.7, any::<u8>())), 1..most);
        // As somebody talks: one after the other.
        let talk = (0..KEYS, 1..30u8, any::<u8>())
            .prop_map(|(from, many, value)| (from..KEYS.min(from + many)).map(|n| (n, Some(value))).collect());
        prop_oneof![
            3 => some(6).prop_map(Step::Write),
            1 => some(40).prop_map(Step::Write),
            2 => talk.prop_map(Step::Write),
            3 => Just(Step::Settle),
            1 => Just(Step::Reopen),
            4 => (0..KEYS, 0..KEYS, any::<bool>(), 0..12usize).prop_map(|(from, to, back, settle)| Step::Walk(from, to, back, settle)),
        ]
    }

    fn change(n: u8, value: Option<u8>) -> Change {
        match value {
            // Some so large that few go into a block.
            Some(value) => Change::Put { key: key(n), plain: vec![value; 1 + usize::from(value) * usize::from(value % 32)] },
            None => Change::Remove { key: key(n) },
        }
    }

    fn opened(dir: &Path, sealer: &Arc<Sealer>) -> Arc<Files> {
        Files::open(dir, sealer.clone()).unwrap_or_else(|e| panic!("{e:?}"))
    }

    fn plain(sealer: &Sealer, n: u8, stored: &Stored) -> u8 {
        stored.open(sealer, &key(n)).expect("it is ours")[0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Where a row is, waiting or in the database or both, alone or in a block, makes no
        /// difference to whoever reads.
        #[test]
        fn readers_cannot_tell_where_a_row_is(steps in prop::collection::vec(any_step(), 1..40)) {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let sealer = Arc::new(Sealer::new(&[1; 32]));
            let mut files = opened(dir.path(), &sealer);
            let mut model = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Write(rows) => {
                        files.apply(rows.iter().map(|(n, value)| change(*n, *value)).collect()).expect("the disk has room");
                        for (n, value) in rows {
                            match value {
                                Some(value) => model.insert(n, value),
                                None => model.remove(&n),
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
                        let mut walk = Walk::new(&files, KeyRange::new(Bound::Included(key(from)), Bound::Excluded(key(to))));
                        let mut found = Vec::new();
                        while let Some(row) = walk.step(end) {
                            let (key, stored) = row.expect("it can be read");
                            found.push((number(&key), plain(&sealer, number(&key), &stored)));
                            if found.len() == settle {
                                files.settle().expect("the disk has room");
                            }
                        }
                        let mut expected: Vec<(u8, u8)> = model.range(from..to.max(from)).map(|(n, value)| (*n, *value)).collect();
                        if back {
                            expected.reverse();
                        }
                        prop_assert_eq!(found, expected);
                    }
                }
                for n in 0..KEYS {
                    let found = files.get(&key(n)).expect("it can be read").map(|stored| plain(&sealer, n, &stored));
                    prop_assert_eq!(found, model.get(&n).copied());
                }
            }
        }
    }

    #[test]
    fn a_row_that_reaches_the_database_behind_a_walk_is_not_found_twice() {
        for (keys, end) in [(0..9, End::Front), (0..9, End::Back), (4..30, End::Front), (4..30, End::Back)] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let files = opened(dir.path(), &Arc::new(Sealer::new(&[1; 32])));
            files.apply(keys.clone().map(|n| change(n, Some(n))).collect()).expect("the disk has room");
            files.memtable.want_all();
            let mut walk = Walk::new(&files, KeyRange::of_prefix(&[]));
            let mut found: Vec<u8> = Vec::new();
            let mut go = |steps| found.extend((0..steps).filter_map(|_| walk.step(end)).map(|row| number(&row.expect("it can be read").0)));
            go(3);
            let batch = files.memtable.take().expect("it is wanted");
            files.db.apply_batch(files.sealed(&batch).expect("it can be read")).expect("the disk has room");
            go(3);
            files.memtable.retire(batch);
            go(30);
            if end == End::Back {
                found.reverse();
            }
            assert_eq!(found, keys.collect::<Vec<_>>());
        }
    }

    #[test]
    fn entries_share_blocks_whenever_they_come() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let files = opened(dir.path(), &Arc::new(Sealer::new(&[1; 32])));
        let write = |keys: &mut dyn Iterator<Item = u8>| {
            files.apply(keys.map(|n| change(n, Some(32))).collect()).expect("the disk has room");
            files.settle().expect("the disk has room");
            files.db.len()
        };
        assert_eq!(write(&mut (4..36).step_by(2)), 2, "together");
        assert_eq!(write(&mut (5..34).step_by(2)), 5, "in between, one of them between the two blocks");
        assert_eq!(write(&mut (44..60)), 7, "in another room");
    }

    /// Up to form 3 each entry was a row.
    #[test]
    fn entries_that_were_rows_are_read_and_written_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let files = opened(dir.path(), &sealer);
        for n in (4..20).step_by(2) {
            files.db.insert(key(n), sealer.seal(&key(n), &[1, n])).expect("the disk has room");
        }
        files.apply((7..14).map(|n| change(n, Some(n))).collect()).expect("the disk has room");
        files.settle().expect("the disk has room");
        let found = |n: u8| files.get(&key(n)).expect("it can be read").map(|stored| plain(&sealer, n, &stored));
        let expected = |n: u8| if (7..14).contains(&n) { Some(n) } else { n.is_multiple_of(2).then_some(1) };
        assert_eq!((4..20).map(found).collect::<Vec<_>>(), (4..20).map(expected).collect::<Vec<_>>());
        let mut walk = Walk::new(&files, KeyRange::of_prefix(&[]));
        assert_eq!(std::iter::from_fn(|| walk.step(End::Front)).count(), (4..20).filter_map(expected).count());
    }

    /// What is in a block that cannot be read is told of, and neither in the way of others nor made
    /// up.
    #[test]
    fn an_unreadable_block_hides_its_own_entries_only() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let files = opened(dir.path(), &sealer);
        let write = |n: u8| {
            files.apply(vec![change(n, Some(n))]).expect("the disk has room");
            files.settle().expect("the disk has room");
        };
        files.apply((4..28).map(|n| change(n, Some(n))).collect()).expect("the disk has room");
        files.settle().expect("the disk has room");
        files.db.insert(key(12), vec![9; 100]).expect("the disk has room");
        let sealed = |n: u8| matches!(files.get(&key(n)).expect("it can be read"), Some(Stored::Sealed(_)));
        assert_eq!((4..28).filter(|n| sealed(*n)).collect::<Vec<_>>(), (12..20).collect::<Vec<_>>());
        let walked = |from: u8, end: End| {
            let mut walk = Walk::new(&files, KeyRange::new(Bound::Included(key(from)), Bound::Included(key(21))));
            let rows = std::iter::from_fn(|| walk.step(end)).map(|row| row.expect("it can be read"));
            rows.map(|(key, stored)| (number(&key), stored.open(&sealer, &key).is_some())).collect::<Vec<_>>()
        };
        assert_eq!(walked(11, End::Front), [(11, true), (12, false), (20, true), (21, true)]);
        assert_eq!(walked(14, End::Front), [(14, false), (20, true), (21, true)]);
        assert_eq!(walked(14, End::Back), [(21, true), (20, true), (14, false)]);
        write(15);
        assert_eq!(walked(11, End::Front), [(11, true), (12, false), (15, true), (20, true), (21, true)]);
        write(12);
        assert_eq!(walked(11, End::Front), [(11, true), (12, true), (15, true), (20, true), (21, true)]);
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
