//! Rows are found whatever waits, whatever is in the database, and while they go from one to the
//! other.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use proptest::prelude::*;
use sled::IVec;

use super::*;
use crate::journal::{At, Journal, SEGMENT_BYTES};
use crate::seal::Sealer;

fn open(folder: &Path) -> Arc<Index> {
    let sealer = Arc::new(Sealer::new(&[1; 32]));
    let (journal, _) = Journal::open(&folder.join("journal"), sealer.clone(), SEGMENT_BYTES).expect("it opens");
    Index::open(&folder.join("index"), sealer, Arc::new(journal)).expect("it opens")
}

fn key(number: u16) -> IVec {
    [&b"E"[..], &number.to_be_bytes()].concat().into()
}

fn value(record: u64) -> IVec {
    At { record, entry: 0 }.to_bytes().into()
}

fn rows(index: &Arc<Index>, span: KeyRange, end: End) -> Vec<(IVec, IVec)> {
    let mut iter = MergeIter::new(index, span, end);
    std::iter::from_fn(|| iter.next().expect("it can be read")).collect()
}

fn all() -> KeyRange {
    KeyRange::of_prefix(b"E")
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<(u16, bool)>),
    Settle,
    Reopen,
    Read(u16, u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec((0..400_u16, prop::bool::weighted(0.8)), 1..150).prop_map(Step::Write),
        2 => Just(Step::Settle),
        1 => Just(Step::Reopen),
        4 => (0..400_u16, 0..400_u16).prop_map(|(one, other)| Step::Read(one, other)),
    ];
    prop::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn rows_are_found_as_in_a_map(steps in steps()) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut index, mut model, mut record) = (open(folder.path()), BTreeMap::new(), 0_u64);
        for step in steps {
            match step {
                Step::Write(changes) => {
                    record += 1;
                    let changes: Vec<Change> = changes.into_iter().map(|(at, stays)| (key(at), stays.then(|| value(record)))).collect();
                    for (key, value) in changes.clone() {
                        match value {
                            Some(value) => model.insert(key, value),
                            None => model.remove(&key),
                        };
                    }
                    index.write(changes, record);
                }
                Step::Settle => prop_assert!(index.settle()),
                Step::Reopen => {
                    index.finish();
                    drop(index);
                    index = open(folder.path());
                    prop_assert_eq!(index.meta().next, record);
                }
                Step::Read(one, other) => {
                    let (from, to) = (one.min(other), one.max(other));
                    let span = KeyRange::new(Included(key(from).to_vec()), Excluded(key(to).to_vec()));
                    let mut expected: Vec<_> = model.range(key(from)..key(to)).map(|(key, value)| (key.clone(), value.clone())).collect();
                    prop_assert_eq!(rows(&index, span.clone(), End::Front), expected.clone());
                    expected.reverse();
                    prop_assert_eq!(rows(&index, span, End::Back), expected);
                    prop_assert_eq!(index.get(&key(one)).expect("it can be read"), model.get(&key(one)).cloned());
                }
            }
        }
    }
}

#[test]
fn no_row_is_missed_while_rows_move_to_the_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let index = open(folder.path());
    let writer = index.clone();
    let thread = thread::spawn(move || {
        for round in 1..=40_u64 {
            writer.write((0..1_500).map(|number| (key(number), Some(value(round)))).collect(), round);
        }
    });
    let mut read = 0;
    while !thread.is_finished() || read < 3 {
        let (there, back) = (rows(&index, all(), End::Front), rows(&index, all(), End::Back));
        let is_whole = |rows: &[(IVec, IVec)]| rows.is_empty() || rows.len() == 1_500;
        assert!(is_whole(&there) && is_whole(&back), "{} and {}", there.len(), back.len());
        read += 1;
    }
    thread.join().expect("it wrote");
    assert!(rows(&index, all(), End::Front).iter().all(|(_, last)| *last == value(40)));
}

#[test]
fn what_was_written_over_is_counted_where_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let index = open(folder.path());
    let put = |number: u16, record: u64| index.write(vec![(key(number), Some(value(record)))], record + 1);
    put(1, 10_000);
    put(2, 50_000);
    put(1, 90_000);
    assert!(index.settle());
    let chunks = |meta: Meta| [10_000, 50_000, 90_000].map(|record| meta.dead.contains(&(record / meta::CHUNK)));
    let dead = |index: &Index| chunks(index.meta());
    assert_eq!(dead(&index), [true, false, false], "while it waited");
    assert!(index.note(Meta::begin_erasure));
    index.write(vec![(key(2), None)], 90_002);
    assert!(index.settle());
    assert_eq!(dead(&index), [false, true, false], "in the database");
    assert_eq!([10_000, 50_000, 90_000].map(|record| index.meta().is_erasing(record)), [true, false, false]);
    index.finish();
    drop(index);
    let index = open(folder.path());
    assert!(index.meta().is_erasing(10_000), "an erasure that did not end is begun with again");
    assert!(index.note(|meta| meta.erasing.clear()));
    index.finish();
    drop(index);
    let meta = open(folder.path()).meta();
    assert!(!meta.is_erasing(10_000));
    assert_eq!(chunks(meta), [false, true, false], "also later");
}

#[test]
fn what_the_database_refuses_is_found_all_the_same_and_reaches_it_later() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let index = open(folder.path());
    let put = |number: u16| index.write(vec![(key(number), Some(value(1)))], u64::from(number));
    (1..=10).for_each(put);
    // As on a full disk, its reserve cannot be had.
    let reserve = folder.path().join("index.reserve");
    std::fs::remove_file(&reserve).and_then(|()| std::fs::create_dir(&reserve)).expect("the disk works");
    assert!(!index.settle() && !index.has_room());
    put(11);
    assert_eq!(rows(&index, all(), End::Front).len(), 11);
    std::fs::remove_dir(&reserve).expect("it is empty");
    assert!(index.has_room());
    index.finish();
    drop(index);
    let index = open(folder.path());
    assert_eq!((rows(&index, all(), End::Back).len(), index.meta().next), (11, 11));
}
