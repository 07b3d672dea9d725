//! The index: a sorted table that tells where in the journal something is, and how far each log has
//! come. All of it is made from the journal, and can be made from it again.
//!
//! Rows wait in a memtable and reach sled in large sorted batches, in blocks, together with the
//! position in the journal up to which the table is complete. Start in `table.rs`;
//! `database.rs` is the one place that opens sled.

mod block;
mod database;
mod key_range;
mod memtable;
mod merge_iter;
mod meta;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use block::Change;
pub(crate) use database::Unusable;
pub(crate) use key_range::{End, KeyRange};
pub(crate) use merge_iter::MergeIter;
pub(crate) use meta::Meta;
pub(crate) use table::Index;
