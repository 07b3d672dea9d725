//! What the index says of itself.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use sled::IVec;
use wire::codec;

use crate::journal::At;
use crate::key;

/// Raised when keys, rows or blocks change: then it is built anew.
const FORM: u16 = 1;
/// Records that are told of together. Raised: less to keep. Lowered: less to read for an erasure.
const CHUNK: u64 = 4096;

/// What the index says of itself. It is written together with the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Meta {
    /// The first record of the journal that is not in the index.
    pub(crate) next: u64,
    /// Records that the journal had lost when the index was built.
    pub(crate) gone: u64,
    /// Where the journal has entries that no row points to any more: how many, by chunk.
    pub(crate) dead: Dead,
}

/// Entries that nothing points to any more: how many, by chunk of the journal's records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Dead(BTreeMap<u64, u64>);

impl Meta {
    pub(super) fn encode(&self) -> Vec<u8> {
        codec::encode(&(FORM, self))
    }

    /// None: of another form, or damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Meta> {
        codec::decode::<(u16, Meta)>(bytes).ok().filter(|(form, _)| *form == FORM).map(|(_, meta)| meta)
    }
}

impl Dead {
    /// Notes what a row pointed to before it was written over.
    pub(super) fn note(&mut self, key: &[u8], before: Option<&IVec>) {
        let is_place = key.first() != Some(&key::HEAD);
        let Some((at, _)) = before.filter(|_| is_place).and_then(|before| At::split(before)) else { return };
        let count = self.0.entry(at.record / CHUNK).or_default();
        *count = count.saturating_add(1);
    }

    /// Forgets what was there then.
    pub(crate) fn forget(&mut self, then: &Dead) {
        for (chunk, count) in &then.0 {
            if let Some(now) = self.0.get_mut(chunk) {
                *now = now.saturating_sub(*count);
            }
        }
        self.0.retain(|_, count| *count > 0);
    }

    pub(super) fn extend(&mut self, more: &Dead) {
        for (chunk, count) in &more.0 {
            let all = self.0.entry(*chunk).or_default();
            *all = all.saturating_add(*count);
        }
    }

    /// Whether there may be one in this record.
    pub(crate) fn touches(&self, record: u64) -> bool {
        self.0.contains_key(&(record / CHUNK))
    }
}
