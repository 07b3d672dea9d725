//! From the start of the window's process to its first painted frame, with 100 000 stored messages.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::figure::{Figures, median};
use crate::peer::{Peer, beside};

const MESSAGES: usize = 100_000;
const RUNS: usize = 5;

pub(crate) fn measure(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let profile = folder.path().join("ana");
    fill(&profile);
    figures.put("cold_start_ms", median(RUNS, || start(&profile)), "ms");
}

/// A profile whose key is in the keychain, as people have it, and which has been used a lot.
fn fill(profile: &Path) {
    let mut ana = Peer::start_with_keychain("Ana", profile);
    let room = ana.call("create_room", json!({ "name": "Sunday Cooks" }))["id"].as_str().expect("a room has an id").to_owned();
    let line = format!(
        "{}\n",
        json!({ "call": "send", "args": { "room": room, "text": "Is it at mine or at Dice's tonight? I can pick up the rice on the way." } })
    );
    let input = line.repeat(MESSAGES).into_bytes();
    std::thread::scope(|scope| {
        let (sending, mut lines) = ana.halves();
        scope.spawn(move || sending.write_all(&input).and_then(|()| sending.flush()).expect("Ana reads"));
        let mut answers = 0;
        while answers < MESSAGES {
            let line = lines();
            answers += usize::from(line.bytes.starts_with(b"{\"id\""));
        }
    });
    ana.stop();
}

fn start(profile: &Path) -> f64 {
    let began = Instant::now();
    let mut window = Command::new(beside("grapevine"))
        .arg("--profile")
        .arg(profile)
        .args(["--listen", "127.0.0.1:0"])
        .env("GRAPEVINE_STARTUP_PROBE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the window is built beside this program");
    let lines = BufReader::new(window.stdout.take().expect("stdout is piped")).lines();
    let painted = lines.map_while(Result::ok).find_map(|line| {
        let probe: Value = serde_json::from_str(&line).ok()?;
        probe.get("painted_ms").map(|_| began.elapsed())
    });
    let ended = Command::new("kill").arg(window.id().to_string()).status();
    assert!(ended.is_ok_and(|status| status.success()), "the window had ended by itself");
    window.wait().expect("the window ends");
    painted.expect("the window paints").as_secs_f64() * 1e3
}
