//! What survives what.

mod crash;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::EXTENSION;
use super::*;
use crate::error::OpenError;
use crate::seal::Sealer;

/// Small, so that a few records fill several.
const LONGEST: u64 = 600;

fn sealer(key: u8) -> Arc<Sealer> {
    Arc::new(Sealer::new(&[key; 32]))
}

fn open(folder: &Path) -> (Journal, Found) {
    Journal::open(folder, sealer(1), LONGEST).expect("it opens")
}

fn said(number: u64) -> Vec<Vec<u8>> {
    (0..=number % 3).map(|entry| format!("what ana said, {number}.{entry}").into_bytes()).collect()
}

fn append(journal: &Journal, count: u64) {
    for _ in 0..count {
        let entries = said(journal.next());
        journal.append(entries.iter().map(Vec::as_slice)).expect("there is room");
    }
    journal.sync().expect("the disk works");
}

/// The records of these that are there; each is as it was said.
fn there(journal: &Journal, count: u64) -> Vec<u64> {
    let whole = |number: &u64| match journal.read(*number).expect("the disk works") {
        Some(entries) => {
            assert_eq!(entries, said(*number));
            true
        }
        None => false,
    };
    (0..count).filter(whole).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).expect("it is ours").map(|entry| entry.expect("it is ours").path()).collect();
    files.sort();
    files
}

/// A folder with so many records, in several segments.
fn filled(count: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (journal, found) = open(folder.path());
    assert!(found.fresh);
    append(&journal, count);
    assert!(files(folder.path()).len() > 2, "several segments");
    folder
}

fn copy(of: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in files(of) {
        fs::copy(&path, folder.path().join(path.file_name().expect("a file"))).expect("there is room");
    }
    folder
}

#[test]
fn what_was_appended_is_read_and_is_there_again() {
    let folder = filled(20);
    for _ in 0..2 {
        let (journal, found) = open(folder.path());
        assert_eq!((found, journal.next()), (Found::default(), 20));
        assert_eq!(there(&journal, 25), (0..20).collect::<Vec<_>>());
    }
    let (journal, _) = open(folder.path());
    append(&journal, 5);
    assert_eq!(there(&journal, 25).len(), 25);
}

#[test]
fn wherever_the_last_segment_is_cut_the_whole_records_before_are_there() {
    let folder = filled(20);
    let last = files(folder.path()).pop().expect("the open one");
    let length = fs::metadata(&last).expect("it is there").len();
    for cut in 0..length {
        let spoilt = copy(folder.path());
        let path = spoilt.path().join(last.file_name().expect("a file"));
        fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(cut)).expect("it is ours");
        let (journal, _) = open(spoilt.path());
        let next = journal.next();
        assert_eq!(there(&journal, 20), (0..next).collect::<Vec<_>>(), "cut at {cut}");
        append(&journal, 3);
        assert_eq!(there(&journal, 25).len() as u64, next + 3, "cut at {cut}");
    }
}

#[test]
fn whichever_byte_is_turned_all_other_records_are_there_and_none_is_wrong() {
    let folder = filled(14);
    let mut turned = 0;
    for path in files(folder.path()) {
        let whole = fs::read(&path).expect("it is ours");
        for at in 0..whole.len() {
            let spoilt = copy(folder.path());
            let mut bytes = whole.clone();
            bytes[at] ^= 0x21;
            fs::write(spoilt.path().join(path.file_name().expect("a file")), bytes).expect("it is ours");
            let (journal, found) = open(spoilt.path());
            let left = there(&journal, 14);
            assert!(left.len() >= 13, "{} at {at}: {left:?} {found:?}", path.display());
            turned += usize::from(left.len() == 13);
        }
    }
    assert!(turned > 500, "most bytes are those of records: {turned}");
}

#[test]
fn a_segment_that_is_gone_leaves_a_gap_and_the_rest() {
    let folder = filled(20);
    let (journal, _) = open(folder.path());
    let firsts: Vec<u64> = journal.state().segments.iter().map(|segment| segment.first).collect();
    let gone = firsts[1]..firsts[2];
    drop(journal);
    fs::remove_file(&files(folder.path())[1]).expect("it is ours");
    let (journal, found) = open(folder.path());
    assert_eq!(found.gone, gone.end - gone.start);
    assert_eq!(there(&journal, 20), (0..20).filter(|number| !gone.contains(number)).collect::<Vec<_>>());
}

#[test]
fn segments_that_change_places_are_put_in_order_and_copies_are_left_aside() {
    let folder = filled(20);
    let paths = files(folder.path());
    let other = folder.path().join("other");
    for (from, to) in [(&paths[0], &other), (&paths[1], &paths[0]), (&other, &paths[1])] {
        fs::rename(from, to).expect("it is ours");
    }
    let copied = folder.path().join(format!("00000000000000ff.{EXTENSION}"));
    fs::copy(&paths[1], &copied).expect("there is room");
    let (journal, found) = open(folder.path());
    assert_eq!(there(&journal, 20).len(), 20);
    assert_eq!((found.foreign.len(), found.gone), (1, 0));
}

#[test]
fn under_another_key_it_is_refused_and_nothing_is_touched() {
    let folder = filled(20);
    let before: Vec<Vec<u8>> = files(folder.path()).iter().map(|path| fs::read(path).expect("it is ours")).collect();
    let refused = Journal::open(folder.path(), sealer(2), LONGEST).err().expect("it is refused");
    assert!(matches!(refused, OpenError::WrongKey), "{refused}");
    assert_eq!(files(folder.path()).iter().map(|path| fs::read(path).expect("it is ours")).collect::<Vec<_>>(), before);
}

#[test]
fn a_segment_of_another_profile_is_left_aside() {
    let (folder, other) = (filled(20), tempfile::tempdir().expect("a temporary folder"));
    let (theirs, _) = Journal::open(other.path(), sealer(2), LONGEST).expect("it is new");
    append(&theirs, 3);
    let last = folder.path().join(format!("00000000000000ff.{EXTENSION}"));
    fs::copy(&files(other.path())[0], &last).expect("there is room");
    let before = fs::read(&last).expect("it is ours");
    let (journal, found) = open(folder.path());
    assert_eq!((there(&journal, 25).len(), found.foreign.len(), last.exists()), (20, 1, false));
    assert_eq!(fs::read(&found.foreign[0]).expect("it is ours"), before);
}

#[test]
fn what_was_erased_is_nowhere_in_the_files_and_all_else_is_there() {
    let folder = filled(20);
    let (journal, _) = open(folder.path());
    let gone: BTreeSet<At> = [(4, 0), (5, 2), (17, 0), (18, 0), (19, 0)].map(|(record, entry)| At { record, entry }).into();
    let fate = |at: At, _: &[u8]| match gone.contains(&at) {
        true if at.record == 5 => Fate::Becomes(b"less".to_vec()),
        true => Fate::Goes,
        false => Fate::Stays,
    };
    journal.rewrite(|record| [4, 5, 8, 17, 18, 19].contains(&record), fate, || true).expect("there is room");
    append(&journal, 1);
    for journal in [journal, open(folder.path()).0] {
        for number in 0..20 {
            let mut expected = said(number);
            let less: &[u8] = if number == 5 { b"less" } else { b"" };
            gone.iter().filter(|at| at.record == number).for_each(|at| expected[usize::from(at.entry)] = less.to_vec());
            if expected.iter().all(Vec::is_empty) {
                expected.clear();
            }
            assert_eq!(journal.read(number).expect("the disk works"), Some(expected), "{number}");
        }
        assert_eq!(journal.read(20).expect("the disk works"), Some(said(20)));
    }
    let erased: BTreeSet<Vec<u8>> = gone.iter().map(|at| said(at.record)[usize::from(at.entry)].clone()).collect();
    let whole = filled(20);
    assert_eq!(with_the_key(whole.path()).intersection(&erased).count(), 5, "they are found where nothing was erased");
    assert_eq!(with_the_key(folder.path()).intersection(&erased).count(), 0);
}

/// All that somebody finds in the files who has the key, wherever it stands.
fn with_the_key(folder: &Path) -> BTreeSet<Vec<u8>> {
    let bytes = files(folder).into_iter().map(|path| fs::read(path).expect("it is ours"));
    let records = |bytes: Vec<u8>| (0..bytes.len()).filter_map(|at| super::record::decode(&sealer(1), &bytes[at..])).collect::<Vec<_>>();
    bytes.flat_map(records).flatten().collect()
}

#[test]
fn what_is_appended_while_the_open_segment_is_written_anew_is_there() {
    let folder = filled(20);
    let (journal, _) = open(folder.path());
    let (count, mut appended) = (files(folder.path()).len(), 20);
    for round in 0..6 {
        let last = journal.next() - 1;
        let more = std::cell::Cell::new(0);
        // Some within the open segment, and some that close it meanwhile.
        let fate = |at: At, _: &[u8]| {
            if at.entry == 0 {
                append(&journal, 1 + 4 * (round % 2));
                more.set(more.get() + 1 + 4 * (round % 2));
            }
            if at.record == last { Fate::Goes } else { Fate::Stays }
        };
        assert!(journal.rewrite(|record| record == last, fate, || true).expect("there is room"));
        appended += more.get();
        for (name, journal) in [("now", &journal), ("again", &open(folder.path()).0)] {
            assert_eq!((journal.next(), journal.read(last).expect("the disk works")), (appended, Some(Vec::new())), "{name} {round}");
            assert_eq!(journal.read(appended - 1).expect("the disk works"), Some(said(appended - 1)), "{name} {round}");
        }
    }
    assert!(files(folder.path()).len() < count + 6, "erasing makes no files");
}

#[test]
fn what_is_lost_stays_lost_and_what_was_emptied_beside_it_is_not() {
    let folder = filled(20);
    let second = files(folder.path()).remove(1);
    let (journal, _) = open(folder.path());
    let numbers: Vec<u64> = (0..20).filter(|number| journal.state().segments[1].first <= *number).take(4).collect();
    drop(journal);
    let whole = fs::read(&second).expect("it is ours");
    for spoilt in 0..4 {
        // The record that is spoilt, and its neighbours are emptied.
        let mut bytes = whole.clone();
        let at = bytes.windows(8).position(|window| window == numbers[spoilt].to_le_bytes());
        let start = at.filter(|at| *at > super::segment::HEADER).unwrap_or(super::segment::HEADER + 8);
        bytes[start + 20] ^= 1;
        fs::write(&second, &bytes).expect("it is ours");
        let fate = |_: At, _: &[u8]| Fate::Goes;
        let journal = open(folder.path()).0;
        assert!(journal.rewrite(|record| numbers.contains(&record), fate, || true).expect("there is room"));
        for journal in [journal, open(folder.path()).0] {
            for number in 0..20 {
                let expected = match numbers.iter().position(|emptied| *emptied == number) {
                    Some(place) if place == spoilt => None,
                    Some(_) => Some(Vec::new()),
                    None => Some(said(number)),
                };
                assert_eq!(journal.read(number).expect("the disk works"), expected, "{number} of {numbers:?}, {spoilt} is spoilt");
            }
        }
    }
}

#[test]
fn a_segment_that_a_crash_left_empty_goes_on() {
    let folder = filled(20);
    let (journal, _) = open(folder.path());
    let before = journal.state().segments.last().expect("the open one").first;
    let folder_of = folder.path();
    drop(super::segment::Segment::create(folder_of, &sealer(1), 20, before).expect("there is room"));
    let (journal, found) = open(folder.path());
    append(&journal, 3);
    assert_eq!((found, there(&journal, 23).len()), (Found::default(), 23));
    assert_eq!(there(&open(folder.path()).0, 23).len(), 23);
}

#[test]
fn an_erasure_that_was_broken_off_leaves_the_old_segment() {
    let folder = filled(20);
    let first = files(folder.path()).remove(0);
    fs::copy(&first, first.with_extension("new")).expect("there is room");
    let (journal, found) = open(folder.path());
    assert_eq!((found, there(&journal, 20).len()), (Found::default(), 20));
    assert!(files(folder.path()).iter().all(|path| path.extension().is_some_and(|extension| extension == EXTENSION)));
}

#[test]
fn another_form_is_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    drop(open(folder.path()));
    let path = files(folder.path()).remove(0);
    let mut bytes = fs::read(&path).expect("it is ours");
    bytes[8] = 1;
    fs::write(&path, &bytes).expect("it is ours");
    let refused = Journal::open(folder.path(), sealer(1), LONGEST).err().expect("it is refused");
    assert!(matches!(refused, OpenError::TooOld), "{refused}");
    bytes[8] = 9;
    fs::write(&path, &bytes).expect("it is ours");
    let refused = Journal::open(folder.path(), sealer(1), LONGEST).err().expect("it is refused");
    assert!(matches!(refused, OpenError::TooNew { found: 9, .. }), "{refused}");
    assert_eq!(fs::read(&path).expect("it is ours"), bytes);
}

#[test]
fn a_batch_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (journal, _) = open(folder.path());
    let refused = journal.append([vec![7; 9 << 20].as_slice()]).expect_err("it is refused");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    append(&journal, 2);
    assert_eq!(there(&journal, 2).len(), 2);
}
