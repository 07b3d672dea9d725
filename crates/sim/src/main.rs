//! Figures of the crowd, in virtual time, as JSON lines on standard output; `./bench sim` and
//! `./bench rooms` call this.
//!
//! ```text
//! grapevine-sim [--n MEMBERS]... [--seed SEED]
//! grapevine-sim rooms [--n MEMBERS] [--messages COUNT]
//! ```

mod rooms;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sim::{Plan, World};
use wire::ids::EventId;

/// Sizes that are measured if none is named.
const SIZES: [u32; 3] = [100, 1_000, 10_000];
/// Messages of one measurement.
const MESSAGES: u32 = 20;
/// Between two messages.
const PAUSE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let (mut sizes, mut seed) = (Vec::new(), 1);
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == "rooms").is_some() {
        return rooms::main(words);
    }
    while let Some(word) = words.next() {
        let value = words.next().and_then(|value| value.parse::<u32>().ok());
        match (word.as_str(), value) {
            ("--n", Some(n)) if n > 1 => sizes.push(n),
            ("--seed", Some(value)) => seed = u64::from(value),
            (_, _) => {
                eprintln!("usage: grapevine-sim [rooms] [--n MEMBERS]... [--seed SEED]");
                return ExitCode::FAILURE;
            }
        }
    }
    for n in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        eprintln!("simulating {n}…");
        measure(n, seed);
    }
    ExitCode::SUCCESS
}

/// The life of one room: gathering, talk, deaths, a partition.
fn measure(n: u32, seed: u64) {
    let began = Instant::now();
    let mut world = World::new(Plan { start_over: Duration::from_secs(u64::from(n / 500).max(2)), ..Plan::new(seed, n) });
    world.run_for(Duration::from_secs(u64::from(n / 500) + 30));
    let figures = Figures { n };
    figures.put("links", world.report().links, "count");
    figures.put("parts", world.parts(World::actives) as f64, "count");
    eprintln!("{n} gathered after {:.0} s", began.elapsed().as_secs_f64());
    // The first messages shape the tree; what follows is the steady state.
    talk(&mut world, MESSAGES);
    talked(&mut world, &figures, "fair");
    for share in [0.3, 0.6] {
        let fallen = world.draw(share);
        world.kill(&fallen);
        let percent = (share * 100.0).round();
        let name = format!("dead{percent}");
        talked(&mut world, &figures, &name);
        let whole = world.run_until(Duration::from_secs(120), |world| world.parts(World::actives) == 1);
        figures.put(&format!("{name}_one_view_s"), seconds(whole), "s");
        talked(&mut world, &figures, &format!("{name}_after"));
        world.restart(&fallen);
        let agreed = world.run_until(Duration::from_secs(300), |world| world.histories() == 1);
        figures.put(&format!("{name}_back_s"), seconds(agreed), "s");
        world.run_for(Duration::from_secs(60));
    }
    part(&mut world, &figures);
    figures.put("happenings", world.happened() as f64, "count");
    figures.put("rss_mib", rss_mib(), "MiB");
    figures.put("wall_s", began.elapsed().as_secs_f64(), "s");
    assert_eq!(world.books().broken(), [] as [String; 0], "something was shown twice or out of order");
}

fn part(world: &mut World, figures: &Figures) {
    let half = world.draw(0.5);
    world.part(&half);
    let mut said = talk(world, MESSAGES / 2);
    world.run_for(Duration::from_secs(120));
    said.extend(talk(world, MESSAGES / 2));
    world.heal();
    let agreed = world.run_until(Duration::from_secs(600), |world| world.agrees_on(&said));
    figures.put("heal_s", seconds(agreed), "s");
    figures.put("heal_delivery", world.spread(&said).delivery, "share");
}

fn talk(world: &mut World, count: u32) -> Vec<EventId> {
    let speakers = world.draw(1.0);
    let mut said = Vec::new();
    for speaker in speakers.iter().step_by((speakers.len() / count as usize).max(1)).take(count as usize) {
        said.extend(world.say(*speaker, &format!("{:0>200}", said.len())));
        world.run_for(PAUSE);
    }
    said
}

/// Talk, what came of it at once, and what repair made of it.
fn talked(world: &mut World, figures: &Figures, name: &str) {
    let before = world.report().bytes;
    let said = talk(world, MESSAGES);
    world.run_for(Duration::from_secs(2));
    let live = world.spread(&said);
    figures.put(&format!("{name}_delivery_after_2s"), live.delivery, "share");
    let agreed = world.run_until(Duration::from_secs(180), |world| world.agrees_on(&said));
    let spread = world.spread(&said);
    figures.put(&format!("{name}_delivery"), spread.delivery, "share");
    figures.put(&format!("{name}_agreed_s"), seconds(agreed), "s");
    figures.put(&format!("{name}_last_hop"), f64::from(spread.hops), "hops");
    figures.put(&format!("{name}_payloads"), spread.payloads, "per_peer_and_message");
    figures.put(&format!("{name}_payloads_most"), f64::from(spread.most), "count");
    figures.put(&format!("{name}_to_all_p50_ms"), spread.to_all.as_secs_f64() * 1e3, "ms");
    let bytes = world.report().bytes - before;
    figures.put(&format!("{name}_bytes"), bytes / said.len().max(1) as f64, "B_per_peer_and_message");
}

/// Minus one for never.
fn seconds(took: Option<Duration>) -> f64 {
    took.map_or(-1.0, |took| took.as_secs_f64())
}

fn rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

struct Figures {
    n: u32,
}

impl Figures {
    fn put(&self, name: &str, value: f64, unit: &str) {
        let value = (value * 10_000.0).round() / 10_000.0;
        println!("{}", serde_json::json!({ "name": format!("sim{}_{name}", self.n), "value": value, "unit": unit }));
    }
}
