//! One process at a time on a profile.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Held as long as the store is open; the system lets go of it when the process ends, however it
/// ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Why the profile could not be taken. Nothing has changed.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// Another process holds it.
    Held,
    /// The lock file cannot be made or locked.
    Io(io::Error),
}

impl Lock {
    /// Takes the profile, or says why not, without waiting.
    pub(crate) fn take(profile: &Path) -> Result<Lock, NotTaken> {
        fs::create_dir_all(profile).map_err(NotTaken::Io)?;
        let path = profile.join("store.lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(NotTaken::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(NotTaken::Held),
            Err(TryLockError::Error(e)) => Err(NotTaken::Io(e)),
        }
    }
}
