//! The index of logs: where the event with a number lies. Places that were written together share a
//! row, because a row costs the database more than what is in it.
//!
//! A row holds the places of up to [`MAX_PLACES`] events that follow on each other, under the
//! number of the last one. A place is the key of an event without its room; its first byte tells
//! how long it is.

use std::collections::BTreeMap;
use std::ops::Bound::Included;

use crate::disk::{Disk, Rows};
use crate::error::StoreError;
use crate::key::{self, Name, PLACE_BYTES};
use crate::row::Change;

/// Places in a row. Raised: fewer rows for what comes together. Lowered: less to read for one
/// event.
const MAX_PLACES: usize = 16;
/// Rows in one batch of an upgrade.
const ROWS_AT_ONCE: usize = 256;

/// A log, as keys name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogName {
    pub(crate) room: Name,
    pub(crate) device: Name,
    pub(crate) log: u64,
}

/// Files events at the end of a log.
pub(crate) struct Filing {
    of: LogName,
    last: u32,
    places: Vec<u8>,
    held: usize,
}

impl LogName {
    fn row(&self, last: u32) -> Vec<u8> {
        key::log_index(&self.room, &self.device, self.log, last)
    }

    /// Rows with an event of this number or a higher one.
    fn rows<'a>(&self, disk: &'a Disk, from: u32) -> Rows<'a> {
        disk.scan(Included(self.row(from)), Included(self.row(u32::MAX)))
    }
}

impl Filing {
    pub(crate) fn new(of: LogName) -> Filing {
        Filing { of, last: 0, places: Vec::new(), held: 0 }
    }

    pub(crate) fn room(&self) -> &Name {
        &self.of.room
    }

    /// Adds the next event. Its row is among the changes once it is full, or after [`Filing::put`].
    pub(crate) fn add(&mut self, seq: u32, event_key: &[u8], changes: &mut Vec<Change>) {
        if self.held == MAX_PLACES {
            self.put(changes);
        }
        self.places.extend(key::to_location(event_key).into_iter().flatten());
        self.last = seq;
        self.held = self.held.saturating_add(1);
    }

    /// Writes a row with what was added since the last one.
    pub(crate) fn put(&mut self, changes: &mut Vec<Change>) {
        if self.held > 0 {
            changes.push(Change::Put { key: self.of.row(self.last), plain: std::mem::take(&mut self.places) });
            self.held = 0;
        }
    }
}

/// The key of one event by number.
pub(crate) fn find(disk: &Disk, of: &LogName, seq: u32) -> Option<Vec<u8>> {
    keys_from(disk, of, seq).next()
}

/// The keys of the events from `seq` on, up to the end of the log or to the first that is lost.
pub(crate) fn keys_from<'a>(disk: &'a Disk, of: &LogName, seq: u32) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    let of = *of;
    let rows = of.rows(disk, seq).map_while(move |(key, row)| Some(numbered(&key, &disk.open_row(&key, &row)?)));
    let places = rows.flatten().skip_while(move |(number, _)| *number < seq);
    places
        .zip(seq..)
        .map_while(move |((number, place), expected)| if number == expected { key::of_location(&of.room, &place) } else { None })
}

/// Leaves only the first `keep` events.
pub(crate) fn cut(disk: &Disk, of: &LogName, keep: u32, changes: &mut Vec<Change>) {
    for (key, row) in of.rows(disk, keep.saturating_add(1)) {
        changes.push(Change::Remove { key: key.to_vec() });
        let places = disk.open_row(&key, &row).map(|row| numbered(&key, &row)).unwrap_or_default();
        let kept: Vec<u8> = places.into_iter().take_while(|(number, _)| *number <= keep).flat_map(|(_, place)| place).collect();
        if !kept.is_empty() {
            changes.push(Change::Put { key: of.row(keep), plain: kept });
        }
    }
}

/// Files events under new keys, given by number.
pub(crate) fn refile(disk: &Disk, of: &LogName, moved: &BTreeMap<u32, Vec<u8>>, changes: &mut Vec<Change>) {
    let mut from = 0;
    while let Some((seq, _)) = moved.range(from..).next() {
        let Some((key, row)) = of.rows(disk, *seq).next() else { return };
        from = seq.saturating_add(1);
        let Some(row) = disk.open_row(&key, &row) else { continue };
        let places = numbered(&key, &row);
        from = places.last().map_or(from, |(last, _)| last.saturating_add(1).max(from));
        let location = |(number, place)| moved.get(&number).and_then(|key| key::to_location(key)).unwrap_or(place);
        changes.push(Change::Put { key: key.to_vec(), plain: places.into_iter().flat_map(location).collect() });
    }
}

/// Form 2 had a row for each sixteen numbers. In form 1 each row has one place, which is fine as it
/// is. May be interrupted and taken up again.
pub(crate) fn upgrade(disk: &Disk) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    for (key, row) in disk.scan_prefix(&[key::STRETCH]) {
        if let (Some(places), Some((rest, stretch))) = (disk.open_row(&key, &row), key.split_last_chunk()) {
            let count = u32::try_from(split(&places).count()).unwrap_or(u32::MAX);
            let last = u32::from_be_bytes(*stretch).saturating_mul(16).saturating_add(count);
            let key = [&[key::LOG], rest.get(1..).unwrap_or_default(), &last.to_be_bytes()].concat();
            changes.push(Change::Put { key, plain: places });
        }
        changes.push(Change::Remove { key: key.to_vec() });
        if changes.len() >= ROWS_AT_ONCE {
            disk.apply(std::mem::take(&mut changes))?;
        }
    }
    disk.apply(changes)
}

/// The places of a row with their numbers.
fn numbered(key: &[u8], row: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let last = key.last_chunk().map_or(0, |last| u32::from_be_bytes(*last));
    let count = u32::try_from(split(row).count()).unwrap_or(u32::MAX);
    let first = last.saturating_sub(count.saturating_sub(1));
    (first..).zip(split(row).map(<[u8]>::to_vec)).collect()
}

/// The places of a row, as far as they are whole.
fn split(mut row: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let bytes = if *row.first()? == key::RELATION { 1 + 2 * PLACE_BYTES } else { 1 + PLACE_BYTES };
        let (place, others) = row.split_at_checked(bytes)?;
        row = others;
        Some(place)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::seal::Sealer;

    const OF: LogName = LogName { room: [1; 16], device: [2; 16], log: 3 };

    fn opened(dir: &Path) -> Disk {
        Disk::open(dir, Arc::new(Sealer::new(&[1; 32]))).expect("it is new")
    }

    /// Of all three kinds.
    fn event_key(seq: u32) -> Vec<u8> {
        let mut place = [0; PLACE_BYTES];
        place[..4].copy_from_slice(&seq.to_be_bytes());
        match seq % 3 {
            0 => [&[key::ENTRY][..], &OF.room, &place].concat(),
            1 => [&[key::OTHER][..], &OF.room, &place].concat(),
            _ => [&[key::RELATION][..], &OF.room, &[9; PLACE_BYTES], &place].concat(),
        }
    }

    fn file(disk: &Disk, seqs: std::ops::RangeInclusive<u32>) {
        let (mut filing, mut changes) = (Filing::new(OF), Vec::new());
        seqs.for_each(|seq| filing.add(seq, &event_key(seq), &mut changes));
        filing.put(&mut changes);
        disk.apply(changes).expect("the disk has room");
    }

    fn assert_holds(disk: &Disk, have: u32) {
        for from in 1..=have + 1 {
            assert_eq!(find(disk, &OF, from), (from <= have).then(|| event_key(from)), "{from} of {have}");
            assert_eq!(
                keys_from(disk, &OF, from).collect::<Vec<_>>(),
                (from..=have).map(event_key).collect::<Vec<_>>(),
                "from {from} of {have}"
            );
        }
    }

    #[test]
    fn places_are_found_however_they_were_filed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let mut have = 0;
        for more in [1, 1, 29, 1, 1, 31, 32, 33, 70, 5] {
            file(&disk, have + 1..=have + more);
            have += more;
            assert_holds(&disk, have);
        }
    }

    #[test]
    fn a_log_beside_it_is_another_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        file(&disk, 1..=20);
        assert_eq!(find(&disk, &LogName { log: 2, ..OF }, 1), None);
        assert_eq!(keys_from(&disk, &LogName { log: 4, ..OF }, 1).count(), 0);
    }

    #[test]
    fn what_is_cut_off_is_gone_and_filing_goes_on_there() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        file(&disk, 1..=130);
        for keep in [129, 96, 95, 33, 32, 0] {
            let mut changes = Vec::new();
            cut(&disk, &OF, keep, &mut changes);
            disk.apply(changes).expect("the disk has room");
            assert_holds(&disk, keep);
            file(&disk, keep + 1..=keep + 2);
            assert_holds(&disk, keep + 2);
        }
    }

    #[test]
    fn a_row_that_is_lost_moves_no_other_event() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        file(&disk, 1..=40);
        disk.apply(vec![Change::Remove { key: OF.row(32) }]).expect("the disk has room");
        file(&disk, 41..=50);
        assert_eq!((find(&disk, &OF, 17), find(&disk, &OF, 32)), (None, None));
        assert_eq!(keys_from(&disk, &OF, 1).count(), 16, "up to the hole");
        assert_eq!(keys_from(&disk, &OF, 33).collect::<Vec<_>>(), (33..=50).map(event_key).collect::<Vec<_>>());
    }

    #[test]
    fn rows_of_forms_1_and_2_are_taken_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let row = |space: u8, number: u32, seqs: std::ops::RangeInclusive<u32>| Change::Put {
            key: [&[space][..], &OF.room, &OF.device, &OF.log.to_be_bytes(), &number.to_be_bytes()].concat(),
            plain: seqs.flat_map(|seq| key::to_location(&event_key(seq)).expect("a key of an event")).collect(),
        };
        disk.apply((1..=320).map(|seq| row(key::LOG, seq, seq..=seq)).collect()).expect("the disk has room");
        assert_holds(&disk, 320);
        let stretches = |have: u32| (20..=(have - 1) / 16).map(move |at| row(key::STRETCH, at, at * 16 + 1..=have.min(at * 16 + 16)));
        disk.apply(stretches(1_000).collect()).expect("the disk has room");
        upgrade(&disk).expect("the disk has room");
        assert_holds(&disk, 1_000);
        assert_eq!(disk.scan_prefix(&[key::STRETCH]).count(), 0);
    }
}
