//! The loop: everything that can happen to a node, one thing at a time.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use net::Net;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rooms::Signatures;
use store::{Flusher, Mark};
use tokio::sync::{mpsc, oneshot};
use wire::message::{Data, Message, Run};

use crate::core::serve::Read;
use crate::core::{self, Core, Options};
use crate::handle::{MAX_REQUESTS, Node, Request, Say};
use crate::turns::{Clock, Turns};

/// Happenings of the network that wait for the loop; beyond it links wait, and by TCP their peers.
const MAX_NET_EVENTS: usize = 1_024;
/// Requests and happenings taken in one turn. Higher: fewer, larger batches under load; lower: a turn never takes long.
const MAX_TURN: usize = 256;
/// Parts of answers that were read and wait for the loop.
const MAX_READS: usize = 64;
/// Signatures of one read that its link checks ahead, some 50 µs each; the loop checks the others, of those that it has a use for.
/// Higher: whoever sends bad ones keeps a thread of the links busy for longer. Lower: under load more is left to the loop.
const MAX_CHECKS_AHEAD: usize = 32;

/// Everything that can happen.
enum Event {
    Requests(Vec<Request>),
    Net(Vec<net::Event>),
    Durable(Result<Mark, String>),
    Read(Read),
    Due,
    Over,
}

/// Starts a node and its loop.
pub async fn start(mut options: Options) -> io::Result<Node> {
    let (to_net, from_net) = mpsc::channel(MAX_NET_EVENTS);
    let identity = Arc::new(std::mem::replace(&mut options.identity, identity::Identity::from_seed(&[0; 32])));
    let signatures = core::signatures();
    let of_links = Arc::new(OnceLock::new());
    let config = net::Config {
        listen: options.listen.clone(),
        agent: options.agent.clone(),
        nearby: options.nearby.then(net::NearbyConfig::default),
        inspect: Some(check_ahead(signatures.clone())),
        prompt: Some(turns_of_links(of_links.clone())),
        ..net::Config::default()
    };
    let net = Net::start(config, identity.clone(), to_net).await?;
    let (to_loop, durable) = mpsc::channel(64);
    let flusher = Flusher::start(options.opened.store.clone(), move |outcome| {
        // The thread may wait here: the loop is never far behind.
        let _loop_is_over = to_loop.blocking_send(outcome.map_err(|error| error.to_string()));
    })?;
    let (requests, from_handles) = mpsc::channel(MAX_REQUESTS);
    let clock = Clock::start();
    let rng = StdRng::from_rng(&mut rand::rng());
    let core = Core::new(options, identity, flusher, net.clone(), signatures, clock.now(), rng, BTreeMap::new());
    let turns = Arc::new(Turns::new(core, clock));
    let _first = of_links.set(Arc::downgrade(&turns));
    tokio::spawn(turn_until_stopped(turns.clone(), net, Inputs { from_handles, from_net, durable }));
    Ok(Node::new(requests, turns))
}

/// Has the threads of the links check signatures, so that the loop need not.
fn check_ahead(signatures: Arc<Signatures>) -> net::Inspect {
    net::Inspect(Arc::new(move |messages| {
        let mut left = MAX_CHECKS_AHEAD;
        for message in messages {
            let (Message::Run(Run { events, .. }) | Message::Data(Data { events, .. })) = message else { continue };
            let checked = events.last().is_some_and(|last| signatures.check_ahead(last));
            left -= usize::from(checked);
            if left == 0 {
                return;
            }
        }
    }))
}

/// Has links take a turn with what they have read, once there are turns.
fn turns_of_links(turns: Arc<OnceLock<Weak<Turns>>>) -> net::Prompt {
    net::Prompt(Arc::new(move |event| match turns.get().and_then(Weak::upgrade) {
        Some(turns) => turns.hear_now(event),
        None => Err(event),
    }))
}

struct Inputs {
    from_handles: mpsc::Receiver<Request>,
    from_net: mpsc::Receiver<net::Event>,
    durable: mpsc::Receiver<Result<Mark, String>>,
}

async fn turn_until_stopped(turns: Arc<Turns>, net: Net, mut inputs: Inputs) {
    let (to_loop, mut reads) = mpsc::channel(MAX_READS);
    let stopped = loop {
        let Some((parts, wake)) = turns.rest() else { break None };
        for part in parts {
            let to_loop = to_loop.clone();
            tokio::task::spawn_blocking(move || {
                // The loop is over: nobody is served any more.
                let _loop_is_over = to_loop.blocking_send(part.read());
            });
        }
        let event = next(wake, &turns, &mut inputs, &mut reads).await;
        match turns.take(|core| deal_with(core, &turns, event)) {
            Some(ControlFlow::Continue(())) => {}
            Some(ControlFlow::Break(stopped)) => break stopped,
            None => break None,
        }
    };
    // Not waited for under the loop: nobody is served any more.
    inputs.from_net.close();
    inputs.durable.close();
    net.shutdown().await;
    // Whoever reads has the store open.
    drop(to_loop);
    while reads.recv().await.is_some() {}
    let closed = tokio::task::spawn_blocking(move || turns.end().map(Core::close)).await;
    if !matches!(closed, Ok(Some(()))) {
        tracing::error!("closing the store failed");
    }
    if let Some(stopped) = stopped {
        let _asker_gone = stopped.send(());
    }
}

/// One turn of the loop. Ends it with whoever waits to hear of its end.
fn deal_with(core: &mut Core, turns: &Turns, event: Event) -> ControlFlow<Option<oneshot::Sender<()>>> {
    match event {
        Event::Requests(requests) => {
            let count = requests.len();
            let stop = carry_out(core, requests);
            if stop.is_some() {
                // Stays counted: nobody takes another turn.
                return ControlFlow::Break(stop);
            }
            turns.carried_out(count);
        }
        Event::Net(happenings) => {
            happenings.into_iter().for_each(|happening| core.on_net(happening));
            core.tell_new_messages();
        }
        Event::Durable(Ok(mark)) => core.on_durable(mark),
        Event::Durable(Err(detail)) => core.on_disk_failure(detail),
        Event::Read(read) => core.on_read(read),
        Event::Due => {}
        Event::Over => return ControlFlow::Break(None),
    }
    core.tick();
    ControlFlow::Continue(())
}

async fn next(wake: Option<Instant>, turns: &Turns, inputs: &mut Inputs, reads: &mut mpsc::Receiver<Read>) -> Event {
    let mut requests = Vec::new();
    let mut happenings = Vec::new();
    tokio::select! {
        Some(outcome) = inputs.durable.recv() => Event::Durable(outcome),
        Some(read) = reads.recv() => Event::Read(read),
        count = inputs.from_handles.recv_many(&mut requests, MAX_TURN) => if count == 0 { Event::Over } else { Event::Requests(requests) },
        count = inputs.from_net.recv_many(&mut happenings, MAX_TURN) => if count == 0 { Event::Over } else { Event::Net(happenings) },
        () = turns.sooner() => Event::Due,
        () = sleep_until(wake) => Event::Due,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Carries requests out in order; messages that follow each other go together.
fn carry_out(core: &mut Core, requests: Vec<Request>) -> Option<oneshot::Sender<()>> {
    let mut says: Vec<Say> = Vec::new();
    for request in requests {
        match request {
            Request::Say(say) => says.push(say),
            Request::Do(job) => {
                core.say_all(std::mem::take(&mut says));
                job(core);
            }
            Request::Stop(done) => {
                core.say_all(std::mem::take(&mut says));
                return Some(done);
            }
        }
    }
    core.say_all(says);
    None
}
