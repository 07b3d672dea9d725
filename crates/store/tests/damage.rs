//! A disk that cuts, garbles or forgets: what is left comes back, what is lost is told, the damaged
//! files are kept.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::*;
use rooms::Verified;
use store::{Anchor, LastEnd, Opened, Outcome, RoomRow, Store};

/// Some ten segments of the database, and quick to make.
const EVENTS: usize = 1_200;

/// A store with three logs, closed in good order, and what was said in it. Made once, copied for
/// each test.
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
    let store = open(profile);
    let mut pens = [Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2), Pen::new(chi(), room(2), 3)];
    let row = RoomRow {
        room: room(1),
        kind: store::RoomKind::Group,
        name: "Garden".to_owned(),
        standing: store::Standing::Member,
        read_up_to: None,
        draft: String::new(),
        active_at: NOON,
        own_logs: Vec::new(),
    };
    // Written more than once, as rooms are, so that no single spot holds all that is known of it.
    store.put(&row).expect("the disk has room");
    let mut said = Vec::new();
    for n in 0..events {
        let pen = &mut pens[n % 3];
        pen.now_ms = NOON + n as u64;
        let event = pen.say(&format!("words {n} {}", "and more ".repeat(20)));
        store.append(std::slice::from_ref(&event)).expect("the disk has room");
        if n % 50 == 0 {
            store.flush().expect("the disk works");
        }
        said.push(event);
    }
    store.put(&row).expect("the disk has room");
    store.close().expect("the disk works");
    said
}

fn db(profile: &Path) -> PathBuf {
    profile.join("store/db")
}

fn snapshots(profile: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(profile.join("store")).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."))).collect()
}

fn garble(path: &Path, from: u64, bytes: usize) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).expect("it is there");
    file.seek(SeekFrom::Start(from)).expect("it is long enough");
    let mut old = vec![0; bytes];
    let n = file.read(&mut old).expect("it can be read");
    file.seek(SeekFrom::Start(from)).expect("it is long enough");
    let noise: Vec<u8> = old[..n].iter().enumerate().map(|(i, b)| b ^ (i as u8).wrapping_mul(167) ^ 0x5a).collect();
    file.write_all(&noise).expect("it can be written");
}

fn were_said(entries: &[Verified], said: &[Verified]) -> bool {
    let said: BTreeMap<_, _> = said.iter().map(|event| (event.id(), event)).collect();
    entries.iter().all(|event| said.get(&event.id()) == Some(&event))
}

/// Everything that the store gives was said, each log is a whole beginning of what was said in it,
/// and the store works.
fn check_sound(store: &Store, said: &[Verified]) {
    for of in [1, 2] {
        let entries = store.page(&room(of), Anchor::Latest, 100_000, EVER).entries;
        assert!(were_said(&entries, said), "nothing is made up");
        for (log, head) in store.heads(&room(of)) {
            let mut from = 1;
            while from <= head.head.seq {
                let served = store.range(&room(of), log, from, head.head.seq, 56 * 1024);
                let run = rooms::run::decode(&served, &room(of)).expect("what heads promise is served");
                from = run.last_seq() + 1;
            }
        }
    }
    // What is missing comes again, from peers.
    store.append(said).expect("the rest goes on where the logs end");
    let total: usize = [1, 2].iter().map(|of| store.page(&room(*of), Anchor::Latest, 100_000, EVER).entries.len()).sum();
    assert_eq!(total, said.len());
    store.flush().expect("it takes writes");
}

/// Damages a closed store and opens it; whatever happens must be told.
fn check(what: &str, harm: impl FnOnce(&Path)) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = written(dir.path());
    harm(dir.path());
    let Opened { store, end, outcome } = opened(dir.path());
    let lost = said.len() as u64 - store.events();
    println!("{what}: {outcome:?}, {lost} of {} gone", said.len());
    match &outcome {
        Outcome::Normal => assert_eq!(lost, 0, "{what}: loss is told"),
        Outcome::Repaired { lost: told, .. } => assert_eq!(*told, lost, "{what}: loss is counted"),
        Outcome::SetAside { path } => assert!(path.exists(), "{what}: the files are kept"),
        Outcome::Fresh => panic!("{what}: this is not a first start"),
    }
    if outcome != Outcome::Normal {
        assert_eq!(end, LastEnd::Unclean, "{what}: own logs must not go on");
    }
    check_sound(&store, &said);
    store.close().expect("it takes writes");
    let again = opened(dir.path());
    assert_eq!((again.outcome, again.end), (Outcome::Normal, LastEnd::Orderly), "{what}: repaired for good");
    outcome
}

fn length(profile: &Path) -> u64 {
    fs::metadata(db(profile)).expect("it is there").len()
}

fn cut(profile: &Path, to: u64) {
    OpenOptions::new().write(true).open(db(profile)).and_then(|file| file.set_len(to)).expect("it can be cut");
}

#[test]
fn a_cut_file_is_kept_and_what_is_left_of_it_is_read() {
    for parts in [1, 3, 5, 7] {
        let outcome = check(&format!("cut to {parts}/10"), |profile| cut(profile, (length(profile) * parts / 10) | 1));
        let Outcome::Repaired { lost, aside: Some(aside) } = outcome else { panic!("{outcome:?}") };
        assert!(lost > 0);
        assert_eq!(aside.file_name().map(|name| name.to_string_lossy().starts_with("store.damaged-")), Some(true));
    }
}

#[test]
fn a_vanished_file_is_told() {
    check("no database file", |profile| fs::remove_file(db(profile)).expect("it is there"));
    check("an empty database file", |profile| cut(profile, 0));
}

#[test]
fn a_damaged_or_missing_snapshot_costs_nothing() {
    let outcome = check("garbled snapshot", |profile| snapshots(profile).iter().for_each(|path| garble(path, 8, 64)));
    assert!(matches!(outcome, Outcome::Normal | Outcome::Repaired { lost: 0, .. }), "{outcome:?}");
    let outcome =
        check("missing snapshot", |profile| snapshots(profile).iter().for_each(|path| fs::remove_file(path).expect("it is there")));
    assert!(matches!(outcome, Outcome::Normal | Outcome::Repaired { lost: 0, .. }), "{outcome:?}");
}

#[test]
fn a_damaged_configuration_of_the_database_is_survived() {
    for (what, harm) in
        [("garbled", (|path| garble(path, 0, 16)) as fn(&Path)), ("missing", |path| fs::remove_file(path).expect("it is there"))]
    {
        let outcome = check(&format!("{what} conf"), |profile| harm(&profile.join("store/conf")));
        assert!(matches!(outcome, Outcome::Normal | Outcome::Repaired { lost: 0, .. }), "{outcome:?}");
    }
}

#[test]
fn a_missing_or_torn_witness_means_an_unclean_end_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let said = written(dir.path());
    garble(&dir.path().join("store.witness"), 3, 2);
    let first = opened(dir.path());
    assert_eq!((first.outcome, first.end), (Outcome::Normal, LastEnd::Unclean));
    assert_eq!(first.store.events(), said.len() as u64);
}

#[test]
fn noise_anywhere_in_the_file_never_stops_the_start_nor_makes_things_up() {
    for tenth in [0, 1, 3, 5, 7, 9] {
        for bytes in [1, 4096] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let said = written(dir.path());
            garble(&db(dir.path()), length(dir.path()) * tenth / 10 + 1_000, bytes);
            let first = opened(dir.path());
            println!("{bytes} B of noise at {tenth}/10: {:?}", first.outcome);
            read_all(&first.store, &said);
            let noticed = first.store.unreadable();
            first.store.flush().expect("it takes writes");
            drop(first);
            // What only reading found is mended at the next start.
            let second = opened(dir.path());
            if noticed > 0 {
                println!("  {noticed} unreadable, then {:?}", second.outcome);
                assert!(!matches!(second.outcome, Outcome::Normal | Outcome::Fresh), "{:?}", second.outcome);
            }
            // A hole ends its log: the rest of that one comes again.
            let there = second.store.events() as usize;
            assert!(there >= EVENTS / 3, "{there} of {EVENTS} events are left");
            assert_eq!(second.store.all::<RoomRow>().len(), 1, "rooms are known still");
            check_sound(&second.store, &said);
            assert_eq!(second.store.unreadable(), 0);
        }
    }
}

fn read_all(store: &Store, said: &[Verified]) {
    for of in [1, 2] {
        let entries = store.page(&room(of), Anchor::Latest, 100_000, EVER).entries;
        assert!(were_said(&entries, said));
        for (log, head) in store.heads(&room(of)) {
            (1..=head.head.seq).step_by(100).for_each(|from| drop(store.range(&room(of), log, from, from + 100, 56 * 1024)));
        }
    }
}
