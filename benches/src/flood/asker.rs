//! A client, like a window or a script: it makes calls, one after the other, and measures how long
//! each waits for its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figure::micros;
use crate::peer::Peer;

/// Between an answer and the next call.
const PAUSE: Duration = Duration::from_millis(2);
/// After what goes on meanwhile: what it left behind may keep calls waiting as well.
const AFTER: Duration = Duration::from_millis(500);

/// Microseconds, by call.
pub(super) type Times = BTreeMap<&'static str, Vec<f64>>;

/// Asks as long as `meanwhile` takes.
pub(super) fn ask_while(ana: &mut Peer, room: &str, meanwhile: impl FnOnce() + Send) -> Times {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            meanwhile();
            std::thread::sleep(AFTER);
            over.store(true, Ordering::Relaxed);
        });
        let (mut times, mut place) = (Times::new(), Value::Null);
        for n in 0.. {
            if over.load(Ordering::Relaxed) {
                return times;
            }
            let latest = json!({ "room": room, "anchor": { "at": "latest" }, "limit": 50 });
            let (name, call, args) = match n % 6 {
                0 => ("timeline", "timeline", latest),
                1 => ("mark_read", "mark_read", json!({ "room": room, "up_to": place })),
                2 => ("room", "room", json!({ "room": room })),
                3 => ("around", "timeline", json!({ "room": room, "anchor": { "at": "around", "position": place }, "limit": 200 })),
                4 => ("snapshot", "snapshot", json!({})),
                _ => ("set_draft", "set_draft", json!({ "room": room, "text": n.to_string() })),
            };
            let (answer, took) = ask(ana, call, &args);
            times.entry(name).or_default().push(micros(took));
            if name == "timeline" {
                let page: Value = serde_json::from_slice(&answer).expect("output is JSON");
                let messages = page["reply"]["messages"].as_array().expect("a page has messages");
                place = messages.get(messages.len() / 2).expect("something was said")["position"].clone();
            }
            std::thread::sleep(PAUSE);
        }
        times
    })
}

fn ask(ana: &mut Peer, call: &str, args: &Value) -> (Vec<u8>, Duration) {
    let line = format!("{}\n", json!({ "id": "asked", "call": call, "args": args }));
    let began = Instant::now();
    ana.write(line.as_bytes());
    loop {
        let line = ana.line();
        if line.bytes.starts_with(b"{\"id\":\"asked\"") {
            return (line.bytes, line.at.duration_since(began));
        }
    }
}
