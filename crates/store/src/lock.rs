//! One process at a time on a profile.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::OpenError;

/// Held as long as the store is open; the system lets go of it when the process ends, however it
/// ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the profile, or says why not, without waiting.
    pub(crate) fn take(profile: &Path) -> Result<Lock, OpenError> {
        fs::create_dir_all(profile)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(profile.join("store.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(e)) => Err(e.into()),
        }
    }
}
