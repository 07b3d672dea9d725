//! Whether a database can be used: its form, its key, and the ends of its logs.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{Broken, StoreError};
use crate::event_row;
use crate::heads::Heads;
use crate::key::{self, SCHEMA};
use crate::log_index;
use crate::row::Change;
use crate::seal::Sealer;

const PROOF_TEXT: &[u8] = b"grapevine store";

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

/// Opens a database and looks whether it can be used: form, key, heads.
pub(crate) fn examine(dir: &Path, sealer: &Arc<Sealer>) -> Result<Found, Unfit> {
    let disk = Disk::open(dir, sealer.clone())?;
    let Some(schema) = disk.get_raw(key::FORM)? else {
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
    // After an orderly end that is enough. Otherwise the end of each log must be there.
    if !disk.has(key::CLEAN) {
        check_ends(&disk, &heads)?;
    }
    Ok(Found::Sound(disk, heads))
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
    Change::PutClear { key: key::FORM.to_vec(), value: SCHEMA.to_be_bytes().to_vec() }
}

/// Whether the last event of each log is there and is the one that its head tells of.
fn check_ends(disk: &Disk, heads: &Heads) -> Result<(), Broken> {
    for (room, log, filed) in heads.all().filter(|(_, _, filed)| filed.end.head.seq > 0) {
        let key = log_index::find(disk, &heads.name(disk, room, log), filed.end.head.seq);
        let plain = key.and_then(|key| disk.get(&key));
        let event = plain.as_deref().and_then(event_row::read);
        if event.is_none_or(|event| event.head() != filed.end.head) {
            return Err(Broken::Damaged("the end of a log is missing".to_owned()));
        }
    }
    Ok(())
}
