//! The index: a table in the database, the rows on their way there, and what is done when the
//! database fails. Whatever is wrong with it costs nothing but building it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::thread;
use std::time::{Duration, Instant};

use sled::IVec;

use super::block::{self, Change, Entry};
use super::database::{FREE_WITHIN, META, Unusable, block_up_to, guarded, open_when_free, read_meta};
use super::key_range::{End, KeyRange};
use super::memtable::{Batch, Memtable};
use super::meta::{Meta, chunk_of};
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
    /// The last write has failed. Nothing more is taken until one succeeds.
    failed: AtomicBool,
}

impl Index {
    /// Opens or makes the database in `dir`. A new one knows nothing of the journal.
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>, journal: Arc<Journal>) -> Result<Arc<Index>, Unusable> {
        let db = open_when_free(dir)?;
        let meta = guarded(|| read_meta(&db, &sealer))?.or_else(|| db.is_empty().then(Meta::default));
        let meta = meta.ok_or_else(|| Unusable::Damaged("it is of another form or another profile".to_owned()))?;
        let index = Arc::new(Index {
            memtable: Memtable::new(meta),
            dir: dir.to_owned(),
            sealer,
            journal,
            db: RwLock::new(Some(db)),
            failed: AtomicBool::new(false),
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

    /// What it says of itself.
    pub(crate) fn meta(&self) -> Meta {
        self.memtable.meta()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, Unusable> {
        if let Some(value) = self.memtable.get(key) {
            return Ok(value);
        }
        let span = KeyRange::new(Unbounded, Included(key.to_vec()));
        let nearest = self.read_block(&span, End::Back)?.pop();
        Ok(nearest.filter(|(other, _)| other == key).map(|(_, value)| value))
    }

    /// Rows of the database from one end of a range on, up to where a block ends, if there are any.
    /// The one next to that end is the last.
    pub(super) fn read_block(&self, span: &KeyRange, end: End) -> Result<Vec<Entry>, Unusable> {
        let bounds = span.onward_from(end);
        let rows = |block| -> sled::Result<Vec<Entry>> {
            let mut rows = self.entries(block)?;
            rows.retain(|(key, _)| span.is_onward(end, key));
            Ok(rows)
        };
        let mut found = self.reading(|db| match (end, bounds.0) {
            (End::Back, _) => rows(block_up_to(db, bounds.1)?),
            (End::Front, Unbounded) => rows(db.get_gt(META)?),
            (End::Front, Included(from) | Excluded(from)) => {
                let found = rows(block_up_to(db, Included(from))?)?;
                if found.is_empty() { rows(db.get_gt(from)?) } else { Ok(found) }
            }
        })?;
        if end == End::Front {
            found.reverse();
        }
        Ok(found)
    }

    /// Reads; while it is being opened anew, waits for that.
    fn reading<T>(&self, read: impl Fn(&sled::Db) -> sled::Result<T>) -> Result<T, Unusable> {
        let since = Instant::now();
        loop {
            match self.with_db(&read) {
                Err(Unusable::Io(_)) if since.elapsed() < FREE_WITHIN => thread::sleep(Duration::from_millis(5)),
                outcome => return outcome,
            }
        }
    }

    /// Calls the database, if it is open.
    fn with_db<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, Unusable> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or_else(|| Unusable::Io(io::Error::other("it is not open")))?;
        guarded(|| call(db))
    }

    /// What is in a block, if there is one.
    fn entries(&self, block: Option<(IVec, IVec)>) -> sled::Result<Vec<Entry>> {
        let Some((first, sealed)) = block else { return Ok(Vec::new()) };
        let plain = self.sealer.unseal(&first, &sealed).ok();
        plain.and_then(|plain| block::decode(&first, &plain)).ok_or_else(|| sled::Error::ReportableBug("a block is damaged".to_owned()))
    }

    /// Whether more rows may be written now; waits for the database while it takes what waits.
    pub(crate) fn has_room(self: &Arc<Self>) -> bool {
        if self.failed.load(Ordering::Acquire) {
            // Twice: a batch that was under way may still fail for want of room that is there now.
            return self.note(|_| ()) || self.note(|_| ());
        }
        self.memtable.has_room()
    }

    /// So much waits that writers may soon be blocked.
    pub(crate) fn is_full(&self) -> bool {
        self.memtable.is_full()
    }

    /// Takes rows: all that the journal says up to the record `next`. Returns before the database
    /// has them.
    pub(crate) fn write(self: &Arc<Self>, rows: Vec<Change>, next: u64) {
        self.memtable.push(rows, |meta| meta.next = next);
        self.go_on();
    }

    /// Changes what it says of itself, and waits as [`settle`](Self::settle) does.
    pub(crate) fn note(self: &Arc<Self>, change: impl FnOnce(&mut Meta)) -> bool {
        self.memtable.push(Vec::new(), change);
        self.settle()
    }

    /// Waits until the database has everything written before this call; false if it refuses.
    pub(crate) fn settle(self: &Arc<Self>) -> bool {
        let all = self.memtable.want_all();
        self.go_on();
        self.memtable.wait_for(all)
    }

    /// Starts a thread that settles, if there is something to do and none does it.
    fn go_on(self: &Arc<Self>) {
        if !self.memtable.begin() {
            return;
        }
        let index = self.clone();
        let thread = thread::Builder::new().name("store-settle".to_owned());
        if thread.spawn(move || while index.settle_one() {}).is_err() {
            while self.settle_one() {}
        }
    }

    /// Gives the database one batch; false if none is full or wanted, or if it refuses.
    fn settle_one(&self) -> bool {
        let Some(batch) = self.memtable.take() else { return false };
        match self.make_reserve().map_err(Unusable::Io).and_then(|()| self.bring(&batch)) {
            Ok(dead) => {
                self.failed.store(false, Ordering::Release);
                self.memtable.retire(batch, dead);
                true
            }
            Err(error) => {
                // Nothing is lost: the journal has it, and readers find it in the memtable.
                if !self.failed.swap(true, Ordering::AcqRel) {
                    tracing::error!(%error, "the index cannot be written");
                }
                // It may be gone already.
                let _ = fs::remove_file(self.reserve());
                if let Err(error) = self.reopen() {
                    tracing::error!(%error, "the index cannot be opened anew");
                }
                self.memtable.refused();
                false
            }
        }
    }

    /// Gives the database a batch. Tells where the journal has what its rows were written over.
    fn bring(&self, batch: &Batch) -> Result<BTreeSet<u64>, Unusable> {
        // It must never say more than the journal, not even after a power cut.
        self.journal.sync().map_err(|e| Unusable::Damaged(e.to_string()))?;
        self.with_db(|db| {
            // What it lost is in the memtable no more. The next start reads it from the journal.
            if read_meta(db, &self.sealer)?.map_or(0, |meta| meta.writes) < self.memtable.settled() {
                return Err(sled::Error::ReportableBug("it lost what it had".to_owned()));
            }
            let (mut blocks, dead) = self.blocks(db, batch)?;
            let mut meta = batch.meta.clone();
            meta.dead.extend(&dead);
            blocks.insert(&META, self.sealer.seal(&META, &meta.encode()));
            db.apply_batch(blocks)?;
            // sled writes later, and what it cannot write then it forgets. Until it has, the rows
            // are kept.
            db.flush()?;
            Ok(dead)
        })
    }

    /// sled takes nothing any more once a write has failed, until it is opened anew.
    fn reopen(&self) -> Result<(), Unusable> {
        let mut db = self.db_mut();
        *db = None;
        *db = Some(open_when_free(&self.dir)?);
        Ok(())
    }

    fn db_mut(&self) -> RwLockWriteGuard<'_, Option<sled::Db>> {
        self.db.write().unwrap_or_else(PoisonError::into_inner)
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

    /// Rows in blocks: in the one that they fall into, or in new ones where there is none.
    fn blocks(&self, db: &sled::Db, batch: &Batch) -> sled::Result<(sled::Batch, BTreeSet<u64>)> {
        let (mut blocks, mut dead) = (sled::Batch::default(), BTreeSet::new());
        let mut rows = batch.rows.iter().peekable();
        while let Some((key, _)) = rows.peek() {
            // With the block that begins before it, up to the next one.
            let before = self.entries(block_up_to(db, Included(key))?)?;
            let next = db.get_gt(key)?.map(|(next, _)| next);
            let first = before.first().map(|(first, _)| first.clone());
            let mut after: BTreeMap<IVec, IVec> = before.into_iter().collect();
            while let Some((key, value)) = rows.next_if(|(key, _)| next.as_ref().is_none_or(|next| *key < next)) {
                let old = match value {
                    Some(value) => after.insert(key.clone(), value.clone()),
                    None => after.remove(key),
                };
                dead.extend(old.and_then(|old| chunk_of(key, &old)));
            }
            // If the first row is still there, its block is written over.
            if let Some(first) = first.filter(|first| !after.contains_key(first)) {
                blocks.remove(first);
            }
            let after: Vec<Entry> = after.into_iter().collect();
            for (first, plain) in block::encode(&after) {
                // A copy of the key of its own. The database keeps keys for long. Allocated here,
                // they lie beside other things that it keeps, and not among short-lived ones, whose
                // memory could then not be given back.
                blocks.insert(IVec::from(first.as_ref()), self.sealer.seal(first, &plain));
            }
        }
        Ok((blocks, dead))
    }

    /// Called when the last handle goes. Gives all that waits to the database, and closes it.
    pub(crate) fn finish(self: &Arc<Self>) {
        // What it refuses is read from the journal at the next start.
        self.settle();
        // Here, and not when the thread that settled lets go of the index.
        *self.db_mut() = None;
    }
}
