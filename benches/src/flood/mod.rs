//! A member who floods: what that does to the memory of a peer that hears it, and how long calls of
//! that peer's client wait meanwhile.

mod asker;
mod flooder;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use rooms::{Payload, Target};
use serde_json::json;

use crate::figure::{Figures, quantile};
use crate::messages::TEXT_BYTES;
use crate::peer::{Peer, rss};
use asker::{Times, ask_while};
use flooder::Flooder;

/// The name of this measurement on the command line.
pub(crate) const NAME: &str = "flood";

/// Messages in one run.
const RUN: usize = 100;
/// What is said while calls are timed, and how quickly.
const TIMED_PER_SECOND: f64 = 9_000.0;
const EMOJI: [&str; 4] = ["👍", "🍇", "🎉", "🙂"];
/// For what was said last to arrive, to be stored, and to be let go.
const SETTLE: Duration = Duration::from_secs(6);
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Parser, Debug)]
struct Args {
    /// Messages that the memory is measured with.
    #[arg(long, default_value_t = 480_000)]
    messages: usize,
    /// Messages that calls are timed beside.
    #[arg(long, default_value_t = 20_000)]
    timed: usize,
    /// Reactions that calls are timed beside.
    #[arg(long, default_value_t = 5_000)]
    reactions: usize,
}

/// With choices of its own.
pub(crate) fn main() -> ExitCode {
    measure_so(&mut Figures, &Args::parse_from(std::env::args().skip(1)));
    ExitCode::SUCCESS
}

pub(crate) fn measure(figures: &mut Figures) {
    measure_so(figures, &Args::parse_from([NAME]));
}

fn measure_so(figures: &mut Figures, args: &Args) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ana = Peer::start("Ana", &folder.path().join("ana"));
    let room = ana.call("create_room", json!({ "name": "Flood" }))["id"].as_str().expect("a room has an id").to_owned();
    let invite = ana.invite(Some(&room), 1);
    let mut flooder = Flooder::join(&invite);
    std::thread::sleep(SETTLE);
    let idle = ana.rss();
    let text = |n: usize| Payload::Message { text: format!("{n:06} {}", "x".repeat(TEXT_BYTES - 7)), reply: None };

    let targets = flooder.say((0..1_000).map(text), RUN, None);
    let words = ask_while(&mut ana, &room, || drop(flooder.say((0..args.timed).map(text), RUN, Some(TIMED_PER_SECOND))));
    report(figures, "flood_call", words);
    let last = targets.last().expect("something was said");
    let about: [(&str, &[Target]); 2] = [("flood_reactions_call", &targets), ("flood_one_message_call", std::slice::from_ref(last))];
    for (name, targets) in about {
        let reactions = (0..args.reactions).map(|n| reaction(targets, n));
        let times = ask_while(&mut ana, &room, || drop(flooder.say(reactions, RUN, Some(TIMED_PER_SECOND))));
        report(figures, name, times);
    }

    let most = AtomicU64::new(idle);
    ana.hear_while(|pid| {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    most.fetch_max(rss(pid), Ordering::Relaxed);
                    std::thread::sleep(LOOK_EVERY);
                }
            });
            flooder.say((0..args.messages).map(text), RUN, None);
            std::thread::sleep(SETTLE);
            over.store(true, Ordering::Relaxed);
        });
    });
    let grown = |rss: u64| rss.saturating_sub(idle) as f64;
    figures.put("flood_rss_growth_bytes", grown(most.load(Ordering::Relaxed)), "B");
    figures.put("flood_rss_kept_bytes", grown(ana.rss()), "B");
    flooder.leave();
}

fn reaction(targets: &[Target], n: usize) -> Payload {
    let target = targets[n % targets.len()];
    Payload::Reaction { target, emoji: EMOJI[n / targets.len() % EMOJI.len()].to_owned(), on: n.is_multiple_of(2) }
}

fn report(figures: &mut Figures, name: &str, times: Times) {
    let mut all = Vec::new();
    for (call, mut times) in times {
        all.extend_from_slice(&times);
        let (usual, slow) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
        eprintln!("{name} {call}: {} calls, p50 {usual:.0} us, p99 {slow:.0} us", times.len());
    }
    figures.put(&format!("{name}_p99_us"), quantile(&mut all, 0.99), "us");
}
