//! Opening a profile's store, in whatever state the last process or the disk left it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::disk::Disk;
use crate::entry;
use crate::error::OpenError;
use crate::filing::Filing;
use crate::heads::Heads;
use crate::index::{Index, Meta, Unusable};
use crate::journal::{At, Found, Journal, JournalError, sync_names};
use crate::lock::{Lock, NotTaken};
use crate::seal::Sealer;
use crate::store::Store;

/// A store, and what opening it took.
pub struct Opened {
    /// The open store.
    pub store: Store,
    /// How the last process ended.
    pub end: LastEnd,
    /// What had to be done.
    pub outcome: Outcome,
}

/// How the last process on this profile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEnd {
    /// By [`Store::close`], and everything is here: own logs may go on.
    Orderly,
    /// Otherwise: others may have more of our own logs than we do, so new ones must be begun.
    Unclean,
}

/// What opening had to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing; now there is an empty store.
    Fresh,
    /// All is as it was left.
    Normal,
    /// A part of the journal is damaged or missing; all else is here, peers have the rest.
    Repaired {
        /// Events that were here and are missing, as far as that is known.
        lost: u64,
    },
    /// Nothing could be read. The damaged files were kept; the store is empty.
    SetAside {
        /// Where they are.
        path: PathBuf,
    },
}

/// How far the building of the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records of the journal that were read.
    pub done: u64,
    /// All that are to be read.
    pub of: u64,
}

/// Records between two words about the progress.
const TOLD_EVERY: u64 = 4096;

/// Opens (or makes) the store of a profile under its root key. Takes the profile for this process;
/// blocks for the disk. If the index is missing or damaged it is built anew from the journal, which
/// takes some seconds for a million events.
pub fn open(profile: &Path, root_key: &[u8; 32]) -> Result<Opened, OpenError> {
    open_telling(profile, root_key, |_| ())
}

/// As [`open`], and tells how far it is, if there is much to read.
pub fn open_telling(profile: &Path, root_key: &[u8; 32], tell: impl Fn(Progress)) -> Result<Opened, OpenError> {
    let lock = Lock::take(profile).map_err(|e| match e {
        NotTaken::Held => OpenError::InUse,
        NotTaken::Io(e) => OpenError::Io(e),
    })?;
    let folder = profile.join("store");
    if folder.join("db").exists() {
        return Err(OpenError::TooOld);
    }
    let sealer = Arc::new(Sealer::new(root_key));
    let (journal, found) = Journal::open(&folder.join("journal"), sealer.clone())?;
    if found != Found::default() {
        tracing::warn!(?found, "the journal was not left as it should be");
    }
    sync_names(&folder).and_then(|()| sync_names(profile))?;
    let files = Folder { journal: Arc::new(journal), sealer, index: folder.join("index"), flag: folder.join("index.unreadable") };
    let built = files.build(&found, tell)?;
    let (orderly, outcome) = (built.is_whole && files.ended_orderly(), built.outcome(&found, &files.journal, &folder));
    let store = Store::new(built.disk, built.heads, Some(lock));
    store.mark_open()?;
    let end = if orderly && outcome == Outcome::Normal { LastEnd::Orderly } else { LastEnd::Unclean };
    Ok(Opened { store, end, outcome })
}

/// Opens what a medium in memory holds. A crash cannot damage it, only take away what was not
/// synced.
#[cfg(feature = "manual")]
pub fn open_in_memory(medium: &crate::memory::Medium, root_key: &[u8; 32]) -> Result<Opened, OpenError> {
    let disk = Disk::in_memory(medium.clone(), Arc::new(Sealer::new(root_key)));
    let last = disk.next().checked_sub(1);
    let orderly = last.and_then(|last| disk.record(last)).is_some_and(|entries| entries.last().is_some_and(|entry| entry == entry::CLOSED));
    let heads = Heads::load(&disk).ok_or_else(|| io::Error::other("a head row is unreadable"))?;
    let store = Store::new(disk, RwLock::new(heads), None);
    store.mark_open()?;
    let end = if orderly { LastEnd::Orderly } else { LastEnd::Unclean };
    Ok(Opened { store, end, outcome: if last.is_some() { Outcome::Normal } else { Outcome::Fresh } })
}

/// The files of a store.
struct Folder {
    journal: Arc<Journal>,
    sealer: Arc<Sealer>,
    index: PathBuf,
    flag: PathBuf,
}

/// An index that is complete, and what that took.
struct Built {
    disk: Disk,
    heads: RwLock<Heads>,
    /// Nothing was to be read: it was complete.
    is_whole: bool,
    /// Events that were there before, if the index could still tell.
    known: Option<u64>,
    /// What the index that was there said of itself.
    before: Meta,
    /// Records that could not be read.
    missing: u64,
}

impl Folder {
    /// Completes the index from the journal, or builds it anew.
    fn build(&self, found: &Found, tell: impl Fn(Progress)) -> Result<Built, OpenError> {
        let is_flagged = self.flag.exists();
        let (mut known, mut before) = (None, Meta::default());
        match self.open_index() {
            Ok(disk) => {
                before = disk.index_meta();
                let heads = Heads::load(&disk);
                known = heads.as_ref().map(Heads::events);
                let is_news = found.gone_records() > before.gone || before.next > self.journal.next();
                if let Some(heads) = heads.filter(|_| !is_flagged && !is_news) {
                    return self.complete(disk, heads, known, before, tell);
                }
            }
            Err(Unusable::Io(error)) => return Err(OpenError::Io(error)),
            Err(Unusable::Damaged(why)) => tracing::warn!(why, "the index is built anew"),
        }
        Index::remove(&self.index)?;
        let disk = self.open_index().map_err(|error| io::Error::other(error.to_string()))?;
        let built = self.complete(disk, Heads::default(), known, before, tell)?;
        built.disk.note_gone(built.missing);
        match fs::remove_file(&self.flag) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(OpenError::Io(e)),
            _ => Ok(Built { is_whole: false, ..built }),
        }
    }

    fn open_index(&self) -> Result<Disk, Unusable> {
        let index = Index::open(&self.index, self.sealer.clone(), self.journal.clone())?;
        Ok(Disk::of_files(self.journal.clone(), index, self.sealer.clone(), &self.flag))
    }

    /// Reads what the journal has beyond the index.
    fn complete(&self, disk: Disk, heads: Heads, known: Option<u64>, before: Meta, tell: impl Fn(Progress)) -> Result<Built, OpenError> {
        let (from, next, heads) = (disk.index_meta().next, self.journal.next(), RwLock::new(heads));
        let mut missing = 0_u64;
        for number in from..next {
            if number % TOLD_EVERY == 0 {
                tell(Progress { done: number.saturating_sub(from), of: next.saturating_sub(from) });
            }
            let Some(entries) = disk.record(number) else {
                missing = missing.saturating_add(1);
                continue;
            };
            let mut filing = Filing::new(&disk, &heads, number);
            for (entry, bytes) in (0..).zip(entries.iter()).filter(|(_, bytes)| !bytes.is_empty()) {
                if filing.again(At { record: number, entry }, bytes).is_none() {
                    tracing::error!(number, entry, "an entry of the journal makes no sense");
                }
            }
            let follows = filing.done();
            disk.index(follows.rows, number.saturating_add(1))?;
            heads.write().unwrap_or_else(PoisonError::into_inner).take(follows.heads);
        }
        Ok(Built { disk, heads, is_whole: from == next, known, before, missing })
    }

    fn ended_orderly(&self) -> bool {
        let last = self.journal.next().checked_sub(1).and_then(|last| self.journal.read(last).ok().flatten());
        last.is_some_and(|entries| entries.last().is_some_and(|entry| entry == entry::CLOSED))
    }
}

impl Built {
    fn outcome(&self, found: &Found, journal: &Journal, folder: &Path) -> Outcome {
        let there = self.heads.read().unwrap_or_else(PoisonError::into_inner).events();
        let is_cut = self.before.next > journal.next();
        if journal.next() == 0 && !found.foreign.is_empty() {
            return Outcome::SetAside { path: folder.join("journal") };
        }
        if found.fresh && self.before.next == 0 {
            return Outcome::Fresh;
        }
        let lost = self.known.map_or(0, |known| known.saturating_sub(there));
        let is_news = self.missing > self.before.gone || is_cut || lost > 0;
        if is_news { Outcome::Repaired { lost: if lost > 0 { lost } else { self.missing } } } else { Outcome::Normal }
    }
}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> OpenError {
        match error {
            JournalError::Io(e) => OpenError::Io(e),
            JournalError::TooNew { found } => OpenError::TooNew { found },
            JournalError::WrongKey => OpenError::WrongKey,
            JournalError::TooLong | JournalError::Failed => OpenError::Io(io::Error::other(error)),
        }
    }
}
