//! The index of logs: where in the journal the event with a number is. Events that were written
//! together lie there one after the other, so a row tells of a whole run of them.
//!
//! A row lies under the number of the last event of its run: place of the first ‖ how many follow
//! it, in two bytes, if any.

use std::collections::BTreeMap;
use std::ops::Bound::Included;

use crate::disk::Disk;
use crate::index::{Change, End, KeyRange};
use crate::journal::At;
use crate::key::{self, Name};

/// A log, as keys name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogName {
    pub(crate) room: Name,
    pub(crate) device: Name,
    pub(crate) log: u64,
}

/// Events that follow on each other in a log and in a record of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Numbers of the first event and of the last.
    first: u32,
    last: u32,
    /// Where the first one is.
    at: At,
}

impl Run {
    /// Adds an event to the last of these runs, or as one of its own if it does not lie behind it.
    pub(crate) fn add(runs: &mut Vec<Run>, seq: u32, at: At) {
        match runs.last_mut() {
            Some(run) if run.goes_on(seq, at) => run.last = seq,
            _ => runs.push(Run { first: seq, last: seq, at }),
        }
    }

    fn goes_on(&self, seq: u32, at: At) -> bool {
        let next = self.last.saturating_add(1);
        seq == next && at == self.place_of(next) && self.last.saturating_sub(self.first) < u32::from(u16::MAX)
    }

    fn place_of(&self, seq: u32) -> At {
        let entry = u32::from(self.at.entry).saturating_add(seq.saturating_sub(self.first));
        At { entry: u16::try_from(entry).unwrap_or(u16::MAX), ..self.at }
    }

    fn places(self) -> impl Iterator<Item = (u32, At)> {
        (self.first..=self.last).map(move |seq| (seq, self.place_of(seq)))
    }

    /// The row of a run.
    pub(crate) fn row(&self, of: &LogName) -> Change {
        let more = self.last.saturating_sub(self.first) as u16;
        let more = if more > 0 { more.to_be_bytes().to_vec() } else { Vec::new() };
        (of.key(self.last).into(), Some([self.at.to_bytes(), more].concat().into()))
    }

    fn read(key: &[u8], value: &[u8]) -> Option<Run> {
        let (at, more) = At::split(value)?;
        let last = u32::from_be_bytes(*key.last_chunk()?);
        let more = if more.is_empty() { 0 } else { u16::from_be_bytes(more.try_into().ok()?) };
        Some(Run { first: last.checked_sub(more.into())?, last, at })
    }
}

impl LogName {
    fn key(&self, last: u32) -> Vec<u8> {
        key::log(&self.room, &self.device, self.log, last)
    }

    /// Runs with an event of this number or a higher one.
    fn runs_from<'a>(&self, disk: &'a Disk, seq: u32) -> impl Iterator<Item = Run> + use<'a> {
        let rows = disk.scan(KeyRange::new(Included(self.key(seq)), Included(self.key(u32::MAX))), End::Front);
        rows.map_while(|(key, value)| Run::read(&key, &value))
    }

    /// Where the event with this number is.
    pub(crate) fn find(&self, disk: &Disk, seq: u32) -> Option<At> {
        self.places_from(disk, seq).next()
    }

    /// Where the events from `seq` on are, up to the end of the log or to the first that is
    /// missing.
    pub(crate) fn places_from<'a>(&self, disk: &'a Disk, seq: u32) -> impl Iterator<Item = At> + use<'a> {
        let places = self.runs_from(disk, seq).flat_map(Run::places).skip_while(move |(number, _)| *number < seq);
        places.zip(seq..).map_while(|((number, at), expected)| (number == expected).then_some(at))
    }

    /// Removes the events after `keep`, up to `last`: others may be filed beyond. Tells where they
    /// were.
    pub(crate) fn cut(&self, disk: &Disk, keep: u32, last: u32, rows: &mut Vec<Change>) -> Vec<At> {
        let mut gone = Vec::new();
        let goes = |seq: u32| seq > keep && seq <= last;
        for run in self.runs_from(disk, keep.saturating_add(1)).take_while(|run| run.first <= last) {
            rows.extend(self.rows_now(run, |seq, at| (!goes(seq)).then_some(at)));
            gone.extend(run.places().filter(|(seq, _)| goes(*seq)).map(|(_, at)| at));
        }
        gone
    }

    /// Files events anew that are elsewhere now, given by number.
    pub(crate) fn refile(&self, disk: &Disk, moved: &BTreeMap<u32, At>, rows: &mut Vec<Change>) {
        let mut from = 0;
        while let Some((seq, _)) = moved.range(from..).next() {
            let Some(run) = self.runs_from(disk, *seq).next() else { return };
            from = run.last.saturating_add(1);
            rows.extend(self.rows_now(run, |seq, at| Some(moved.get(&seq).copied().unwrap_or(at))));
        }
    }

    /// The rows of a run whose events are elsewhere now, or gone.
    fn rows_now(&self, run: Run, now: impl Fn(u32, At) -> Option<At>) -> Vec<Change> {
        let mut runs = Vec::new();
        for (seq, at) in run.places() {
            now(seq, at).into_iter().for_each(|at| Run::add(&mut runs, seq, at));
        }
        let is_last_gone = runs.last().is_none_or(|left| left.last < run.last);
        let gone = is_last_gone.then(|| (self.key(run.last).into(), None));
        gone.into_iter().chain(runs.iter().map(|run| run.row(self))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::open::open;
    use crate::store::Store;

    const OF: LogName = LogName { room: [1; 16], device: [2; 16], log: 3 };

    fn opened(dir: &Path) -> Store {
        open(dir, &[1; 32]).expect("it is new").store
    }

    fn put(store: &Store, rows: Vec<Change>) {
        store.disk().index(rows, 0).expect("the disk has room");
    }

    /// Files events as one run, in a record of its own.
    fn file(store: &Store, seqs: std::ops::RangeInclusive<u32>) {
        let at = At { record: u64::from(*seqs.start()) * 1_000, entry: 5 };
        put(store, vec![Run { first: *seqs.start(), last: *seqs.end(), at }.row(&OF)]);
    }

    fn places(store: &Store, from: u32) -> Vec<(u64, u16)> {
        OF.places_from(store.disk(), from).map(|at| (at.record, at.entry)).collect()
    }

    fn check(store: &Store, expected: &[(u64, u16)]) {
        for from in 1..=expected.len() as u32 + 1 {
            assert_eq!(places(store, from), expected[from as usize - 1..], "from {from}");
            assert_eq!(OF.find(store.disk(), from).map(|at| (at.record, at.entry)), expected.get(from as usize - 1).copied());
        }
    }

    #[test]
    fn events_are_found_however_they_were_filed_and_cut() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (store, mut expected) = (opened(dir.path()), Vec::new());
        for more in [1, 1, 29, 1, 70, 5] {
            let have = expected.len() as u32;
            file(&store, have + 1..=have + more);
            expected.extend((0..more as u16).map(|nth| (u64::from(have + 1) * 1_000, 5 + nth)));
            check(&store, &expected);
        }
        for keep in [106, 100, 33, 32, 2, 0] {
            let mut rows = Vec::new();
            let gone = OF.cut(store.disk(), keep, u32::MAX, &mut rows);
            assert_eq!(gone.len(), expected.len() - keep as usize);
            put(&store, rows);
            expected.truncate(keep as usize);
            check(&store, &expected);
        }
    }

    #[test]
    fn what_is_filed_behind_a_cut_stays() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = opened(dir.path());
        file(&store, 1..=30);
        let mut rows = Vec::new();
        assert_eq!(OF.cut(store.disk(), 5, 10, &mut rows).len(), 5);
        put(&store, rows);
        assert_eq!(places(&store, 1), (5..10).map(|entry| (1_000, entry)).collect::<Vec<_>>());
        assert_eq!(places(&store, 11), (15..35).map(|entry| (1_000, entry)).collect::<Vec<_>>());
        assert_eq!(places(&store, 6), []);
    }

    #[test]
    fn what_moves_is_found_elsewhere_and_all_else_where_it_was() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = opened(dir.path());
        file(&store, 1..=10);
        file(&store, 11..=12);
        let mut expected: Vec<(u64, u16)> = (5..15).map(|entry| (1_000, entry)).chain([(11_000, 5), (11_000, 6)]).collect();
        for moved in [vec![1], vec![4, 5, 6], vec![10, 11], vec![5], vec![12]] {
            let record = 77_000 + u64::from(moved[0]);
            let at = moved.iter().zip(0..).map(|(seq, entry)| (*seq, At { record, entry })).collect();
            let mut rows = Vec::new();
            OF.refile(store.disk(), &at, &mut rows);
            put(&store, rows);
            moved.iter().zip(0..).for_each(|(seq, entry)| expected[*seq as usize - 1] = (record, entry));
            check(&store, &expected);
        }
    }

    #[test]
    fn another_log_and_a_hole_end_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = opened(dir.path());
        file(&store, 1..=3);
        file(&store, 5..=6);
        put(&store, vec![Run { first: 4, last: 4, at: At { record: 1, entry: 1 } }.row(&LogName { log: 4, ..OF })]);
        assert_eq!((places(&store, 1).len(), places(&store, 4).len(), places(&store, 5).len()), (3, 0, 2));
    }
}
