//! What of a room may be stored.

use crate::event::Event;
use crate::limits::CONTROL_EVENT_BYTES;

/// May a run be stored?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its author is or was a member, and may have written that.
    Counts,
    /// Control events whose author is not known yet: kept, and looked at again.
    Pending,
    /// Not now. Repair brings it again, once its author is known.
    Refused,
}

/// How many control events there are, and how large their payloads are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    events: usize,
    bytes: usize,
}

impl Amount {
    pub(crate) fn of(event: &Event) -> Amount {
        Amount { events: 1, bytes: event.payload().map_or(0, <[u8]>::len) }
    }

    pub(crate) fn plus(self, more: Amount) -> Amount {
        Amount { events: self.events.saturating_add(more.events), bytes: self.bytes.saturating_add(more.bytes) }
    }

    pub(crate) fn minus(self, less: Amount) -> Amount {
        Amount { events: self.events.saturating_sub(less.events), bytes: self.bytes.saturating_sub(less.bytes) }
    }

    /// Whether that is no more than so many events of usual size.
    pub(crate) fn is_within(self, events: usize) -> bool {
        self.events <= events && self.bytes <= events.saturating_mul(CONTROL_EVENT_BYTES)
    }
}
