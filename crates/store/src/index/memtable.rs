//! Rows that were written and that the database does not have yet: a memtable, as log-structured
//! merge trees have it (O'Neil et al. 1996).
//!
//! Writing a row to sled costs a walk through its tree, and writing a few of them as a batch wakes
//! all threads of its pool. So rows wait here, where readers find them, until there are enough for
//! a large batch; others are written while it is on its way. Rows that were written together reach
//! the database together. What is here need not be saved: the journal has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sled::IVec;

use super::block::Change;
use super::key_range::{End, KeyRange};
use super::meta::{Meta, chunk_of};

/// Rows that make a batch. Raised: less work for each row, and more to read again after a crash.
const BATCH_ROWS: usize = 4 * 1024;
/// Once so many wait, callers that can write later should.
const MANY_ROWS: usize = 2 * BATCH_ROWS;
/// So many may wait; beyond that, writers wait for the database. Raised: more memory, because as
/// many may be on their way.
const MAX_ROWS: usize = 4 * BATCH_ROWS;

/// Rows on their way to the database.
pub(super) struct Memtable {
    state: Mutex<State>,
    less: Condvar,
}

struct State {
    /// It still grows.
    newest: Batch,
    /// It is on its way; readers find its rows here until the database has them.
    frozen: Option<Arc<Batch>>,
    /// Of all writes ([`Meta::writes`]) so many are in the database.
    settled: u64,
    /// So many are to be there soon, however few rows they are.
    wanted: u64,
    /// A thread settles: it brings batches to the database.
    settling: bool,
}

/// Rows that reach the database together: the last that was written under each key.
pub(super) struct Batch {
    pub(super) rows: BTreeMap<IVec, Option<IVec>>,
    /// What the index says of itself with them.
    pub(super) meta: Meta,
}

impl Memtable {
    /// `meta`: what the database says of itself.
    pub(super) fn new(meta: Meta) -> Memtable {
        let settled = meta.writes;
        let newest = Batch { rows: BTreeMap::new(), meta };
        let state = State { newest, frozen: None, settled, wanted: settled, settling: false };
        Memtable { state: Mutex::new(state), less: Condvar::new() }
    }

    /// What the index says of itself with all that was written.
    pub(super) fn meta(&self) -> Meta {
        self.state().newest.meta.clone()
    }

    /// Waits while too much waits and a thread settles. False: there is no room, and the database
    /// takes nothing.
    pub(super) fn has_room(&self) -> bool {
        let state = self.less.wait_while(self.state(), |state| state.settling && state.newest.rows.len() >= MAX_ROWS);
        state.unwrap_or_else(PoisonError::into_inner).newest.rows.len() < MAX_ROWS
    }

    /// So much waits that a caller that writes much now may be blocked.
    pub(super) fn is_full(&self) -> bool {
        let state = self.state();
        state.settling && state.newest.rows.len() >= MANY_ROWS
    }

    /// Takes rows that belong together, and what the index says of itself with them.
    pub(super) fn push(&self, group: Vec<Change>, change: impl FnOnce(&mut Meta)) {
        let mut state = self.state();
        let Batch { rows, meta } = &mut state.newest;
        meta.writes = meta.writes.saturating_add(1);
        change(meta);
        for (key, value) in group {
            if let Some(place) = rows.get_mut(&key) {
                let before = std::mem::replace(place, value);
                meta.dead.extend(before.and_then(|before| chunk_of(&key, &before)));
            } else {
                rows.insert(key, value);
            }
        }
    }

    /// What was written last under a key, if that is here; within, none if it was removed.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<IVec>> {
        let state = self.state();
        let frozen = || state.frozen.as_ref()?.rows.get(key);
        state.newest.rows.get(key).or_else(frozen).cloned()
    }

    /// The row of a range that is next to one end, and how many writes are in the database at this
    /// moment.
    pub(super) fn nearest(&self, span: &KeyRange, end: End) -> (Option<Change>, u64) {
        let state = self.state();
        let frozen = state.frozen.as_ref().and_then(|batch| span.nearest(&batch.rows, end));
        let row = end.nearer(span.nearest(&state.newest.rows, end), frozen);
        (row.map(|(key, value)| (key.clone(), value.clone())), state.settled)
    }

    /// Of all writes so many are in the database.
    pub(super) fn settled(&self) -> u64 {
        self.state().settled
    }

    /// Asks for everything that was pushed to be settled: so many writes.
    pub(super) fn want_all(&self) -> u64 {
        let mut state = self.state();
        state.wanted = state.newest.meta.writes;
        state.wanted
    }

    /// Blocks until the database has so many writes; false if it refused.
    pub(super) fn wait_for(&self, all: u64) -> bool {
        let state = self.less.wait_while(self.state(), |state| state.settled < all && state.settling);
        state.unwrap_or_else(PoisonError::into_inner).settled >= all
    }

    /// Whether the caller must settle, because something is to be settled and no thread does.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.state();
        let begins = !state.settling && state.is_due();
        state.settling |= begins;
        begins
    }

    /// The next batch, for the thread that settles: the one before, if that was refused. None if
    /// there are too few rows and nobody wants them; then the thread has stopped settling.
    pub(super) fn take(&self) -> Option<Arc<Batch>> {
        let mut state = self.state();
        state.settling = state.is_due();
        if state.settling && state.frozen.is_none() {
            let meta = state.newest.meta.clone();
            let rows = std::mem::take(&mut state.newest.rows);
            state.frozen = Some(Arc::new(Batch { rows, meta }));
        }
        state.frozen.clone()
    }

    /// The database has the batch that was taken; `dead` was written over there.
    pub(super) fn retire(&self, batch: Arc<Batch>, dead: BTreeSet<u64>) {
        let mut state = self.state();
        state.settled = batch.meta.writes;
        state.newest.meta.dead.extend(dead);
        state.frozen = None;
        drop(state);
        self.less.notify_all();
        // To free it takes longer than to remove it.
        drop(batch);
    }

    /// The database refused it. The thread has stopped settling.
    pub(super) fn refused(&self) {
        self.state().settling = false;
        self.less.notify_all();
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_due(&self) -> bool {
        self.frozen.is_some() || self.newest.rows.len() >= BATCH_ROWS || self.wanted > self.settled
    }
}
