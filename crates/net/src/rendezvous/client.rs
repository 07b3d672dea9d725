//! What is done by `mainline`: searching the nodes near a slot, and storing there.
//!
//! The client is a thread that wakes twenty times a second, and it would become a server of the DHT
//! after a quarter of an hour. So it is started for a job and dropped soon after.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddrV4;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use mainline::async_dht::AsyncDht;
use mainline::errors::{ConcurrencyError, PutMutableError};
use mainline::{Dht, MutableItem, SigningKey};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use super::effect::Input;
use super::saying::Stored;

/// It gets no more jobs from this age on. With the time that a job takes it stays well below the 15
/// minutes after which it could become a server.
const AGE: Duration = Duration::from_secs(10 * 60);
/// For a node to answer it. Longer: a search waits for the dead; shorter: distant nodes are missed.
const ANSWER: Duration = Duration::from_millis(1_200);
/// For a search or a store. On the public DHT they take seconds.
const JOB: Duration = Duration::from_secs(20);

/// A client of the DHT.
pub(super) struct Client {
    dht: AsyncDht,
    since: Instant,
}

impl Client {
    /// Sends nothing to anybody but these nodes and those that they name.
    pub(super) async fn start(nodes: Vec<SocketAddrV4>) -> io::Result<Self> {
        let built = tokio::task::spawn_blocking(move || Dht::builder().bootstrap(&nodes).port(0).request_timeout(ANSWER).build()).await;
        Ok(Self { dht: built.map_err(io::Error::other)??.as_async(), since: Instant::now() })
    }

    pub(super) fn takes_jobs(&self) -> bool {
        self.since.elapsed() < AGE
    }

    pub(super) fn dht(&self) -> AsyncDht {
        self.dht.clone()
    }
}

/// Nodes that have answered: with them the next client starts faster, and asks less of the few that
/// everybody starts with.
pub(super) async fn friends(dht: AsyncDht) -> Vec<SocketAddrV4> {
    let nodes = timeout(ANSWER, dht.to_bootstrap()).await.unwrap_or_default();
    nodes.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Tells each newer value as soon as a node gives it, and gives the nodes near the slot in the end.
pub(super) async fn search(dht: AsyncDht, public: [u8; 32], found: mpsc::Sender<Input>) -> Vec<SocketAddrV4> {
    // Both questions are one search: the second one joins the first.
    let mut items = dht.get_mutable(&public, None, None);
    let values = async {
        let mut newest = None;
        while let Some(item) = poll_fn(|context| Pin::new(&mut items).poll_next(context)).await {
            if newest < Some(item.seq()) {
                newest = Some(item.seq());
                let input = Input::Found { public, number: item.seq(), value: item.value().to_vec() };
                // It is lost only together with the one who asked.
                let _ = found.send(input).await;
            }
        }
    };
    let nodes = dht.get_closest_nodes(MutableItem::target_from_key(&public, None));
    let near = timeout(JOB, async { tokio::join!(values, nodes).1 }).await.unwrap_or_default();
    near.iter().map(mainline::Node::address).collect()
}

pub(super) async fn store(dht: AsyncDht, seed: Zeroizing<[u8; 32]>, number: i64, value: Vec<u8>) -> Stored {
    let item = MutableItem::new(SigningKey::from_bytes(&seed), &value, number, None);
    match timeout(JOB, dht.put_mutable(item, None)).await {
        Ok(Ok(_)) => Stored::Done,
        Ok(Err(PutMutableError::Concurrency(ConcurrencyError::NotMostRecent))) => Stored::Older,
        Ok(Err(_)) | Err(_) => Stored::Failed,
    }
}
