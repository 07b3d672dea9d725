//! The threads that make writes durable, and what was erased gone, so that the node never waits for
//! a disk.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rand::RngExt;

use crate::error::StoreError;
use crate::store::{Mark, Store};

/// Longest wait before own events are made durable: a person waits for "saved". Lowered: more syncs
/// per second under load.
pub const OWN_DELAY: Duration = Duration::from_millis(5);

/// Longest wait for small rows. Raised: a process that ends soon after forgets more. Lowered: a
/// sync for each row.
pub const ROW_DELAY: Duration = Duration::from_secs(1);

/// Longest wait for events of others: peers still have them. Lowered: more syncs while people talk.
/// Raised: more to fetch again after a crash, and more memory until then.
pub const RECEIVED_DELAY: Duration = Duration::from_secs(10);

/// How soon a write must be durable, the soonest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// One's own event: within [`OWN_DELAY`] and one sync.
    Own,
    /// A setting, a person, a room: within [`ROW_DELAY`] and one sync.
    Row,
    /// An event of another member: within [`RECEIVED_DELAY`] and one sync.
    Received,
}

/// Flushes a store in the background, many writes at a time, and twice a day removes from the disk
/// what was erased. Sleeps without waking up when nothing was asked.
pub struct Flusher {
    shared: Arc<Shared>,
    /// One that flushes and one that erases, since that may take seconds; none in a simulator.
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    /// For the thread that flushes.
    changed: Condvar,
    /// For the thread that erases.
    stopped: Condvar,
}

#[derive(Default)]
struct Wanted {
    /// The shortest delay that was asked for since the last flush, and when that is due.
    flush: Option<(Duration, Instant)>,
    stop: bool,
}

impl Flusher {
    /// Starts the threads. `on_done` is called after each flush: with what is durable now, or why
    /// nothing is (then nothing more will be until the store is opened anew).
    pub fn start(store: Store, on_done: impl Fn(Result<Mark, StoreError>) + Send + 'static) -> io::Result<Flusher> {
        let mut flusher = Flusher { shared: Arc::default(), threads: Vec::new() };
        let erased = store.clone();
        flusher.spawn("store-erase", move |shared| erased.erase_until(|most| shared.stops_within(most)))?;
        flusher.spawn("store-flush", move |shared| {
            while shared.wait_until_due() {
                on_done(store.flush());
            }
        })?;
        Ok(flusher)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce(&Shared) + Send + 'static) -> io::Result<()> {
        let shared = self.shared.clone();
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))?);
        Ok(())
    }

    /// A flusher that does nothing by itself. The holder of the other half calls [`Store::flush`]
    /// when it is due.
    #[cfg(feature = "manual")]
    pub fn manual() -> (Flusher, Due) {
        let due = Due::default();
        (Flusher { shared: due.0.clone(), threads: Vec::new() }, due)
    }

    /// Asks for what was written before this call to be durable soon. Never waits.
    pub fn soon(&self, urgency: Urgency) {
        let delay = urgency.delay();
        let mut wanted = self.shared.lock();
        if wanted.flush.is_none_or(|(shortest, _)| delay < shortest) {
            // Many processes on one computer that heard the same message would all sync at once,
            // and the next message would wait for that.
            let now = Instant::now();
            let due = now.checked_add(delay.mul_f64(rand::rng().random_range(0.5..=1.0))).unwrap_or(now);
            wanted.flush = Some((delay, wanted.flush.map_or(due, |(_, before)| before.min(due))));
            self.shared.changed.notify_one();
        }
    }
}

impl Urgency {
    fn delay(self) -> Duration {
        match self {
            Urgency::Own => OWN_DELAY,
            Urgency::Row => ROW_DELAY,
            Urgency::Received => RECEIVED_DELAY,
        }
    }
}

/// What a manual flusher was asked for.
#[cfg(feature = "manual")]
#[derive(Clone, Default)]
pub struct Due(Arc<Shared>);

#[cfg(feature = "manual")]
impl Due {
    /// The shortest delay asked for since the last call, from then on; none if nothing was asked.
    pub fn take(&self) -> Option<Duration> {
        self.0.lock().flush.take().map(|(shortest, _)| shortest)
    }
}

impl Drop for Flusher {
    /// Flushes what was asked for, then ends the threads and waits for them: at most as long as the
    /// erasing of one segment takes.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_one();
        self.shared.stopped.notify_one();
        for thread in self.threads.drain(..) {
            // A panic, as of the callback, has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a flush is due and takes that; false once it is time to end.
    fn wait_until_due(&self) -> bool {
        let mut wanted = self.lock();
        while !wanted.stop {
            let left = wanted.flush.map_or(Duration::MAX, |(_, due)| due.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            wanted = self.changed.wait_timeout(wanted, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        wanted.flush.take().is_some()
    }

    /// Waits for the end, but no longer than so long; whether it has come.
    fn stops_within(&self, most: Duration) -> bool {
        let waited = self.stopped.wait_timeout_while(self.lock(), most, |wanted| !wanted.stop);
        waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }
}
