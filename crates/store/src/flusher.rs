//! The thread that makes writes durable, so that the node never waits for a disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::disk::StoreError;
use crate::store::{Mark, Store};

/// Longest wait before own events are made durable: a person waits for "saved". Lowered: more syncs per second under load.
pub const OWN_DELAY: Duration = Duration::from_millis(5);

/// Longest wait for events of others: peers still have them. Raised: more to fetch again after a crash.
pub const RECEIVED_DELAY: Duration = Duration::from_millis(200);

/// How soon a write must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// One's own event: within [`OWN_DELAY`] and one sync.
    Own,
    /// Somebody else's, or a small row: within [`RECEIVED_DELAY`] and one sync.
    Received,
}

/// Flushes a store in the background, many writes at a time. Sleeps without waking up when nothing was asked.
pub struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Default)]
struct Wanted {
    by: Option<Instant>,
    stop: bool,
}

impl Flusher {
    /// Starts the thread. `on_done` is called on it after each flush: with what is durable now, or why nothing is (then nothing more will be
    /// until the store is opened anew).
    pub fn start(store: Store, on_done: impl Fn(Result<Mark, StoreError>) + Send + 'static) -> std::io::Result<Flusher> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = thread::Builder::new().name("store-flush".to_owned()).spawn(move || {
            while of_thread.wait_until_due() {
                on_done(store.flush());
            }
        })?;
        Ok(Flusher { shared, thread: Some(thread) })
    }

    /// Asks for what was written before this call to be durable soon. Never waits.
    pub fn soon(&self, urgency: Urgency) {
        let delay = match urgency {
            Urgency::Own => OWN_DELAY,
            Urgency::Received => RECEIVED_DELAY,
        };
        let by = Instant::now() + delay;
        let mut wanted = self.shared.lock();
        if wanted.by.is_none_or(|earlier| by < earlier) {
            wanted.by = Some(by);
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for Flusher {
    /// Flushes what was asked for, then ends the thread and waits for it.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the callback has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next deadline and takes it; false once it is time to end.
    fn wait_until_due(&self) -> bool {
        let mut wanted = self.lock();
        loop {
            let left = wanted.by.map(|by| by.saturating_duration_since(Instant::now()));
            match left {
                Some(left) if left.is_zero() || wanted.stop => {
                    wanted.by = None;
                    return true;
                }
                None if wanted.stop => return false,
                Some(left) => wanted = self.changed.wait_timeout(wanted, left).unwrap_or_else(PoisonError::into_inner).0,
                None => wanted = self.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}
