//! A merging iterator: rows in key order, of the memtable and of the blocks of the database.

use std::collections::VecDeque;
use std::sync::Arc;

use super::block::{self, Entry};
use super::database::Unusable;
use super::key_range::{End, KeyRange};
use super::table::Index;

/// Rows of a range from one end, those of the memtable included. What is written meanwhile may be
/// seen or not.
pub(crate) struct MergeIter {
    index: Arc<Index>,
    end: End,
    /// What has not been read yet.
    rest: KeyRange,
    /// Rows that were read and not given out, the next one first.
    ahead: VecDeque<Entry>,
}

impl MergeIter {
    pub(crate) fn new(index: &Arc<Index>, span: KeyRange, end: End) -> MergeIter {
        MergeIter { index: index.clone(), end, rest: span, ahead: VecDeque::new() }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Unusable> {
        loop {
            if let Some(row) = self.ahead.pop_front() {
                return Ok(Some(row));
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            self.read_on()?;
        }
    }

    /// Reads the rows up to the end of a block.
    fn read_on(&mut self) -> Result<(), Unusable> {
        let (stretch, rest, below, above) = loop {
            // A batch that moves down in between would be seen in neither.
            let retired = self.index.memtable.retired();
            let (stretch, rest, below) = self.index.stretch(&self.rest, self.end)?;
            let (above, last) = self.index.memtable.rows_in(&stretch, self.end);
            if self.index.memtable.retired() == retired {
                // Of many rows above only the first were read.
                let shorter = last.map(|last| self.rest.split(self.end, last, true));
                let (stretch, rest) = shorter.unwrap_or((stretch, rest));
                break (stretch, rest, below, above);
            }
        };
        self.rest = rest;
        let below = below.into_iter().filter(|(key, _)| stretch.contains(key)).collect();
        let rows = block::merge(below, &above, |_, _| ());
        match self.end {
            End::Front => self.ahead.extend(rows),
            End::Back => self.ahead.extend(rows.into_iter().rev()),
        }
        Ok(())
    }
}
