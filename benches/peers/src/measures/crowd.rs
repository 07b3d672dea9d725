//! Many nodes in one process, one message at a time by anybody: when it reaches each, when it has
//! reached all, what that costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::{Arrival, Order, Usage};

use crate::crew::{Host, swarm};
use crate::figures::{Better, Figures, quantile};
use crate::kind::Kind;

/// For membership and mesh to come to rest.
const SETTLE: Duration = Duration::from_secs(8);
/// Messages that grow the trees, before anything counts.
const WARM_UP: u64 = 30;
const MESSAGES: u64 = 100;
const IDLE: Duration = Duration::from_secs(5);
/// After the last message, for what is still under way.
const REST: Duration = Duration::from_secs(20);
/// Between two looks at what has arrived.
const LOOK: Duration = Duration::from_millis(500);
/// Time between two messages, for each node that has to be reached: 100 ms at 100 nodes.
const PER_NODE_US: u64 = 1_000;

pub(crate) fn crowd(kind: Kind, nodes: u64, seed: u64, figures: &mut Figures) -> Result<()> {
    let mut put = |name: &str, value: f64, unit, better| figures.put(kind, &format!("crowd{nodes}_{name}"), value, unit, better);
    let every_us = PER_NODE_US * nodes;
    let began = Instant::now();
    let mut host = swarm(kind, 1, nodes, seed)?.remove(0);
    put("build_s", began.elapsed().as_secs_f64(), "s", Better::Less);
    std::thread::sleep(SETTLE);
    host.order::<()>(&Order::Pace { first: 0, count: WARM_UP, every_us, seed: Some(seed) })?;
    arrivals(&mut host, 0, WARM_UP * (nodes - 1))?;

    let idle = host.usage()?;
    std::thread::sleep(IDLE);
    let before = host.usage()?;
    let began = Instant::now();
    host.order::<()>(&Order::Pace { first: WARM_UP, count: MESSAGES, every_us, seed: Some(seed + 1) })?;
    let needed = MESSAGES * (nodes - 1);
    let arrived = arrivals(&mut host, WARM_UP, needed)?;
    let (after, took) = (host.usage()?, began.elapsed());

    let spread = Spread::of(&arrived, nodes - 1);
    ensure!(spread.deliveries > 0, "nothing arrived");
    let [mut each, mut all] = [spread.each, spread.all];
    put("node_p50_ms", quantile(&mut each, 0.5), "ms", Better::Less);
    put("node_p99_ms", quantile(&mut each, 0.99), "ms", Better::Less);
    if all.len() as u64 * 2 > MESSAGES {
        put("all_p50_ms", quantile(&mut all, 0.5), "ms", Better::Less);
        put("all_max_ms", quantile(&mut all, 1.0), "ms", Better::Less);
    }
    put("delivered", spread.deliveries as f64 / needed as f64, "share", Better::More);
    if let (Some(before), Some(after)) = (before.copies, after.copies) {
        put("redundancy", (after - before) as f64 / spread.deliveries as f64 - 1.0, "copies", Better::Less);
    }
    let idle_cores = cores(&idle, &before, IDLE);
    let busy_us = (after.cpu_us - before.cpu_us) as f64 - idle_cores * took.as_secs_f64() * 1e6;
    put("cpu_us_per_delivery", busy_us.max(0.0) / spread.deliveries as f64, "us", Better::Less);
    put("idle_cores", idle_cores, "cores", Better::Less);
    put("rss_per_node_kib", after.rss as f64 / 1024.0 / nodes as f64, "KiB", Better::Less);
    Ok(())
}

/// What arrives of the messages from `first` on, until it is all that is needed or nothing can be
/// expected any more.
fn arrivals(host: &mut Host, first: u64, needed: u64) -> Result<Vec<Arrival>> {
    let until = Instant::now() + REST;
    let mut arrived = Vec::new();
    while (arrived.len() as u64) < needed && Instant::now() < until {
        std::thread::sleep(LOOK);
        arrived.extend(host.arrivals()?.into_iter().filter(|(number, _)| *number >= first));
    }
    Ok(arrived)
}

fn cores(from: &Usage, to: &Usage, during: Duration) -> f64 {
    (to.cpu_us - from.cpu_us) as f64 / 1e6 / during.as_secs_f64()
}

/// How messages spread, in milliseconds.
struct Spread {
    each: Vec<f64>,
    /// Of those messages that reached everybody, when the last node had them.
    all: Vec<f64>,
    deliveries: u64,
}

impl Spread {
    fn of(arrivals: &[Arrival], needed: u64) -> Spread {
        let mut messages: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for (number, ns) in arrivals {
            messages.entry(*number).or_default().push(*ns as f64 / 1e6);
        }
        let whole = messages.values().filter(|times| times.len() as u64 >= needed);
        let all = whole.map(|times| times.iter().copied().fold(0.0, f64::max)).collect();
        Spread { all, deliveries: arrivals.len() as u64, each: messages.into_values().flatten().collect() }
    }
}
