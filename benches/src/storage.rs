//! Events written to disk, durable at the end.

use std::time::Instant;

use identity::Identity;
use rooms::{Author, Clock, Draft, Payload};
use wire::ids::{LogId, RoomId};

use crate::figure::{Figures, median, rate};

const EVENTS: usize = 50_000;
/// As many as one signature covers when messages come quickly.
const BATCH: usize = 64;

pub(crate) fn measure(figures: &mut Figures) {
    figures.put("store_events_per_s", median(3, || run(BATCH)), "1/s");
    figures.put("store_events_singly_per_s", median(3, || run(1)), "1/s");
}

fn run(batch: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = store::open(folder.path(), &[3; 32]).expect("an empty store opens").store;
    let ana = Identity::from_seed(&[1; 32]);
    let mut author = Author::new(RoomId([5; 32]), LogId(9), None);
    let mut clock = Clock::new();
    let message = Payload::Message { text: "x".repeat(300), reply: None };
    let runs: Vec<Vec<rooms::Verified>> = (0..EVENTS / BATCH)
        .map(|n| {
            let now = 1_760_000_000_000 + n as u64;
            let mut random = [0; Draft::RANDOM_BYTES];
            random[..8].copy_from_slice(&(n as u64).to_le_bytes());
            let draft = Draft::new(&message, now, &random).expect("a fit message");
            author.append(&ana, &vec![draft; BATCH], &mut clock, now, [0; 16], None).expect("the log has room")
        })
        .collect();
    let count: usize = runs.iter().map(Vec::len).sum();
    let began = Instant::now();
    for events in runs.iter().flat_map(|run| run.chunks(batch)) {
        store.append(events).expect("the disk takes it");
    }
    store.flush().expect("the disk takes it");
    rate(count, began.elapsed())
}
