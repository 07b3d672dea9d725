//! Virtual time: what happens next, and nothing in between.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Microseconds since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

impl Time {
    /// This much later.
    pub fn after(self, wait: Duration) -> Time {
        Time(self.0.saturating_add(micros(wait)))
    }

    /// From an earlier time until this one.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// What is going to happen, soonest first; what is due at the same time in the order in which it
/// was put there.
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    count: u64,
}

struct Entry<T> {
    at: Time,
    nth: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Agenda { heap: BinaryHeap::new(), count: 0 }
    }

    pub(crate) fn put(&mut self, at: Time, what: T) {
        self.count += 1;
        self.heap.push(Reverse(Entry { at, nth: self.count, what }));
    }

    /// The next happening that is due by `until`.
    pub(crate) fn take(&mut self, until: Time) -> Option<(Time, T)> {
        if self.heap.peek()?.0.at > until {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.nth == other.nth
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.nth).cmp(&(other.at, other.nth))
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_together_happens_in_the_order_in_which_it_was_put_there() {
        let mut agenda = Agenda::new();
        for (at, name) in [(7, 'c'), (5, 'a'), (7, 'd'), (5, 'b'), (9, 'e')] {
            agenda.put(Time(at), name);
        }
        let happened: String = std::iter::from_fn(|| agenda.take(Time(8)).map(|(_, name)| name)).collect();
        assert_eq!(happened, "abcd");
    }
}
