//! 100 nodes in 10 processes; 3 processes are killed at once, and the others go on talking.

use std::time::{Duration, Instant};

use anyhow::Result;
use common::{Arrival, Order};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::crew::{Host, swarm};
use crate::figures::{Better, Figures, quantile};
use crate::kind::Kind;

const HOSTS: usize = 10;
const EACH: u64 = 10;
const KILLED: usize = 3;
const SETTLE: Duration = Duration::from_secs(8);
const WARM_UP: u64 = 30;
const MESSAGES: u64 = 20;
const EVERY: Duration = Duration::from_millis(100);
/// Two looks at what has arrived: at once, and when every repair must have been made.
const SOON: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(39);

pub(crate) fn killed(kind: Kind, seed: u64, figures: &mut Figures) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut crew = swarm(kind, HOSTS, EACH, seed)?;
    std::thread::sleep(SETTLE);
    talk(&mut crew, 0, WARM_UP, &mut rng)?;
    std::thread::sleep(SOON);
    arrivals(&mut crew)?;
    // Dropped is killed. The first node is among them: the founder of the swarm may die too.
    crew.drain(..KILLED);
    talk(&mut crew, WARM_UP, MESSAGES, &mut rng)?;
    std::thread::sleep(SOON);
    let mut arrived = arrivals(&mut crew)?;
    let needed = (MESSAGES * (crew.len() as u64 * EACH - 1)) as f64;
    figures.put(kind, "killed_delivered_1s", arrived.len() as f64 / needed, "share", Better::More);
    std::thread::sleep(LATE);
    arrived.extend(arrivals(&mut crew)?);
    figures.put(kind, "killed_delivered_40s", arrived.len() as f64 / needed, "share", Better::More);
    let mut times: Vec<f64> = arrived.into_iter().map(|(_, ns)| ns as f64 / 1e6).collect();
    figures.put(kind, "killed_node_p50_ms", quantile(&mut times, 0.5), "ms", Better::Less);
    figures.put(kind, "killed_node_p99_ms", quantile(&mut times, 0.99), "ms", Better::Less);
    figures.put(kind, "killed_node_max_ms", quantile(&mut times, 1.0), "ms", Better::Less);
    Ok(())
}

/// Messages of anybody, evenly apart.
fn talk(crew: &mut [Host], first: u64, count: u64, rng: &mut StdRng) -> Result<()> {
    let began = Instant::now();
    for n in 0..count {
        let due = began + EVERY * u32::try_from(n)?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let author = rng.random_range(0..crew.len());
        if let Some(host) = crew.get_mut(author) {
            host.order::<()>(&Order::Pace { first: first + n, count: 1, every_us: 0, seed: Some(rng.random()) })?;
        }
    }
    Ok(())
}

/// Late arrivals of earlier messages are not what is counted.
fn arrivals(crew: &mut [Host]) -> Result<Vec<Arrival>> {
    let mut all = Vec::new();
    for host in crew {
        all.extend(host.arrivals()?.into_iter().filter(|(number, _)| *number >= WARM_UP));
    }
    Ok(all)
}
