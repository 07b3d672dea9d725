//! Where the events of a log lie, by number: many in one row, because a row costs the database more than what is in it.
//!
//! A row holds the places of a stretch of [`STRETCH`] events, in order; each is the key of an event without its room, and its first byte tells how long it is.

use std::collections::VecDeque;
use std::ops::Bound::Included;

use crate::disk::{Change, Disk, StoreError};
use crate::key::{self, Name, PLACE_BYTES};

/// Events in a stretch. Raised: fewer rows. Lowered: less to write again for an event that comes alone.
const STRETCH: u32 = 16;
/// Stands for a place that a damaged row has lost. No space has this letter.
const LOST: u8 = 0;
/// Logs whose last row is remembered. Raised: fewer rows are read where many talk. Lowered: less memory, up to 2 KB each.
const MAX_TAILS: usize = 32;
/// Rows in one batch of an upgrade.
const ROWS_AT_ONCE: usize = 256;

/// A log, as keys name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogName {
    pub(crate) room: Name,
    pub(crate) device: Name,
    pub(crate) log: u64,
}

/// Files events at the end of a log.
pub(crate) struct Filing {
    of: LogName,
    stretch: u32,
    places: Vec<u8>,
}

/// The last rows of the logs that grew last, so that they are not read for each event that comes alone.
#[derive(Default)]
pub(crate) struct Tails(VecDeque<(u32, Filing)>);

impl Tails {
    /// Goes on behind an event that is filed; behind 0 a log begins.
    pub(crate) fn take(&mut self, disk: &Disk, of: LogName, seq: u32) -> Filing {
        let at = self.0.iter().position(|(_, filing)| filing.of == of);
        match at.and_then(|at| self.0.remove(at)) {
            Some((end, filing)) if end == seq => filing,
            // A log that was cut meanwhile is read anew.
            Some(_) | None => Filing::after(disk, of, seq),
        }
    }

    /// Remembers a log that ends with `seq` now.
    pub(crate) fn keep(&mut self, seq: u32, filing: Filing) {
        if self.0.len() >= MAX_TAILS {
            self.0.pop_front();
        }
        self.0.push_back((seq, filing));
    }
}

impl LogName {
    fn row(&self, stretch: u32) -> Vec<u8> {
        key::places(&self.room, &self.device, self.log, stretch)
    }
}

impl Filing {
    /// Goes on behind an event that is filed; behind 0 a log begins.
    pub(crate) fn after(disk: &Disk, of: LogName, seq: u32) -> Filing {
        let (stretch, before) = stretch_and_index(seq.saturating_add(1));
        let mut places = if before == 0 { Vec::new() } else { disk.get(&of.row(stretch)).unwrap_or_default() };
        let held = usize::try_from(before).unwrap_or(usize::MAX);
        places.truncate(split(&places).take(held).map(<[u8]>::len).sum());
        let lost = held.saturating_sub(split(&places).count());
        places.resize(places.len() + lost, LOST);
        Filing { of, stretch, places }
    }

    pub(crate) fn room(&self) -> &Name {
        &self.of.room
    }

    /// The next event. Its row is told of once it is full, or by [`Filing::put`].
    pub(crate) fn add(&mut self, seq: u32, event_key: &[u8], changes: &mut Vec<Change>) {
        let (stretch, _) = stretch_and_index(seq);
        if stretch != self.stretch {
            self.put(changes);
            self.stretch = stretch;
            self.places.clear();
        }
        self.places.extend_from_slice(&key::to_location(event_key).unwrap_or_else(|| vec![LOST]));
    }

    /// The row as it is now.
    pub(crate) fn put(&self, changes: &mut Vec<Change>) {
        if !self.places.is_empty() {
            changes.push(Change::Put { key: self.of.row(self.stretch), plain: self.places.clone() });
        }
    }
}

/// The key of one event by number.
pub(crate) fn find(disk: &Disk, of: &LogName, seq: u32) -> Option<Vec<u8>> {
    let (stretch, index) = stretch_and_index(seq);
    let row = disk.get(&of.row(stretch))?;
    key_at(of, &row, index)
}

/// The keys of the events from `seq` on, up to the end of the log or to the first that is lost.
pub(crate) fn walk<'a>(disk: &'a Disk, of: &LogName, seq: u32) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    let (of, (first, skipped)) = (*of, stretch_and_index(seq));
    let rows = disk.scan(Included(of.row(first)), Included(of.row(u32::MAX))).zip(first..);
    let whole = rows.map_while(move |((key, row), stretch)| if key == of.row(stretch) { disk.open_row(&key, &row) } else { None });
    let keys = whole.zip(first..).flat_map(move |(row, stretch)| {
        let from = if stretch == first { skipped } else { 0 };
        (from..STRETCH).map(|index| key_at(&of, &row, index)).collect::<Vec<_>>()
    });
    keys.map_while(|key| key)
}

/// Leaves only the first `keep` of `have` events.
pub(crate) fn cut(disk: &Disk, of: &LogName, keep: u32, have: u32, changes: &mut Vec<Change>) {
    let (first, kept) = stretch_and_index(keep.saturating_add(1));
    let (last, _) = stretch_and_index(have);
    if kept > 0 {
        Filing::after(disk, *of, keep).put(changes);
    }
    let gone = if kept > 0 { first + 1 } else { first };
    changes.extend((gone..=last).map(|stretch| Change::Remove { key: of.row(stretch) }));
}

/// Form 1 had a row for each event: they become rows of stretches. May be interrupted and taken up again.
pub(crate) fn upgrade(disk: &Disk) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    let mut filing: Option<Filing> = None;
    for (row, location) in disk.scan_prefix(&[key::LOG]) {
        let Some((of, seq)) = of_old_row(&row) else { continue };
        let (stretch, index) = stretch_and_index(seq);
        if filing.as_ref().is_none_or(|filing| filing.of != of || filing.stretch != stretch) {
            // Only here: what is removed and what replaces it must be in one batch.
            filing.take().into_iter().for_each(|filing| filing.put(&mut changes));
            if changes.len() >= ROWS_AT_ONCE {
                disk.apply(std::mem::take(&mut changes))?;
            }
            filing = Some(Filing { of, stretch, places: Vec::new() });
        }
        if let (Some(filing), Some(location)) = (&mut filing, disk.open_row(&row, &location)) {
            let lost = (index as usize).saturating_sub(split(&filing.places).count());
            filing.places.resize(filing.places.len() + lost, LOST);
            filing.places.extend_from_slice(&location);
        }
        changes.push(Change::Remove { key: row.to_vec() });
    }
    filing.into_iter().for_each(|filing| filing.put(&mut changes));
    disk.apply(changes)
}

/// Numbers count from 1, stretches and what is in them from 0.
fn stretch_and_index(seq: u32) -> (u32, u32) {
    let before = seq.saturating_sub(1);
    (before / STRETCH, before % STRETCH)
}

fn key_at(of: &LogName, row: &[u8], index: u32) -> Option<Vec<u8>> {
    let place = split(row).nth(usize::try_from(index).ok()?)?;
    key::of_location(&of.room, place).filter(|key| key.first() != Some(&LOST))
}

/// The places of a row, as far as they are whole.
fn split(mut row: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let rest = match *row.first()? {
            LOST => 0,
            key::RELATION => 2 * PLACE_BYTES,
            _ => PLACE_BYTES,
        };
        let (place, others) = row.split_at_checked(1 + rest)?;
        row = others;
        Some(place)
    })
}

/// `L room16 device16 log8 seq4`.
fn of_old_row(row: &[u8]) -> Option<(LogName, u32)> {
    let (room, rest) = row.get(1..)?.split_first_chunk()?;
    let (device, rest) = rest.split_first_chunk()?;
    let (log, rest) = rest.split_first_chunk()?;
    let seq = u32::from_be_bytes(rest.try_into().ok()?);
    Some((LogName { room: *room, device: *device, log: u64::from_be_bytes(*log) }, seq))
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
        let (mut filing, mut changes) = (Filing::after(disk, OF, seqs.start() - 1), Vec::new());
        seqs.for_each(|seq| filing.add(seq, &event_key(seq), &mut changes));
        filing.put(&mut changes);
        disk.apply(changes).expect("the disk has room");
    }

    fn assert_holds(disk: &Disk, have: u32) {
        for from in 1..=have + 1 {
            assert_eq!(find(disk, &OF, from), (from <= have).then(|| event_key(from)), "{from} of {have}");
            assert_eq!(
                walk(disk, &OF, from).collect::<Vec<_>>(),
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
    fn what_is_cut_off_is_gone_and_filing_goes_on_there() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let mut have = 130;
        file(&disk, 1..=have);
        for keep in [129, 96, 95, 33, 32, 0] {
            let mut changes = Vec::new();
            cut(&disk, &OF, keep, have, &mut changes);
            disk.apply(changes).expect("the disk has room");
            assert_holds(&disk, keep);
            file(&disk, keep + 1..=keep + 2);
            assert_holds(&disk, keep + 2);
            have = keep + 2;
        }
    }

    #[test]
    fn a_remembered_end_is_used_only_while_it_is_the_end() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let mut tails = Tails::default();
        let mut write = |seqs: std::ops::RangeInclusive<u32>| {
            let (mut filing, mut changes) = (tails.take(&disk, OF, seqs.start() - 1), Vec::new());
            seqs.clone().for_each(|seq| filing.add(seq, &event_key(seq), &mut changes));
            filing.put(&mut changes);
            tails.keep(*seqs.end(), filing);
            disk.apply(changes).expect("the disk has room");
        };
        (1..=9).for_each(|seq| write(seq..=seq));
        assert_holds(&disk, 9);
        let mut changes = Vec::new();
        cut(&disk, &OF, 5, 9, &mut changes);
        disk.apply(changes).expect("the disk has room");
        write(6..=6);
        assert_holds(&disk, 6);
    }

    #[test]
    fn a_row_that_is_lost_moves_no_other_event() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let have = STRETCH + 8;
        file(&disk, 1..=have);
        disk.apply(vec![Change::Remove { key: OF.row(1) }]).expect("the disk has room");
        file(&disk, have + 1..=have + 30);
        assert_eq!(find(&disk, &OF, have), None);
        assert_eq!(find(&disk, &OF, have + 1), Some(event_key(have + 1)));
        assert_eq!(walk(&disk, &OF, 1).count(), 16, "up to the hole");
        assert_eq!(walk(&disk, &OF, have + 1).collect::<Vec<_>>(), (have + 1..=have + 30).map(event_key).collect::<Vec<_>>());
    }

    #[test]
    fn rows_of_form_1_are_taken_over() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let disk = opened(dir.path());
        let old = |seq: u32| [&[key::LOG][..], &OF.room, &OF.device, &OF.log.to_be_bytes(), &seq.to_be_bytes()].concat();
        let rows = |seqs: std::ops::RangeInclusive<u32>| {
            seqs.map(|seq| Change::Put { key: old(seq), plain: key::to_location(&event_key(seq)).expect("a key of an event") }).collect()
        };
        disk.apply(rows(1..=1_000)).expect("the disk has room");
        upgrade(&disk).expect("the disk has room");
        assert_holds(&disk, 1_000);
        assert_eq!(disk.scan_prefix(&[key::LOG]).count(), 0);
        // Interrupted at the end of a stretch, and taken up again.
        disk.apply(rows(993..=1_010)).expect("the disk has room");
        upgrade(&disk).expect("the disk has room");
        assert_holds(&disk, 1_010);
    }
}
