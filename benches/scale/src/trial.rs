//! What a child does.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use identity::Identity;
use rand::RngExt;
use rooms::{Author, Clock, Draft, Hlc, Payload, Position, Uuid, Verified};
use wire::ids::{EventId, LogId, RoomId};

use crate::engine::Engine;
use crate::ours::Ours;

pub const ROOM: RoomId = RoomId([5; 32]);
const FIRST_MS: u64 = 1_760_000_000_000;
/// Between two messages.
const PAUSE_MS: u64 = 20_000;
const PAGES: usize = 300;
const TEXT: &str = "I can pick up the rice on the way.";

/// Somebody who writes.
struct Pen {
    who: Identity,
    author: Author,
    clock: Clock,
    now_ms: u64,
}

impl Pen {
    /// `log`: one that nobody has written in.
    fn new(log: u64, now_ms: u64) -> Pen {
        Pen { who: Identity::from_seed(&[1; 32]), author: Author::new(ROOM, LogId(log), None), clock: Clock::new(), now_ms }
    }

    /// One message, signed by itself, as people write.
    fn say(&mut self) -> Vec<Verified> {
        self.now_ms += PAUSE_MS;
        let payload = Payload::Message { text: TEXT.to_owned(), reply: None };
        let draft = Draft::new(&payload, self.now_ms, &rand::random()).expect("it is well-formed");
        self.author.append(&self.who, &[draft], &mut self.clock, self.now_ms, [0; 16], None).expect("it is well-formed")
    }
}

/// Writes so many messages, each by itself.
pub fn fill<E: Engine>(folder: &Path, count: u64) {
    let (engine, mut pen) = (E::open(folder), Pen::new(9, FIRST_MS));
    (0..count).for_each(|_| engine.append(&pen.say()));
    engine.close();
}

/// Prints how long opening took, the memory after it in MiB, and the median and the longest of
/// pages anywhere, in ms.
pub fn open<E: Engine>(folder: &Path, count: u64) {
    let began = Instant::now();
    let engine = E::open(folder);
    let opened = ms(began.elapsed());
    let memory = resident_mib();
    let mut pages: Vec<f64> = (0..PAGES)
        .map(|_| {
            let place = anywhere(count);
            let began = Instant::now();
            let found = engine.page(place);
            assert!(count < 200 || found >= 25, "{found} messages of a page");
            ms(began.elapsed())
        })
        .collect();
    pages.sort_by(f64::total_cmp);
    println!("{opened} {memory} {} {}", pages[PAGES / 2], pages[PAGES - 1]);
    engine.close();
}

/// Prints how long it took to open without the index, in ms.
pub fn rebuild(folder: &Path) {
    fs::remove_dir_all(folder.join("store/index")).expect("it is there");
    let began = Instant::now();
    let engine = Ours::open(folder);
    println!("{}", ms(began.elapsed()));
    engine.close();
}

/// Writes ten messages a second, pages anywhere and searches, and prints the memory before and
/// after, in MiB, and how often that was.
pub fn in_use<E: Engine>(folder: &Path, lasts: Duration) {
    let count = 1_000_000;
    let (engine, mut pen) = (E::open(folder), Pen::new(10, FIRST_MS + (count + 10) * PAUSE_MS));
    let (before, began, mut calls, mut said) = (resident_mib(), Instant::now(), 0_u64, Vec::new());
    while began.elapsed() < lasts {
        let event = pen.say();
        engine.append(&event);
        said.extend(event);
        let found: usize = (0..10).map(|_| engine.page(anywhere(count))).sum();
        assert!(found >= 250, "{found} messages of ten pages");
        // One of those that were written meanwhile; all but the latest are not remembered.
        assert!(engine.find(&said[rand::rng().random_range(0..said.len())]), "it is there");
        calls += 12;
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("{before} {} {calls}", resident_mib());
    engine.close();
}

/// A place somewhere in the history.
fn anywhere(count: u64) -> Position {
    let at = FIRST_MS + rand::rng().random_range(0..=count) * PAUSE_MS;
    Position { hlc: Hlc::from_ms(at), uuid: Uuid([0; 16]), id: EventId([0; 32]) }
}

/// Bytes that the files below a folder take on the disk.
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it can be listed"));
    let of = |entry: fs::DirEntry| {
        if entry.path().is_dir() { bytes_below(&entry.path()) } else { taken(&entry.metadata().expect("it is there")) }
    };
    entries.map(of).sum()
}

#[cfg(unix)]
fn taken(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(file) * 512
}

#[cfg(not(unix))]
fn taken(file: &fs::Metadata) -> u64 {
    file.len()
}

/// Resident memory; zero where the system does not tell in this way.
fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
