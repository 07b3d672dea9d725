//! Every way in which custody can refuse, one for each thing that a person can do about it.

use std::io;
use std::time::Duration;

/// Why the secrets could not be made or opened. Unless a variant says otherwise, nothing has
/// changed.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// There is no usable keychain on this system now: none runs, or it has no place for new items.
    #[error("there is no keychain: {detail}")]
    Absent {
        /// The system's own words.
        detail: String,
    },
    /// The keychain is there, but it is locked or a person said no.
    #[error("the keychain refused: {detail}")]
    Denied {
        /// The system's own words.
        detail: String,
    },
    /// What the marker promises is gone: the keychain has no such item, or `identity.key` is
    /// missing.
    #[error("the identity is gone from where it was kept")]
    Wiped,
    /// The keychain has not answered in time. It may still answer: asking again joins the same
    /// question.
    #[error("the keychain has not answered for {waited:?}")]
    Silent {
        /// As long as the caller was willing to wait.
        waited: Duration,
    },
    /// The key file is sound, but this passphrase does not open it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// Too easy to guess for a thief of the file; see
    /// [`MIN_PASSPHRASE_CHARS`](super::MIN_PASSPHRASE_CHARS).
    #[error("the passphrase is too easy to guess")]
    WeakPassphrase,
    /// `identity.json` or `identity.key` is not as it was written, or comes from a newer version.
    #[error("a file of the identity is damaged: {detail}")]
    DamagedFile {
        /// Which file and what is wrong with it.
        detail: String,
    },
    /// What was found is not the identity that the marker names.
    #[error("another identity than the profile's was found")]
    WrongIdentity,
    /// The profile has an identity already; a second one never replaces it.
    #[error("the profile has an identity already")]
    AlreadyExists,
    /// The disk or the system failed. After a failed `create` the key file may exist without a
    /// marker, and then counts.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for CustodyError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => CustodyError::DamagedFile { detail: error.to_string() },
            _ => CustodyError::Io(error),
        }
    }
}
