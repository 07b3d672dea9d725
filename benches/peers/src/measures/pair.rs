//! Two nodes in one process: how long a message takes, how many go through, what they cost.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::{Flood, Order};

use crate::crew::{Host, swarm};
use crate::figures::{Better, Figures, quantile};
use crate::kind::Kind;

/// Messages one after the other, and the time between two.
const HOPS: u64 = 500;
const HOP_US: u64 = 10_000;
/// Under way at most. The one in the middle is what engines are compared by.
const WINDOWS: [u64; 3] = [16, 256, 1024];
const COMPARED: u64 = 256;
const MESSAGES: u64 = 20_000;
/// For two nodes to hear each other at all.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn pair(kind: Kind, seed: u64, figures: &mut Figures) -> Result<()> {
    let mut put = |name: &str, value: f64, unit, better| figures.put(kind, &format!("pair_{name}"), value, unit, better);
    let mut host = two(kind, seed)?;
    host.order::<()>(&Order::Pace { first: 0, count: HOPS, every_us: HOP_US, seed: None })?;
    std::thread::sleep(PAUSE);
    let mut hops: Vec<f64> = host.arrivals()?.into_iter().map(|(_, ns)| ns as f64 / 1e3).collect();
    ensure!(!hops.is_empty(), "nothing arrived");
    put("hop_p50_us", quantile(&mut hops, 0.5), "us", Better::Less);
    put("hop_p99_us", quantile(&mut hops, 0.99), "us", Better::Less);
    let mut first = HOPS;
    for window in WINDOWS {
        let flood: Flood = host.order(&Order::Flood { first, count: MESSAGES, window: Some(window) })?;
        first += MESSAGES;
        put(&format!("msgs_per_s_{window}"), rate(&flood), "1/s", Better::More);
        put(&format!("lost_{window}"), lost(&flood), "share", Better::Less);
        if window == COMPARED {
            put("cpu_us_per_msg", flood.cpu_us as f64 / flood.arrived as f64, "us", Better::Less);
        }
        std::thread::sleep(PAUSE);
    }
    drop(host);
    // What the rounds before left in memory is not the burst's.
    let mut host = two(kind, seed)?;
    let before = host.usage()?.rss;
    host.order::<()>(&Order::ForgetPeak)?;
    let flood: Flood = host.order(&Order::Flood { first: 0, count: MESSAGES, window: None })?;
    put("burst_msgs_per_s", rate(&flood), "1/s", Better::More);
    put("burst_lost", lost(&flood), "share", Better::Less);
    put("burst_memory_mib", host.usage()?.peak.saturating_sub(before) as f64 / f64::from(1 << 20), "MiB", Better::Less);
    Ok(())
}

fn rate(flood: &Flood) -> f64 {
    flood.arrived as f64 / flood.seconds
}

fn lost(flood: &Flood) -> f64 {
    (MESSAGES - flood.arrived) as f64 / MESSAGES as f64
}

/// A process with two nodes that hear each other.
fn two(kind: Kind, seed: u64) -> Result<Host> {
    let mut host = swarm(kind, 1, 2, seed)?.remove(0);
    let until = Instant::now() + PATIENCE;
    let mut probe = u64::MAX;
    while host.arrivals()?.is_empty() {
        ensure!(Instant::now() < until, "two nodes do not hear each other");
        host.order::<()>(&Order::Pace { first: probe, count: 1, every_us: 0, seed: None })?;
        probe -= 1;
        std::thread::sleep(PAUSE);
    }
    std::thread::sleep(PAUSE);
    host.arrivals()?;
    Ok(host)
}
