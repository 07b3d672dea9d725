//! What arrived where, and how long it took.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Characters of every message, the same for all engines. Text, because ours carries nothing else.
pub const PAYLOAD: usize = 300;
/// Two numbers in hexadecimal come first.
const NUMBER: usize = 16;

/// Number of a message, and how long it was under way, in nanoseconds.
pub type Arrival = (u64, u64);

/// A message that tells its number and when it was written. One clock serves all processes of this
/// machine.
pub(crate) fn payload(number: u64) -> String {
    format!("{number:016x}{:016x}{}", now_ns(), "x".repeat(PAYLOAD - 2 * NUMBER))
}

/// Nanoseconds since 1970.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX))
}

/// Everything that arrived at the nodes of one process.
#[derive(Default)]
pub struct Record {
    arrivals: Mutex<Vec<Arrival>>,
    count: AtomicU64,
    last_ns: AtomicU64,
    /// Woken at every arrival.
    pub(crate) news: Notify,
}

impl Record {
    /// Distinct messages that arrived so far, all nodes together.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// When the last one arrived, nanoseconds since 1970.
    pub(crate) fn last_ns(&self) -> u64 {
        self.last_ns.load(Ordering::Acquire)
    }

    /// All arrivals since the last call.
    pub(crate) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One node's side of it: called once the engine has dropped copies and the signature is checked.
pub struct Delivered {
    record: Arc<Record>,
    seen: Mutex<HashSet<u64>>,
}

impl Delivered {
    /// A node's side of this record.
    pub fn new(record: Arc<Record>) -> Arc<Self> {
        Arc::new(Self { record, seen: Mutex::default() })
    }

    /// Notes a message; one that came before, or that is none of ours, does not count.
    pub fn note(&self, payload: &[u8]) {
        let Some((number, sent)) = read(payload) else { return };
        if !self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(number) {
            return;
        }
        let now = now_ns();
        self.record.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push((number, now.saturating_sub(sent)));
        self.record.last_ns.fetch_max(now, Ordering::AcqRel);
        self.record.count.fetch_add(1, Ordering::AcqRel);
        self.record.news.notify_one();
    }
}

fn read(payload: &[u8]) -> Option<(u64, u64)> {
    let hex = |at: usize| u64::from_str_radix(std::str::from_utf8(payload.get(at..at + NUMBER)?).ok()?, 16).ok();
    (payload.len() == PAYLOAD).then_some(())?;
    Some((hex(0)?, hex(NUMBER)?))
}
