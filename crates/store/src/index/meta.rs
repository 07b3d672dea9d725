//! What the index says of itself.

use std::collections::BTreeSet;

use bincode::{Decode, Encode};
use wire::codec;

use crate::journal::At;
use crate::key;

/// Raised when keys, rows or blocks change: then it is built anew.
const FORM: u16 = 2;
/// Records that are told of together. Raised: less to keep. Lowered: less to read for an erasure.
pub(super) const CHUNK: u64 = 4096;

/// What the index says of itself. It is written together with the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Meta {
    /// The first record of the journal that is not in the index.
    pub(crate) next: u64,
    /// Records that the journal had lost when the index was built.
    pub(crate) gone: u64,
    /// Where the journal has entries that no row points to any more: chunks of its records.
    pub(crate) dead: BTreeSet<u64>,
    /// Those that an erasure has begun with. What dies there meanwhile is noted for the next one.
    pub(crate) erasing: BTreeSet<u64>,
    /// How often it was written: of two, the one that was written more often is the newer.
    pub(super) writes: u64,
}

impl Meta {
    pub(super) fn encode(&self) -> Vec<u8> {
        codec::encode(&(FORM, self))
    }

    /// None: of another form, or damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Meta> {
        codec::decode::<(u16, Meta)>(bytes).ok().filter(|(form, _)| *form == FORM).map(|(_, meta)| meta)
    }

    /// What is dead now is to be erased, and what an earlier erasure did not come to.
    pub(crate) fn begin_erasure(&mut self) {
        self.erasing.append(&mut self.dead);
    }

    /// Whether there may be something to erase in this record.
    pub(crate) fn is_erasing(&self, record: u64) -> bool {
        self.erasing.contains(&(record / CHUNK))
    }
}

/// The chunk that a row points to.
pub(super) fn chunk_of(key: &[u8], value: &[u8]) -> Option<u64> {
    let is_place = key.first() != Some(&key::HEAD);
    At::split(value).filter(|_| is_place).map(|(at, _)| at.record / CHUNK)
}
