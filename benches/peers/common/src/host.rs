//! The process that holds some nodes of one engine, and does what the measuring process says, a
//! line of JSON each way.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::engine::{Engine, Star};
use crate::order::{Flood, Order, Usage};
use crate::record::{Delivered, Record, now_ns, payload};
use crate::usage;

/// Of the runtime: as many as the machines have that these figures are quoted for.
const WORKERS: usize = 2;
/// Newcomers that come in at the same time.
const JOINS: usize = 8;
/// Without an arrival for so long, whatever is still under way is lost.
const QUIET: Duration = Duration::from_secs(2);

/// Serves until its input ends.
pub fn serve<E: Engine, S: Star>() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    Host::<E, S>::default().serve(&runtime)?;
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
            Order::Usage => self.usage().await,
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

    /// Node 0 to the only other one. Answers with what arrived, how fast, and what the processor
    /// did meanwhile.
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
        Ok(serde_json::to_value(Flood { arrived, seconds, cpu_us })?)
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

    async fn usage(&self) -> Result<Value> {
        let mut copies = Some(0);
        for node in &self.nodes {
            copies = copies.zip(node.copies().await).map(|(sum, more)| sum + more);
        }
        let usage = Usage { cpu_us: usage::cpu_us()?, rss: usage::rss()?, peak: usage::peak_rss()?, copies };
        Ok(serde_json::to_value(usage)?)
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
