//! Opening a profile's store, in whatever state the last process or the disk left it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::disk::Disk;
use crate::entry::Entry;
use crate::error::OpenError;
use crate::filing::Filing;
use crate::heads::Heads;
use crate::index::{Index, Meta, Unusable};
use crate::journal::{At, Found, Journal, SEGMENT_BYTES, sync_names};
use crate::lock::Lock;
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
    open_with(profile, root_key, SEGMENT_BYTES, tell)
}

/// As [`open`], with files of the journal of at most so many bytes: a small history is in many.
#[cfg(feature = "manual")]
pub fn open_in_segments(profile: &Path, root_key: &[u8; 32], longest: u64) -> Result<Opened, OpenError> {
    open_with(profile, root_key, longest, |_| ())
}

fn open_with(profile: &Path, root_key: &[u8; 32], longest: u64, tell: impl Fn(Progress)) -> Result<Opened, OpenError> {
    let lock = Lock::take(profile)?;
    let folder = profile.join("store");
    if folder.join("db").exists() {
        return Err(OpenError::TooOld);
    }
    let sealer = Arc::new(Sealer::new(root_key));
    let (journal, found) = Journal::open(&folder.join("journal"), sealer.clone(), longest)?;
    if found != Found::default() {
        tracing::warn!(?found, "the journal was not left as it should be");
    }
    sync_names(&folder).and_then(|()| sync_names(profile))?;
    let files = Folder { journal: Arc::new(journal), sealer, index: folder.join("index"), flag: folder.join("index.unreadable") };
    let built = files.build(&found, tell)?;
    let is_orderly = built.is_whole && ended_orderly(&built.disk);
    let outcome = match built.lost {
        _ if files.journal.next() == 0 && !found.foreign.is_empty() => Outcome::SetAside { path: folder.join("journal") },
        None if found.fresh => Outcome::Fresh,
        None => Outcome::Normal,
        Some(lost) => Outcome::Repaired { lost },
    };
    let store = Store::new(built.disk, built.heads, Some(lock));
    store.mark_open()?;
    let end = if is_orderly && outcome == Outcome::Normal { LastEnd::Orderly } else { LastEnd::Unclean };
    Ok(Opened { store, end, outcome })
}

/// Opens what a medium in memory holds. A crash cannot damage it, only take away what was not
/// synced.
#[cfg(feature = "manual")]
pub fn open_in_memory(medium: &crate::memory::Medium, root_key: &[u8; 32]) -> Result<Opened, OpenError> {
    let disk = Disk::in_memory(medium.clone(), Arc::new(Sealer::new(root_key)));
    let end = if ended_orderly(&disk) { LastEnd::Orderly } else { LastEnd::Unclean };
    let outcome = if disk.next() == 0 { Outcome::Fresh } else { Outcome::Normal };
    let heads = Heads::load(&disk).ok_or_else(|| io::Error::other("a head row is unreadable"))?;
    let store = Store::new(disk, RwLock::new(heads), None);
    store.mark_open()?;
    Ok(Opened { store, end, outcome })
}

/// Whether the last process ended in order: nothing was written after it had said so.
fn ended_orderly(disk: &Disk) -> bool {
    let last = disk.next().checked_sub(1).and_then(|last| disk.record(last));
    last.is_some_and(|entries| entries.last() == Some(&Entry::Closed.encode()))
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
    /// Events that were here and are missing. None: nothing is, or nothing more than was told
    /// before.
    lost: Option<u64>,
}

impl Folder {
    /// Completes the index from the journal, or builds it anew.
    fn build(&self, found: &Found, tell: impl Fn(Progress)) -> Result<Built, OpenError> {
        let (mut known, mut before, mut usable) = (0, Meta::default(), None);
        match self.open_index() {
            Ok((index, disk)) => {
                before = index.meta();
                let heads = Heads::load(&disk);
                known = heads.as_ref().map_or(0, Heads::events);
                let is_news = self.flag.exists() || found.gone > before.gone || before.next > self.journal.next();
                usable = heads.filter(|_| !is_news).map(|heads| (index, disk, heads));
            }
            Err(Unusable::Io(error)) => return Err(OpenError::Io(error)),
            Err(Unusable::Damaged(why)) => tracing::warn!(why, "the index is built anew"),
        }
        let (index, disk, heads) = match usable {
            Some(usable) => usable,
            None => {
                Index::remove(&self.index)?;
                let (index, disk) = self.open_index().map_err(|error| io::Error::other(error.to_string()))?;
                (index, disk, Heads::default())
            }
        };
        let Meta { next: from, gone, .. } = index.meta();
        let (heads, missing) = self.complete(&disk, from, heads, tell)?;
        let gone = gone.saturating_add(missing);
        if gone > 0 {
            // It is told once.
            index.note(|meta| meta.gone = gone);
        }
        if self.flag.exists() {
            fs::remove_file(&self.flag)?;
        }
        let there = heads.read().unwrap_or_else(PoisonError::into_inner).events();
        let (next, lost) = (self.journal.next(), known.saturating_sub(there));
        let is_news = gone > before.gone || before.next > next || lost > 0;
        Ok(Built { disk, heads, is_whole: from == next, lost: is_news.then_some(if lost > 0 { lost } else { missing }) })
    }

    fn open_index(&self) -> Result<(Arc<Index>, Disk), Unusable> {
        let index = Index::open(&self.index, self.sealer.clone(), self.journal.clone())?;
        Ok((index.clone(), Disk::of_files(self.journal.clone(), index, self.sealer.clone(), &self.flag)))
    }

    /// Reads what the journal has from a record on. Tells how many records could not be read.
    fn complete(&self, disk: &Disk, from: u64, heads: Heads, tell: impl Fn(Progress)) -> Result<(RwLock<Heads>, u64), OpenError> {
        let (next, heads, mut missing) = (self.journal.next(), RwLock::new(heads), 0_u64);
        for number in from..next {
            if number % TOLD_EVERY == 0 {
                tell(Progress { done: number.saturating_sub(from), of: next.saturating_sub(from) });
            }
            let Some(entries) = disk.record(number) else {
                missing = missing.saturating_add(1);
                continue;
            };
            let mut filing = Filing::new(disk, &heads, number);
            for (entry, bytes) in (0..).zip(entries.iter()).filter(|(_, bytes)| !bytes.is_empty()) {
                if filing.again(At { record: number, entry }, bytes).is_none() {
                    tracing::error!(number, entry, "an entry of the journal makes no sense");
                }
            }
            let follows = filing.done();
            disk.index(follows.rows, number.saturating_add(1))?;
            heads.write().unwrap_or_else(PoisonError::into_inner).take(follows.heads);
        }
        Ok((heads, missing))
    }
}
