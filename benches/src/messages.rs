//! Messages between two processes, with signatures, encryption and storage on.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::figure::{Figures, median, micros, quantile, rate};
use crate::peer::{Peer, pair};

const HOPS: usize = 2_000;
const HOP_PAUSE: Duration = Duration::from_millis(10);
const MESSAGES: usize = 30_000;
pub(crate) const TEXT_BYTES: usize = 300;

/// From the send command at Ana's to the notice at Ben's.
pub(crate) fn measure_hop(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ana, mut ben, room) = pair(folder.path());
    let mut times = hops(&mut ana, &mut ben, &room, HOPS, HOP_PAUSE);
    figures.put("hop_p50_us", quantile(&mut times, 0.5), "us");
    figures.put("hop_p99_us", quantile(&mut times, 0.99), "us");
}

/// Times of single messages, one after the other, microseconds.
pub(crate) fn hops(ana: &mut Peer, ben: &mut Peer, room: &str, count: usize, pause: Duration) -> Vec<f64> {
    let mut times = Vec::with_capacity(count);
    for n in 0..count {
        std::thread::sleep(pause);
        let text = format!("{n:05} {}", "x".repeat(TEXT_BYTES - 6));
        let line = format!("{}\n", json!({ "id": n, "call": "send", "args": { "room": room, "text": text } }));
        let mark = format!("\"text\":\"{n:05} ");
        ben.skip();
        let began = Instant::now();
        ana.write(line.as_bytes());
        let arrived = loop {
            let line = ben.line();
            if contains(&line.bytes, mark.as_bytes()) {
                break line.at;
            }
        };
        times.push(micros(arrived.duration_since(began)));
        ana.skip();
    }
    times
}

/// As many as go through: all shown and stored at both ends.
pub(crate) fn measure_pair(figures: &mut Figures) {
    figures.put("pair_msgs_per_s", median(3, run_pair), "1/s");
}

fn run_pair() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ana, mut ben, room) = pair(folder.path());
    let text = "x".repeat(TEXT_BYTES);
    let line = format!("{}\n", json!({ "id": 0, "call": "send", "args": { "room": room, "text": text } }));
    let input = line.repeat(MESSAGES).into_bytes();
    let mark = "\"kind\":\"text\"";
    let began = Instant::now();
    let arrived = std::thread::scope(|scope| {
        let (sending, _) = ana.halves();
        scope.spawn(move || sending.write_all(&input).and_then(|()| sending.flush()).expect("Ana reads"));
        count(&mut ben, mark, MESSAGES)
    });
    // What was shown at Ana's is stored by then; that it is durable too is waited for here.
    let saved = wait_saved(&mut ana);
    rate(MESSAGES, arrived.max(saved).duration_since(began))
}

/// When the last of `wanted` marks came.
fn count(peer: &mut Peer, mark: &str, wanted: usize) -> Instant {
    let mut seen = 0;
    loop {
        let line = peer.line();
        seen += occurrences(&line.bytes, mark.as_bytes());
        if seen >= wanted {
            return line.at;
        }
    }
}

fn wait_saved(ana: &mut Peer) -> Instant {
    // Content of this room: "ready" was number 1.
    let last = MESSAGES as u64 + 1;
    loop {
        let line = ana.line();
        if !contains(&line.bytes, b"\"saved\":{\"") {
            continue;
        }
        let notice: serde_json::Value = serde_json::from_slice(&line.bytes).expect("output is JSON");
        let saved = notice["notice"]["delivery"]["saved"].as_object().expect("saved is a map").values().filter_map(|v| v.as_u64()).max();
        if saved >= Some(last) {
            return line.at;
        }
    }
}

pub(crate) fn contains(line: &[u8], mark: &[u8]) -> bool {
    occurrences(line, mark) > 0
}

fn occurrences(line: &[u8], mark: &[u8]) -> usize {
    let mut count = 0;
    let mut rest = line;
    // Marks begin with a quote; jumping from quote to quote is quick enough not to disturb what is measured.
    while let Some(at) = rest.iter().position(|byte| *byte == b'"') {
        rest = rest.get(at..).unwrap_or_default();
        count += usize::from(rest.starts_with(mark));
        rest = rest.get(1..).unwrap_or_default();
    }
    count
}
