//! Opening a profile's store, in whatever state the last process or the disk left it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, UNREADABLE};
use crate::error::OpenError;
use crate::examine::{self, Found, Unfit};
use crate::heads::Heads;
use crate::key;
use crate::lock::{Lock, NotTaken};
use crate::newest_segments::NewestSegments;
use crate::paths::Paths;
use crate::repair::{self, Mended};
use crate::row::Change;
use crate::seal::Sealer;
use crate::sled_log::SEGMENT_BYTES;
use crate::store::Store;
use crate::witness::{Ended, Testimony, Witness};

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
    let newest = NewestSegments::read(&paths.db.join("db"))?;
    let known = said.map_or(0, |s| s.events);
    let (disk, heads, outcome) = match look(&paths, &sealer, said.as_ref()) {
        Ok(Found::Empty(disk)) if known == 0 => (disk, Heads::default(), Outcome::Fresh),
        Ok(Found::Empty(disk)) => (disk, Heads::default(), Outcome::Repaired { lost: known, aside: None }),
        Ok(Found::Sound(disk, heads)) if heads.events() >= known => (disk, heads, Outcome::Normal),
        Ok(Found::Sound(disk, _)) => {
            // sled forgot a part and did not tell; its file may still have it.
            drop(disk);
            mend(&paths, &newest, &sealer, Unfit::Damaged("events are missing".to_owned()), known)?
        }
        Err(unfit) => mend(&paths, &newest, &sealer, unfit, known)?,
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

/// Looks at what is there. The files first, because sled wipes what lies beyond a cut.
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
        if shorter && (length == 0 || !length.is_multiple_of(SEGMENT_BYTES as u64)) {
            return Err(Unfit::Damaged("its file was cut short".to_owned()));
        }
        if paths.db.with_extension(UNREADABLE).exists() {
            return Err(Unfit::Damaged("rows were unreadable last time".to_owned()));
        }
    }
    examine::examine(&paths.db, sealer)
}

fn mend(
    paths: &Paths,
    newest: &NewestSegments,
    sealer: &Arc<Sealer>,
    unfit: Unfit,
    known: u64,
) -> Result<(Disk, Heads, Outcome), OpenError> {
    let why = match unfit {
        Unfit::TooNew(found) => return Err(OpenError::TooNew { found }),
        Unfit::WrongKey => return Err(OpenError::WrongKey),
        Unfit::Io(e) => return Err(OpenError::Io(e)),
        Unfit::Damaged(why) => why,
    };
    tracing::error!(why, "the store is damaged");
    match repair::mend(paths, newest, sealer)? {
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
    if !disk.has(key::FORM) {
        examine::first_rows(disk)?;
    }
    disk.apply(vec![Change::Remove { key: key::CLEAN.to_vec() }])?;
    disk.sync()?;
    disk.sync_names()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SCHEMA;
    use crate::log_index;

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
            let form = Change::PutClear { key: key::FORM.to_vec(), value: 1u16.to_be_bytes().to_vec() };
            disk.apply((1..=100).map(row).chain([form]).collect()).expect("the disk has room");
            disk.sync().expect("the disk works");
        }
        let opened = open(dir.path(), &[1; 32]).expect("an older form is read");
        assert_eq!((opened.outcome, opened.end), (Outcome::Normal, LastEnd::Orderly));
        let disk = opened.store.disk();
        assert_eq!(disk.get_raw(key::FORM).expect("it can be read").expect("it is there").bytes(), SCHEMA.to_be_bytes());
        let log = log_index::LogName { room: [1; 16], device: [2; 16], log: 0 };
        let there: Vec<Vec<u8>> = log_index::keys_from(disk, &log, 1).collect();
        let wanted: Vec<Vec<u8>> = (1..=100).filter_map(|seq| key::of_location(&log.room, &location(seq))).collect();
        assert_eq!(there, wanted);
    }
}
