//! Own words that were in a log which no longer counts, and are to be said again.

use std::collections::{BTreeMap, BTreeSet};

use rooms::Verified;
use wire::ids::{EventId, RoomId};

/// Own events that are remembered as said again since the start.
const MAX_SAID_AGAIN: usize = 65_536;

/// Own events that no log holds any more.
#[derive(Default)]
pub(crate) struct LostWords {
    unsaid: BTreeMap<RoomId, Vec<Verified>>,
    said_again: BTreeSet<EventId>,
}

impl LostWords {
    /// An own event is lost. It is said again once, however many peers tell of it.
    pub(crate) fn note(&mut self, room: RoomId, event: Verified) {
        if self.said_again.len() < MAX_SAID_AGAIN && self.said_again.insert(event.id()) {
            self.unsaid.entry(room).or_default().push(event);
        }
    }

    /// True if there is something to say at once.
    pub(crate) fn is_due(&self) -> bool {
        !self.unsaid.is_empty()
    }

    pub(crate) fn take_due(&mut self) -> BTreeMap<RoomId, Vec<Verified>> {
        std::mem::take(&mut self.unsaid)
    }
}
