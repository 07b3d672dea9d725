//! Turns on the core, one at a time. The loop takes most of them. While it rests, a caller that
//! says something and a link that brings something take one themselves, and so save the time until
//! the loop has woken.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gossip::Millis;
use net::Event;
use tokio::sync::Notify;

use crate::core::{Batch, Core};
use crate::now::Now;
use crate::say::Say;

/// The core, and what those who take turns know of each other.
pub(crate) struct Turns {
    /// None when the node is over. A lock under which a thread panicked is not taken again: the
    /// node ends.
    state: Mutex<Option<State>>,
    clock: SystemClock,
    /// Requests that wait in the queue or are being carried out.
    queued: AtomicUsize,
    /// Something is due before the time at which the loop means to wake.
    sooner: Notify,
}

struct State {
    core: Core,
    /// When the loop means to wake.
    wake: Option<Millis>,
}

/// What is to be done before the next turn of the loop.
pub(crate) struct TurnEnd {
    /// To be read for others.
    pub(crate) batches: Vec<Batch>,
    /// When the loop wakes at the latest.
    pub(crate) wake: Option<Instant>,
    /// The next turn may be one of the network.
    pub(crate) hears: bool,
}

impl Turns {
    pub(crate) fn new(core: Core, clock: SystemClock) -> Self {
        Turns { state: Mutex::new(Some(State { core, wake: None })), clock, queued: AtomicUsize::new(0), sooner: Notify::new() }
    }

    /// The loop's turn. None when the node is over.
    pub(crate) fn take<T>(&self, turn: impl FnOnce(&mut Core) -> T) -> Option<T> {
        let mut state = self.state.lock().ok()?;
        let core = &mut state.as_mut()?.core;
        core.set_now(self.clock.now());
        Some(turn(core))
    }

    /// Ends a turn of the loop: tells what changed.
    pub(crate) fn end_turn(&self) -> Option<TurnEnd> {
        let mut state = self.state.lock().ok()?;
        let State { core, wake } = state.as_mut()?;
        core.tell_changes();
        let batches = core.serve();
        *wake = core.next_wake();
        Some(TurnEnd { batches, wake: wake.map(|at| self.clock.at(at)), hears: !core.is_behind() })
    }

    /// Returns when something is due sooner than [`Turns::end_turn`] said.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// Says it in a turn of the caller's, if none is under way, no request waits, and it does not
    /// follow closely on something else: what comes in a row is gathered in the queue, where it
    /// shares a signature.
    pub(crate) fn say_now(&self, say: Say) -> Result<(), Say> {
        self.take_aside(say, |core, _| !core.has_just_spoken(), |core, say| core.say_all(vec![say]))
    }

    /// Deals with what a link has read in a turn of the link's, if none is under way, no request
    /// waits, and it is what was just said.
    pub(crate) fn hear_now(&self, event: Event) -> Result<(), Event> {
        self.take_aside(event, Core::is_a_word, |core, event| {
            core.on_net(event);
            core.tell_new_messages();
        })
    }

    /// A turn of another thread than the loop, which deals with `input`; gives it back if there is
    /// none.
    fn take_aside<T>(&self, input: T, suits: impl FnOnce(&Core, &T) -> bool, turn: impl FnOnce(&mut Core, T)) -> Result<(), T> {
        let Ok(mut state) = self.state.try_lock() else { return Err(input) };
        let Some(State { core, wake }) = state.as_mut() else { return Err(input) };
        core.set_now(self.clock.now());
        if self.queued.load(Ordering::Acquire) > 0 || !suits(core, &input) {
            return Err(input);
        }
        turn(core, input);
        core.tick();
        core.tell_changes();
        let due = core.next_wake();
        if due.is_some_and(|due| wake.is_none_or(|wake| due < wake)) {
            self.sooner.notify_one();
        }
        Ok(())
    }

    /// Another request is about to be queued.
    pub(crate) fn queue(&self) {
        self.queued.fetch_add(1, Ordering::AcqRel);
    }

    /// So many have been carried out, in the turn that goes on.
    pub(crate) fn carried_out(&self, count: usize) {
        self.queued.fetch_sub(count, Ordering::AcqRel);
    }

    /// The last turn.
    pub(crate) fn stop(&self) -> Option<Core> {
        // A thread that panicked under the lock left a core that must not be closed as if it were
        // in order.
        self.state.lock().ok()?.take().map(|state| state.core)
    }
}

/// The computer's two clocks: one never goes back, the other may be set.
pub(crate) struct SystemClock {
    began: Instant,
}

impl SystemClock {
    pub(crate) fn start() -> Self {
        SystemClock { began: Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: millis(self.began.elapsed()), wall: millis(wall) }
    }

    fn at(&self, mono: Millis) -> Instant {
        self.began + Duration::from_millis(mono)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
