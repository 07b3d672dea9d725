//! Peers for tests over loopback. Every event of every peer is checked against the promise that
//! links are nested.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod raw;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::{Identity, PeerId};
use net::{Config, Event, LinkId, LinkUp, Net, PeerState, Reason};
use tokio::sync::mpsc;
use tokio::time::timeout;
use wire::Message;

/// Nothing in these tests takes nearly as long, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Fixed keys: ana is 1, ben 2, chi 3.
pub(crate) fn identity(seed: u8) -> Arc<Identity> {
    Arc::new(Identity::from_seed(&[seed; 32]))
}

pub(crate) const ANA: u8 = 1;
pub(crate) const BEN: u8 = 2;
pub(crate) const CHI: u8 = 3;

/// Listens on loopback, on any port, and looks for nobody nearby.
pub(crate) fn config() -> Config {
    Config { listen: vec![loopback(0)], nearby: None, ..Config::default() }
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A whole network side, and what it tells.
pub(crate) struct Peer {
    pub(crate) net: Net,
    pub(crate) id: PeerId,
    pub(crate) address: SocketAddr,
    events: mpsc::Receiver<Event>,
    links: BTreeMap<PeerId, LinkId>,
}

impl Peer {
    pub(crate) async fn start(seed: u8) -> Self {
        Self::with(seed, config()).await
    }

    pub(crate) async fn with(seed: u8, config: Config) -> Self {
        Self::with_room(seed, config, 1024).await
    }

    /// `room`: events that wait for the node at most.
    pub(crate) async fn with_room(seed: u8, config: Config, room: usize) -> Self {
        let (sender, events) = mpsc::channel(room);
        let identity = identity(seed);
        let id = identity.peer();
        let net = Net::start(config, identity, sender).await.expect("a network starts");
        let mut peer = Self { net, id, address: loopback(0), events, links: BTreeMap::new() };
        peer.address = peer
            .wait("an address", |event| match event {
                Event::Listening { addresses, failed: None, .. } => addresses.first().copied(),
                _ => None,
            })
            .await;
        peer
    }

    pub(crate) fn want(&self, other: &Peer) {
        self.net.want(other.id, vec![other.address.into()]);
    }

    /// The next event, checked.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await?;
        match &event {
            Event::LinkUp(up) => assert_eq!(self.links.insert(up.peer, up.link), None, "a second link came up"),
            Event::Received { peer, link, messages, .. } => {
                assert_eq!(self.links.get(peer), Some(link), "received outside of a link");
                assert!(!messages.is_empty());
            }
            Event::Drained { peer, link } => assert_eq!(self.links.get(peer), Some(link), "drained outside of a link"),
            Event::LinkDown { peer, link, .. } => assert_eq!(self.links.remove(peer), Some(*link), "another link went down"),
            _ => {}
        }
        Some(event)
    }

    /// The first event that `pick` picks; those before are passed over.
    pub(crate) async fn wait<T>(&mut self, what: &str, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.next().await.unwrap_or_else(|| panic!("the network ended while waiting for {what}"));
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    pub(crate) async fn up(&mut self, peer: PeerId) -> LinkUp {
        let up = self.wait("a link", |event| match event {
            Event::LinkUp(up) if up.peer == peer => Some(*up),
            _ => None,
        });
        let up = up.await;
        self.net.welcome(peer, up.link);
        up
    }

    pub(crate) async fn down(&mut self, peer: PeerId) -> Reason {
        self.wait("the end of a link", |event| match event {
            Event::LinkDown { peer: who, reason, .. } if who == peer => Some(reason),
            _ => None,
        })
        .await
    }

    pub(crate) async fn received(&mut self, peer: PeerId) -> Vec<Message> {
        self.wait("a message", |event| match event {
            Event::Received { peer: who, messages, .. } if who == peer => Some(messages),
            _ => None,
        })
        .await
    }

    pub(crate) async fn state(&mut self, what: &str, mut is: impl FnMut(&PeerState) -> bool) -> PeerState {
        self.wait(what, |event| match event {
            Event::PeerChanged { state, .. } if is(&state) => Some(state),
            _ => None,
        })
        .await
    }

    pub(crate) async fn dial_end(&mut self) -> Result<PeerId, Reason> {
        self.wait("the end of a dial", |event| match event {
            Event::DialEnded { result, .. } => Some(result),
            _ => None,
        })
        .await
    }

    /// Goes on living, and the test no longer looks.
    pub(crate) fn unattended(mut self) -> Net {
        let net = self.net.clone();
        tokio::spawn(async move { while self.next().await.is_some() {} });
        net
    }
}

/// Ana and Ben, linked; Ana has dialled.
pub(crate) async fn linked() -> (Peer, LinkUp, Peer, LinkUp) {
    let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::start(BEN).await);
    ana.want(&ben);
    let (up_ana, up_ben) = (ana.up(ben.id).await, ben.up(ana.id).await);
    (ana, up_ana, ben, up_ben)
}

/// A message that carries a number and about `bytes` more.
pub(crate) fn numbered(number: u32, bytes: usize) -> Message {
    let event = wire::RawEvent(vec![7; bytes.max(wire::limits::MIN_EVENT)].into());
    let log = wire::LogKey { device: PeerId::from_bytes([9; 32]), log: wire::LogId(1) };
    Message::Data(wire::Data { room: wire::RoomId([0; 32]), log, last: number, events: vec![event] })
}

pub(crate) fn number(message: &Message) -> u32 {
    match message {
        Message::Data(data) => data.last,
        other => panic!("{other:?} has no number"),
    }
}
