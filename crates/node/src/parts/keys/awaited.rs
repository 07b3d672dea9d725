//! Sealed events of a room whose keys are not here: where they are, so that they take effect when
//! the key comes.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::keys::EpochId;
use store::AwaitedRow;
use wire::ids::{LogKey, RoomId};

/// Ranges of logs that are noted for one epoch. Beyond, all logs of the room are looked through.
const MAX_RANGES: usize = 1_000;
/// Epochs of one room that are waited for, and those of them of which nothing is known but events
/// of one author: anybody can name epochs that do not exist. What is beyond is found by looking
/// through all logs when a key comes.
const MAX_AWAITED: usize = 1_024;
const MAX_AWAITED_OF_AUTHOR: usize = 64;
/// A key that has not come after so long is called lost; it is asked for all the same.
pub(crate) const LOST_AFTER_MS: u64 = 7 * 24 * 3_600_000;

/// What waits under one epoch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) since_ms: u64,
    author: PeerId,
    pub(crate) ranges: Vec<(LogKey, u32, u32)>,
    /// There is more than the ranges say.
    pub(crate) everything: bool,
}

impl Waiting {
    pub(crate) fn has_control(&self) -> bool {
        self.everything || self.ranges.iter().any(|(log, ..)| log.log.is_control())
    }

    pub(crate) fn has_content(&self) -> bool {
        self.everything || self.ranges.iter().any(|(log, ..)| !log.log.is_control())
    }

    fn add(&mut self, log: LogKey, seq: u32) {
        let joins = |(of, from, to): &&mut (LogKey, u32, u32)| *of == log && seq <= to.saturating_add(1) && from.saturating_sub(1) <= seq;
        let is_full = self.ranges.len() >= MAX_RANGES;
        match self.ranges.iter_mut().rev().find(joins) {
            Some((_, from, to)) => (*from, *to) = ((*from).min(seq), (*to).max(seq)),
            None if is_full => self.everything = true,
            None => self.ranges.push((log, seq, seq)),
        }
    }
}

/// What waits in one room.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    all: BTreeMap<EpochId, Waiting>,
    /// Some epochs are not noted.
    has_more: bool,
}

/// The row that stands for epochs that are not noted.
const MORE: EpochId = EpochId([0; 16]);

impl Awaited {
    pub(crate) fn restore(rows: impl IntoIterator<Item = AwaitedRow>) -> Awaited {
        let waiting = |row: AwaitedRow| {
            let AwaitedRow { since_ms, author, ranges, everything, .. } = row;
            (row.epoch, Waiting { since_ms, author, ranges, everything })
        };
        let mut all: BTreeMap<EpochId, Waiting> = rows.into_iter().map(waiting).collect();
        let has_more = all.remove(&MORE).is_some();
        Awaited { all, has_more }
    }

    pub(crate) fn get(&self, epoch: &EpochId) -> Option<&Waiting> {
        self.all.get(epoch)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&EpochId, &Waiting)> {
        self.all.iter()
    }

    /// An event waits. `is_known`: there are Epoch events of it. Gives the epoch whose row changed.
    pub(crate) fn note(&mut self, epoch: EpochId, (log, seq): (LogKey, u32), is_known: bool, now_ms: u64) -> EpochId {
        if let Some(waiting) = self.all.get_mut(&epoch) {
            waiting.add(log, seq);
            return epoch;
        }
        let of_author = || self.all.values().filter(|waiting| waiting.author == log.device).count();
        if self.all.len() >= MAX_AWAITED || !is_known && of_author() >= MAX_AWAITED_OF_AUTHOR {
            self.has_more = true;
            return MORE;
        }
        self.all.insert(epoch, Waiting { since_ms: now_ms, author: log.device, ranges: vec![(log, seq, seq)], everything: false });
        epoch
    }

    /// Logs were cut: events may be elsewhere. Gives the epochs whose rows changed.
    pub(crate) fn note_cut(&mut self) -> Vec<EpochId> {
        let changed = self.all.iter_mut().filter(|(_, waiting)| !waiting.everything);
        changed.map(|(epoch, waiting)| (*epoch, waiting.everything = true).0).collect()
    }

    /// The key came: what waited, if anything may have. Where only control events can be read now,
    /// the rest goes on waiting.
    pub(crate) fn take(&mut self, epoch: &EpochId, is_whole: bool) -> Option<Waiting> {
        if is_whole {
            let found = self.all.remove(epoch);
            return found.or_else(|| self.has_more.then(Waiting::anywhere));
        }
        let Some(waiting) = self.all.get_mut(epoch) else { return self.has_more.then(Waiting::anywhere) };
        let taken = Waiting { ranges: waiting.ranges.extract_if(.., |(log, ..)| log.log.is_control()).collect(), ..waiting.clone() };
        if waiting.ranges.is_empty() && !waiting.everything {
            self.all.remove(epoch);
        }
        Some(taken)
    }

    /// Whether its key is taken for lost.
    pub(crate) fn is_lost(&self, epoch: &EpochId, now_ms: u64) -> bool {
        self.get(epoch).is_some_and(|waiting| now_ms >= waiting.since_ms.saturating_add(LOST_AFTER_MS))
    }

    /// The row to keep; none if nothing waits.
    pub(crate) fn row(&self, room: RoomId, epoch: EpochId) -> Option<AwaitedRow> {
        if epoch == MORE {
            let author = PeerId::from_bytes([0; 32]);
            return self.has_more.then(|| AwaitedRow { room, epoch, since_ms: 0, author, ranges: Vec::new(), everything: true });
        }
        let Waiting { since_ms, author, ranges, everything } = self.get(&epoch)?.clone();
        Some(AwaitedRow { room, epoch, since_ms, author, ranges, everything })
    }
}

impl Waiting {
    fn anywhere() -> Waiting {
        Waiting { since_ms: 0, author: PeerId::from_bytes([0; 32]), ranges: Vec::new(), everything: true }
    }
}

#[cfg(test)]
mod tests {
    use wire::ids::LogId;

    use super::*;

    fn log(device: u8, control: bool) -> LogKey {
        LogKey { device: PeerId::from_bytes([device; 32]), log: LogId::in_round(1, control, 7) }
    }

    fn id(nth: usize) -> EpochId {
        EpochId((nth as u128 + 1).to_be_bytes())
    }

    #[test]
    fn events_of_one_log_are_one_range_and_holes_are_kept() {
        let mut awaited = Awaited::default();
        for seq in [3, 4, 5, 9, 2, 10] {
            awaited.note(id(1), (log(1, false), seq), true, 50);
        }
        awaited.note(id(1), (log(2, false), 3), true, 60);
        let waiting = awaited.get(&id(1)).expect("they wait");
        assert_eq!(waiting.ranges, [(log(1, false), 2, 5), (log(1, false), 9, 10), (log(2, false), 3, 3)]);
        assert_eq!((waiting.since_ms, waiting.everything), (50, false));
        let again = Awaited::restore(awaited.row(RoomId([1; 32]), id(1)));
        assert_eq!(again.get(&id(1)), awaited.get(&id(1)));
    }

    #[test]
    fn with_a_control_key_control_events_come_and_content_goes_on_waiting() {
        let mut awaited = Awaited::default();
        awaited.note(id(1), (log(1, true), 1), true, 0);
        awaited.note(id(1), (log(1, false), 1), true, 0);
        assert_eq!(awaited.take(&id(1), false).expect("some").ranges, [(log(1, true), 1, 1)]);
        let rest = awaited.get(&id(1)).expect("the rest");
        assert!(rest.has_content() && !rest.has_control());
        assert_eq!(awaited.take(&id(1), true).expect("the rest").ranges, [(log(1, false), 1, 1)]);
        assert!(awaited.take(&id(1), true).is_none() && awaited.row(RoomId([1; 32]), id(1)).is_none());
    }

    #[test]
    fn ben_who_names_epochs_without_end_takes_no_place_from_others() {
        let mut awaited = Awaited::default();
        for nth in 0..5_000 {
            awaited.note(id(nth), (log(2, false), 1), false, 0);
        }
        assert_eq!(awaited.all.len(), MAX_AWAITED_OF_AUTHOR);
        awaited.note(id(9_000), (log(1, false), 1), false, 0);
        assert!(awaited.get(&id(9_000)).is_some());
        assert!(awaited.take(&id(4_000), true).expect("it may be anywhere").everything);
        let again = Awaited::restore(awaited.row(RoomId([1; 32]), MORE));
        assert!(again.has_more && again.all.is_empty());
    }

    #[test]
    fn more_ranges_than_are_noted_and_logs_that_were_cut_are_looked_through() {
        let mut awaited = Awaited::default();
        for seq in 0..3_000 {
            awaited.note(id(1), (log(1, false), seq * 2), true, 0);
        }
        let waiting = awaited.get(&id(1)).expect("they wait");
        assert!(waiting.everything && waiting.ranges.len() == MAX_RANGES);
        awaited.note(id(2), (log(1, false), 1), true, 0);
        assert_eq!(awaited.note_cut(), [id(2)]);
        assert!(awaited.note_cut().is_empty() && awaited.get(&id(2)).expect("it waits").everything);
    }

    #[test]
    fn a_key_is_lost_after_seven_days() {
        let mut awaited = Awaited::default();
        awaited.note(id(1), (log(1, false), 1), true, 1_000);
        assert!(!awaited.is_lost(&id(1), 1_000 + LOST_AFTER_MS - 1));
        assert!(awaited.is_lost(&id(1), 1_000 + LOST_AFTER_MS) && !awaited.is_lost(&id(2), u64::MAX));
    }
}
