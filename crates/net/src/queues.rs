//! The three queues of a link: how much waits, what goes into the next frame.

use std::collections::VecDeque;

use wire::frame::push_record;
use wire::{Class, Record};

use crate::limits::{Limits, QueueLimit};

/// The queue has no room, or the link is over. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue has no room")]
pub struct Full;

/// What waits for one link, each class for itself.
#[derive(Default)]
pub(crate) struct Queues {
    control: Queue,
    live: Queue,
    bulk: Queue,
}

#[derive(Default)]
struct Queue {
    records: VecDeque<Record>,
    bytes: usize,
    refused: bool,
}

impl Queues {
    /// Takes a record, or notes the refusal.
    pub(crate) fn push(&mut self, class: Class, record: Record, limits: &Limits) -> Result<(), Full> {
        let queue = self.of(class);
        if !queue.fits(record.len(), limit(limits, class)) {
            queue.refused = true;
            return Err(Full);
        }
        queue.bytes += record.len();
        queue.records.push_back(record);
        Ok(())
    }

    /// Whether a record of so many bytes would be taken. If not, that counts as a refusal.
    pub(crate) fn has_room(&mut self, class: Class, bytes: usize, limits: &Limits) -> bool {
        let queue = self.of(class);
        let fits = queue.fits(bytes, limit(limits, class));
        queue.refused |= !fits;
        fits
    }

    /// Moves records of these classes, in this order, into `plaintext` (not padded yet), as many as
    /// fit. Whether a queue that had refused something is at most half full again.
    pub(crate) fn drain(&mut self, classes: &[Class], plaintext: &mut Vec<u8>, limits: &Limits) -> bool {
        let mut drained = false;
        for class in classes.iter().copied() {
            let limit = limit(limits, class);
            let queue = self.of(class);
            let emptied = queue.drain(plaintext);
            let roomy = queue.records.len() <= limit.records / 2 && queue.bytes <= limit.bytes / 2;
            if queue.refused && roomy {
                queue.refused = false;
                drained = true;
            }
            if !emptied {
                break;
            }
        }
        drained
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.all().iter().map(|queue| queue.bytes).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().iter().all(|queue| queue.records.is_empty())
    }

    /// Records for which room is held.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.all().iter().map(|queue| queue.records.capacity()).sum()
    }

    fn of(&mut self, class: Class) -> &mut Queue {
        match class {
            Class::Control => &mut self.control,
            Class::Live => &mut self.live,
            Class::Bulk => &mut self.bulk,
        }
    }

    fn all(&self) -> [&Queue; 3] {
        [&self.control, &self.live, &self.bulk]
    }
}

impl Queue {
    fn fits(&self, bytes: usize, limit: QueueLimit) -> bool {
        self.records.is_empty() || (self.records.len() < limit.records && self.bytes + bytes <= limit.bytes)
    }

    /// Whether all of it went.
    fn drain(&mut self, plaintext: &mut Vec<u8>) -> bool {
        while let Some(record) = self.records.front() {
            let fits = push_record(plaintext, record).is_ok();
            // A record that does not even fit into an empty frame is our bug; it must not block the
            // queue for ever.
            if !fits && !plaintext.is_empty() {
                return false;
            }
            debug_assert!(fits, "a record of {} bytes fits into no frame", record.len());
            self.bytes -= record.len();
            self.records.pop_front();
        }
        // An idle link holds no room for records; making it again costs little next to a write.
        self.records = VecDeque::new();
        true
    }
}

fn limit(limits: &Limits, class: Class) -> QueueLimit {
    match class {
        Class::Control => limits.control,
        Class::Live => limits.live,
        Class::Bulk => limits.bulk,
    }
}
