//! A merging iterator: rows in key order, of the memtable and of the blocks of the database.

use std::sync::Arc;

use super::block::Entry;
use super::database::Unusable;
use super::key_range::{End, KeyRange};
use super::table::Index;

/// Rows of a range from one end, those of the memtable included. What is written meanwhile may be
/// seen or not.
pub(crate) struct MergeIter {
    index: Arc<Index>,
    end: End,
    /// What has not been given out yet.
    rest: KeyRange,
    /// Rows of the block there, the next one last. Some may be beyond the range.
    below: Vec<Entry>,
    /// How many writes the database had when the block was read. None: it has to be read.
    settled: Option<u64>,
}

impl MergeIter {
    pub(crate) fn new(index: &Arc<Index>, span: KeyRange, end: End) -> MergeIter {
        MergeIter { index: index.clone(), end, rest: span, below: Vec::new(), settled: None }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Unusable> {
        loop {
            let (above, settled) = self.index.memtable.nearest(&self.rest, self.end);
            // A batch that has moved down since the block was read would be seen in neither.
            if self.settled != Some(settled) {
                self.below = self.index.read_block(&self.rest, self.end)?;
                self.settled = Some(settled);
                continue;
            }
            let below = self.below.last().filter(|(key, _)| self.rest.contains(key));
            let below = below.map(|(key, value)| (key.clone(), Some(value.clone())));
            let Some((key, value)) = self.end.nearer(above, below) else { return Ok(None) };
            self.rest.pass(self.end, key.clone());
            if self.below.pop_if(|(other, _)| *other == key).is_some() && self.below.is_empty() {
                self.settled = None;
            }
            if let Some(value) = value {
                return Ok(Some((key, value)));
            }
        }
    }
}
