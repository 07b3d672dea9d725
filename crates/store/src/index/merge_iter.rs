//! A merging iterator: rows in key order, of the memtable and of the blocks of the database.

use std::collections::VecDeque;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use super::block::Entry;
use super::key_range::{End, KeyRange};
use super::table::{FIRST, Index, Unusable, block_up_to, guarded};

/// Rows of a range from either end, those of the memtable included. Sees what is written meanwhile.
pub(crate) struct MergeIter {
    index: Arc<Index>,
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
    ahead: VecDeque<Entry>,
}

impl MergeIter {
    pub(crate) fn new(index: &Arc<Index>, span: KeyRange) -> MergeIter {
        MergeIter { index: index.clone(), span, below: None }
    }

    /// The next row from one end.
    pub(crate) fn step(&mut self, end: End) -> Result<Option<Entry>, Unusable> {
        while !self.span.is_empty() {
            // The memtable is asked before the database: a row that moves down in between is then
            // found twice, and not missed.
            let (retired, above) = self.index.memtable.outermost(&self.span, end);
            let mut below = match self.below.take() {
                Some(below) if below.end == end && below.since == retired => below,
                Some(_) | None => Below::new(&self.index, &self.span, end, retired)?,
            };
            let under = below.next(&self.index, &self.span)?;
            let (key, value) = match (above, under) {
                (None, None) => return Ok(None),
                (None, Some((key, value))) => (key, Some(value)),
                // The row above is found again.
                (Some((other, _)), Some((key, value))) if end.is_outer(&key, &other) => (key, Some(value)),
                (Some((key, value)), under) => {
                    // One of the same key is older, and will be passed over.
                    under.into_iter().for_each(|row| below.ahead.push_front(row));
                    (key, value)
                }
            };
            self.below = Some(below);
            self.span.leave_out(&key, end);
            if let Some(value) = value {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }
}

impl Below {
    fn new(index: &Index, span: &KeyRange, end: End, since: u64) -> Result<Below, Unusable> {
        let (from, to) = span.bounds();
        let db = index.db()?;
        // The first rows of the range may be in a block that begins before it.
        let block = match from {
            Included(key) | Excluded(key) => guarded(|| block_up_to(&db, key))?,
            Unbounded => None,
        };
        let from = match (&block, from) {
            (Some((first, _)), _) => Included(first.as_ref()),
            (None, Unbounded) => Included(FIRST.as_slice()),
            (None, from) => from,
        };
        Ok(Below { end, since, blocks: db.range::<&[u8], _>((from, to)), ahead: VecDeque::new() })
    }

    /// The next row of what is left of the range. The database may just have received rows of the
    /// memtable that were given out already.
    fn next(&mut self, index: &Index, span: &KeyRange) -> Result<Option<Entry>, Unusable> {
        loop {
            while let Some(row) = self.ahead.pop_front() {
                if span.contains(&row.0) {
                    return Ok(Some(row));
                }
            }
            let block = guarded(|| {
                let read = match self.end {
                    End::Front => self.blocks.next(),
                    End::Back => self.blocks.next_back(),
                };
                let Some((first, sealed)) = read.transpose()? else { return Ok(None) };
                index.entries(&first, &sealed).map(Some)
            })?;
            match (block, self.end) {
                (None, _) => return Ok(None),
                (Some(entries), End::Front) => self.ahead.extend(entries),
                (Some(entries), End::Back) => self.ahead.extend(entries.into_iter().rev()),
            }
        }
    }
}
