//! The engines behind one face, so that all do the same work.

mod gossipsub;
mod iroh_gossip;
mod ours;

use std::future::Future;
use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

pub(crate) use gossipsub::{Gossipsub, GossipsubStar};
pub(crate) use iroh_gossip::{IrohGossip, IrohStar};
pub(crate) use ours::{Ours, OursStar};

use crate::record::Delivered;

/// Whom to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// Grapevine's node: gossip, rooms, and the store on disk.
    Ours,
    /// iroh-gossip over iroh (QUIC), relays and discovery off.
    IrohGossip,
    /// libp2p gossipsub over TCP, Noise and Yamux, signed, strict.
    Gossipsub,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Ours, Kind::IrohGossip, Kind::Gossipsub];

    /// As it is written on the command line and in figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::IrohGossip => "iroh-gossip",
            Kind::Gossipsub => "gossipsub",
        }
    }

    /// Whom a newcomer is told of: what each engine's documentation asks for. Ours is led in by the one invite of the first.
    pub(crate) fn choose(self, earlier: &[String], rng: &mut StdRng) -> Vec<String> {
        match self {
            Kind::Ours => earlier.first().cloned().into_iter().collect(),
            Kind::IrohGossip => earlier.sample(rng, 2).cloned().collect(),
            // Its mesh wants 6 at each node, and it finds nobody by itself.
            Kind::Gossipsub => earlier.sample(rng, 8).cloned().collect(),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A node that spreads messages.
pub(crate) trait Engine: Send + Sync + Sized + 'static {
    /// Starts listening on loopback. The number gives the key; number 0 begins the swarm, of at most `swarm` nodes.
    fn start(number: u64, swarm: u32, delivered: Arc<Delivered>) -> impl Future<Output = Result<Self>> + Send;

    /// What others need to join by this node.
    fn contact(&self) -> String;

    /// Joins by contacts; returns when it takes part. Nobody is waited for if there are no contacts.
    fn join(&self, contacts: Vec<String>) -> impl Future<Output = Result<()>> + Send;

    /// Signs and spreads; waits while the engine takes no more.
    fn publish(&self, payload: String) -> impl Future<Output = Result<()>> + Send;

    /// Payloads that came in, copies included; none if the engine does not count.
    fn copies(&self) -> Option<u64>;
}

/// A hub that many connect to, and stay silent.
pub(crate) trait Star: Send + Sync + Sized + 'static {
    /// The other end of one link.
    type Leaf: Send;

    /// Starts the hub, for at most so many leaves.
    fn hub(leaves: u32) -> impl Future<Output = Result<Self>> + Send;

    /// What leaves need.
    fn contact(&self) -> String;

    /// Links that are up at the hub.
    fn links(&self) -> impl Future<Output = Result<usize>> + Send;

    /// Links up for the first time, or once more with the same key.
    fn leaf(number: u64, contact: &str, first: bool) -> impl Future<Output = Result<Self::Leaf>> + Send;

    /// Takes leave.
    fn part(leaf: Self::Leaf) -> impl Future<Output = Result<()>> + Send;
}

/// The secret of a node; the same in every run.
fn seed(number: u64) -> [u8; 32] {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}
