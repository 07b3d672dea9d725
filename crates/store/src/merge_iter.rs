//! A merging iterator: rows in key order, of the memtable and of the database, alone or in blocks.

use std::collections::VecDeque;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use sled::IVec;

use crate::block;
use crate::files::Files;
use crate::key_range::{End, KeyRange};
use crate::row::Stored;

/// Rows of a range from either end, those of the memtable included. Sees what is written meanwhile.
pub(crate) struct MergeIter {
    files: Arc<Files>,
    span: KeyRange,
    below: Option<Below>,
}

/// The database's part, read from one end.
struct Below {
    end: End,
    /// The newest batch that the database had when this began. Later ones may be missed, because
    /// sled reads ahead.
    since: u64,
    blocks: sled::Iter,
    /// Rows that were read and not given out, the next one first.
    ahead: VecDeque<(IVec, Stored)>,
}

impl MergeIter {
    pub(crate) fn new(files: &Arc<Files>, span: KeyRange) -> MergeIter {
        MergeIter { files: files.clone(), span, below: None }
    }

    pub(crate) fn step(&mut self, end: End) -> Option<sled::Result<(IVec, Stored)>> {
        while !self.span.is_empty() {
            // The memtable is asked before the database: a row that moves down in between is then
            // found twice, and not missed.
            let (retired, above) = self.files.memtable.outermost(&self.span, end);
            let begun = match self.below.take() {
                Some(below) if below.end == end && below.since == retired => Ok(below),
                Some(_) | None => Below::new(&self.files, &self.span, end, retired),
            };
            let mut below = match begun {
                Ok(below) => below,
                Err(e) => return Some(Err(e)),
            };
            let under = match below.next(&self.files, &self.span) {
                Some(Err(e)) => return Some(Err(e)),
                Some(Ok(row)) => Some(row),
                None => None,
            };
            let (key, stored) = match (above, under) {
                (None, None) => return None,
                (None, Some((key, stored))) => (key, Some(stored)),
                // The row above is found again.
                (Some((other, _)), Some((key, stored))) if end.is_outer(&key, &other) => (key, Some(stored)),
                (Some((key, cell)), under) => {
                    // One of the same key is older, and will be passed over.
                    under.into_iter().for_each(|row| below.ahead.push_front(row));
                    (key, cell.into_stored())
                }
            };
            self.below = Some(below);
            self.span.leave_out(&key, end);
            if let Some(stored) = stored {
                return Some(Ok((key, stored)));
            }
        }
        None
    }
}

impl Below {
    fn new(files: &Files, span: &KeyRange, end: End, since: u64) -> sled::Result<Below> {
        let (from, to) = span.bounds();
        // The first rows of the range may be in a block that begins before it.
        let block = match from {
            Included(key) | Excluded(key) => files.block_up_to(key)?,
            Unbounded => None,
        };
        let from = block.as_ref().map_or(from, |(first, _)| Included(first.as_ref()));
        Ok(Below { end, since, blocks: files.db.range::<&[u8], _>((from, to)), ahead: VecDeque::new() })
    }

    /// The next row of what is left of the range. The database may just have received rows of the
    /// memtable that were given out already.
    fn next(&mut self, files: &Files, span: &KeyRange) -> Option<sled::Result<(IVec, Stored)>> {
        loop {
            while let Some(row) = self.ahead.pop_front() {
                if span.contains(&row.0) {
                    return Some(Ok(row));
                }
            }
            let read = match self.end {
                End::Front => self.blocks.next(),
                End::Back => self.blocks.next_back(),
            };
            match read? {
                Ok((key, sealed)) if block::group(&key).is_some() => self.read_block(files, span, key, sealed),
                Ok((key, sealed)) => self.ahead.push_back((key, Stored::Sealed(sealed))),
                Err(e) => return Some(Err(e)),
            }
        }
    }

    fn read_block(&mut self, files: &Files, span: &KeyRange, first: IVec, sealed: IVec) {
        let Some(entries) = files.entries(&first, &sealed) else {
            // The reader is to hear of it, even if the block begins before the range.
            return self.ahead.push_back((span.nearest(first), Stored::Sealed(sealed)));
        };
        let entries = entries.into_iter().map(|(key, value)| (key, Stored::Plain(value)));
        match self.end {
            End::Front => self.ahead.extend(entries),
            End::Back => self.ahead.extend(entries.rev()),
        }
    }
}
