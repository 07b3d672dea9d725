//! Opening a profile's store, in whatever state the last process or the disk left it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::carve;
use crate::disk::{Broken, Change, Disk, StoreError, UNREADABLE};
use crate::heads::{self, Heads};
use crate::key;
use crate::lock::{Lock, NotTaken};
use crate::log_index;
use crate::repair::{self, Mended};
use crate::seal::Sealer;
use crate::store::Store;
use crate::tail::Tail;
use crate::witness::{Ended, Testimony, Witness};

/// Form of keys and rows that this version reads and writes.
pub const SCHEMA: u16 = 5;

const PROOF_TEXT: &[u8] = b"grapevine store";

/// A store, and what opening it took.
pub struct Opened {
    /// It.
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
    /// Something was damaged; what could be read is here, peers have the rest.
    Repaired {
        /// Events that were durable and are gone, as far as that is known.
        lost: u64,
        /// Where the damaged files were kept, if they were.
        aside: Option<PathBuf>,
    },
    /// Nothing could be read. The damaged files were kept; the store is empty.
    SetAside {
        /// Where they are.
        path: PathBuf,
    },
}

/// Why there is no store. Nothing has changed, except as said.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has this profile open. Nothing has changed.
    #[error("another process uses this profile")]
    InUse,
    /// A newer version of the program wrote it. Nothing has changed.
    #[error("the data has form {found}; this version reads up to {SCHEMA}")]
    TooNew {
        /// The form that was found.
        found: u16,
    },
    /// It was sealed under another key. Nothing has changed.
    #[error("the data was sealed under another key")]
    WrongKey,
    /// The system refused: rights, space, the device. Stored data has not changed.
    #[error("the store cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// It opened, but does not take writes. Stored data has not changed.
    #[error(transparent)]
    Write(#[from] StoreError),
}

/// Where the files of a profile's store are.
pub(crate) struct Paths {
    pub(crate) profile: PathBuf,
    pub(crate) db: PathBuf,
    pub(crate) witness: PathBuf,
}

impl Paths {
    fn of(profile: &Path) -> Paths {
        Paths { profile: profile.to_path_buf(), db: profile.join("store"), witness: profile.join("store.witness") }
    }
}

/// What a database turned out to be.
pub(crate) enum Found {
    /// Without a single row.
    Empty(Disk),
    /// Of this form and key, with readable heads.
    Sound(Disk, Heads),
}

/// Why a database is not usable.
pub(crate) enum Unfit {
    TooNew(u16),
    WrongKey,
    Io(io::Error),
    Damaged(String),
}

/// Opens (or makes) the store of a profile under its root key. Takes the profile for this process;
/// blocks for the disk.
pub fn open(profile: &Path, root_key: &[u8; 32]) -> Result<Opened, OpenError> {
    let lock = Lock::take(profile).map_err(|e| match e {
        NotTaken::Held => OpenError::InUse,
        NotTaken::Io(e) => OpenError::Io(e),
    })?;
    let paths = Paths::of(profile);
    let sealer = Arc::new(Sealer::new(root_key));
    let (witness, said) = Witness::open(&paths.witness, &sealer)?;
    repair::finish_interrupted(&paths)?;
    let tail = Tail::read(&paths.db.join("db"))?;
    let known = said.map_or(0, |s| s.events);
    let (disk, heads, outcome) = match look(&paths, &sealer, said.as_ref()) {
        Ok(Found::Empty(disk)) if known == 0 => (disk, Heads::default(), Outcome::Fresh),
        Ok(Found::Empty(disk)) => (disk, Heads::default(), Outcome::Repaired { lost: known, aside: None }),
        Ok(Found::Sound(disk, heads)) if heads.events() >= known => (disk, heads, Outcome::Normal),
        Ok(Found::Sound(disk, _)) => {
            // sled forgot a part without a word; its file may still have it.
            drop(disk);
            mend(&paths, &tail, &sealer, Unfit::Damaged("events are missing".to_owned()), known)?
        }
        Err(unfit) => mend(&paths, &tail, &sealer, unfit, known)?,
    };
    let orderly = outcome == Outcome::Normal && disk.has(key::CLEAN) && said.is_some_and(|s| s.ended == Ended::Orderly);
    begin(&disk)?;
    let store = Store::new(disk, heads, Some((witness, lock)));
    store.start_witness()?;
    Ok(Opened { store, end: if orderly { LastEnd::Orderly } else { LastEnd::Unclean }, outcome })
}

/// Opens what a medium in memory holds. A crash cannot damage it, only take away what was not
/// synced.
#[cfg(feature = "manual")]
pub fn open_in_memory(medium: &crate::memory::Medium, root_key: &[u8; 32]) -> Result<Opened, OpenError> {
    let disk = Disk::in_memory(medium.clone(), Arc::new(Sealer::new(root_key)));
    let fresh = disk.is_empty();
    let heads = Heads::load(&disk).map_err(|_| io::Error::other("a head row is unreadable"))?;
    let orderly = disk.has(key::CLEAN);
    begin(&disk)?;
    let (end, outcome) = match (orderly, fresh) {
        (true, _) => (LastEnd::Orderly, Outcome::Normal),
        (false, true) => (LastEnd::Unclean, Outcome::Fresh),
        (false, false) => (LastEnd::Unclean, Outcome::Normal),
    };
    Ok(Opened { store: Store::new(disk, heads, None), end, outcome })
}

/// Looks at what is there; from outside first, because sled forgets what lies beyond a cut, in
/// place.
fn look(paths: &Paths, sealer: &Arc<Sealer>, said: Option<&Testimony>) -> Result<Found, Unfit> {
    if paths.db.exists() {
        let length = match std::fs::metadata(paths.db.join("db")) {
            Ok(file) => file.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => 0,
            Err(e) => return Err(Unfit::Io(e)),
        };
        // sled itself shortens the file by whole segments; taken for damage, that would cost a
        // rebuild, and nothing else.
        let shorter = said.is_some_and(|said| length < said.file_bytes);
        if shorter && (length == 0 || length % carve::SEGMENT_BYTES as u64 != 0) {
            return Err(Unfit::Damaged("its file was cut short".to_owned()));
        }
        if paths.db.with_extension(UNREADABLE).exists() {
            return Err(Unfit::Damaged("rows were unreadable last time".to_owned()));
        }
    }
    examine(&paths.db, sealer)
}

/// Opens a database and looks whether it can be used: form, key, heads.
pub(crate) fn examine(dir: &Path, sealer: &Arc<Sealer>) -> Result<Found, Unfit> {
    let disk = Disk::open(dir, sealer.clone())?;
    let Some(schema) = disk.get_raw(key::SCHEMA)? else {
        return if disk.is_empty() { Ok(Found::Empty(disk)) } else { Err(Unfit::Damaged("the form is not told".to_owned())) };
    };
    let schema = schema.bytes().try_into().map(u16::from_be_bytes).map_err(|_| Unfit::Damaged("the form is unreadable".to_owned()))?;
    if schema > SCHEMA {
        return Err(Unfit::TooNew(schema));
    }
    let proof = disk.get_raw(key::PROOF)?.ok_or_else(|| Unfit::Damaged("the key's proof is missing".to_owned()))?;
    if proof.open(sealer, key::PROOF).as_deref() != Some(PROOF_TEXT) {
        return Err(Unfit::WrongKey);
    }
    if schema < SCHEMA {
        upgrade(&disk)?;
    }
    let heads = Heads::load(&disk)?;
    // An orderly end needs no further looking; else the end of each log must be there.
    if !disk.has(key::CLEAN) {
        repair::check_ends(&disk, &heads)?;
    }
    Ok(Found::Sound(disk, heads))
}

fn mend(paths: &Paths, tail: &Tail, sealer: &Arc<Sealer>, unfit: Unfit, known: u64) -> Result<(Disk, Heads, Outcome), OpenError> {
    let why = match unfit {
        Unfit::TooNew(found) => return Err(OpenError::TooNew { found }),
        Unfit::WrongKey => return Err(OpenError::WrongKey),
        Unfit::Io(e) => return Err(OpenError::Io(e)),
        Unfit::Damaged(why) => why,
    };
    tracing::error!(why, "the store is damaged");
    match repair::mend(paths, tail, sealer)? {
        Mended::Rebuilt { disk, heads, aside } => {
            let lost = known.saturating_sub(heads.events());
            Ok((disk, heads, Outcome::Repaired { lost, aside: Some(aside) }))
        }
        Mended::Nothing { disk, aside } => Ok((disk, Heads::default(), Outcome::SetAside { path: aside })),
    }
}

/// Writes what a new database needs, and takes the mark of an orderly end away for good, before
/// anything else is written.
fn begin(disk: &Disk) -> Result<(), OpenError> {
    if !disk.has(key::SCHEMA) {
        first_rows(disk)?;
    }
    disk.apply(vec![Change::Remove { key: key::CLEAN.to_vec() }])?;
    disk.sync()?;
    disk.sync_names()?;
    Ok(())
}

/// Brings an older form to this one. What a crash leaves is still of the older form, and is taken
/// up again. Entries stay as they are: a block of one each.
fn upgrade(disk: &Disk) -> Result<(), Unfit> {
    let upgraded = log_index::upgrade(disk).and_then(|()| disk.apply(vec![form()]));
    upgraded.map_err(|e| Unfit::Io(io::Error::other(e)))
}

impl From<Broken> for Unfit {
    fn from(broken: Broken) -> Unfit {
        match broken {
            Broken::Io(e) => Unfit::Io(e),
            Broken::Damaged(why) => Unfit::Damaged(why),
        }
    }
}

/// Form and proof of the key: what a new database begins with.
pub(crate) fn first_rows(disk: &Disk) -> Result<(), StoreError> {
    disk.apply(vec![form(), Change::Put { key: key::PROOF.to_vec(), plain: PROOF_TEXT.to_vec() }])
}

fn form() -> Change {
    Change::PutClear { key: key::SCHEMA.to_vec(), value: SCHEMA.to_be_bytes().to_vec() }
}

/// The row of a head, for databases made during a repair.
pub(crate) fn head_rows(disk: &Disk, heads: &Heads) -> Vec<Change> {
    heads.all().map(|(room, log, filed)| heads::row(disk, room, log, filed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What form 1 held is opened as it stands, in good order, and is of this form afterwards.
    #[test]
    fn a_store_of_form_1_is_taken_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        open(dir.path(), &[1; 32]).expect("it is new").store.close().expect("the disk works");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let of = [&[key::LOG][..], &[1; 16], &[2; 16], &[0; 8]].concat();
        let location = |seq: u32| [&[key::OTHER][..], &[0; key::PLACE_BYTES - 4], &seq.to_be_bytes()].concat();
        {
            let disk = Disk::open(&dir.path().join("store"), sealer.clone()).expect("nobody has it open");
            let row = |seq: u32| Change::Put { key: [&of[..], &seq.to_be_bytes()].concat(), plain: location(seq) };
            let form = Change::PutClear { key: key::SCHEMA.to_vec(), value: 1u16.to_be_bytes().to_vec() };
            disk.apply((1..=100).map(row).chain([form]).collect()).expect("the disk has room");
            disk.sync().expect("the disk works");
        }
        let opened = open(dir.path(), &[1; 32]).expect("an older form is read");
        assert_eq!((opened.outcome, opened.end), (Outcome::Normal, LastEnd::Orderly));
        let disk = opened.store.disk();
        assert_eq!(disk.get_raw(key::SCHEMA).expect("it can be read").expect("it is there").bytes(), SCHEMA.to_be_bytes());
        let log = log_index::LogName { room: [1; 16], device: [2; 16], log: 0 };
        let there: Vec<Vec<u8>> = log_index::walk(disk, &log, 1).collect();
        let wanted: Vec<Vec<u8>> = (1..=100).filter_map(|seq| key::of_location(&log.room, &location(seq))).collect();
        assert_eq!(there, wanted);
    }
}
