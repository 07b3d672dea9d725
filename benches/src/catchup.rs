//! What a peer missed while away: all of it, stored and shown.

use std::io::Write;
use std::time::Instant;

use serde_json::json;

use crate::figure::{Figures, median, rate};
use crate::messages::{TEXT_BYTES, contains};
use crate::peer::{Peer, pair};

const MISSED: usize = 100_000;

pub(crate) fn measure(figures: &mut Figures) {
    figures.put("catchup_msgs_per_s", median(3, run), "1/s");
}

/// From the link to the last message at Ben's, all of them stored there by then.
fn run() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ana, ben, room) = pair(folder.path());
    ben.stop();
    say(&mut ana, &room);
    let mut ben = Peer::start("Ben", &folder.path().join("ben"));
    let began = wait_linked(&mut ben);
    let last = format!("\"text\":\"{:06} ", MISSED - 1);
    let arrived = loop {
        let line = ben.line();
        if contains(&line.bytes, last.as_bytes()) {
            break line.at;
        }
    };
    count_stored(&mut ben, &room);
    rate(MISSED, arrived.duration_since(began))
}

fn say(ana: &mut Peer, room: &str) {
    let filler = "x".repeat(TEXT_BYTES - 7);
    let line = |n: usize| format!("{}\n", json!({ "id": 0, "call": "send", "args": { "room": room, "text": format!("{n:06} {filler}") } }));
    let input: String = (0..MISSED).map(line).collect();
    std::thread::scope(|scope| {
        let (sending, mut lines) = ana.halves();
        scope.spawn(move || sending.write_all(input.as_bytes()).and_then(|()| sending.flush()).expect("Ana reads"));
        let mut answers = 0;
        while answers < MISSED {
            answers += usize::from(lines().bytes.starts_with(b"{\"id\""));
        }
    });
}

fn wait_linked(ben: &mut Peer) -> Instant {
    loop {
        let line = ben.line();
        if contains(&line.bytes, b"\"links\":1") {
            return line.at;
        }
    }
}

/// Reads back from the end of the history to its beginning.
fn count_stored(ben: &mut Peer, room: &str) {
    let mut anchor = json!({ "at": "latest" });
    let mut texts = 0;
    loop {
        let page = ben.call("timeline", json!({ "room": room, "anchor": anchor, "limit": 200 }));
        let messages = page["messages"].as_array().expect("a page has messages");
        texts += messages.iter().filter(|message| message["body"]["kind"] == "text").count();
        if page["more_before"] != true {
            break;
        }
        anchor = json!({ "at": "before", "position": messages.first().expect("a page that is not the first")["position"] });
    }
    // And the one by which the two made sure of each other.
    assert_eq!(texts, MISSED + 1, "something is missing");
}
