//! Rows that were written and that the database does not have yet: a memtable, as log-structured
//! merge trees have it (O'Neil et al. 1996).
//!
//! Writing a row to sled costs a walk through its tree, and writing a few of them as a batch wakes
//! all threads of its pool. So rows wait here, where readers find them, until there are enough for
//! a large batch. Rows that were written together reach the database together. What is here need
//! not be saved: the journal has it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sled::IVec;

use super::block::Change;
use super::key_range::{End, KeyRange};
use super::meta::Dead;

/// Rows that make a batch full. Raised: less work for each row, and more to read again after a
/// crash.
const BATCH_ROWS: usize = 4 * 1024;
/// Full batches that may wait; beyond that, writers wait for the database.
const MAX_BATCHES: usize = 8;
/// Once so many wait, callers that can write later should.
const MANY_BATCHES: usize = 2;
/// Rows that are read under one lock.
const READ_AT_ONCE: usize = 64;
/// How long the database is left alone after it failed.
const REST: Duration = Duration::from_secs(1);

/// Batches of rows on their way to the database.
#[derive(Default)]
pub(super) struct Memtable {
    state: Mutex<State>,
    less: Condvar,
}

#[derive(Default)]
struct State {
    /// It still grows.
    newest: Batch,
    /// Those that are to reach the database now, oldest first.
    waiting: VecDeque<Arc<Batch>>,
    /// How many the database has.
    retired: u64,
    /// A thread settles: it takes batches and brings them to the database.
    settling: bool,
    /// Since when the database refuses.
    refusing: Option<Instant>,
}

/// Rows that reach the database together: the last that was written under each key.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: BTreeMap<IVec, Option<IVec>>,
    /// The first record of the journal that is not in it, nor in those before.
    pub(super) next: u64,
    /// What rows pointed to that were written over here.
    pub(super) dead: Dead,
}

/// What a writer has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    /// Start a thread that settles.
    Settle,
}

impl Memtable {
    /// Waits while too much waits and a thread settles. False: there is no room, and the database
    /// takes nothing.
    pub(super) fn has_room(&self) -> bool {
        let mut state = self.state();
        while state.waiting.len() >= MAX_BATCHES && state.settling {
            state = self.wait(state);
        }
        state.waiting.len() < MAX_BATCHES
    }

    /// Takes rows that belong together: all that the journal says up to `next`.
    pub(super) fn push(&self, group: Vec<Change>, next: u64) -> Then {
        let mut state = self.state();
        let batch = &mut state.newest;
        batch.next = next;
        for (key, value) in group {
            if let Some(place) = batch.rows.get_mut(&key) {
                let before = std::mem::replace(place, value);
                batch.dead.note(&key, before.as_ref());
            } else {
                batch.rows.insert(key, value);
            }
        }
        if batch.rows.len() < BATCH_ROWS {
            return Then::GoOn;
        }
        state.close_newest();
        let rests = state.refusing.is_some_and(|since| since.elapsed() < REST);
        if rests { Then::GoOn } else { state.begin() }
    }

    /// So much waits that a caller that writes much now may be blocked.
    pub(super) fn is_full(&self) -> bool {
        let state = self.state();
        state.settling && state.waiting.len() >= MANY_BATCHES
    }

    /// What was written last under a key, if that is here; within, none if it was removed.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<IVec>> {
        self.state().batches().find_map(|batch| batch.rows.get(key).cloned())
    }

    /// How many batches the database has.
    pub(super) fn retired(&self) -> u64 {
        self.state().retired
    }

    /// Rows of a range in order: all, or those next to one end; then the last one is told. The
    /// range must not be empty.
    pub(super) fn rows_in(&self, span: &KeyRange, end: End) -> (Vec<Change>, Option<IVec>) {
        let state = self.state();
        let mut rows = BTreeMap::new();
        for batch in state.batches() {
            let range = batch.rows.range::<[u8], _>(span.bounds());
            // Of two with one key the newer counts, which came first.
            let mut add = |(key, value)| {
                rows.entry(key).or_insert(value);
            };
            match end {
                End::Front => range.take(READ_AT_ONCE.saturating_add(1)).for_each(&mut add),
                End::Back => range.rev().take(READ_AT_ONCE.saturating_add(1)).for_each(&mut add),
            }
        }
        let too_many = rows.len() > READ_AT_ONCE;
        while rows.len() > READ_AT_ONCE {
            match end {
                End::Front => rows.pop_last(),
                End::Back => rows.pop_first(),
            };
        }
        let last = match end {
            End::Front => rows.last_key_value(),
            End::Back => rows.first_key_value(),
        };
        let last = last.filter(|_| too_many).map(|(key, _)| (*key).clone());
        (rows.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(), last)
    }

    /// Asks for everything that was pushed to be settled. Gives how many batches the database has
    /// then, and whether the caller must settle.
    pub(super) fn want_all(&self) -> (u64, Then) {
        let mut state = self.state();
        if state.newest.next > 0 {
            state.close_newest();
        }
        let all = state.retired.saturating_add(state.waiting.len() as u64);
        (all, state.begin())
    }

    /// Blocks until the database has so many batches; false if it refused.
    pub(super) fn wait_for(&self, all: u64) -> bool {
        let mut state = self.state();
        while state.retired < all && state.settling {
            state = self.wait(state);
        }
        state.retired >= all
    }

    /// The next batch, for the thread that settles. It must be retired or refused before another
    /// one is taken, and readers find its rows here until then. None if no other waits; then the
    /// thread has stopped settling.
    pub(super) fn take(&self) -> Option<Arc<Batch>> {
        let mut state = self.state();
        let taken = state.waiting.front().cloned();
        state.settling = taken.is_some();
        taken
    }

    /// The database has the batch that was taken.
    pub(super) fn retire(&self) {
        let mut state = self.state();
        // To free it takes longer than to remove it.
        let retired = state.waiting.pop_front();
        state.retired = state.retired.saturating_add(1);
        state.refusing = None;
        drop(state);
        self.less.notify_all();
        drop(retired);
    }

    /// The database refused it. The thread has stopped settling.
    pub(super) fn refused(&self) {
        let mut state = self.state();
        state.refusing = Some(Instant::now());
        state.settling = false;
        self.less.notify_all();
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.less.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// All batches, the newest first.
    fn batches(&self) -> impl Iterator<Item = &Batch> {
        std::iter::once(&self.newest).chain(self.waiting.iter().rev().map(Arc::as_ref))
    }

    fn close_newest(&mut self) {
        let batch = std::mem::take(&mut self.newest);
        self.waiting.push_back(Arc::new(batch));
    }

    fn begin(&mut self) -> Then {
        let begins = !self.settling && !self.waiting.is_empty();
        self.settling |= begins;
        if begins { Then::Settle } else { Then::GoOn }
    }
}
