//! One process on a profile, from before its identity is made until the end.
//!
//! The store has a lock of its own; this one also keeps two processes from making two identities at
//! the same first run.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Held as long as the session lives; the system lets go of it when the process ends, however it
/// ends.
pub(crate) struct ProfileLock {
    _file: File,
}

/// Why the profile could not be taken. Nothing has changed.
pub(crate) enum NotTaken {
    /// Another process has it.
    Held,
    /// The lock file cannot be made or locked.
    Io(io::Error),
}

impl ProfileLock {
    /// Takes the profile, or says why not, without waiting.
    pub(crate) fn take(profile: &Path) -> Result<ProfileLock, NotTaken> {
        std::fs::create_dir_all(profile).map_err(NotTaken::Io)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(profile.join("profile.lock")).map_err(NotTaken::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(ProfileLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(NotTaken::Held),
            Err(TryLockError::Error(error)) => Err(NotTaken::Io(error)),
        }
    }
}
