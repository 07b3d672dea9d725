//! One row of the database: a change to it, how it waits to be written, how it is found.

use sled::IVec;

use crate::seal::Sealer;

/// One change of a batch.
#[derive(Clone)]
pub(crate) enum Change {
    Put { key: Vec<u8>, plain: Vec<u8> },
    PutClear { key: Vec<u8>, value: Vec<u8> },
    Remove { key: Vec<u8> },
}

/// What is read under a key.
#[derive(Debug)]
pub(crate) enum Stored {
    /// As it lies on disk.
    Sealed(IVec),
    /// In clear: from the memtable, from a block that was opened, or from a disk in memory.
    Plain(IVec),
}

/// What is written under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// To be sealed on its way to the disk.
    Plain(IVec),
    /// Written as it is, not sealed.
    Clear(IVec),
    /// The row is removed.
    Removed,
}

impl Change {
    pub(crate) fn into_cell(self) -> (IVec, Cell) {
        match self {
            Change::Put { key, plain } => (key.into(), Cell::Plain(plain.into())),
            Change::PutClear { key, value } => (key.into(), Cell::Clear(value.into())),
            Change::Remove { key } => (key.into(), Cell::Removed),
        }
    }

    #[cfg(feature = "manual")]
    pub(crate) fn plain(self) -> (Vec<u8>, Option<Vec<u8>>) {
        match self {
            Change::Put { key, plain } => (key, Some(plain)),
            Change::PutClear { key, value } => (key, Some(value)),
            Change::Remove { key } => (key, None),
        }
    }
}

impl Stored {
    /// The content, if it was sealed here under this key.
    pub(crate) fn open(&self, sealer: &Sealer, key: &[u8]) -> Option<Vec<u8>> {
        match self {
            Stored::Sealed(row) => sealer.unseal(key, row).ok(),
            Stored::Plain(plain) => Some(plain.to_vec()),
        }
    }

    /// The bytes as they are.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Stored::Sealed(bytes) | Stored::Plain(bytes) => bytes,
        }
    }
}

impl Cell {
    /// As a reader finds it.
    pub(crate) fn into_stored(self) -> Option<Stored> {
        match self {
            Cell::Plain(value) | Cell::Clear(value) => Some(Stored::Plain(value)),
            Cell::Removed => None,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Cell::Plain(value) | Cell::Clear(value) => value.len(),
            Cell::Removed => 0,
        }
    }
}
