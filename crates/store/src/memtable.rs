//! Rows that were written and that the database does not have yet: a memtable, as log-structured
//! merge trees have it (O'Neil et al. 1996).
//!
//! Writing a row to sled costs a walk through its tree, and writing a few of them as a batch wakes
//! all threads of its pool. So rows wait here, where readers find them, until there are enough for
//! a large batch or until they are to be durable. Rows that were written together reach the
//! database together.

use std::collections::{BTreeMap, VecDeque, btree_map};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use sled::IVec;

use crate::key_range::{End, KeyRange};
use crate::row::Cell;

/// Rows that make a batch full. Raised: less work for each row, and readers of the database wait
/// longer for one batch.
const BATCH_ROWS: usize = 256;
/// Bytes that make a batch full.
const BATCH_BYTES: usize = 256 * 1024;
/// Rows that may wait; beyond that, writers wait for the disk.
pub(crate) const MAX_ROWS: usize = 8 * 1024;
/// Bytes that may wait.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Once this part of either waits, callers that can write later should.
const FULL_PART: usize = 4;

/// Rows by key, and the order in which they reach the database.
#[derive(Default)]
pub(crate) struct Memtable {
    state: Mutex<State>,
    less: Condvar,
}

#[derive(Default)]
struct State {
    /// The newest of each row.
    rows: BTreeMap<IVec, Newest>,
    /// Oldest first; the last one still grows.
    batches: VecDeque<Batch>,
    /// Number of the newest batch; they count from 1.
    newest: u64,
    /// The newest batch that the database has.
    retired: u64,
    waiting: Size,
    /// A thread settles: it takes batches and brings them to the database.
    settling: bool,
    /// Batches up to this one are wanted there, full or not.
    wanted: u64,
    broken: bool,
}

struct Newest {
    /// Number of the batch that brings it, and its place in there.
    batch: u64,
    place: usize,
    cell: Cell,
}

/// Rows that reach the database together: the last that was written under each key.
pub(crate) struct Batch {
    number: u64,
    rows: Vec<(IVec, Cell)>,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    rows: usize,
    bytes: usize,
}

impl Memtable {
    /// Takes rows that belong together. True if a batch is full and no thread settles: then the
    /// caller must start one.
    ///
    /// Blocks while too many rows wait, as long as a thread settles.
    pub(crate) fn push(&self, group: Vec<(IVec, Cell)>) -> bool {
        let mut state = self.state();
        while state.waiting.is_beyond(MAX_ROWS, MAX_BYTES) && state.settling && !state.broken {
            state = self.less.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let state = &mut *state;
        if state.batches.back().is_none_or(Batch::is_full) {
            state.newest = state.newest.saturating_add(1);
            state.batches.push_back(Batch { number: state.newest, rows: Vec::new(), size: Size::default() });
        }
        let Some(batch) = state.batches.back_mut() else { return false };
        for (key, cell) in group {
            let size = Size { rows: 1, bytes: key.len().saturating_add(cell.bytes()) };
            batch.size.add(size);
            state.waiting.add(size);
            let newest = Newest { batch: batch.number, place: batch.rows.len(), cell: cell.clone() };
            match state.rows.entry(key.clone()) {
                btree_map::Entry::Occupied(mut held) if held.get().batch == batch.number => {
                    let place = held.get().place;
                    held.insert(Newest { place, ..newest });
                    if let Some((_, before)) = batch.rows.get_mut(place) {
                        let size = Size { rows: 1, bytes: key.len().saturating_add(before.bytes()) };
                        batch.size.subtract(size);
                        state.waiting.subtract(size);
                        *before = cell;
                    }
                    continue;
                }
                other => drop(other.insert_entry(newest)),
            }
            batch.rows.push((key, cell));
        }
        let begins = batch.is_full() && !state.settling;
        state.settling |= begins;
        begins
    }

    /// So much waits that a caller that writes much now may be blocked.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.state();
        state.settling && !state.broken && state.waiting.is_beyond(MAX_ROWS / FULL_PART, MAX_BYTES / FULL_PART)
    }

    /// What was written last under a key; none if that is not waiting here.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Cell> {
        self.state().rows.get(key).map(|newest| newest.cell.clone())
    }

    /// The first or last row of a range, and the newest batch that the database had at that moment.
    /// The range must not be empty.
    pub(crate) fn outermost(&self, span: &KeyRange, end: End) -> (u64, Option<(IVec, Cell)>) {
        let state = self.state();
        let mut rows = state.rows.range::<[u8], _>(span.bounds());
        let found = match end {
            End::Front => rows.next(),
            End::Back => rows.next_back(),
        };
        (state.retired, found.map(|(key, newest)| (key.clone(), newest.cell.clone())))
    }

    /// Asks for everything that was pushed to be settled. Gives its last batch, and whether the
    /// caller must settle.
    pub(crate) fn want_all(&self) -> (u64, bool) {
        let mut state = self.state();
        state.wanted = state.newest;
        let begins = !state.settling && !state.batches.is_empty();
        state.settling |= begins;
        (state.newest, begins)
    }

    /// Blocks until the database has a batch, or until it is clear that it never will.
    pub(crate) fn wait_for(&self, number: u64) {
        let mut state = self.state();
        while state.retired < number && !state.broken {
            state = self.less.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The thread that settles stops. True if there are full batches left: then the caller must
    /// start another one.
    pub(crate) fn leave(&self) -> bool {
        let mut state = self.state();
        state.settling = state.batches.front().is_some_and(Batch::is_full);
        state.settling
    }

    /// The next batch, for the thread that settles. It must be retired before another one is taken,
    /// and readers find its rows here until then. None if no other batch is full or wanted; then
    /// the thread has stopped settling.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        let wanted = state.wanted;
        let taken = if state.broken { None } else { state.batches.pop_front_if(|batch| batch.is_full() || batch.number <= wanted) };
        state.settling = taken.is_some();
        taken
    }

    /// Whether the database has a batch.
    pub(crate) fn has_retired(&self, number: u64) -> bool {
        self.state().retired >= number
    }

    /// The database has this batch now.
    pub(crate) fn retire(&self, batch: Batch) {
        let mut state = self.state();
        for (key, _) in batch.rows {
            // A row that was written again meanwhile stays: a later batch brings it.
            if let btree_map::Entry::Occupied(held) = state.rows.entry(key)
                && held.get().batch == batch.number
            {
                held.remove();
            }
        }
        state.retired = batch.number;
        state.waiting.subtract(batch.size);
        self.less.notify_all();
    }

    /// Rows that the database does not have yet, one that is in two batches counted twice.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.rows
    }

    /// Nothing reaches the database any more. What is here stays readable, and no thread is blocked
    /// any longer.
    pub(crate) fn give_up(&self) {
        self.state().broken = true;
        self.less.notify_all();
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    pub(crate) fn rows(&self) -> &[(IVec, Cell)] {
        &self.rows
    }

    fn is_full(&self) -> bool {
        self.size.is_beyond(BATCH_ROWS, BATCH_BYTES)
    }
}

impl Size {
    fn add(&mut self, other: Size) {
        self.rows = self.rows.saturating_add(other.rows);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn subtract(&mut self, other: Size) {
        self.rows = self.rows.saturating_sub(other.rows);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }

    fn is_beyond(&self, rows: usize, bytes: usize) -> bool {
        self.rows >= rows || self.bytes >= bytes
    }
}
