//! Processes that are killed, or whose disk is full, while they write.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const FOLDER: &str = "GRAPEVINE_JOURNAL_TEST_FOLDER";

/// This test program again, running one of the tests below as a child's main function.
fn child(main: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args([&format!("journal::tests::crash::{main}"), "--exact", "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn folder_of_child() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

/// The numbers after this word.
fn numbers(text: &str, word: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok()).collect()
}

/// Appends, makes durable, says so, and erases now and then, until it is killed.
#[test]
fn child_writes_until_killed() {
    let Some(folder) = folder_of_child() else { return };
    let (journal, _) = open(&folder);
    for round in 0_u64.. {
        append(&journal, 1 + round % 5);
        println!("\ndurable {}", journal.next());
        if round % 4 == 3 {
            let record = journal.next() / 2;
            let fate = |at: At, _: &[u8]| if at.entry == 0 { Fate::Goes } else { Fate::Stays };
            journal.rewrite(|number| number == record, fate, || true).expect("there is room");
            println!("\nerased {record}");
        }
    }
}

#[test]
fn killed_at_any_moment_what_was_durable_is_there_and_what_was_erased_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut durable, mut erased) = (0, BTreeSet::new());
    for round in 0..12 {
        let mut writer = child("child_writes_until_killed", folder.path()).spawn().expect("the child starts");
        std::thread::sleep(Duration::from_millis(60 + 13 * round));
        writer.kill().expect("it runs");
        let output = writer.wait_with_output().expect("it ran").stdout;
        let text = String::from_utf8_lossy(&output).into_owned();
        durable = numbers(&text, "durable").last().copied().unwrap_or(durable);
        erased.extend(numbers(&text, "erased"));
        let (journal, found) = open(folder.path());
        assert!(journal.next() >= durable && found.gone == 0 && found.foreign.is_empty(), "{durable}: {found:?}");
        for number in 0..journal.next() {
            let entries = journal.read(number).expect("the disk works").unwrap_or_else(|| panic!("{number} is gone"));
            let mut expected = said(number);
            // The last one may have been erased, and not told any more.
            if erased.contains(&number) || entries.first().is_none_or(Vec::is_empty) {
                expected[0].clear();
            }
            // Nothing is left of a record whose only entry went.
            if expected.iter().all(Vec::is_empty) {
                expected.clear();
            }
            assert_eq!(entries, expected, "{number}");
        }
    }
    assert!(durable > 20 && !erased.is_empty(), "{durable}");
}

/// Writes until it is refused, and again when there is room.
#[test]
fn child_fills_the_disk() {
    let Some(folder) = folder_of_child() else { return };
    let (journal, _) = Journal::open(&folder, sealer(1), SEGMENT_BYTES).expect("it opens");
    let long = vec![7; 5_000];
    while journal.append([long.as_slice()]).is_ok() {}
    assert!(journal.append([long.as_slice()]).is_err(), "still full");
    println!("\nfull {}", journal.next());
    let raised = Command::new("prlimit").args(["--fsize=unlimited:", "--pid", &std::process::id().to_string()]).status();
    assert!(raised.expect("prlimit is there").success());
    journal.append([long.as_slice()]).expect("there is room again");
    journal.sync().expect("the disk works");
    println!("\nwent on {}", journal.next());
}

/// A limit on the size of files stands for a full disk; it needs no rights.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_is_half_written_and_it_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inner = child("child_fills_the_disk", folder.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 300; exec \"$0\" \"$@\""]).arg(inner.get_program()).args(inner.get_args());
    limited.env(FOLDER, folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let output = limited.output().expect("sh starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let [full, went_on] = ["full", "went on"].map(|word| numbers(&text, word).first().copied().unwrap_or_else(|| panic!("{text}")));
    assert!(full > 10 && went_on == full + 1, "{text}");
    let (journal, found) = Journal::open(folder.path(), sealer(1), SEGMENT_BYTES).expect("it opens");
    assert_eq!((journal.next(), found), (went_on, Found::default()));
    assert!((0..went_on).all(|number| journal.read(number).expect("the disk works") == Some(vec![vec![7; 5_000]])));
}
