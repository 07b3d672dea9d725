//! iroh-gossip over iroh. It authenticates neighbours, not authors: every message brings its
//! author's key and signature, which are checked here as strictly as ours.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use common::{Delivered, Engine, Star, seed};
use ed25519_dalek::{PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use futures::StreamExt;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::{Connection, RecvStream, SendStream, presets};
use iroh::protocol::Router;
use iroh::{Endpoint, EndpointAddr, EndpointId, SecretKey};
use iroh_gossip::api::{Event, GossipReceiver, GossipSender};
use iroh_gossip::{Gossip, TopicId};
use tokio::sync::OnceCell;

fn main() -> Result<()> {
    common::serve::<IrohGossip, IrohStar>()
}

const TOPIC: TopicId = TopicId::from_bytes([23; 32]);
/// For the star, where gossip has no part: it keeps five neighbours.
const STAR: &[u8] = b"peers/star";

/// One node of the swarm.
struct IrohGossip {
    router: Router,
    gossip: Gossip,
    lookup: MemoryLookup,
    key: SigningKey,
    delivered: Arc<Delivered>,
    sender: OnceCell<GossipSender>,
}

impl Engine for IrohGossip {
    async fn start(number: u64, _swarm: u32, delivered: Arc<Delivered>) -> Result<Self> {
        let lookup = MemoryLookup::new();
        let endpoint = bind(number, lookup.clone(), Vec::new()).await?;
        let gossip = Gossip::builder().spawn(endpoint.clone());
        let router = Router::builder(endpoint).accept(iroh_gossip::ALPN, gossip.clone()).spawn();
        Ok(IrohGossip { router, gossip, lookup, key: SigningKey::from_bytes(&seed(number)), delivered, sender: OnceCell::new() })
    }

    fn contact(&self) -> String {
        contact_of(self.router.endpoint())
    }

    async fn join(&self, contacts: Vec<String>) -> Result<()> {
        let mut peers = Vec::with_capacity(contacts.len());
        for contact in &contacts {
            let address = read_contact(contact)?;
            peers.push(address.id);
            self.lookup.add_endpoint_info(address);
        }
        let alone = peers.is_empty();
        let (sender, mut receiver) = self.gossip.subscribe(TOPIC, peers).await?.split();
        self.sender.set(sender).context("joined once")?;
        if !alone {
            receiver.joined().await?;
        }
        tokio::spawn(read(receiver, self.delivered.clone()));
        Ok(())
    }

    async fn publish(&self, payload: String) -> Result<()> {
        let signature = self.key.sign(payload.as_bytes());
        let mut message = Vec::with_capacity(PUBLIC_KEY_LENGTH + SIGNATURE_LENGTH + payload.len());
        message.extend_from_slice(self.key.verifying_key().as_bytes());
        message.extend_from_slice(&signature.to_bytes());
        message.extend_from_slice(payload.as_bytes());
        self.sender.get().context("joined before")?.broadcast(Bytes::from(message)).await?;
        Ok(())
    }

    async fn copies(&self) -> Option<u64> {
        Some(self.gossip.metrics().msgs_data_recv.get())
    }
}

/// Takes in until the node ends. Lagged events tell of loss, which the record shows by itself.
async fn read(mut receiver: GossipReceiver, delivered: Arc<Delivered>) {
    let mut keys = HashMap::new();
    while let Some(Ok(event)) = receiver.next().await {
        if let Event::Received(message) = event
            && let Some(payload) = verified(&message.content, &mut keys)
        {
            delivered.note(payload);
        }
    }
}

/// Unpacked keys are kept, as ours keeps them.
fn verified<'a>(content: &'a [u8], keys: &mut HashMap<[u8; PUBLIC_KEY_LENGTH], VerifyingKey>) -> Option<&'a [u8]> {
    let (author, rest) = content.split_first_chunk::<PUBLIC_KEY_LENGTH>()?;
    let (signature, payload) = rest.split_first_chunk::<SIGNATURE_LENGTH>()?;
    if !keys.contains_key(author) {
        keys.insert(*author, VerifyingKey::from_bytes(author).ok()?);
    }
    keys.get(author)?.verify_strict(payload, &Signature::from_bytes(signature)).ok()?;
    Some(payload)
}

/// The preset knows no relays and no discovery.
async fn bind(number: u64, lookup: MemoryLookup, alpns: Vec<Vec<u8>>) -> Result<Endpoint> {
    let builder = Endpoint::builder(presets::Minimal).secret_key(SecretKey::from_bytes(&seed(number))).address_lookup(lookup).alpns(alpns);
    Ok(builder.clear_ip_transports().bind_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.bind().await?)
}

fn contact_of(endpoint: &Endpoint) -> String {
    let address = endpoint.bound_sockets().first().map(ToString::to_string).unwrap_or_default();
    format!("{} {address}", endpoint.id())
}

fn read_contact(contact: &str) -> Result<EndpointAddr> {
    let (id, address) = contact.split_once(' ').context("an id and an address")?;
    Ok(EndpointAddr::new(id.parse::<EndpointId>()?).with_ip_addr(address.parse()?))
}

/// The connections under a star: each with one stream open, and a task that reads it.
struct IrohStar {
    endpoint: Endpoint,
    links: Arc<AtomicUsize>,
}

/// The other end.
struct Leaf {
    endpoint: Endpoint,
    connection: Connection,
    _stream: (SendStream, RecvStream),
}

impl Star for IrohStar {
    type Leaf = Leaf;

    async fn hub(_leaves: u32) -> Result<Self> {
        let endpoint = bind(u64::MAX, MemoryLookup::new(), vec![STAR.to_vec()]).await?;
        let links = Arc::new(AtomicUsize::new(0));
        tokio::spawn(accept(endpoint.clone(), links.clone()));
        Ok(IrohStar { endpoint, links })
    }

    fn contact(&self) -> String {
        contact_of(&self.endpoint)
    }

    async fn links(&self) -> Result<usize> {
        Ok(self.links.load(Ordering::Acquire))
    }

    async fn leaf(number: u64, contact: &str, _first: bool) -> Result<Leaf> {
        let endpoint = bind(number, MemoryLookup::new(), Vec::new()).await?;
        let connection = endpoint.connect(read_contact(contact)?, STAR).await?;
        let mut stream = connection.open_bi().await?;
        // The other end learns of a stream by its first byte.
        stream.0.write_all(b"!").await?;
        stream.1.read_exact(&mut [0]).await?;
        Ok(Leaf { endpoint, connection, _stream: stream })
    }

    async fn part(leaf: Leaf) -> Result<()> {
        leaf.connection.close(0u32.into(), b"");
        leaf.endpoint.close().await;
        Ok(())
    }
}

async fn accept(endpoint: Endpoint, links: Arc<AtomicUsize>) {
    while let Some(incoming) = endpoint.accept().await {
        let links = links.clone();
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else { return };
            let Ok((mut send, mut receive)) = connection.accept_bi().await else { return };
            let mut byte = [0];
            let told = receive.read_exact(&mut byte).await.is_ok() && send.write_all(&byte).await.is_ok();
            if told {
                links.fetch_add(1, Ordering::AcqRel);
                // Ends with the connection.
                let _end = receive.read_exact(&mut byte).await;
                links.fetch_sub(1, Ordering::AcqRel);
            }
        });
    }
}
