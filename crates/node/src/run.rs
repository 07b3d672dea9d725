//! The loop: everything that can happen to a node, one thing at a time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use net::Net;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rooms::Signatures;
use store::{Flusher, Mark};
use tokio::sync::{mpsc, oneshot};
use wire::message::{Data, Message, Run};

use crate::core::{Core, Options, ReadBatch};
use crate::handle::{MAX_REQUESTS, Node, Request};
use crate::parts::reach::kept_settings;
use crate::parts::rooms::signatures;
use crate::say::Say;
use crate::turns::{SystemClock, TurnEnd, Turns};

/// Happenings of the network that wait for the loop; beyond it links wait, and by TCP their peers.
const MAX_NET_EVENTS: usize = 1_024;
/// Requests and happenings taken in one turn. Higher: fewer, larger batches under load; lower: a
/// turn never takes long.
const MAX_TURN: usize = 256;
/// After so long a turn takes no further happening of the network. Higher: fewer turns for the
/// same; lower: requests wait less while others talk. One happening is at most what a link read at
/// once.
const LONG_TURN: Duration = Duration::from_millis(4);
/// Parts of answers that were read and wait for the loop.
const MAX_READS: usize = 64;
/// Signatures of one read that its link checks ahead, some 50 µs each; the loop checks the others,
/// of those that it has a use for. Higher: a peer that sends bad ones keeps a thread of the links
/// busy for longer. Lower: under load more is left to the loop.
const MAX_CHECKS_AHEAD: usize = 32;

/// Everything that can happen.
enum Event {
    Requests(Vec<Request>),
    /// Something of the network waits among the inputs.
    Net,
    Durable(Result<Mark, String>),
    Read(ReadBatch),
    Due,
    Over,
}

/// Starts a node and its loop.
pub async fn start(mut options: Options) -> io::Result<Node> {
    let (to_net, from_net) = mpsc::channel(MAX_NET_EVENTS);
    let identity = Arc::new(std::mem::replace(&mut options.identity, identity::Identity::from_seed(&[0; 32])));
    let signatures = signatures();
    let of_links = Arc::new(OnceLock::new());
    let config = net::Config {
        listen: options.listen.clone(),
        agent: options.agent.clone(),
        nearby: options.nearby.then(net::NearbyConfig::default),
        reach: kept_settings(&options.opened.store, options.mapping),
        dht_bootstrap: options.dht.clone(),
        inspect: Some(check_ahead(signatures.clone())),
        fast_receive: Some(turns_of_links(of_links.clone())),
        ..net::Config::default()
    };
    let net = Net::start(config, identity.clone(), to_net).await?;
    let (to_loop, durable) = mpsc::channel(64);
    let flusher = Flusher::start(options.opened.store.clone(), move |outcome| {
        // The thread may wait here: the loop is never far behind.
        let _loop_is_over = to_loop.blocking_send(outcome.map_err(|error| error.to_string()));
    })?;
    let (requests, from_handles) = mpsc::channel(MAX_REQUESTS);
    let clock = SystemClock::start();
    let rng = StdRng::from_rng(&mut rand::rng());
    let core = Core::new(options, identity, flusher, net.clone(), signatures, clock.now(), rng, BTreeMap::new());
    let turns = Arc::new(Turns::new(core, clock));
    let _first = of_links.set(Arc::downgrade(&turns));
    tokio::spawn(turn_until_stopped(turns.clone(), net, Inputs::new(from_handles, from_net, durable)));
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
fn turns_of_links(turns: Arc<OnceLock<Weak<Turns>>>) -> net::FastReceive {
    net::FastReceive(Arc::new(move |event| match turns.get().and_then(Weak::upgrade) {
        Some(turns) => turns.hear_now(event),
        None => Err(event),
    }))
}

struct Inputs {
    from_handles: mpsc::Receiver<Request>,
    from_net: mpsc::Receiver<net::Event>,
    durable: mpsc::Receiver<Result<Mark, String>>,
    /// Taken from the network and not dealt with yet.
    happenings: VecDeque<net::Event>,
    /// The last turn was that of requests.
    has_asked: bool,
}

async fn turn_until_stopped(turns: Arc<Turns>, net: Net, mut inputs: Inputs) {
    let (to_loop, mut reads) = mpsc::channel(MAX_READS);
    let stopped = loop {
        let Some(TurnEnd { batches, wake, hears }) = turns.end_turn() else { break None };
        for batch in batches {
            let to_loop = to_loop.clone();
            tokio::task::spawn_blocking(move || {
                // The loop is over: no peer is served any more.
                let _loop_is_over = to_loop.blocking_send(batch.read());
            });
        }
        if inputs.is_more() {
            // A caller that was just answered may be waiting for this very thread.
            tokio::task::yield_now().await;
        }
        let event = inputs.next(&mut reads, hears, due(&turns, wake)).await;
        match turns.take(|core| deal_with(core, &turns, &mut inputs.happenings, event)) {
            Some(ControlFlow::Continue(())) => {}
            Some(ControlFlow::Break(stopped)) => break stopped,
            None => break None,
        }
    };
    // After the loop, no peer is served any more.
    inputs.from_net.close();
    inputs.durable.close();
    inputs.happenings.clear();
    net.shutdown().await;
    // A batch that is being read holds the store open.
    drop(to_loop);
    while reads.recv().await.is_some() {}
    let closed = tokio::task::spawn_blocking(move || turns.stop().map(Core::close)).await;
    if !matches!(closed, Ok(Some(()))) {
        tracing::error!("closing the store failed");
    }
    if let Some(stopped) = stopped {
        let _asker_gone = stopped.send(());
    }
}

/// One turn of the loop. Breaks it with the caller that waits to hear of its end.
fn deal_with(
    core: &mut Core,
    turns: &Turns,
    happenings: &mut VecDeque<net::Event>,
    event: Event,
) -> ControlFlow<Option<oneshot::Sender<()>>> {
    match event {
        Event::Requests(requests) => {
            let count = requests.len();
            let stop = carry_out(core, requests);
            if stop.is_some() {
                // Stays counted: no link or caller takes another turn.
                return ControlFlow::Break(stop);
            }
            turns.carried_out(count);
        }
        Event::Net => {
            let began = Instant::now();
            some_of(happenings, |happening| core.on_net(happening), || began.elapsed() >= LONG_TURN);
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

/// Deals with what waits, with one at least, until the turn has become long.
fn some_of<T>(waiting: &mut VecDeque<T>, mut deal: impl FnMut(T), mut is_long: impl FnMut() -> bool) {
    while let Some(next) = waiting.pop_front() {
        deal(next);
        if is_long() {
            return;
        }
    }
}

impl Inputs {
    fn new(
        from_handles: mpsc::Receiver<Request>,
        from_net: mpsc::Receiver<net::Event>,
        durable: mpsc::Receiver<Result<Mark, String>>,
    ) -> Inputs {
        Inputs { from_handles, from_net, durable, happenings: VecDeque::new(), has_asked: false }
    }

    /// The loop would go on at once.
    fn is_more(&self) -> bool {
        !(self.happenings.is_empty() && self.from_net.is_empty() && self.from_handles.is_empty())
    }

    /// Whose turn it is. Requests that wait have every other one, whatever else there is, and no
    /// more than that. `hears`: the network may have one.
    async fn next(&mut self, reads: &mut mpsc::Receiver<ReadBatch>, hears: bool, due: impl Future<Output = ()>) -> Event {
        let Inputs { from_handles, from_net, durable, happenings, has_asked } = self;
        let mut requests = Vec::new();
        if !std::mem::take(has_asked) && !from_handles.is_empty() {
            from_handles.recv_many(&mut requests, MAX_TURN).await;
            *has_asked = true;
            return Event::Requests(requests);
        }
        tokio::select! {
            biased;
            event = of_others(durable, reads, from_net, happenings, hears) => event,
            count = from_handles.recv_many(&mut requests, MAX_TURN) => {
                *has_asked = true;
                if count == 0 { Event::Over } else { Event::Requests(requests) }
            }
            () = due => Event::Due,
        }
    }
}

/// The next input that is no request, in no order.
async fn of_others(
    durable: &mut mpsc::Receiver<Result<Mark, String>>,
    reads: &mut mpsc::Receiver<ReadBatch>,
    from_net: &mut mpsc::Receiver<net::Event>,
    happenings: &mut VecDeque<net::Event>,
    hears: bool,
) -> Event {
    let (held, mut more) = (!happenings.is_empty(), Vec::new());
    tokio::select! {
        Some(outcome) = durable.recv() => Event::Durable(outcome),
        Some(read) = reads.recv() => Event::Read(read),
        () = std::future::ready(()), if hears && held => Event::Net,
        count = from_net.recv_many(&mut more, MAX_TURN), if hears && !held => {
            happenings.extend(more);
            if count == 0 { Event::Over } else { Event::Net }
        }
        else => std::future::pending().await,
    }
}

async fn due(turns: &Turns, wake: Option<Instant>) {
    tokio::select! {
        () = turns.sooner() => {}
        () = sleep_until(wake) => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Outside {
        requests: mpsc::Sender<Request>,
        net: mpsc::Sender<net::Event>,
        _durable: mpsc::Sender<Result<Mark, String>>,
        reads: mpsc::Receiver<ReadBatch>,
        _reads: mpsc::Sender<ReadBatch>,
    }

    fn inputs() -> (Inputs, Outside) {
        let (requests, from_handles) = mpsc::channel(MAX_REQUESTS);
        let (net, from_net) = mpsc::channel(MAX_NET_EVENTS);
        let (_durable, durable) = mpsc::channel(1);
        let (_reads, reads) = mpsc::channel(1);
        (Inputs::new(from_handles, from_net, durable), Outside { requests, net, _durable, reads, _reads })
    }

    impl Outside {
        fn ask(&self) {
            self.requests.try_send(Request::Do(Box::new(|_| {}))).unwrap_or_else(|_| panic!("there is room"));
        }

        fn flood(&self) {
            while self.net.try_send(net::Event::Woke).is_ok() {}
        }
    }

    /// Each turn of the network takes three, as if these took long.
    fn take_three(inputs: &mut Inputs) -> usize {
        let (before, mut taken) = (inputs.happenings.len(), 0);
        some_of(
            &mut inputs.happenings,
            |_| {},
            || {
                taken += 1;
                taken == 3
            },
        );
        before - inputs.happenings.len()
    }

    #[tokio::test]
    async fn while_others_flood_a_request_waits_for_one_turn_at_most_and_a_turn_for_a_few_happenings() {
        let (mut inputs, mut outside) = inputs();
        outside.flood();
        let (mut heard, mut since) = (0, 0);
        for n in 0..600 {
            outside.flood();
            if n % 3 == 0 {
                outside.ask();
            }
            let waited = !inputs.from_handles.is_empty();
            match inputs.next(&mut outside.reads, true, std::future::pending()).await {
                Event::Net => {
                    heard += take_three(&mut inputs);
                    since = if waited { since + 1 } else { 0 };
                }
                Event::Requests(_) => since = 0,
                _ => panic!("nothing else is there"),
            }
            assert!(since <= 1, "a request waits for {since} turns");
        }
        assert!(heard >= 600, "and others are heard, {heard} times");
        assert!(inputs.happenings.len() <= MAX_TURN);
    }

    #[tokio::test]
    async fn whoever_asks_all_the_time_leaves_the_network_its_turns() {
        let (mut inputs, mut outside) = inputs();
        let mut turns = Vec::new();
        for _ in 0..600 {
            outside.flood();
            outside.ask();
            let event = inputs.next(&mut outside.reads, true, std::future::pending()).await;
            turns.push(matches!(event, Event::Net));
            take_three(&mut inputs);
        }
        assert!(turns.windows(2).all(|two| two[0] != two[1]), "by turns");
    }

    #[tokio::test]
    async fn a_node_that_is_behind_hears_nobody_and_answers() {
        let (mut inputs, mut outside) = inputs();
        outside.flood();
        outside.ask();
        let event = inputs.next(&mut outside.reads, false, std::future::ready(())).await;
        assert!(matches!(event, Event::Requests(_)));
        let event = inputs.next(&mut outside.reads, false, std::future::ready(())).await;
        assert!(matches!(event, Event::Due));
        assert_eq!(outside.net.capacity(), 0, "it all waits where links see it");
    }

    #[test]
    fn a_turn_takes_one_happening_at_least_and_none_after_it_has_become_long() {
        let mut waiting = VecDeque::from([1, 2, 3, 4]);
        let (mut dealt, mut time) = (Vec::new(), 0);
        some_of(
            &mut waiting,
            |next| dealt.push(next),
            || {
                time += 1;
                time >= 2
            },
        );
        assert_eq!(dealt, [1, 2]);
        some_of(&mut waiting, |next| dealt.push(next), || true);
        assert_eq!((dealt, waiting), (vec![1, 2, 3], VecDeque::from([4])));
    }
}
