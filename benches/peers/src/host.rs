//! The process that holds some nodes of one engine, and does what the measuring process says, a line of JSON each way.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::engines::{Engine, Gossipsub, GossipsubStar, IrohGossip, IrohStar, Kind, Ours, OursStar, Star};
use crate::record::{Delivered, Record, now_ns, payload};
use crate::usage;

/// Of the runtime: as many as the machines have that these figures are quoted for.
const WORKERS: usize = 2;
/// Newcomers that come in at the same time.
const JOINS: usize = 8;
/// Without an arrival for so long, whatever is still under way is lost.
const QUIET: Duration = Duration::from_secs(2);

/// What the measuring process may ask for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Start nodes with these numbers, of a swarm of that size. Answers with their contacts.
    Start { first: u64, count: u64, swarm: u32 },
    /// Let each join by its contacts.
    Join { contacts: Vec<Vec<String>> },
    /// Publish messages with the numbers from `first` on, evenly apart, by node 0 or by anybody.
    Pace { first: u64, count: u64, every_us: u64, seed: Option<u64> },
    /// Node 0 publishes; at most so many are under way. No window: as fast as the engine takes them.
    Flood { first: u64, count: u64, window: Option<u64> },
    /// Arrivals since the last call.
    Arrivals,
    /// Processor time, memory, copies.
    Usage,
    /// Start the peak of memory anew.
    ForgetPeak,
    /// Start the hub of a star.
    Hub { leaves: u32 },
    /// Links at the hub.
    Links,
    /// Leaves connect one after the other; they stay, or each goes again.
    Leaves { contact: String, count: u64, stay: bool },
}

/// Serves until its input ends.
pub(crate) fn serve(kind: Kind) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    match kind {
        Kind::Ours => Host::<Ours, OursStar>::default().serve(&runtime),
        Kind::IrohGossip => Host::<IrohGossip, IrohStar>::default().serve(&runtime),
        Kind::Gossipsub => Host::<Gossipsub, GossipsubStar>::default().serve(&runtime),
    }?;
    // Nobody says goodbye: the measuring is over.
    runtime.shutdown_background();
    Ok(())
}

struct Host<E, S: Star> {
    record: Arc<Record>,
    nodes: Vec<E>,
    hub: Option<S>,
    leaves: Vec<S::Leaf>,
}

impl<E, S: Star> Default for Host<E, S> {
    fn default() -> Self {
        Self { record: Arc::default(), nodes: Vec::new(), hub: None, leaves: Vec::new() }
    }
}

impl<E: Engine, S: Star> Host<E, S> {
    fn serve(mut self, runtime: &tokio::runtime::Runtime) -> Result<()> {
        let mut out = std::io::stdout();
        for line in std::io::stdin().lines() {
            let order: Order = serde_json::from_str(&line?)?;
            let answer = runtime.block_on(self.obey(order))?;
            writeln!(out, "{answer}")?;
            out.flush()?;
        }
        Ok(())
    }

    async fn obey(&mut self, order: Order) -> Result<Value> {
        match order {
            Order::Start { first, count, swarm } => self.start(first, count, swarm).await,
            Order::Join { contacts } => self.join(contacts).await,
            Order::Pace { first, count, every_us, seed } => self.pace(first, count, Duration::from_micros(every_us), seed).await,
            Order::Flood { first, count, window } => self.flood(first, count, window).await,
            Order::Arrivals => Ok(json!(self.record.take())),
            Order::Usage => self.usage(),
            Order::ForgetPeak => usage::forget_peak().map(|()| Value::Null),
            Order::Hub { leaves } => {
                let hub = S::hub(leaves).await?;
                Ok(json!(self.hub.insert(hub).contact()))
            }
            Order::Links => Ok(json!(self.hub.as_ref().context("a hub")?.links().await?)),
            Order::Leaves { contact, count, stay } => self.leaves(&contact, count, stay).await,
        }
    }

    async fn start(&mut self, first: u64, count: u64, swarm: u32) -> Result<Value> {
        for number in first..first + count {
            self.nodes.push(E::start(number, swarm, Delivered::new(self.record.clone())).await?);
        }
        Ok(json!(self.nodes.iter().map(E::contact).collect::<Vec<_>>()))
    }

    async fn join(&self, contacts: Vec<Vec<String>>) -> Result<Value> {
        let joins = self.nodes.iter().zip(contacts).map(|(node, contacts)| node.join(contacts));
        stream::iter(joins).buffer_unordered(JOINS).try_collect::<()>().await?;
        Ok(Value::Null)
    }

    async fn pace(&self, first: u64, count: u64, every: Duration, seed: Option<u64>) -> Result<Value> {
        let mut rng = seed.map(StdRng::seed_from_u64);
        let began = Instant::now();
        for n in 0..count {
            sleep_until(began + every * u32::try_from(n)?).await;
            let author = rng.as_mut().map_or(0, |rng| rng.random_range(0..self.nodes.len()));
            self.nodes.get(author).context("a node")?.publish(payload(first + n)).await?;
        }
        Ok(Value::Null)
    }

    /// Node 0 to the only other one. Answers with what arrived, how fast, and what the processor did meanwhile.
    async fn flood(&self, first: u64, count: u64, window: Option<u64>) -> Result<Value> {
        let [author, _reader] = self.nodes.as_slice() else { bail!("two nodes") };
        let before = self.record.count();
        let (began, cpu) = (now_ns(), usage::cpu_us()?);
        let mut given_up = 0;
        for n in 0..count {
            if let Some(window) = window
                && !self.wait_for((before + n + 1).saturating_sub(window + given_up)).await
            {
                given_up = before + n - self.record.count();
            }
            author.publish(payload(first + n)).await?;
        }
        while self.record.count() < before + count && self.wait_for(before + count).await {}
        let arrived = self.record.count() - before;
        let seconds = self.record.last_ns().saturating_sub(began) as f64 / 1e9;
        // What was quiet at the end costs nothing worth the name.
        let cpu_us = usage::cpu_us()? - cpu;
        self.record.take();
        Ok(json!({ "arrived": arrived, "seconds": seconds, "cpu_us": cpu_us }))
    }

    /// False if nothing has come for so long that the rest must be lost.
    async fn wait_for(&self, count: u64) -> bool {
        while self.record.count() < count {
            if timeout(QUIET, self.record.news.notified()).await.is_err() {
                return false;
            }
        }
        true
    }

    fn usage(&self) -> Result<Value> {
        let copies: Option<u64> = self.nodes.iter().map(E::copies).sum();
        Ok(json!({ "cpu_us": usage::cpu_us()?, "rss": usage::rss()?, "peak": usage::peak_rss()?, "copies": copies }))
    }

    async fn leaves(&mut self, contact: &str, count: u64, stay: bool) -> Result<Value> {
        for number in 0..count {
            let leaf = S::leaf(number, contact, !stay).await?;
            match stay {
                true => self.leaves.push(leaf),
                false => S::part(leaf).await?,
            }
        }
        // What is still being said at the end of a handshake.
        sleep(Duration::from_millis(100)).await;
        Ok(Value::Null)
    }
}
