//! Messages that came late in one room, and are unseen. What is read is a set, not a position.

use std::collections::BTreeSet;

use rooms::Position;
use store::LateRow;
use wire::ids::RoomId;

use crate::view;

/// Unread messages are counted up to here.
pub(crate) const MAX_UNREAD: u32 = 999;

/// Late messages of a room whose places are remembered; those beyond it are counted, and are seen
/// with the last of these.
const MAX_PLACES: usize = 256;

/// What came late in one room, and is unseen.
#[derive(Default)]
pub(crate) struct Late {
    places: BTreeSet<Position>,
    more: u32,
}

impl Late {
    /// What the last process knew, but for what is no longer here.
    pub(crate) fn restore(LateRow { places, more, .. }: LateRow, is_here: impl Fn(&Position) -> bool) -> Self {
        let places: BTreeSet<Position> = places.into_iter().filter(is_here).collect();
        let more = if places.is_empty() { 0 } else { more };
        Late { places, more }
    }

    /// The row to write; none if nothing is late.
    pub(crate) fn row(&self, room: RoomId) -> Option<LateRow> {
        (!self.places.is_empty()).then(|| LateRow { room, places: self.places.iter().copied().collect(), more: self.more })
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }

    pub(crate) fn contains(&self, place: &Position) -> bool {
        self.places.contains(place)
    }

    /// How the row of the room tells it.
    pub(crate) fn shown(&self) -> Option<view::Late> {
        self.places.first().map(|first| view::Late { count: self.count().min(MAX_UNREAD), first: *first })
    }

    pub(crate) fn add(&mut self, place: Position) {
        if self.places.len() < MAX_PLACES {
            self.places.insert(place);
        } else if !self.places.contains(&place) {
            self.more = self.more.saturating_add(1);
        }
    }

    /// True if there were such.
    pub(crate) fn remove(&mut self, seen: impl Fn(&Position) -> bool) -> bool {
        let before = self.places.len();
        self.places.retain(|place| !seen(place));
        if self.places.is_empty() {
            self.more = 0;
        }
        self.places.len() < before
    }
}
