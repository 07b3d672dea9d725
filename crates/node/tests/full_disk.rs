//! On a full disk a caller that asks to have something kept is told that it is not.
#![cfg(unix)]

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use node::view::Refused;
use node::{Node, RoomId};

const PROFILE: &str = "GRAPEVINE_TEST_PROFILE";
const PATIENCE: Duration = Duration::from_secs(120);

fn draft(number: usize) -> String {
    format!("draft {number}")
}

async fn keep_draft(node: &Node, room: RoomId, number: usize) -> Result<(), Refused> {
    node.keep(move |core| core.set_draft(room, draft(number))).await.expect("it runs")
}

/// Types until the disk is full, then asks for everything else that is to be kept.
#[tokio::test]
async fn child_fills_the_disk() {
    let Some(profile) = std::env::var_os(PROFILE).map(PathBuf::from) else { return };
    let node = common::start(&profile, |_| {}).await;
    let room = node.keep(|core| core.create_room("Diary")).await.expect("it runs").expect("there is room").id;
    let mut kept = 0;
    loop {
        // What fills the disk; nobody waits for that to be saved.
        let _outcome = node.say(room, "x".repeat(15_000), None).await.expect("it runs");
        match keep_draft(&node, room, kept + 1).await {
            Ok(()) => kept += 1,
            Err(refused) => break assert_eq!(refused, Refused::Disk),
        }
    }
    // Until there is no room for the least.
    while node.keep(|core| core.set_nearby_visible(false)).await.expect("it runs").is_ok() {}
    assert_eq!(keep_draft(&node, room, 0).await, Err(Refused::Disk));
    assert_eq!(node.keep(|core| core.set_name("Anna".to_owned())).await.expect("it runs").err(), Some(Refused::Disk));
    assert_eq!(node.keep(|core| core.set_nearby_visible(false)).await.expect("it runs").err(), Some(Refused::Disk));
    assert_eq!(node.keep(|core| core.create_room("Another")).await.expect("it runs").err(), Some(Refused::Disk));
    assert_eq!(node.keep(|core| core.create_invite(None, 1)).await.expect("it runs").err(), Some(Refused::Disk));
    println!("\nkept {kept}");
}

/// A limit on the size of files stands for a full disk; it needs no rights.
#[tokio::test]
async fn what_is_typed_on_a_full_disk_is_refused_and_what_was_accepted_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this test");
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 6144; exec \"$0\" \"$@\""]).arg(program);
    limited.args(["child_fills_the_disk", "--exact", "--nocapture"]).env(PROFILE, folder.path());
    let (done, finished) = mpsc::sync_channel(1);
    let child = limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh starts");
    let id = child.id();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let output = finished.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill is there");
        panic!("the child hangs on a full disk")
    });
    let output = output.expect("it ran");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let kept = text.lines().find_map(|line| line.strip_prefix("kept ")).and_then(|number| number.parse::<usize>().ok());
    let kept = kept.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert!(kept > 10, "{text}");
    let node = common::start(folder.path(), |_| {}).await;
    let rows = node.with(|core| core.snapshot().rooms).await.expect("it runs");
    let typed = rows.first().map(|row| row.draft.clone()).unwrap_or_default();
    assert_eq!(typed, draft(kept), "the last one that was accepted");
    assert_eq!(keep_draft(&node, rows[0].id, 0).await, Ok(()), "with room again it is kept");
    node.stop().await;
}
