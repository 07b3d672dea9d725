//! The face that all engines show, so that all do the same work.

use std::future::Future;
use std::sync::Arc;

use anyhow::Result;

use crate::record::Delivered;

/// A node that spreads messages.
pub trait Engine: Send + Sync + Sized + 'static {
    /// Starts listening on loopback. The number gives the key; number 0 begins the swarm, of at
    /// most `swarm` nodes.
    fn start(number: u64, swarm: u32, delivered: Arc<Delivered>) -> impl Future<Output = Result<Self>> + Send;

    /// What others need to join by this node.
    fn contact(&self) -> String;

    /// Joins by contacts; returns when it takes part. Nobody is waited for if there are no
    /// contacts.
    fn join(&self, contacts: Vec<String>) -> impl Future<Output = Result<()>> + Send;

    /// Signs and spreads; waits while the engine takes no more.
    fn publish(&self, payload: String) -> impl Future<Output = Result<()>> + Send;

    /// Payloads that came in, copies included; none if the engine does not count.
    fn copies(&self) -> impl Future<Output = Option<u64>> + Send;
}

/// A hub that many connect to, and stay silent.
pub trait Star: Send + Sync + Sized + 'static {
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
pub fn seed(number: u64) -> [u8; 32] {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}
