//! The threads that make writes durable, and what was erased gone, so that the node never waits for
//! a disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rand::RngExt;

use crate::erasure::Eraser;
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
    form: Form,
}

enum Form {
    Thread {
        shared: Arc<Shared>,
        thread: Option<JoinHandle<()>>,
        _eraser: Eraser,
    },
    /// Only notes what is asked.
    #[cfg(feature = "manual")]
    Manual(Due),
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
    /// Starts the thread. `on_done` is called on it after each flush: with what is durable now, or
    /// why nothing is (then nothing more will be until the store is opened anew).
    pub fn start(store: Store, on_done: impl Fn(Result<Mark, StoreError>) + Send + 'static) -> std::io::Result<Flusher> {
        let shared = Arc::new(Shared::default());
        let eraser = Eraser::start(store.clone())?;
        let of_thread = shared.clone();
        let thread = thread::Builder::new().name("store-flush".to_owned()).spawn(move || {
            while of_thread.wait_until_due() {
                on_done(store.flush());
            }
        })?;
        Ok(Flusher { form: Form::Thread { shared, thread: Some(thread), _eraser: eraser } })
    }

    /// A flusher that does nothing by itself. The holder of the other half calls [`Store::flush`]
    /// when it is due.
    #[cfg(feature = "manual")]
    pub fn manual() -> (Flusher, Due) {
        let due = Due::default();
        (Flusher { form: Form::Manual(due.clone()) }, due)
    }

    /// Asks for what was written before this call to be durable soon. Never waits.
    pub fn soon(&self, urgency: Urgency) {
        match &self.form {
            Form::Thread { shared, .. } => {
                let (now, most) = (Instant::now(), urgency.delay());
                let mut wanted = shared.lock();
                if wanted.by.is_none_or(|by| by.saturating_duration_since(now) > most) {
                    // Many processes on one computer that heard the same message would all sync at
                    // once, and the next message would wait for that.
                    wanted.by = now.checked_add(most.mul_f64(rand::rng().random_range(0.5..=1.0))).or(Some(now));
                    shared.changed.notify_one();
                }
            }
            #[cfg(feature = "manual")]
            Form::Manual(due) => due.note(urgency.delay()),
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
pub struct Due(Arc<Mutex<Option<Duration>>>);

#[cfg(feature = "manual")]
impl Due {
    fn note(&self, delay: Duration) {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *due = Some(due.map_or(delay, |earlier| earlier.min(delay)));
    }

    /// The shortest delay asked for since the last call, from then on; none if nothing was asked.
    pub fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Flusher {
    /// Flushes what was asked for, then ends the thread and waits for it.
    fn drop(&mut self) {
        match &mut self.form {
            Form::Thread { shared, thread, .. } => {
                shared.lock().stop = true;
                shared.changed.notify_one();
                if let Some(thread) = thread.take() {
                    // A panic of the callback has been reported by its own thread.
                    let _ = thread.join();
                }
            }
            #[cfg(feature = "manual")]
            Form::Manual(_) => {}
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
