//! The journal: an append-only file of sealed records, which is the truth of a profile: all else on
//! the disk can be built anew from it.
//!
//! A record is a batch of entries, sealed as one under its number, so that a turned bit and a
//! swapped, repeated or foreign record are noticed by the seal itself. Entries are named by [`At`],
//! never by an offset: a segment that is written anew, because something in it is erased, keeps all
//! numbers. Why it is a format of our own: decision 30. Start in `log.rs`; `record.rs` is the form
//! of a record, `segment.rs` one file, `erase.rs` what is removed from the disk.

mod at;
mod erase;
mod found;
mod log;
mod record;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use at::At;
pub(crate) use erase::Fate;
pub(crate) use found::Found;
pub(crate) use log::{Journal, SEGMENT_BYTES};
pub use segment::FORM;
pub(crate) use segment::sync_names;
