//! A disk that cuts, garbles, swaps or forgets: what is left is there, what is lost is told, and
//! what comes again is taken. `GRAPEVINE_STORE_ROUNDS` is the number of rounds of each kind.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rooms::Verified;
use store::{Anchor, LastEnd, Opened, Outcome, RoomRow, Store};

const EVENTS: usize = 1_200;

/// A store with three logs in several segments, closed in good order, and what was said in it. Made
/// once, copied for each test.
static WRITTEN: LazyLock<(tempfile::TempDir, Vec<Verified>)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = write(dir.path(), EVENTS);
    (dir, said)
});

fn written(profile: &Path) -> Vec<Verified> {
    let (original, said) = &*WRITTEN;
    copy(original.path(), profile);
    said.clone()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the disk has room");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the disk has room");
        }
    }
}

fn write(profile: &Path, events: usize) -> Vec<Verified> {
    let store = store::open_in_segments(profile, &KEY, 60_000).expect("it is new").store;
    let mut pens = [Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2), Pen::new(chi(), room(2), 3)];
    let row = |draft: String| RoomRow {
        room: room(1),
        kind: store::RoomKind::Group,
        name: "Garden".to_owned(),
        standing: store::Standing::Member,
        read_up_to: None,
        draft,
        active_at: NOON,
        own_logs: Vec::new(),
    };
    let mut said = Vec::new();
    for n in 0..events {
        let pen = &mut pens[n % 3];
        pen.now_ms = NOON + n as u64;
        let event = pen.say(&format!("words {n} {}", "and more ".repeat(20)));
        store.append(std::slice::from_ref(&event)).expect("the disk has room");
        if n % 200 == 0 {
            // The old drafts are dead, so this writes some segments anew.
            (0..3).for_each(|draft| store.put(&row(format!("{n} {draft}"))).expect("the disk has room"));
            store.erase_now().expect("the disk works");
        }
        said.push(event);
    }
    store.close().expect("the disk works");
    said
}

fn segments(profile: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(profile.join("store/journal")).expect("it is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    assert!(paths.len() > 4, "{paths:?}");
    paths
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it can be listed").path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn garble(path: &Path, from: usize, bytes: usize) {
    let mut content = fs::read(path).expect("it can be read");
    content.iter_mut().skip(from).take(bytes).enumerate().for_each(|(i, byte)| *byte ^= (i as u8).wrapping_mul(167) ^ 0x5a);
    fs::write(path, content).expect("it can be written");
}

fn length(path: &Path) -> usize {
    fs::metadata(path).expect("it is there").len() as usize
}

fn swap(one: &Path, other: &Path) {
    let aside = one.with_extension("aside");
    for (from, to) in [(one, aside.as_path()), (other, one), (&aside, other)] {
        fs::rename(from, to).expect("they are ours");
    }
}

fn shown(store: &Store) -> usize {
    [1, 2].iter().map(|of| store.page(&room(*of), Anchor::Latest, 100_000, EVER).entries.len()).sum()
}

/// Reads everything: all of it was said, and each log is a whole beginning of what was said in it.
/// With damage that nobody has found yet, reading may end sooner.
fn check_sound(store: &Store, said: &[Verified], is_known: bool) {
    let all: BTreeMap<_, _> = said.iter().map(|event| (event.id(), event)).collect();
    for of in [1, 2] {
        let entries = store.page(&room(of), Anchor::Latest, 100_000, EVER).entries;
        assert!(entries.iter().all(|event| all.get(&event.id()) == Some(&event)), "nothing is made up");
        for (log, head) in store.heads(&room(of)) {
            let mut from = 1;
            while from <= head.head.seq {
                let served = store.range(&room(of), log, from, head.head.seq, 56 * 1024);
                match rooms::run::decode(&served, &room(of)) {
                    Ok(run) => from = run.last_seq() + 1,
                    Err(_) if !is_known => break,
                    Err(fault) => panic!("what heads promise is served: {fault}"),
                }
            }
        }
    }
}

/// Damages a closed store and opens it; whatever happens must be told, and mended for good.
fn check(what: &str, harm: impl FnOnce(&Path)) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = written(dir.path());
    harm(dir.path());
    let mut now = opened(dir.path());
    let first = now.outcome.clone();
    check_sound(&now.store, &said, false);
    if now.store.unreadable() > 0 {
        // What only reading found is mended at the next start.
        assert_eq!(first, Outcome::Normal, "{what}: all that is known is mended at once");
        drop(now);
        now = opened(dir.path());
        assert!(matches!(now.outcome, Outcome::Repaired { .. }), "{what}: {:?}", now.outcome);
    }
    let Opened { store, end, outcome } = now;
    let lost = said.len() as u64 - store.events();
    println!("{what}: {first:?}, then {outcome:?}; {} shown, {lost} of {} are to come again", shown(&store), said.len());
    match &outcome {
        Outcome::Normal => assert_eq!(lost, 0, "{what}: loss is told"),
        Outcome::Repaired { lost: told } => assert!(*told >= lost, "{what}: {told} told, {lost} lost"),
        Outcome::SetAside { path } => assert!(path.exists(), "{what}: the files are kept"),
        Outcome::Fresh => panic!("{what}: this is not a first start"),
    }
    if outcome != Outcome::Normal {
        assert_eq!(end, LastEnd::Unclean, "{what}: own logs must not go on");
    }
    check_sound(&store, &said, true);
    assert!(shown(&store) as u64 >= store.events(), "{what}: what lies beyond a hole is shown");
    store.append(&said).expect("what is missing is taken when it comes again");
    assert_eq!((shown(&store), store.events()), (said.len(), said.len() as u64), "{what}");
    assert_eq!(store.unreadable(), 0, "{what}");
    store.close().expect("it takes writes");
    let again = opened(dir.path());
    assert_eq!((again.outcome, again.end), (Outcome::Normal, LastEnd::Orderly), "{what}: told once");
    check_sound(&again.store, &said, true);
    assert_eq!(shown(&again.store), said.len(), "{what}: for good");
    outcome
}

#[test]
fn noise_anywhere_in_the_journal_costs_what_it_hits() {
    let mut lossy = 0;
    for round in 0..rounds(8) {
        let mut random = StdRng::seed_from_u64(round);
        let outcome = check(&format!("noise, round {round}"), |profile| {
            let paths = segments(profile);
            let path = &paths[random.random_range(0..paths.len())];
            garble(path, random.random_range(0..length(path)), [1, 40, 4096][random.random_range(0..3)]);
        });
        lossy += u64::from(outcome != Outcome::Normal);
    }
    assert!(lossy > 0, "most noise hits something");
}

#[test]
fn a_cut_anywhere_costs_what_was_cut_off() {
    for round in 0..rounds(8) {
        let mut random = StdRng::seed_from_u64(round);
        let outcome = check(&format!("cut, round {round}"), |profile| {
            let paths = segments(profile);
            let path = &paths[random.random_range(0..paths.len())];
            let to = random.random_range(0..length(path)) as u64;
            OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(to)).expect("it can be cut");
        });
        assert_ne!(outcome, Outcome::Fresh);
    }
}

#[test]
fn swapped_and_repeated_segments_cost_nothing() {
    for round in 0..rounds(4) {
        let mut random = StdRng::seed_from_u64(round);
        let outcome = check(&format!("swapped and repeated, round {round}"), |profile| {
            let paths = segments(profile);
            let mut any = || paths[random.random_range(0..paths.len())].clone();
            let (one, other, again) = (any(), any(), any());
            fs::copy(again, one.with_file_name("00000000000000ff.journal")).expect("there is room");
            if one != other {
                swap(&one, &other);
            }
        });
        assert_eq!(outcome, Outcome::Normal);
    }
}

#[test]
fn a_segment_that_is_gone_is_told() {
    for round in 0..rounds(4) {
        let outcome = check(&format!("a segment less, round {round}"), |profile| {
            let paths = segments(profile);
            fs::remove_file(&paths[round as usize % paths.len()]).expect("it is ours");
        });
        assert!(matches!(outcome, Outcome::Repaired { lost } if lost > 0), "{outcome:?}");
    }
    let outcome =
        check("no journal at all", |profile| segments(profile).iter().for_each(|path| fs::remove_file(path).expect("it is ours")));
    assert_eq!(outcome, Outcome::Repaired { lost: EVENTS as u64 });
}

#[test]
fn a_journal_of_noise_is_kept_aside() {
    let outcome = check("noise all over", |profile| segments(profile).iter().for_each(|path| garble(path, 0, usize::MAX)));
    let Outcome::SetAside { path } = outcome else { panic!("{outcome:?}") };
    assert!(path.ends_with("store/journal"));
}

#[test]
fn whatever_becomes_of_the_index_nothing_is_lost() {
    let other = tempfile::tempdir().expect("a temporary folder");
    store::open(other.path(), &[7; 32]).expect("it is new").store.close().expect("the disk works");
    for round in 0..rounds(6) {
        let mut random = StdRng::seed_from_u64(round);
        check_index(&format!("the index, round {round}"), |profile| {
            let index = profile.join("store/index");
            match round % 6 {
                0 => fs::remove_dir_all(&index).expect("it is ours"),
                1 => below(&index).iter().for_each(|path| garble(path, 0, usize::MAX)),
                2 => {
                    fs::remove_dir_all(&index).expect("it is ours");
                    copy(&other.path().join("store/index"), &index);
                }
                3 => fs::write(index.join("conf"), b"another form").expect("there is room"),
                4 => {
                    let path = index.join("db");
                    garble(&path, random.random_range(0..length(&path)), 4096);
                }
                _ => {
                    let path = index.join("db");
                    let to = random.random_range(0..length(&path)) as u64;
                    OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(to)).expect("it can be cut");
                }
            }
        });
    }
}

/// Damage of the index is seen at once, or when it is read; then the next start builds it anew.
fn check_index(what: &str, harm: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = written(dir.path());
    harm(dir.path());
    for start in 0..2 {
        let Opened { store, outcome, .. } = opened(dir.path());
        assert_eq!(outcome, Outcome::Normal, "{what}, start {start}: nothing is lost");
        check_sound(&store, &said, store.unreadable() == 0 && start > 0);
        if store.unreadable() == 0 {
            assert_eq!((shown(&store), store.events()), (said.len(), said.len() as u64), "{what}, start {start}");
            assert_eq!(store.all::<RoomRow>().len(), 1, "{what}, start {start}");
        }
        assert!(start == 0 || store.unreadable() == 0, "{what}");
        drop(store);
    }
}
