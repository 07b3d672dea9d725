//! What was written and is not durable yet, and who waits for that.

use std::collections::VecDeque;

use store::{Mark, Urgency};
use tokio::sync::oneshot;
use wire::ids::{LogId, RoomId};

use crate::view::Refused;

/// How far an own log has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OwnHead {
    pub(crate) log: LogId,
    pub(crate) seq: u32,
}

/// What waits for the disk. Its turns come with the disk's word, not with time.
#[derive(Default)]
pub(crate) struct Durability {
    /// How soon what this turn wrote must be durable.
    ordered: Option<Urgency>,
    /// Own events that are stored but not yet known to be on disk.
    unsaved: VecDeque<(Mark, RoomId, OwnHead)>,
    /// Calls that promise to keep something. Only this device's own clients make them.
    calls: VecDeque<(Mark, oneshot::Sender<Result<(), Refused>>)>,
}

impl Durability {
    pub(crate) fn order(&mut self, urgency: Urgency) {
        self.ordered = Some(self.ordered.map_or(urgency, |other| other.min(urgency)));
    }

    /// The most urgent order since the last time.
    pub(crate) fn take_order(&mut self) -> Option<Urgency> {
        self.ordered.take()
    }

    /// Own events are stored with this mark.
    pub(crate) fn await_own(&mut self, mark: Mark, room: RoomId, head: OwnHead) {
        self.unsaved.push_back((mark, room, head));
        self.order(Urgency::Own);
    }

    /// A call waits until everything up to this mark is durable.
    pub(crate) fn when_durable(&mut self, mark: Mark) -> oneshot::Receiver<Result<(), Refused>> {
        let (done, outcome) = oneshot::channel();
        self.calls.push_back((mark, done));
        self.order(Urgency::Own);
        outcome
    }

    /// Everything up to this mark is durable: answers the calls, and gives the own events.
    pub(crate) fn on_durable(&mut self, durable: Mark) -> Vec<(RoomId, OwnHead)> {
        while let Some((_, done)) = self.calls.pop_front_if(|(mark, _)| *mark <= durable) {
            let _asker_gone = done.send(Ok(()));
        }
        let own = std::iter::from_fn(|| self.unsaved.pop_front_if(|(mark, _, _)| *mark <= durable));
        own.map(|(_, room, head)| (room, head)).collect()
    }

    /// The disk failed: no call is kept.
    pub(crate) fn on_failure(&mut self) {
        for (_, done) in self.calls.drain(..) {
            let _asker_gone = done.send(Err(Refused::Disk));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([7; 32]);

    fn head(seq: u32) -> OwnHead {
        OwnHead { log: LogId(1), seq }
    }

    #[test]
    fn a_turn_orders_once_and_what_is_most_urgent_in_it() {
        let mut durability = Durability::default();
        assert_eq!(durability.take_order(), None);
        [Urgency::Received, Urgency::Own, Urgency::Row].into_iter().for_each(|urgency| durability.order(urgency));
        assert_eq!(durability.take_order(), Some(Urgency::Own));
        assert_eq!(durability.take_order(), None);
    }

    #[test]
    fn own_events_are_saved_with_their_mark_and_each_once() {
        let mut durability = Durability::default();
        for (mark, seq) in [(3, 1), (5, 2), (5, 3), (8, 4)] {
            durability.await_own(Mark(mark), ROOM, head(seq));
        }
        assert_eq!(durability.take_order(), Some(Urgency::Own));
        assert_eq!(durability.on_durable(Mark(2)), []);
        assert_eq!(durability.on_durable(Mark(5)), [1, 2, 3].map(|seq| (ROOM, head(seq))));
        assert_eq!(durability.on_durable(Mark(9)), [(ROOM, head(4))]);
        assert_eq!(durability.on_durable(Mark(9)), []);
    }

    #[test]
    fn a_call_hears_of_its_mark_or_of_the_failure() {
        let mut durability = Durability::default();
        let (mut early, mut late) = (durability.when_durable(Mark(1)), durability.when_durable(Mark(4)));
        durability.on_durable(Mark(3));
        assert_eq!(early.try_recv(), Ok(Ok(())));
        assert!(late.try_recv().is_err(), "it still waits");
        durability.on_failure();
        assert_eq!(late.try_recv(), Ok(Err(Refused::Disk)));
    }
}
