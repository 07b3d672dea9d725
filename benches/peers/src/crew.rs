//! The measuring side's handle on the processes that hold the nodes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::{Arrival, Order, Usage};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::de::DeserializeOwned;

use crate::kind::Kind;

/// No order takes longer, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(300);

/// One process. Killed when dropped.
pub(crate) struct Host {
    child: Child,
    orders: ChildStdin,
    answers: Receiver<String>,
}

impl Host {
    pub(crate) fn spawn(kind: Kind) -> Result<Host> {
        let here = std::env::current_exe().context("this program has a path")?;
        let program = here.with_file_name(format!("peers-{}", kind.name()));
        let child = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("{} does not start", program.display()))?;
        let orders = child.stdin.take().context("stdin is piped")?;
        let stdout = BufReader::new(child.stdout.take().context("stdout is piped")?);
        let (send, answers) = sync_channel(1);
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let Ok(line) = line else { return };
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Host { child, orders, answers })
    }

    /// Gives an order and waits until it is carried out.
    pub(crate) fn order<T: DeserializeOwned>(&mut self, order: &Order) -> Result<T> {
        self.begin(order)?;
        self.finish()
    }

    /// Gives an order.
    pub(crate) fn begin(&mut self, order: &Order) -> Result<()> {
        writeln!(self.orders, "{}", serde_json::to_string(order)?).context("the host reads")
    }

    /// Waits until it is carried out.
    pub(crate) fn finish<T: DeserializeOwned>(&mut self) -> Result<T> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => Ok(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Timeout) => bail!("the host is stuck"),
            Err(RecvTimeoutError::Disconnected) => bail!("the host has failed; see above"),
        }
    }

    pub(crate) fn usage(&mut self) -> Result<Usage> {
        self.order(&Order::Usage)
    }

    pub(crate) fn arrivals(&mut self) -> Result<Vec<Arrival>> {
        self.order(&Order::Arrivals)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Starts nodes, evenly in some processes, and lets all of them join.
pub(crate) fn swarm(kind: Kind, hosts: usize, each: u64, seed: u64) -> Result<Vec<Host>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut known: Vec<String> = Vec::new();
    let mut crew = (0..hosts).map(|_| Host::spawn(kind)).collect::<Result<Vec<_>>>()?;
    let size = each * hosts as u64;
    for (at, host) in crew.iter_mut().enumerate() {
        let order = Order::Start { first: at as u64 * each, count: each, swarm: u32::try_from(size)? };
        known.extend(host.order::<Vec<String>>(&order)?);
    }
    let contacts: Vec<Vec<String>> = (0..known.len()).map(|n| kind.choose(known.get(..n).unwrap_or_default(), &mut rng)).collect();
    for (host, contacts) in crew.iter_mut().zip(contacts.chunks(usize::try_from(each)?)) {
        host.order::<()>(&Order::Join { contacts: contacts.to_vec() })?;
    }
    Ok(crew)
}
