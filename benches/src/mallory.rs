//! A member who speaks the protocol and means ill: sockets and records of our own making, no node
//! behind them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use identity::{Identity, PeerId};
use net::{Config, Event, LinkUp, Net, Outbox};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use wire::ids::{LogId, LogKey, RoomId};
use wire::message::{Class, Digest, HeadOf, Heads, Join, Message, Need, Neighbour, room_tag};
use wire::{Invite, NameSeal, Naming};

/// Heads in one message: as many as there may be.
const HEADS: usize = wire::limits::MAX_HEADS;
/// Wait for a queue that is full.
const FULL: Duration = Duration::from_millis(1);

/// What Mallory does all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ill {
    /// Nothing: a neighbour like any other.
    Nothing,
    /// Heads of logs that do not exist, new ones all the time.
    FakeLogs,
    /// Grafts, prunes and requests to be neighbours.
    Storm,
    /// Asks for everything, and reads nothing.
    Unread,
    /// Heads of logs that do exist, with other hashes and great numbers.
    Lies,
    /// Asks for everything, reads it, and asks again.
    Greed,
}

impl Ill {
    pub(crate) const ALL: [Ill; 5] = [Ill::FakeLogs, Ill::Storm, Ill::Unread, Ill::Lies, Ill::Greed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Ill::Nothing => "nothing",
            Ill::FakeLogs => "fake_logs",
            Ill::Storm => "storm",
            Ill::Unread => "unread",
            Ill::Lies => "lies",
            Ill::Greed => "greed",
        }
    }
}

/// Heads that were heard: which logs there are.
type Heard = Arc<Mutex<BTreeMap<LogKey, HeadOf>>>;

/// A running Mallory.
pub(crate) struct Mallory {
    runtime: Runtime,
    net: Net,
    said: Arc<AtomicU64>,
}

impl Mallory {
    /// Joins the room of the invite, links to its inviter and to `other`, and begins once in the
    /// room.
    pub(crate) fn join(invite: &str, other: (PeerId, wire::Address), ill: Ill) -> Mallory {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let invite = Invite::parse(invite).expect("an invite");
        let identity = Arc::new(Identity::generate());
        let (send, mut events) = mpsc::channel(16);
        let config = Config { listen: vec!["127.0.0.1:0".parse().expect("an address")], nearby: None, ..Config::default() };
        let net = runtime.block_on(Net::start(config, identity.clone(), send)).expect("a socket");
        net.want(invite.inviter(), invite.addresses().to_vec());
        let said = Arc::new(AtomicU64::new(0));
        let (room, first) = runtime.block_on(enter(&mut events, &invite, &identity));
        net.want(other.0, vec![other.1]);
        let mut life = Life { room, ill, heard: Heard::default(), said: said.clone(), work: BTreeMap::new() };
        runtime.spawn(async move {
            life.begin(first);
            life.live(events).await;
        });
        Mallory { runtime, net, said }
    }

    /// Records sent so far.
    pub(crate) fn said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }

    pub(crate) fn leave(self) {
        self.runtime.block_on(self.net.shutdown());
        self.runtime.shutdown_background();
    }
}

/// Joins over the first link that comes up; the room, and that link.
pub(crate) async fn enter(events: &mut mpsc::Receiver<Event>, invite: &Invite, me: &Identity) -> (RoomId, LinkUp) {
    let mut link = None;
    loop {
        match events.recv().await.expect("the net runs") {
            Event::LinkUp(up) => {
                let seal = NameSeal::new(me, &up.peer, &up.hash).expect("sound keys");
                let name = seal.seal(Naming::Join, rand::random(), "Mallory");
                let join = Message::Join(Join::make(&invite.keys(), invite.hint(), name, &up.hash, &me.peer()));
                up.outbox.offer(join.class(), join.encode()).expect("an empty queue takes one");
                link = Some(*up);
            }
            Event::Received { messages, .. } => {
                let welcome = messages.iter().find_map(|message| match message {
                    Message::Welcome(welcome) => welcome.room,
                    _ => None,
                });
                if let Some(room) = welcome
                    && let Some(up) = link.take()
                {
                    return (room, up);
                }
            }
            _ => {}
        }
    }
}

/// What Mallory knows, and does on each link.
struct Life {
    room: RoomId,
    ill: Ill,
    heard: Heard,
    said: Arc<AtomicU64>,
    work: BTreeMap<PeerId, AbortHandle>,
}

impl Life {
    fn begin(&mut self, up: LinkUp) {
        let (peer, room, ill) = (up.peer, self.room, self.ill);
        let mouth = Mouth { outbox: up.outbox, said: self.said.clone() };
        let tags = Message::Rooms(vec![room_tag(&room, &up.hash, up.role)]);
        let heard = self.heard.clone();
        let work = tokio::spawn(async move {
            mouth.say(&tags).await;
            mouth.say(&Message::Digest(Digest { room, digest: [1; 16] })).await;
            work(&mouth, room, ill, &heard).await;
        });
        if let Some(before) = self.work.insert(peer, work.abort_handle()) {
            before.abort();
        }
    }

    async fn live(&mut self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            match event {
                Event::LinkUp(up) => self.begin(*up),
                Event::LinkDown { peer, .. } => {
                    self.work.remove(&peer).into_iter().for_each(|work| work.abort());
                }
                Event::Received { messages, .. } => self.hear(messages),
                _ => {}
            }
            let full = self.work.len() > 1 && !heard(&self.heard).is_empty();
            if self.ill == Ill::Unread && full {
                // The channel fills, the links stop reading, and so it goes back to the other
                // side's queues.
                return std::future::pending().await;
            }
        }
    }

    fn hear(&self, messages: Vec<Message>) {
        for message in messages {
            if let Message::Heads(heads) = message {
                heard(&self.heard).extend(heads.heads.into_iter().map(|head| (head.log, head)));
            }
        }
    }
}

fn heard(heard: &Heard) -> MutexGuard<'_, BTreeMap<LogKey, HeadOf>> {
    heard.lock().expect("nobody panics here")
}

/// The way to one peer.
struct Mouth {
    outbox: Outbox,
    said: Arc<AtomicU64>,
}

impl Mouth {
    /// As fast as the other side takes it.
    async fn say(&self, message: &Message) {
        let record = message.encode();
        while self.outbox.offer(Class::Bulk, record.clone()).is_err() {
            tokio::time::sleep(FULL).await;
        }
        self.said.fetch_add(1, Ordering::Relaxed);
    }
}

async fn work(mouth: &Mouth, room: RoomId, ill: Ill, known: &Heard) {
    for n in 0_u64.. {
        // Who says much is not to keep the thread from the sockets.
        tokio::task::yield_now().await;
        let logs: Vec<HeadOf> = heard(known).values().copied().collect();
        match ill {
            Ill::Nothing => return,
            Ill::FakeLogs => {
                let heads = (0..HEADS as u64).map(|i| fake(n * HEADS as u64 + i)).collect();
                mouth.say(&Message::Heads(Heads { room, heads })).await;
            }
            Ill::Storm => {
                mouth.say(&Message::Prune(room)).await;
                mouth.say(&Message::Graft(room)).await;
                mouth.say(&Message::Neighbour(Neighbour { room, urgent: true, degree: 0 })).await;
            }
            Ill::Lies => {
                let lie = |head: &HeadOf| [HeadOf { seq: u32::MAX, ..*head }, HeadOf { hash: [7; 8], ..*head }];
                mouth.say(&Message::Heads(Heads { room, heads: logs.iter().flat_map(lie).collect() })).await;
            }
            Ill::Unread | Ill::Greed => {
                for head in &logs {
                    mouth.say(&Message::Need(Need { room, log: head.log, from: 1, to: u32::MAX })).await;
                }
                mouth.say(&Message::Digest(Digest { room, digest: [2; 16] })).await;
            }
        }
    }
}

/// A log that there is not.
fn fake(n: u64) -> HeadOf {
    let mut device = [3; 32];
    device[..8].copy_from_slice(&n.to_le_bytes());
    let log = LogKey { device: PeerId::from_bytes(device), log: LogId(n) };
    HeadOf { log, seq: 1 + (n % 1000) as u32, hash: [5; 8] }
}
