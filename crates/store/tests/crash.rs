//! Processes that are killed, or whose disk is full, while they write. `GRAPEVINE_STORE_ROUNDS` is
//! the number of rounds of each kind.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use common::*;
use rooms::Verified;
use store::{Anchor, Flusher, LastEnd, Mark, OpenError, Opened, Outcome, Setting, StoreError, Urgency};

const PROFILE: &str = "GRAPEVINE_STORE_TEST_PROFILE";

/// This test program again, running one of the tests below as a child's main function.
fn child(main: &str, profile: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args([main, "--exact", "--nocapture", "--test-threads=1"]).env(PROFILE, profile);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn profile_of_child() -> Option<std::path::PathBuf> {
    std::env::var_os(PROFILE).map(Into::into)
}

/// Writes until it is killed; prints how many events are durable after each flush.
#[test]
fn child_writes_until_killed() {
    let Some(profile) = profile_of_child() else { return };
    let store = store::open_in_segments(&profile, &KEY, 60_000).expect("it opens").store;
    let mut pen = Pen::new(ana(), room(1), 1 + store.heads(&room(1)).len() as u64);
    let (done, marks) = mpsc::sync_channel(1024);
    let flusher = Flusher::start(store.clone(), move |mark| done.send(mark).expect("the writer listens")).expect("a thread");
    let before = store.events();
    let (mut written, mut durable) = (Vec::new(), 0);
    for n in 0.. {
        store.append(&pen.say_many(1 + n % 7)).expect("the disk has room");
        written.push((store.mark(), store.events() - before));
        store.put_setting(Setting::DisplayName, &n.to_string()).expect("the disk has room");
        if n % 40 == 39 {
            store.erase_now().expect("the disk works");
        }
        flusher.soon(Urgency::Own);
        // Never far ahead, or the events of all rounds would take long to read.
        while let Ok(mark) =
            if store.events() - before > durable + 30 { marks.recv().map_err(drop) } else { marks.try_recv().map_err(drop) }
        {
            let mark = mark.expect("the disk works");
            durable = written.iter().rev().find(|(m, _)| *m <= mark).map_or(0, |(_, events)| *events);
            println!("\ndurable {durable}");
        }
    }
}

#[test]
fn killed_while_writing_everything_reported_durable_is_there_and_whole() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut expected_before = 0;
    for round in 0..rounds(12) {
        let mut writer = child("child_writes_until_killed", dir.path()).spawn().expect("the child starts");
        let lines = BufReader::new(writer.stdout.take().expect("it is piped")).lines();
        let mut durable = 0;
        let mut heard = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(n) = line.strip_prefix("durable ") {
                durable = n.parse().expect("a number");
                heard += 1;
                if heard == 3 + 4 * (round % 40) {
                    writer.kill().expect("it runs");
                }
            }
        }
        writer.wait().expect("it was killed");
        let Opened { store, end, outcome } = opened(dir.path());
        assert_eq!(end, LastEnd::Unclean);
        assert_eq!(outcome, Outcome::Normal, "round {round}: a kill loses nothing that was durable");
        let events = store.events() - expected_before;
        println!("round {round}: {durable} durable, {events} there");
        assert!(events >= durable, "round {round}: {durable} were durable, {events} are there");
        for (log, head) in store.heads(&room(1)) {
            let mut from = 1;
            while from <= head.head.seq {
                let served = store.range(&room(1), log, from, head.head.seq, 56 * 1024);
                from = rooms::run::decode(&served, &room(1)).expect("whole").last_seq() + 1;
            }
        }
        let shown = store.page(&room(1), Anchor::Latest, 1_000_000, EVER).entries.len() as u64;
        assert_eq!(shown, store.events(), "no event without a head, no head without an event");
        expected_before = store.events();
    }
}

/// Holds the profile until its input ends.
#[test]
fn child_holds_the_profile() {
    let Some(profile) = profile_of_child() else { return };
    let store = open(&profile);
    println!("\nopen");
    std::io::stdin().lines().for_each(drop);
    drop(store);
}

#[test]
fn a_second_process_is_told_that_the_profile_is_in_use() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut holder: Child = child("child_holds_the_profile", dir.path()).stdin(Stdio::piped()).spawn().expect("the child starts");
    let mut lines = BufReader::new(holder.stdout.take().expect("it is piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line == "open")));
    assert!(matches!(store::open(dir.path(), &KEY), Err(OpenError::InUse)));
    holder.kill().expect("it runs");
    holder.wait().expect("it was killed");
    open(dir.path());
}

/// Writes until the disk refuses, then reads, and goes on when there is room.
#[test]
fn child_fills_the_disk() {
    let Some(profile) = profile_of_child() else { return };
    let (store, filler) = (open(&profile), profile.with_extension("filler"));
    let mut pen = Pen::new(ana(), room(1), 1);
    // Some of it waits for the index, which needs room too.
    let mut durable = 0;
    let mut batch = pen.say_many(50);
    let mut write = |batch: &[Verified]| store.append(batch).and_then(|()| store.flush()).map(|_| durable = store.events());
    let refused = loop {
        match write(&batch) {
            Ok(()) => batch = pen.say_many(50),
            // What the index kept for itself may be free for a moment.
            Err(first) => match write(&batch) {
                Ok(()) => batch = pen.say_many(50),
                Err(_) => break first,
            },
        }
    };
    println!("\nrefused {refused}");
    assert!(matches!(refused, StoreError::Disk(_)));
    assert!(!store.page(&room(1), Anchor::Latest, 50, EVER).entries.is_empty(), "reading goes on");
    std::fs::remove_file(filler).expect("it is there");
    // A disk that failed while it made things durable has to be opened anew.
    let store = if store.has_failed() {
        drop(store);
        open(&profile)
    } else {
        store
    };
    assert!(store.events() >= durable);
    store.append(&batch).expect("there is room again");
    assert_eq!(store.events(), durable + 50);
    (0..20).for_each(|_| store.append(&pen.say_many(500)).expect("there is room"));
    store.flush().expect("the disk works");
    let events = store.events();
    store.close().expect("the disk works");
    let Opened { store, outcome, end } = opened(&profile);
    assert_eq!((outcome, end, store.events(), store.unreadable()), (Outcome::Normal, LastEnd::Orderly, events, 0));
    assert_eq!(store.page(&room(1), Anchor::Latest, 1_000_000, EVER).entries.len() as u64, events);
    println!("\nwent on {events} after {durable}");
}

/// A small disk in memory, full but for a file that is removed later.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_is_half_applied_and_it_goes_on_when_there_is_room() {
    for round in 0..rounds(3) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let inner = child("child_fills_the_disk", &dir.path().join("disk/profile"));
        let mut own = Command::new("unshare");
        // Rooms of all sizes, so that now the journal is refused and now the index.
        let filler = 10_000 + 137 * (round % 50);
        let script = "mount -t tmpfs -o size=20m none \"$1\" && head -c ${2}K /dev/zero > \"$1/profile.filler\" && shift 2 && exec \"$@\"";
        own.args(["-rm", "sh", "-c", script, "sh"]).arg(dir.path().join("disk")).arg(filler.to_string());
        own.arg(inner.get_program()).args(inner.get_args()).env(PROFILE, dir.path().join("disk/profile"));
        std::fs::create_dir(dir.path().join("disk")).expect("there is room");
        let output = own.stdin(Stdio::null()).output().expect("unshare is there");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("refused") && text.contains("went on"), "round {round}: {text}\n{error}");
    }
}

#[test]
fn the_flusher_reports_what_was_written_before_it_was_asked_and_rests_otherwise() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (done, marks) = mpsc::sync_channel(1024);
    let flusher = Flusher::start(store.clone(), move |mark| done.send(mark).expect("the test listens")).expect("a thread");
    let mut pen = Pen::new(ana(), room(1), 1);
    let mut last = Mark::default();
    for urgency in [Urgency::Own, Urgency::Row, Urgency::Received, Urgency::Own] {
        store.append(&pen.say_many(2)).expect("the disk has room");
        let wanted = store.mark();
        assert!(wanted > last);
        flusher.soon(urgency);
        last = marks.recv().expect("it answers").expect("the disk works");
        assert_eq!(last, wanted);
    }
    store.append(&pen.say_many(2)).expect("the disk has room");
    (0..100).for_each(|_| flusher.soon(Urgency::Received));
    drop(flusher);
    let reports: Vec<_> = marks.iter().collect();
    assert_eq!(reports.len(), 1, "many wishes, one flush, and none after the end");
    assert_eq!(reports[0].as_ref().ok(), Some(&store.mark()));
}
