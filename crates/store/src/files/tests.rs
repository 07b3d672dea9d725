//! Claims about the rows of a database, wherever they are at the moment.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use super::*;
use crate::merge_iter::MergeIter;

/// Rows of their own, then entries of two rooms, then rows of their own again.
const KEYS: u8 = 64;

fn key(n: u8) -> Vec<u8> {
    match n {
        0..4 => vec![n],
        4..44 => [&[b'E'][..], &[1; 16], &[n; 56]].concat(),
        44..60 => [&[b'E'][..], &[2; 16], &[n; 56]].concat(),
        _ => vec![0xf0, n],
    }
}

fn number(key: &[u8]) -> u8 {
    *key.last().expect("no key is empty")
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<(u8, Option<u8>)>),
    Settle,
    Reopen,
    /// A walk between two keys, from the end told, with rows settling after so many steps.
    Walk(u8, u8, bool, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let some = |most| prop::collection::vec((0..KEYS, prop::option::weighted(0.7, any::<u8>())), 1..most);
    // As a person talks: one after the other.
    let talk =
        (0..KEYS, 1..30u8, any::<u8>()).prop_map(|(from, many, value)| (from..KEYS.min(from + many)).map(|n| (n, Some(value))).collect());
    prop_oneof![
        3 => some(6).prop_map(Step::Write),
        1 => some(40).prop_map(Step::Write),
        2 => talk.prop_map(Step::Write),
        3 => Just(Step::Settle),
        1 => Just(Step::Reopen),
        4 => (0..KEYS, 0..KEYS, any::<bool>(), 0..12usize).prop_map(|(from, to, back, settle)| Step::Walk(from, to, back, settle)),
    ]
}

fn change(n: u8, value: Option<u8>) -> Change {
    match value {
        // Some so large that few go into a block.
        Some(value) => Change::Put { key: key(n), plain: vec![value; 1 + usize::from(value) * usize::from(value % 32)] },
        None => Change::Remove { key: key(n) },
    }
}

fn opened(dir: &Path, sealer: &Arc<Sealer>) -> Arc<Files> {
    Files::open(dir, sealer.clone()).unwrap_or_else(|e| panic!("{e:?}"))
}

fn plain(sealer: &Sealer, n: u8, stored: &Stored) -> u8 {
    stored.open(sealer, &key(n)).expect("it is ours")[0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Where a row is, waiting or in the database or both, alone or in a block, makes no difference
    /// to a reader.
    #[test]
    fn readers_cannot_tell_where_a_row_is(steps in prop::collection::vec(any_step(), 1..40)) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let mut files = opened(dir.path(), &sealer);
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Write(rows) => {
                    files.apply(rows.iter().map(|(n, value)| change(*n, *value)).collect()).expect("the disk has room");
                    for (n, value) in rows {
                        match value {
                            Some(value) => model.insert(n, value),
                            None => model.remove(&n),
                        };
                    }
                }
                Step::Settle => files.settle().expect("the disk has room"),
                Step::Reopen => {
                    files.finish();
                    drop(files);
                    files = opened(dir.path(), &sealer);
                }
                Step::Walk(from, to, back, settle) => {
                    let end = if back { End::Back } else { End::Front };
                    let mut walk = MergeIter::new(&files, KeyRange::new(Bound::Included(key(from)), Bound::Excluded(key(to))));
                    let mut found = Vec::new();
                    while let Some(row) = walk.step(end) {
                        let (key, stored) = row.expect("it can be read");
                        found.push((number(&key), plain(&sealer, number(&key), &stored)));
                        if found.len() == settle {
                            files.settle().expect("the disk has room");
                        }
                    }
                    let mut expected: Vec<(u8, u8)> = model.range(from..to.max(from)).map(|(n, value)| (*n, *value)).collect();
                    if back {
                        expected.reverse();
                    }
                    prop_assert_eq!(found, expected);
                }
            }
            for n in 0..KEYS {
                let found = files.get(&key(n)).expect("it can be read").map(|stored| plain(&sealer, n, &stored));
                prop_assert_eq!(found, model.get(&n).copied());
            }
        }
    }
}

#[test]
fn a_row_that_reaches_the_database_behind_a_walk_is_not_found_twice() {
    for (keys, end) in [(0..9, End::Front), (0..9, End::Back), (4..30, End::Front), (4..30, End::Back)] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let files = opened(dir.path(), &Arc::new(Sealer::new(&[1; 32])));
        files.apply(keys.clone().map(|n| change(n, Some(n))).collect()).expect("the disk has room");
        files.memtable.want_all();
        let mut walk = MergeIter::new(&files, KeyRange::of_prefix(&[]));
        let mut found: Vec<u8> = Vec::new();
        let mut go = |steps| found.extend((0..steps).filter_map(|_| walk.step(end)).map(|row| number(&row.expect("it can be read").0)));
        go(3);
        let batch = files.memtable.take().expect("it is wanted");
        files.db.apply_batch(files.sealed(&batch).expect("it can be read")).expect("the disk has room");
        go(3);
        files.memtable.retire(batch);
        go(30);
        if end == End::Back {
            found.reverse();
        }
        assert_eq!(found, keys.collect::<Vec<_>>());
    }
}

#[test]
fn entries_share_blocks_whenever_they_come() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let files = opened(dir.path(), &Arc::new(Sealer::new(&[1; 32])));
    let write = |keys: &mut dyn Iterator<Item = u8>| {
        files.apply(keys.map(|n| change(n, Some(32))).collect()).expect("the disk has room");
        files.settle().expect("the disk has room");
        files.db.len()
    };
    assert_eq!(write(&mut (4..36).step_by(2)), 2, "together");
    assert_eq!(write(&mut (5..34).step_by(2)), 5, "in between, one of them between the two blocks");
    assert_eq!(write(&mut (44..60)), 7, "in another room");
}

/// Up to form 3 each entry was a row.
#[test]
fn entries_that_were_rows_are_read_and_written_over() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sealer = Arc::new(Sealer::new(&[1; 32]));
    let files = opened(dir.path(), &sealer);
    for n in (4..20).step_by(2) {
        files.db.insert(key(n), sealer.seal(&key(n), &[1, n])).expect("the disk has room");
    }
    files.apply((7..14).map(|n| change(n, Some(n))).collect()).expect("the disk has room");
    files.settle().expect("the disk has room");
    let found = |n: u8| files.get(&key(n)).expect("it can be read").map(|stored| plain(&sealer, n, &stored));
    let expected = |n: u8| if (7..14).contains(&n) { Some(n) } else { n.is_multiple_of(2).then_some(1) };
    assert_eq!((4..20).map(found).collect::<Vec<_>>(), (4..20).map(expected).collect::<Vec<_>>());
    let mut walk = MergeIter::new(&files, KeyRange::of_prefix(&[]));
    assert_eq!(std::iter::from_fn(|| walk.step(End::Front)).count(), (4..20).filter_map(expected).count());
}

/// What is in a block that cannot be read is told of, and neither in the way of others nor made
/// up.
#[test]
fn an_unreadable_block_hides_its_own_entries_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sealer = Arc::new(Sealer::new(&[1; 32]));
    let files = opened(dir.path(), &sealer);
    let write = |n: u8| {
        files.apply(vec![change(n, Some(n))]).expect("the disk has room");
        files.settle().expect("the disk has room");
    };
    files.apply((4..28).map(|n| change(n, Some(n))).collect()).expect("the disk has room");
    files.settle().expect("the disk has room");
    files.db.insert(key(12), vec![9; 100]).expect("the disk has room");
    let sealed = |n: u8| matches!(files.get(&key(n)).expect("it can be read"), Some(Stored::Sealed(_)));
    assert_eq!((4..28).filter(|n| sealed(*n)).collect::<Vec<_>>(), (12..20).collect::<Vec<_>>());
    let walked = |from: u8, end: End| {
        let mut walk = MergeIter::new(&files, KeyRange::new(Bound::Included(key(from)), Bound::Included(key(21))));
        let rows = std::iter::from_fn(|| walk.step(end)).map(|row| row.expect("it can be read"));
        rows.map(|(key, stored)| (number(&key), stored.open(&sealer, &key).is_some())).collect::<Vec<_>>()
    };
    assert_eq!(walked(11, End::Front), [(11, true), (12, false), (20, true), (21, true)]);
    assert_eq!(walked(14, End::Front), [(14, false), (20, true), (21, true)]);
    assert_eq!(walked(14, End::Back), [(21, true), (20, true), (14, false)]);
    write(15);
    assert_eq!(walked(11, End::Front), [(11, true), (12, false), (15, true), (20, true), (21, true)]);
    write(12);
    assert_eq!(walked(11, End::Front), [(11, true), (12, true), (15, true), (20, true), (21, true)]);
}

#[test]
fn full_batches_go_by_themselves_and_whoever_writes_too_much_waits_for_them() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sealer = Arc::new(Sealer::new(&[1; 32]));
    let files = opened(dir.path(), &sealer);
    let key = |n: u32| n.to_be_bytes().to_vec();
    for n in 0..40_000u32 {
        files
            .apply(vec![Change::Put { key: key(n), plain: vec![1; 100] }, Change::PutClear { key: key(u32::MAX), value: key(n) }])
            .expect("the disk has room");
        assert!(files.memtable.waiting() <= crate::memtable::MAX_ROWS + 2, "after {n}");
    }
    files.finish();
    assert_eq!(files.memtable.waiting(), 0);
    assert_eq!(files.db.len(), 40_001);
    assert_eq!(files.db.get(key(u32::MAX)).expect("it can be read").as_deref(), Some(key(39_999).as_slice()));
}
