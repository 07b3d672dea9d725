//! Grapevine: the whole node, with its store on disk, as the program starts it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use common::{Delivered, Engine, Star, seed};
use identity::Identity;
use net::{Config, Event, Net};
use node::view::{Body, JoinState, Notice};
use node::{Node, Options, RoomId};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use wire::message::{Join, Message};
use wire::{Invite, NameSeal, Naming};

fn main() -> Result<()> {
    common::serve::<Ours, OursStar>()
}

const STORE_KEY: [u8; 32] = [7; 32];
/// Between two looks at something that comes by itself.
const LOOK: Duration = Duration::from_millis(10);

/// How the attempt to come in stands.
type Entered = watch::Receiver<Option<Result<RoomId, String>>>;

/// One person's node.
struct Ours {
    node: Node,
    contact: String,
    entered: Entered,
    _folder: TempDir,
}

impl Engine for Ours {
    async fn start(number: u64, swarm: u32, delivered: Arc<Delivered>) -> Result<Self> {
        let (tell, entered) = watch::channel(None);
        let sink = move |notices: Vec<Notice>| {
            for notice in &notices {
                match notice {
                    Notice::Messages(_, messages) => messages.iter().filter(|m| !m.mine).for_each(|m| {
                        if let Body::Text { text, .. } = &m.body {
                            delivered.note(text.as_bytes());
                        }
                    }),
                    Notice::Join(joining) => match &joining.state {
                        JoinState::Joined { room } => drop(tell.send_replace(Some(Ok(*room)))),
                        JoinState::Refused(why) => drop(tell.send_replace(Some(Err(format!("{why:?}"))))),
                        JoinState::Connecting { .. } | JoinState::Waiting { .. } | JoinState::Asked { .. } => {}
                    },
                    _ => {}
                }
            }
        };
        let (node, folder) = start(number, sink).await?;
        let mut ours = Ours { node, contact: String::new(), entered, _folder: folder };
        if number == 0 {
            let room = ours.node.with(|core| core.create_room("Peers")).await?.map_err(|why| anyhow!("no room: {why}"))?.id;
            ours.entered = watch::channel(Some(Ok(room))).1;
            ours.contact = invite(&ours.node, Some(room), swarm).await?;
        }
        Ok(ours)
    }

    fn contact(&self) -> String {
        self.contact.clone()
    }

    async fn join(&self, contacts: Vec<String>) -> Result<()> {
        let Some(contact) = contacts.into_iter().next() else { return Ok(()) };
        self.node.with(move |core| core.accept_invite(&contact)).await?.map_err(|why| anyhow!("not joined: {why}"))?;
        let mut entered = self.entered.clone();
        entered.wait_for(Option::is_some).await?;
        self.room().map(drop)
    }

    async fn publish(&self, payload: String) -> Result<()> {
        // The answer is not waited for: a message that is refused is one that does not arrive.
        let _answer = self.node.say(self.room()?, payload, None).await?;
        Ok(())
    }

    async fn copies(&self) -> Option<u64> {
        self.node.with(|core| core.received_events()).await.ok()
    }
}

impl Ours {
    fn room(&self) -> Result<RoomId> {
        match &*self.entered.borrow() {
            Some(Ok(room)) => Ok(*room),
            Some(Err(why)) => bail!("not let in: {why}"),
            None => bail!("not in the room yet"),
        }
    }
}

async fn start(number: u64, mut sink: impl FnMut(Vec<Notice>) + Send + 'static) -> Result<(Node, TempDir)> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let profile = folder.path().to_owned();
    let opened = tokio::task::spawn_blocking(move || node::open_store(&profile, &STORE_KEY)).await??;
    let told = AtomicU64::new(0);
    let options = Options {
        identity: Identity::from_seed(&seed(number)),
        opened,
        name: Some(format!("Peer {number}")),
        fallback_name: String::new(),
        listen: vec!["127.0.0.1:0".parse()?],
        nearby: false,
        peer_exchange: true,
        mapping: false,
        dht: Vec::new(),
        agent: "grapevine-peers".to_owned(),
        sink: Box::new(move |notices| {
            let count = notices.len() as u64;
            sink(notices);
            told.fetch_add(count, Ordering::Relaxed) + count
        }),
    };
    Ok((node::start(options).await?, folder))
}

/// An invite that can be followed: there is one as soon as the node listens.
async fn invite(node: &Node, room: Option<RoomId>, uses: u32) -> Result<String> {
    while node.with(|core| core.snapshot().me.addresses.is_empty()).await? {
        tokio::time::sleep(LOOK).await;
    }
    let made = node.with(move |core| core.create_invite(room, uses)).await?.map_err(|why| anyhow!("no invite: {why}"))?;
    Ok(made.text)
}

/// One person with many contacts.
struct OursStar {
    node: Node,
    contact: String,
    _folder: TempDir,
}

/// A contact's network side; what it stores and shows costs the hub nothing.
struct Leaf {
    net: Net,
    reading: JoinHandle<()>,
}

impl Star for OursStar {
    type Leaf = Leaf;

    async fn hub(leaves: u32) -> Result<Self> {
        let (node, folder) = start(u64::MAX, |_| ()).await?;
        let contact = invite(&node, None, leaves).await?;
        Ok(OursStar { node, contact, _folder: folder })
    }

    fn contact(&self) -> String {
        self.contact.clone()
    }

    async fn links(&self) -> Result<usize> {
        Ok(self.node.with(|core| core.snapshot().me.links as usize).await?)
    }

    async fn leaf(number: u64, contact: &str, first: bool) -> Result<Leaf> {
        let invite = Invite::parse(contact).map_err(|fault| anyhow!("{fault:?}"))?;
        let identity = Arc::new(Identity::from_seed(&seed(number)));
        let me = identity.clone();
        let (send, mut events) = mpsc::channel(64);
        // As everybody does, it comes back under the address that is in the hub's book. Not of the
        // host that it dials from, whose ports the links take.
        let address = SocketAddr::from(([127, 0, 0, 2], 20_000 + u16::try_from(number)?));
        let config = Config { listen: vec![address], nearby: None, ..Config::default() };
        let net = Net::start(config, identity, send).await?;
        net.set_addresses(Vec::new());
        net.want(invite.inviter(), invite.addresses().to_vec());
        loop {
            match events.recv().await.context("the net runs")? {
                Event::LinkUp(up) if first => {
                    let seal = NameSeal::new(&me, &up.peer, &up.hash).context("sound keys")?;
                    let name = seal.seal(Naming::Join, [0; 24], &format!("Leaf {number}"));
                    let join = Message::Join(Join::make(&invite.keys(), invite.hint(), name, &up.hash, &me.peer()));
                    up.outbox.offer(join.class(), join.encode()).map_err(|_| anyhow!("an empty queue takes one"))?;
                }
                Event::LinkUp(_) => break,
                Event::Received { messages, .. } if messages.iter().any(|m| matches!(m, Message::Welcome(_))) => break,
                _ => {}
            }
        }
        let reading = tokio::spawn(async move { while events.recv().await.is_some() {} });
        Ok(Leaf { net, reading })
    }

    async fn part(leaf: Leaf) -> Result<()> {
        leaf.net.shutdown().await;
        leaf.reading.abort();
        Ok(())
    }
}
