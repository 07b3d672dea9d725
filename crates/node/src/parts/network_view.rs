//! What those who look at the network were told of how people are reached.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;

use crate::view::{Notice, Reach};

/// Between two notices. Lower: nobody could read the changes; higher: it would not look alive.
const PAUSE: Millis = 500;
/// How long changes are told after a client asked. A client that goes away without a word costs
/// this much more.
const WATCHED_FOR: Millis = 20_000;

/// Authors of whom it is remembered who brought their newest event; the rest are told by the
/// longest link.
const MAX_BROUGHT: usize = 4_096;

/// What watchers were told, while there are any, and what the picture is made of beside links.
#[derive(Default)]
pub(crate) struct NetworkView {
    watched: Option<Watched>,
    /// Who brought the newest event of each author.
    brought: BTreeMap<PeerId, PeerId>,
}

struct Watched {
    until: Millis,
    due: Millis,
    told: BTreeMap<PeerId, Reach>,
}

impl NetworkView {
    /// A peer brought an event of another author.
    pub(crate) fn note_bringer(&mut self, author: PeerId, bringer: PeerId) {
        if author != bringer && (self.brought.len() < MAX_BROUGHT || self.brought.contains_key(&author)) {
            self.brought.insert(author, bringer);
        }
    }

    pub(crate) fn bringer(&self, author: &PeerId) -> Option<&PeerId> {
        self.brought.get(author)
    }

    /// A client has these rows, and wants the changes from now on.
    pub(crate) fn watch(&mut self, rows: BTreeMap<PeerId, Reach>, now: Millis) {
        self.watched = Some(Watched { until: now + WATCHED_FOR, due: now + PAUSE, told: rows });
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.watched.as_ref().map(|watched| watched.due)
    }

    /// Whether watchers are to be told now what has changed.
    pub(crate) fn take_due(&mut self, now: Millis) -> bool {
        let Some(watched) = self.watched.as_mut().filter(|watched| watched.due <= now) else { return false };
        watched.due = now + PAUSE;
        let is_over = watched.until <= now;
        if is_over {
            self.watched = None;
        }
        !is_over
    }

    /// How these rows differ from what watchers were told last.
    pub(crate) fn news(&self, rows: &BTreeMap<PeerId, Reach>) -> Option<Notice> {
        let told = &self.watched.as_ref()?.told;
        let people: Vec<Reach> = rows.values().filter(|row| told.get(&row.peer) != Some(row)).cloned().collect();
        let gone: Vec<PeerId> = told.keys().filter(|peer| !rows.contains_key(peer)).copied().collect();
        (!people.is_empty() || !gone.is_empty()).then_some(Notice::Network { people, gone })
    }

    /// Watchers have these rows now.
    pub(crate) fn note_told(&mut self, rows: BTreeMap<PeerId, Reach>) {
        if let Some(watched) = &mut self.watched {
            watched.told = rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_for_a_while_after_a_client_asked() {
        let mut view = NetworkView::default();
        assert_eq!((view.wake(), view.take_due(0)), (None, false));
        view.watch(BTreeMap::new(), 100);
        assert_eq!(view.wake(), Some(100 + PAUSE));
        assert!(!view.take_due(99 + PAUSE));
        assert!(view.take_due(100 + PAUSE));
        assert_eq!(view.wake(), Some(100 + 2 * PAUSE));
        assert!(!view.take_due(100 + WATCHED_FOR), "nobody asked again");
        assert_eq!(view.wake(), None);
    }
}
