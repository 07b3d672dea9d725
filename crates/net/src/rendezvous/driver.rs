//! Does what the core decides: questions by our own UDP port, searches and stores by a client of
//! `mainline`. Decides only how long that client lives.

use std::collections::HashMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use identity::Identity;
use mainline::DEFAULT_BOOTSTRAP_NODES;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::client::{self, Client};
use super::core::Core;
use super::effect::{Effect, Input};
use super::limits::MAX_KNOWN;
use super::meeting::{Meeting, Own, RendezvousEvent};
use super::saying::Stored;
use crate::time::TimeSource;

/// For the names of the first nodes.
const RESOLVE: Duration = Duration::from_secs(4);
/// Without a job, the client is dropped after this. Longer: it wakes the processor for nothing;
/// shorter: a second job starts all over.
const IDLE: Duration = Duration::from_secs(10);
/// Values that searches found and nobody has looked at. When it is full, searches wait.
const FOUND: usize = 64;
/// Nodes of the last client that the next one starts with.
const FRIENDS: usize = 8;
/// Nodes that a client starts with. While it knows fewer than these, it asks all of them each time.
const FIRST: usize = 12;

/// Sends a datagram from the UDP port on which QUIC listens.
pub(crate) type SendDatagram = Arc<dyn Fn(SocketAddrV4, &[u8]) + Send + Sync>;

/// What its user wants.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub(super) on: bool,
    pub(super) meetings: Vec<Meeting>,
    pub(super) own: Own,
    pub(super) refreshed: u64,
}

/// The driver's ends of all channels.
pub(super) struct Ends {
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) fired: mpsc::Receiver<(Meeting, SocketAddr)>,
    pub(super) datagrams: mpsc::Receiver<(SocketAddrV4, Vec<u8>)>,
    pub(super) events: mpsc::Sender<RendezvousEvent>,
    pub(super) send: SendDatagram,
}

enum Done {
    Core(Input),
    /// Nodes that answered the client.
    Friends(Vec<SocketAddrV4>),
}

struct Driver {
    bootstrap: Vec<String>,
    nodes: Vec<SocketAddrV4>,
    friends: Vec<SocketAddrV4>,
    client: Option<Client>,
    jobs: JoinSet<Done>,
    /// What a job that panicked comes to: it is a library's thread that died.
    failed: HashMap<Id, Done>,
    found: mpsc::Sender<Input>,
    send: SendDatagram,
}

/// Runs until the handle is dropped.
pub(super) async fn run(bootstrap: Vec<String>, me: Arc<Identity>, ends: Ends) {
    let Ends { mut wanted, mut fired, mut datagrams, events, send } = ends;
    let time = TimeSource::start();
    let mut core = Core::new(me, !bootstrap.is_empty(), rand::random());
    let (found, mut found_at) = mpsc::channel(FOUND);
    let bootstrap = if bootstrap.is_empty() { DEFAULT_BOOTSTRAP_NODES.map(str::to_owned).to_vec() } else { bootstrap };
    let mut driver = Driver {
        bootstrap,
        nodes: Vec::new(),
        friends: Vec::new(),
        client: None,
        jobs: JoinSet::new(),
        failed: HashMap::new(),
        found,
        send,
    };
    let mut last = Wanted::default();
    let mut inputs = Vec::new();
    let mut effects = Vec::new();
    loop {
        let rest = core.rest(time.now()).map(Duration::from_millis);
        let idle = driver.client.is_some() && driver.jobs.is_empty();
        tokio::select! {
            changed = wanted.changed() => {
                if changed.is_err() {
                    return;
                }
                let new = wanted.borrow_and_update().clone();
                inputs.extend(differences(&last, &new));
                last = new;
            }
            Some((meeting, to)) = fired.recv() => inputs.push(Input::Fired(meeting, to)),
            Some((from, bytes)) = datagrams.recv() => inputs.push(Input::Heard(from, bytes)),
            Some(input) = found_at.recv() => inputs.push(input),
            Some(done) = driver.jobs.join_next_with_id() => inputs.extend(driver.done(done)),
            () = sleep(IDLE), if idle => driver.leave(),
            () = sleep(rest.unwrap_or(IDLE)), if rest.is_some() => inputs.push(Input::Tick),
        }
        for input in inputs.drain(..) {
            core.handle(input, time.now(), &mut effects);
        }
        for effect in effects.drain(..) {
            if let Some(event) = driver.act(effect).await
                && events.send(event).await.is_err()
            {
                return;
            }
        }
    }
}

/// What changed, in the order in which the core must hear it: the switch last when it goes on, so
/// that all is known by then.
fn differences(old: &Wanted, new: &Wanted) -> Vec<Input> {
    let mut inputs = Vec::new();
    if !new.on && old.on {
        inputs.push(Input::On(false));
    }
    if new.meetings != old.meetings {
        inputs.push(Input::Meetings(new.meetings.clone()));
    }
    if new.own != old.own {
        inputs.push(Input::Own(new.own.clone()));
    }
    if new.refreshed != old.refreshed {
        inputs.push(Input::Refresh);
    }
    if new.on && !old.on {
        inputs.push(Input::On(true));
    }
    inputs
}

impl Driver {
    async fn act(&mut self, effect: Effect) -> Option<RendezvousEvent> {
        match effect {
            Effect::Tell(event) => return Some(event),
            Effect::Ask { to, bytes } => (self.send)(to, &bytes),
            Effect::Resolve => {
                let names = self.bootstrap.clone();
                let job = async { Done::Core(Input::Resolved(resolve(names).await)) };
                self.start(job, Done::Core(Input::Resolved(Vec::new())));
            }
            Effect::Search { public } => {
                let failed = move || Done::Core(Input::Searched { public, near: Vec::new() });
                let (client, found) = (self.dht().await, self.found.clone());
                let job = async move {
                    let Some(dht) = client else { return failed() };
                    Done::Core(Input::Searched { public, near: client::search(dht, public, found).await })
                };
                self.start(job, failed());
            }
            Effect::Store { seed, public, number, value } => {
                let failed = move || Done::Core(Input::Stored { public, outcome: Stored::Failed });
                let client = self.dht().await;
                let job = async move {
                    let Some(dht) = client else { return failed() };
                    Done::Core(Input::Stored { public, outcome: client::store(dht, seed, number, value).await })
                };
                self.start(job, failed());
            }
            Effect::Stop => {
                self.jobs.abort_all();
                // Nothing of them is heard any more.
                self.jobs = JoinSet::new();
                self.failed.clear();
                self.client = None;
                self.friends.clear();
            }
        }
        None
    }

    fn start(&mut self, job: impl Future<Output = Done> + Send + 'static, failed: Done) {
        let handle = self.jobs.spawn(job);
        self.failed.insert(handle.id(), failed);
    }

    fn done(&mut self, done: Result<(Id, Done), tokio::task::JoinError>) -> Option<Input> {
        let done = match done {
            Ok((id, done)) => {
                self.failed.remove(&id);
                done
            }
            Err(fault) => {
                tracing::warn!(%fault, "a job of the DHT client died");
                self.client = None;
                self.failed.remove(&fault.id())?
            }
        };
        match done {
            Done::Core(Input::Resolved(nodes)) => {
                self.nodes.clone_from(&nodes);
                Some(Input::Resolved(nodes))
            }
            Done::Core(input) => Some(input),
            Done::Friends(nodes) => {
                self.friends = nodes;
                self.friends.truncate(FRIENDS);
                None
            }
        }
    }

    /// The client, started if there is none, or if it is too old.
    async fn dht(&mut self) -> Option<mainline::async_dht::AsyncDht> {
        if !self.client.as_ref().is_some_and(Client::takes_jobs) {
            // Friends first; if they are gone, the next client starts without them.
            let nodes = self.friends.iter().chain(&self.nodes).take(FIRST).copied().collect();
            self.client = Client::start(nodes).await.inspect_err(|fault| tracing::warn!(%fault, "no DHT client")).ok();
        }
        self.client.as_ref().map(Client::dht)
    }

    /// Lets the client go, and keeps some nodes that it knew.
    fn leave(&mut self) {
        if let Some(client) = self.client.take() {
            let dht = client.dht();
            self.start(async { Done::Friends(client::friends(dht).await) }, Done::Friends(Vec::new()));
        }
    }
}

/// IPv4 only, as the DHT is.
async fn resolve(names: Vec<String>) -> Vec<SocketAddrV4> {
    let mut lookups = JoinSet::new();
    for name in names.into_iter().take(MAX_KNOWN) {
        lookups.spawn(async move { tokio::net::lookup_host(name).await.map(Iterator::collect::<Vec<_>>).unwrap_or_default() });
    }
    let mut nodes = Vec::new();
    let mut deadline = pin!(sleep(RESOLVE));
    loop {
        tokio::select! {
            found = lookups.join_next() => match found {
                Some(found) => nodes.extend(found.unwrap_or_default()),
                None => break,
            },
            () = &mut deadline => break,
        }
    }
    let mut nodes: Vec<SocketAddrV4> = nodes
        .into_iter()
        .filter_map(|node| match node {
            SocketAddr::V4(node) => Some(node),
            SocketAddr::V6(_) => None,
        })
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes.truncate(MAX_KNOWN);
    nodes
}
