//! What can go wrong with a store: opening it, reading it, writing it.

use std::io;

/// Why there is no store. Nothing has changed, except as said.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has this profile open. Nothing has changed.
    #[error("another process uses this profile")]
    InUse,
    /// A newer version of the program wrote it. Nothing has changed.
    #[error("the data has form {found}; this version knows form {known}")]
    TooNew {
        /// The form that was found.
        found: u16,
        /// The one of this version.
        known: u16,
    },
    /// An older version of the program wrote it, in a form that is not read any more. Nothing has
    /// changed.
    #[error("the data was written by an older version, which kept it in another form; this version cannot read it")]
    TooOld,
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

/// Why a write was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused (full, or failing). Nothing of this write is there, and nothing that a
    /// [`crate::Store::flush`] vouched for is lost. Later writes may succeed, unless
    /// [`crate::Store::has_failed`].
    #[error("writing to the store failed: {0}")]
    Disk(String),
    /// An event does not follow on what is stored of its log: `expected` comes next. Earlier
    /// batches of the same call may be stored.
    #[error("event {seq} of a log where {expected} comes next")]
    Gap {
        /// What comes next.
        expected: u32,
        /// What was given.
        seq: u32,
    },
    /// The row is larger than [`crate::MAX_ROW_BYTES`]. Nothing has changed.
    #[error("a row of {0} bytes is too large")]
    TooLarge(usize),
}
