//! Which peers are sent what they asked for, and when. Those who talk come first.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use gossip::Millis;
use identity::PeerId;

/// So long after a message, here or elsewhere, batches are small and come one at a time.
const TALK: Millis = 1_000;
/// Events in such a batch, and the others of the run that the last of them is in: a run goes whole.
/// Higher: a message waits longer for a batch to be sent. Lower: a peer that catches up while
/// others talk waits longer.
const EVENTS_BESIDE_TALK: u32 = 8;
/// From one such batch to the next.
const PAUSE_BESIDE_TALK: Millis = 2;

/// The peers for whom something waits.
#[derive(Default)]
pub(crate) struct Serving {
    waiting: BTreeSet<PeerId>,
    served_last: Option<PeerId>,
    /// Nothing is sent before.
    serve_at: Millis,
    /// From then on, no message was written for a while.
    quiet_at: Millis,
}

/// Who is served now.
#[derive(Debug, PartialEq)]
pub(crate) struct Round {
    pub(crate) peers: Vec<PeerId>,
    /// About so many events for each.
    pub(crate) events: u32,
}

impl Serving {
    /// Something waits for this peer, or its link can take more.
    pub(crate) fn insert(&mut self, peer: PeerId) {
        self.waiting.insert(peer);
    }

    /// A message was written, here or elsewhere: what follows is not to wait.
    pub(crate) fn note_talk(&mut self, now: Millis) {
        self.quiet_at = now.saturating_add(TALK);
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        (!self.waiting.is_empty()).then_some(self.serve_at)
    }

    /// All who wait; while people talk, one of them in turn.
    pub(crate) fn take_due(&mut self, now: Millis) -> Round {
        if now < self.serve_at {
            return Round { peers: Vec::new(), events: 0 };
        }
        if now >= self.quiet_at {
            return Round { peers: std::mem::take(&mut self.waiting).into_iter().collect(), events: u32::MAX };
        }
        let after = self.served_last.map_or(Unbounded, Excluded);
        let next = self.waiting.range((after, Unbounded)).next().or(self.waiting.first()).copied();
        if let Some(peer) = next {
            self.waiting.remove(&peer);
            self.served_last = Some(peer);
            self.serve_at = now.saturating_add(PAUSE_BESIDE_TALK);
        }
        Round { peers: next.into_iter().collect(), events: EVENTS_BESIDE_TALK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(nth: u8) -> PeerId {
        PeerId::from_bytes([nth; 32])
    }

    fn waiting() -> Serving {
        let mut serving = Serving::default();
        (1..=3).for_each(|nth| serving.insert(peer(nth)));
        serving
    }

    #[test]
    fn while_nobody_talks_all_are_served_at_once() {
        let mut serving = waiting();
        assert_eq!(serving.wake(), Some(0));
        assert_eq!(serving.take_due(5), Round { peers: vec![peer(1), peer(2), peer(3)], events: u32::MAX });
        assert_eq!(serving.wake(), None);
    }

    #[test]
    fn while_people_talk_each_is_served_a_little_in_turn() {
        let mut serving = waiting();
        serving.note_talk(100);
        let mut now = 100;
        for expected in [1, 2, 3, 1] {
            let round = serving.take_due(now);
            assert_eq!(round, Round { peers: vec![peer(expected)], events: EVENTS_BESIDE_TALK }, "at {now}");
            // What was sent was not all.
            serving.insert(peer(expected));
            assert_eq!(serving.take_due(now + 1).peers, [], "not before the pause is over");
            now += PAUSE_BESIDE_TALK;
            assert_eq!(serving.wake(), Some(now));
        }
        assert_eq!(serving.take_due(100 + TALK).peers.len(), 3, "it is quiet again");
    }
}
