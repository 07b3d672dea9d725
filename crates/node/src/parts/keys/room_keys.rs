//! All that is known of the keys of one room.

use std::collections::VecDeque;

use gossip::Millis;
use identity::PeerId;
use rooms::keys::EpochId;
use store::{AwaitedRow, EpochRow, OwnPrekeyRow};
use wire::ids::LogKey;

use super::asking::Asking;
use super::awaited::{Awaited, Waiting};
use super::choice;
use super::epochs::{Epoch, Epochs, Key};
use super::granting::Requests;
use super::prekeys::Prekeys;

/// The keys of one room. The secrets themselves are in the keyring.
#[derive(Default)]
pub(crate) struct RoomKeys {
    pub(crate) epochs: Epochs,
    pub(crate) awaited: Awaited,
    pub(crate) asking: Asking,
    pub(crate) prekeys: Prekeys,
    pub(crate) requests: Requests,
    /// The epoch to write under, until members or epochs change.
    pub(crate) chosen: Option<EpochId>,
    /// What waited for keys that have come.
    pub(crate) opening: VecDeque<Opening>,
}

/// Events that waited for a key, which is here now.
pub(crate) struct Opening {
    pub(crate) epoch: EpochId,
    /// Those that have not been looked at.
    pub(crate) ranges: VecDeque<(LogKey, u32, u32)>,
}

impl RoomKeys {
    pub(crate) fn restore(epochs: Vec<EpochRow>, awaited: Vec<AwaitedRow>, prekeys: Vec<OwnPrekeyRow>) -> RoomKeys {
        RoomKeys {
            epochs: Epochs::restore(epochs),
            awaited: Awaited::restore(awaited),
            prekeys: Prekeys::restore(prekeys),
            ..RoomKeys::default()
        }
    }

    /// The epoch that was chosen, if it still may be used.
    pub(crate) fn chosen(&self, is_direct: bool, wall: u64) -> Option<EpochId> {
        self.chosen.filter(|epoch| self.epochs.get(epoch).is_some_and(|known| choice::is_still_good(known, is_direct, wall)))
    }

    /// What is said under this epoch is for others only, and not to be shown.
    pub(crate) fn is_hidden(&self, epoch: &EpochId, shows_history: bool) -> bool {
        !shows_history && self.epochs.get(epoch).is_some_and(Epoch::is_for_others)
    }

    /// Others are to be asked for this key: something waits that it would open.
    pub(crate) fn is_wanted(&self, epoch: &EpochId, shows_history: bool) -> bool {
        let Some(waiting) = self.awaited.get(epoch) else { return false };
        match self.epochs.key(epoch) {
            Key::Whole => false,
            Key::Control => waiting.has_content() && !self.is_hidden(epoch, shows_history),
            Key::None => waiting.has_control() || waiting.has_content() && !self.is_hidden(epoch, shows_history),
        }
    }

    /// Has others asked for it, or not any more.
    pub(crate) fn review(&mut self, epoch: EpochId, shows_history: bool, first: Option<PeerId>, now: Millis) {
        match self.is_wanted(&epoch, shows_history) {
            true => self.asking.want(epoch, first, now),
            false => self.asking.forget(&epoch),
        }
    }

    /// What waited for a key, or for half of it, is to be looked at.
    pub(crate) fn open(&mut self, epoch: EpochId, waiting: Waiting, all_logs: impl Iterator<Item = (LogKey, u32, u32)>) {
        let ranges = if waiting.everything { all_logs.collect() } else { waiting.ranges.into() };
        self.opening.push_back(Opening { epoch, ranges });
    }

    /// When something is to be done.
    pub(crate) fn wake(&self, now: Millis) -> Option<Millis> {
        let opening = (!self.opening.is_empty()).then_some(now);
        opening.into_iter().chain(self.asking.wake()).min()
    }
}

impl Opening {
    /// The next places to look at.
    pub(crate) fn take(&mut self, most: u32) -> Vec<(LogKey, u32)> {
        let mut places = Vec::new();
        while let Some((log, from, to)) = self.ranges.pop_front() {
            let left = most.saturating_sub(u32::try_from(places.len()).unwrap_or(u32::MAX));
            let last = to.min(from.saturating_add(left).saturating_sub(1));
            if left == 0 {
                self.ranges.push_front((log, from, to));
                break;
            }
            places.extend((from..=last).map(|seq| (log, seq)));
            if last < to {
                self.ranges.push_front((log, last.saturating_add(1), to));
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use rooms::Hlc;
    use wire::ids::LogId;

    use super::super::epochs::Part;
    use super::*;

    const BEN: PeerId = PeerId::from_bytes([2; 32]);
    const EPOCH: EpochId = EpochId([1; 16]);

    fn log(control: bool) -> LogKey {
        LogKey { device: BEN, log: LogId::in_round(1, control, 7) }
    }

    fn waits(control: bool, for_me: bool, key: Key) -> RoomKeys {
        let mut keys = RoomKeys::default();
        keys.awaited.note(EPOCH, (log(control), 1), true, 0);
        let part = Part { epoch: EPOCH, minter: BEN, gone: [0; 16], hlc: Hlc::default(), part: 1, parts: 1, for_me };
        keys.epochs.note_part(&part);
        keys.epochs.note_key(EPOCH, key);
        keys
    }

    #[test]
    fn what_was_said_among_others_is_neither_asked_for_nor_shown_unless_newcomers_see_history() {
        let keys = waits(false, false, Key::Control);
        assert!(keys.is_hidden(&EPOCH, false) && !keys.is_wanted(&EPOCH, false));
        assert!(!keys.is_hidden(&EPOCH, true) && keys.is_wanted(&EPOCH, true));
        let keys = waits(false, true, Key::None);
        assert!(!keys.is_hidden(&EPOCH, false) && keys.is_wanted(&EPOCH, false), "this device was meant");
        let mut keys = waits(false, false, Key::None);
        keys.epochs = Epochs::default();
        assert!(!keys.is_hidden(&EPOCH, false) && keys.is_wanted(&EPOCH, false), "nothing is known of it");
    }

    #[test]
    fn what_changed_the_room_is_always_asked_for() {
        assert!(waits(true, false, Key::None).is_wanted(&EPOCH, false));
        assert!(!waits(true, false, Key::Control).is_wanted(&EPOCH, true));
        assert!(!waits(false, true, Key::Whole).is_wanted(&EPOCH, true));
    }

    #[test]
    fn places_are_looked_at_a_few_at_a_time_and_each_once() {
        let mut opening = Opening { epoch: EPOCH, ranges: [(log(false), 1, 5), (log(true), 7, 7), (log(false), 9, 10)].into() };
        let seqs = |opening: &mut Opening, most| opening.take(most).into_iter().map(|(_, seq)| seq).collect::<Vec<_>>();
        assert_eq!(seqs(&mut opening, 3), [1, 2, 3]);
        assert_eq!(seqs(&mut opening, 3), [4, 5, 7]);
        assert_eq!(seqs(&mut opening, 3), [9, 10]);
        assert!(opening.take(3).is_empty() && opening.ranges.is_empty());
    }
}
