//! The index: a table in the database, the rows on their way there, and what is done when the
//! database fails. Whatever is wrong with it costs nothing but building it anew.

use std::fs;
use std::io;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sled::IVec;

use super::block::{self, Change, Entry};
use super::database::{FIRST, FREE_WITHIN, META, Unusable, block_up_to, guarded, next_block, open_when_free, read_meta};
use super::key_range::{End, KeyRange};
use super::memtable::{Batch, Memtable, Then};
use super::meta::{Dead, Meta};
use crate::journal::Journal;
use crate::seal::Sealer;

/// Bytes that are kept so that sled can be opened anew, and read, on a full disk: sled does neither
/// once it could not write.
const RESERVE: usize = 1024 * 1024;

/// The table, the rows on their way to it, and the thread that brings them there.
pub(crate) struct Index {
    pub(super) memtable: Memtable,
    dir: PathBuf,
    sealer: Arc<Sealer>,
    journal: Arc<Journal>,
    /// None while it cannot be opened.
    db: RwLock<Option<sled::Db>>,
    /// A write has failed. Nothing more is taken until the reserve is there again.
    failed: AtomicBool,
    /// As it is in the database.
    meta: Mutex<Meta>,
    /// It ends when there is nothing to do.
    settler: Mutex<Option<JoinHandle<()>>>,
}

impl Index {
    /// Opens or makes the database in `dir`. A new one knows nothing of the journal.
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>, journal: Arc<Journal>) -> Result<Arc<Index>, Unusable> {
        let db = open_when_free(dir)?;
        let meta = read_meta(&db, &sealer)?.or_else(|| db.is_empty().then(Meta::default));
        let meta = meta.ok_or_else(|| Unusable::Damaged("it is of another form or another profile".to_owned()))?;
        let index = Arc::new(Index {
            memtable: Memtable::default(),
            dir: dir.to_owned(),
            sealer,
            journal,
            db: RwLock::new(Some(db)),
            failed: AtomicBool::new(false),
            meta: Mutex::new(meta),
            settler: Mutex::default(),
        });
        // A disk that has no room for it has none for what would be written first.
        index.failed.store(index.make_reserve().is_err(), Ordering::Release);
        Ok(index)
    }

    /// Removes all of it from the disk. Nobody may have it open.
    pub(crate) fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_dir_all(dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// What the database on disk says of itself.
    pub(crate) fn meta(&self) -> Meta {
        guard(&self.meta).clone()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, Unusable> {
        if let Some(value) = self.memtable.get(key) {
            return Ok(value);
        }
        self.reading(|db| {
            let Some((first, sealed)) = block_up_to(db, Included(&IVec::from(key)))? else { return Ok(None) };
            let found = self.entries(&first, &sealed)?.into_iter().find(|(other, _)| other == key);
            Ok(found.map(|(_, value)| value))
        })
    }

    fn db(&self) -> Result<sled::Db, Unusable> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        db.clone().ok_or_else(|| Unusable::Io(io::Error::other("it is not open")))
    }

    /// Reads; while it is being opened anew, waits for that.
    fn reading<T>(&self, read: impl Fn(&sled::Db) -> sled::Result<T>) -> Result<T, Unusable> {
        let since = Instant::now();
        loop {
            match self.db().and_then(|db| guarded(|| read(&db))) {
                Err(Unusable::Io(_)) if since.elapsed() < FREE_WITHIN => thread::sleep(Duration::from_millis(5)),
                outcome => return outcome,
            }
        }
    }

    /// The part of a range from one end to where the block there ends, the rest of the range, and
    /// the rows of that block.
    pub(super) fn stretch(&self, span: &KeyRange, end: End) -> Result<(KeyRange, KeyRange, Vec<Entry>), Unusable> {
        let nothing = || KeyRange::new(Included(Vec::new()), Excluded(Vec::new()));
        self.reading(|db| {
            let (block, border) = match (end, &span.from) {
                (End::Front, Included(from) | Excluded(from)) => (block_up_to(db, Included(from))?, next_block(db, Excluded(from))?),
                (End::Front, Unbounded) => (None, next_block(db, Included(&IVec::from(&FIRST)))?),
                (End::Back, _) => {
                    let block = block_up_to(db, span.to.as_ref())?;
                    let first = block.as_ref().map(|(first, _)| first.clone());
                    (block, first)
                }
            };
            let entries = block.map_or(Ok(Vec::new()), |(first, sealed)| self.entries(&first, &sealed))?;
            let parts = border.filter(|border| span.contains(border)).map(|border| span.split(end, border, end == End::Back));
            let (stretch, rest) = parts.unwrap_or_else(|| (span.clone(), nothing()));
            Ok((stretch, rest, entries))
        })
    }

    /// What is in a block.
    fn entries(&self, first: &IVec, sealed: &IVec) -> sled::Result<Vec<Entry>> {
        let plain = self.sealer.unseal(first, sealed).ok();
        plain.and_then(|plain| block::decode(first, &plain)).ok_or_else(|| sled::Error::ReportableBug("a block is damaged".to_owned()))
    }

    /// Whether more rows may be written now; waits for the database while it takes what waits.
    pub(crate) fn has_room(&self) -> bool {
        if self.failed.load(Ordering::Acquire) {
            // Twice: a batch that was under way may still fail for want of room that is there now.
            return self.recover() || self.recover();
        }
        self.memtable.has_room()
    }

    fn recover(&self) -> bool {
        if self.reopen().and_then(|()| self.make_reserve().map_err(Unusable::Io)).is_err() {
            return false;
        }
        self.failed.store(false, Ordering::Release);
        self.settle()
    }

    /// So much waits that writers may soon be blocked.
    pub(crate) fn is_full(&self) -> bool {
        self.memtable.is_full()
    }

    /// Takes rows: all that the journal says up to the record `next`. Returns before the database
    /// has them.
    pub(crate) fn write(self: &Arc<Self>, rows: Vec<Change>, next: u64) {
        if self.memtable.push(rows, next) == Then::Settle {
            self.start_settler();
        }
    }

    fn start_settler(self: &Arc<Self>) {
        let index = self.clone();
        match thread::Builder::new().name("store-settle".to_owned()).spawn(move || while index.settle_one() {}) {
            // The thread before this one has nothing to do any more.
            Ok(thread) => *guard(&self.settler) = Some(thread),
            Err(_) => while self.settle_one() {},
        }
    }

    /// Waits until the database has everything written before this call; false if it refuses.
    pub(crate) fn settle(&self) -> bool {
        let (newest, then) = self.memtable.want_all();
        if then == Then::Settle {
            while self.settle_one() {}
        }
        self.memtable.wait_for(newest)
    }

    /// Gives the database one batch; false if none is full or wanted, or if it refuses.
    fn settle_one(&self) -> bool {
        let Some(batch) = self.memtable.take() else { return false };
        match self.bring(&batch) {
            Ok(()) => {
                self.memtable.retire();
                true
            }
            Err(error) => {
                // Nothing is lost: the journal has it, and readers find it in the memtable.
                tracing::error!(%error, "the index cannot be written");
                self.failed.store(true, Ordering::Release);
                self.memtable.refused();
                // It may be gone already.
                let _ = fs::remove_file(self.reserve());
                if let Err(error) = self.reopen() {
                    tracing::error!(%error, "the index cannot be opened anew");
                }
                false
            }
        }
    }

    fn bring(&self, batch: &Batch) -> Result<(), Unusable> {
        // It must never say more than the journal, not even after a power cut.
        self.journal.sync().map_err(|e| Unusable::Damaged(e.to_string()))?;
        let rows: Vec<Change> = batch.rows.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let db = self.db()?;
        let mut meta = guard(&self.meta);
        let mut new = Meta { next: batch.next, ..meta.clone() };
        new.dead.extend(&batch.dead);
        guarded(|| {
            let mut blocks = self.blocks(&db, &rows, &mut new.dead)?;
            blocks.insert(&META, self.sealer.seal(&META, &new.encode()));
            db.apply_batch(blocks)?;
            // sled writes later, and what it cannot write then it forgets. Until it has, the rows
            // are kept.
            db.flush().map(drop)
        })?;
        *meta = new;
        Ok(())
    }

    /// sled takes nothing any more once a write has failed, until it is opened anew.
    fn reopen(&self) -> Result<(), Unusable> {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        *db = None;
        let opened = open_when_free(&self.dir)?;
        let found = read_meta(&opened, &self.sealer)?;
        *db = Some(opened);
        // What it lost is in the memtable no more. The next start reads it from the journal.
        let is_whole = found.is_some_and(|found| found.next >= guard(&self.meta).next);
        if is_whole { Ok(()) } else { Err(Unusable::Damaged("it lost what it had".to_owned())) }
    }

    fn reserve(&self) -> PathBuf {
        self.dir.with_extension("reserve")
    }

    fn make_reserve(&self) -> io::Result<()> {
        let path = self.reserve();
        if fs::metadata(&path).is_ok_and(|file| file.len() == RESERVE as u64) {
            return Ok(());
        }
        fs::write(&path, vec![0; RESERVE]).inspect_err(|_| drop(fs::remove_file(&path)))
    }

    /// Changes what it says of itself.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Meta)) -> Result<(), Unusable> {
        let db = self.db()?;
        let mut meta = guard(&self.meta);
        let mut new = meta.clone();
        change(&mut new);
        guarded(|| {
            db.insert(META, self.sealer.seal(&META, &new.encode()))?;
            db.flush().map(drop)
        })?;
        *meta = new;
        Ok(())
    }

    /// Rows in blocks: in the one that they fall into, or in new ones where there is none.
    fn blocks(&self, db: &sled::Db, rows: &[Change], dead: &mut Dead) -> sled::Result<sled::Batch> {
        let mut blocks = sled::Batch::default();
        let mut rest = rows;
        while let Some((key, _)) = rest.first() {
            // With the block that begins before it, up to the next one.
            let before = block_up_to(db, Included(key))?.map_or(Ok(Vec::new()), |(first, sealed)| self.entries(&first, &sealed))?;
            let next = next_block(db, Excluded(key))?;
            let (written, others) = rest.split_at(rest.partition_point(|(key, _)| next.as_ref().is_none_or(|next| key < next)));
            rest = others;
            let old = before.first().map(|(first, _)| first.clone());
            let after = block::merge(before, written, |key, value| dead.note(key, Some(&value)));
            // If the first row is still there, its block is written over.
            if let Some(old) = old.filter(|old| after.first().is_none_or(|(first, _)| first != old)) {
                blocks.remove(old);
            }
            for (first, plain) in block::encode(&after) {
                // A copy of the key of its own. The database keeps keys for long. Allocated here,
                // they lie beside other things that it keeps, and not among short-lived ones, whose
                // memory could then not be given back.
                blocks.insert(IVec::from(first.as_ref()), self.sealer.seal(first, &plain));
            }
        }
        Ok(blocks)
    }

    /// Called when the last handle goes. Gives all that waits to the database, and ends the work on
    /// it.
    pub(crate) fn finish(&self) {
        if let Some(settler) = guard(&self.settler).take() {
            // A panic of its own has been caught and noted.
            let _ = settler.join();
        }
        // What it refuses is read from the journal at the next start.
        self.settle();
    }
}

/// Nothing here panics half-way through a change, so a poisoned state is whole.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
