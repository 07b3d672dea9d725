//! Messages between two processes, with signatures, encryption and storage on.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::figure::{Figures, median, micros, quantile, rate};
use crate::peer::{Peer, pair};

const HOPS: usize = 2_000;
const HOP_PAUSE: Duration = Duration::from_millis(10);
const MESSAGES: usize = 30_000;
/// How the last of them begins.
const LAST: &str = "the last one";
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
    let line = |text: &str| format!("{}\n", json!({ "id": 0, "call": "send", "args": { "room": room, "text": text } }));
    let last = format!("{LAST}{}", "x".repeat(TEXT_BYTES - LAST.len()));
    let input = (line(&"x".repeat(TEXT_BYTES)).repeat(MESSAGES - 1) + &line(&last)).into_bytes();
    let began = Instant::now();
    let arrived = std::thread::scope(|scope| {
        let (sending, _) = ana.halves();
        scope.spawn(move || sending.write_all(&input).and_then(|()| sending.flush()).expect("Ana reads"));
        wait_last(&mut ben)
    });
    // What was shown at Ana's is stored by then; that it is durable too is waited for here.
    let saved = wait_saved(&mut ana, &room);
    rate(MESSAGES, arrived.max(saved).duration_since(began))
}

/// When the last message was shown: a log has no holes, so that all others are here by then.
/// A client that was too slow for the notices asks anew, as each client does.
fn wait_last(ben: &mut Peer) -> Instant {
    let mark = format!("\"text\":\"{LAST}");
    let mut told = 0;
    loop {
        let line = ben.line();
        if contains(&line.bytes, mark.as_bytes()) {
            return line.at;
        }
        if is_after_gap(&line.bytes, &mut told) {
            ben.write(format!("{}\n", json!({ "id": 1, "call": "snapshot" })).as_bytes());
        }
    }
}

fn wait_saved(ana: &mut Peer, room: &str) -> Instant {
    // Content of this room: "ready" was number 1.
    let last = MESSAGES as u64 + 1;
    let mut told = 0;
    loop {
        let line = ana.line();
        if is_after_gap(&line.bytes, &mut told) {
            ana.write(format!("{}\n", json!({ "id": 1, "call": "room", "args": { "room": room } })).as_bytes());
        }
        if !contains(&line.bytes, b"\"saved\":{\"") {
            continue;
        }
        let line_read: serde_json::Value = serde_json::from_slice(&line.bytes).expect("output is JSON");
        let delivery =
            [&line_read["notice"]["delivery"], &line_read["reply"]["delivery"]].into_iter().find(|delivery| delivery.is_object());
        let saved = delivery.and_then(|delivery| delivery["saved"].as_object()?.values().filter_map(|v| v.as_u64()).max());
        if saved >= Some(last) {
            return line.at;
        }
    }
}

/// Whether notices between this one and the one before it are missing; `told` is the number of that
/// one, zero before the first.
fn is_after_gap(line: &[u8], told: &mut u64) -> bool {
    let digits = line.strip_prefix(b"{\"seq\":").map(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()));
    let Some(seq) = digits.and_then(|digits| String::from_utf8(digits.copied().collect()).ok()?.parse::<u64>().ok()) else { return false };
    let before = std::mem::replace(told, seq);
    before > 0 && seq > before + 1
}

pub(crate) fn contains(line: &[u8], mark: &[u8]) -> bool {
    occurrences(line, mark) > 0
}

fn occurrences(line: &[u8], mark: &[u8]) -> usize {
    let mut count = 0;
    let mut rest = line;
    // Marks begin with a quote; jumping from quote to quote is quick enough not to disturb what is
    // measured.
    while let Some(at) = rest.iter().position(|byte| *byte == b'"') {
        rest = rest.get(at..).unwrap_or_default();
        count += usize::from(rest.starts_with(mark));
        rest = rest.get(1..).unwrap_or_default();
    }
    count
}
