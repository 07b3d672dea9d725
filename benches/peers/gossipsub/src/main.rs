//! libp2p gossipsub with its defaults: TCP, Noise, Yamux, messages signed and strictly checked.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use common::{Delivered, Engine, Record, Star, seed};
use futures::StreamExt;
use libp2p::gossipsub::{
    self, AllowAllSubscriptionFilter, DataTransform, IdentTopic, MessageAuthenticity, PublishError, RawMessage, TopicHash,
};
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

fn main() -> Result<()> {
    common::serve::<Gossipsub, GossipsubStar>()
}

const TOPIC: &str = "peers";
/// Without it, links outside the mesh would be closed.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// Commands that wait for the node's task.
const MAX_COMMANDS: usize = 64;
/// Before a message is offered again to queues that were full.
const AGAIN: Duration = Duration::from_millis(1);

type Behaviour = gossipsub::Behaviour<Counting, AllowAllSubscriptionFilter>;

/// Sees every message that comes in, before copies are dropped.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicU64>);

impl DataTransform for Counting {
    fn inbound_transform(&self, raw: RawMessage) -> io::Result<gossipsub::Message> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(gossipsub::Message { source: raw.source, data: raw.data, sequence_number: raw.sequence_number, topic: raw.topic })
    }

    fn outbound_transform(&self, _topic: &TopicHash, data: Vec<u8>) -> io::Result<Vec<u8>> {
        Ok(data)
    }
}

enum Command {
    Dial(Multiaddr),
    Publish(String),
    Peers(oneshot::Sender<usize>),
}

/// One node of the swarm.
struct Gossipsub {
    commands: mpsc::Sender<Command>,
    contact: String,
    copies: Counting,
    /// Neighbours that have subscribed.
    subscribed: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Engine for Gossipsub {
    async fn start(number: u64, _swarm: u32, delivered: Arc<Delivered>) -> Result<Self> {
        let copies = Counting::default();
        let mut swarm = swarm(number, copies.clone())?;
        swarm.behaviour_mut().subscribe(&IdentTopic::new(TOPIC))?;
        swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
        let address = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                break address;
            }
        };
        let contact = address.with(Protocol::P2p(*swarm.local_peer_id())).to_string();
        let (commands, orders) = mpsc::channel(MAX_COMMANDS);
        let (tell, subscribed) = watch::channel(0);
        let task = tokio::spawn(drive(swarm, orders, tell, delivered));
        Ok(Gossipsub { commands, contact, copies, subscribed, task })
    }

    fn contact(&self) -> String {
        self.contact.clone()
    }

    async fn join(&self, contacts: Vec<String>) -> Result<()> {
        let alone = contacts.is_empty();
        for contact in contacts {
            self.order(Command::Dial(contact.parse()?)).await?;
        }
        if !alone {
            self.subscribed.clone().wait_for(|count| *count > 0).await?;
        }
        Ok(())
    }

    async fn publish(&self, payload: String) -> Result<()> {
        self.order(Command::Publish(payload)).await
    }

    async fn copies(&self) -> Option<u64> {
        Some(self.copies.0.load(Ordering::Relaxed))
    }
}

impl Gossipsub {
    async fn order(&self, command: Command) -> Result<()> {
        self.commands.send(command).await.map_err(|_| anyhow!("the node has ended"))
    }

    async fn peers(&self) -> Result<usize> {
        let (ask, answer) = oneshot::channel();
        self.order(Command::Peers(ask)).await?;
        Ok(answer.await?)
    }
}

fn swarm(number: u64, copies: Counting) -> Result<Swarm<Behaviour>> {
    let key = Keypair::ed25519_from_bytes(seed(number))?;
    let behaviour = |key: &Keypair| {
        let author = MessageAuthenticity::Signed(key.clone());
        Behaviour::new_with_transform(author, gossipsub::Config::default(), copies).map_err(io::Error::other)
    };
    let swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key| Ok(behaviour(key)?))
        .map_err(|error| anyhow!("{error}"))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE))
        .build();
    Ok(swarm)
}

/// The node's task. A message that finds all queues full is offered again, and the next one waits
/// meanwhile.
async fn drive(
    mut swarm: Swarm<Behaviour>,
    mut orders: mpsc::Receiver<Command>,
    subscribed: watch::Sender<usize>,
    delivered: Arc<Delivered>,
) {
    let topic = IdentTopic::new(TOPIC);
    let mut waiting: Option<String> = None;
    loop {
        if let Some(payload) = waiting.take()
            && let Err(PublishError::AllQueuesFull(_)) = swarm.behaviour_mut().publish(topic.clone(), payload.as_bytes())
        {
            waiting = Some(payload);
        }
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::Behaviour(gossipsub::Event::Message { message, .. }) => delivered.note(&message.data),
                SwarmEvent::Behaviour(gossipsub::Event::Subscribed { .. }) => subscribed.send_modify(|count| *count += 1),
                SwarmEvent::OutgoingConnectionError { error, .. } => eprintln!("gossipsub does not connect: {error}"),
                _ => {}
            },
            order = orders.recv(), if waiting.is_none() => match order {
                Some(Command::Dial(address)) => dial(&mut swarm, address),
                Some(Command::Publish(payload)) => waiting = Some(payload),
                Some(Command::Peers(ask)) => drop(ask.send(swarm.connected_peers().count())),
                None => return,
            },
            () = tokio::time::sleep(AGAIN), if waiting.is_some() => {}
        }
    }
}

/// From a port of its own: dialling from the port that is listened on fails now and then among many
/// nodes of one machine.
fn dial(swarm: &mut Swarm<Behaviour>, address: Multiaddr) {
    let options = DialOpts::unknown_peer_id().address(address).allocate_new_port().build();
    if let Err(error) = swarm.dial(options) {
        eprintln!("gossipsub does not dial: {error}");
    }
}

/// A hub whose every leaf has subscribed.
struct GossipsubStar(Gossipsub);

impl Star for GossipsubStar {
    type Leaf = Gossipsub;

    async fn hub(_leaves: u32) -> Result<Self> {
        Ok(GossipsubStar(Gossipsub::start(u64::MAX, 0, Delivered::new(Arc::new(Record::default()))).await?))
    }

    fn contact(&self) -> String {
        self.0.contact()
    }

    async fn links(&self) -> Result<usize> {
        self.0.peers().await
    }

    async fn leaf(number: u64, contact: &str, _first: bool) -> Result<Gossipsub> {
        let leaf = Gossipsub::start(number, 0, Delivered::new(Arc::new(Record::default()))).await?;
        leaf.join(vec![contact.to_owned()]).await?;
        Ok(leaf)
    }

    async fn part(leaf: Gossipsub) -> Result<()> {
        drop(leaf.commands);
        match leaf.task.await {
            Ok(()) => Ok(()),
            Err(error) => bail!("a leaf failed: {error}"),
        }
    }
}
