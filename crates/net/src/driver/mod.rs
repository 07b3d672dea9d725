//! The one task that owns the table: commands, connections, reports and time go in, and its effects
//! are carried out (`act.rs`).

mod act;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use wire::Address;

use crate::arrival::Arrival;
use crate::byte_stream::ByteStream;
use crate::command::Command;
use crate::config::Config;
use crate::context::Context;
use crate::event::{Event, LinkId};
use crate::gate::{Gate, HalfOpen, Verdict};
use crate::greeting::answer;
use crate::link::Link;
use crate::listen::Listeners;
use crate::liveness::{Liveness, WatchedLink};
use crate::nearby::Nearby;
use crate::outbox::Shared;
use crate::path::Path;
use crate::reason::Reason;
use crate::report::{Origin, Report};
use crate::table::{AttemptId, Candidate, Effect, Table};
use crate::time::{Jump, Now, SleepDetector};

/// The driver wakes at least this often, milliseconds, to notice sleep.
const TICK: u64 = 2_000;
/// The machine's addresses are read this often, milliseconds: a changed network is worth new dials.
const LOOK_AT_ADDRESSES: u64 = 30_000;
/// Events that wait for the node before the driver takes no more connections and reports.
const MAX_WAITING: usize = 256;
/// Rest after the system refused to accept: usually it has no more file handles, and asking again
/// at once does not help.
const ACCEPT_REST: u64 = 250;

/// See the module's header.
pub(crate) struct Driver {
    context: Arc<Context>,
    config: Config,
    commands: mpsc::UnboundedReceiver<Command>,
    reports: mpsc::Receiver<Report>,
    table: Table,
    gate: Gate,
    listeners: Listeners,
    /// Handed in and not started.
    ready: BTreeMap<LinkId, Box<Link>>,
    running: BTreeMap<LinkId, WatchedLink>,
    attempts: BTreeMap<AttemptId, AbortHandle>,
    visitors: BTreeMap<HalfOpen, AbortHandle>,
    outgoing: VecDeque<Outgoing>,
    liveness: Liveness,
    sleep_detector: SleepDetector,
    /// When this task is to wake at the latest.
    due: u64,
    nearby: Option<Nearby>,
    own_addresses: Vec<Address>,
    reachable: Vec<SocketAddr>,
    /// Why some or all of listening does not work.
    failed: Option<String>,
    addresses_at: u64,
    accept_at: u64,
    next_link: u64,
    alive: mpsc::Sender<Infallible>,
    all_gone: mpsc::Receiver<Infallible>,
}

/// What leaves in order: a link starts, and tells, only after all that was told before it.
enum Outgoing {
    Event(Event),
    Start(LinkId),
}

/// What the loop goes on with, or ends for.
enum Wakeup {
    Command(Option<Command>),
    Report(Option<Report>),
    Accepted(io::Result<(ByteStream, SocketAddr)>),
    Room(Option<mpsc::OwnedPermit<Event>>),
    Nearby,
    Time,
}

impl Driver {
    pub(crate) fn new(
        config: Config,
        context: Arc<Context>,
        commands: mpsc::UnboundedReceiver<Command>,
        reports: mpsc::Receiver<Report>,
    ) -> Self {
        let now = context.time.now();
        let (listeners, failed) = Listeners::open(&config.listen);
        let limits = &config.limits;
        let (alive, all_gone) = mpsc::channel(1);
        let mut driver = Self {
            table: Table::new(context.me.peer(), limits.clone(), config.times.clone(), config.pace, rand::random()),
            gate: Gate::new(limits.half_open, limits.half_open_per_address),
            nearby: config.nearby.as_ref().and_then(|nearby| Nearby::start(nearby, &listeners.bound())),
            context,
            config,
            commands,
            reports,
            listeners,
            ready: BTreeMap::new(),
            running: BTreeMap::new(),
            attempts: BTreeMap::new(),
            visitors: BTreeMap::new(),
            outgoing: VecDeque::new(),
            liveness: Liveness::default(),
            sleep_detector: SleepDetector::new(now),
            due: u64::MAX,
            own_addresses: Vec::new(),
            reachable: Vec::new(),
            failed,
            addresses_at: now.tick + LOOK_AT_ADDRESSES,
            accept_at: 0,
            next_link: 1,
            alive,
            all_gone,
        };
        if let Some(failed) = &driver.failed {
            warn!(failed, "cannot listen");
        }
        driver.context.set_dial_from(&driver.listeners.bound());
        driver.reachable = driver.listeners.addresses();
        driver.tell_addresses();
        driver
    }

    pub(crate) async fn run(mut self) {
        loop {
            self.flush();
            match self.wait().await {
                Wakeup::Command(None) => return self.shut_down(None).await,
                Wakeup::Command(Some(Command::Shutdown(done))) => return self.shut_down(Some(done)).await,
                Wakeup::Command(Some(command)) => self.on_command(command),
                Wakeup::Report(Some(report)) => self.on_report(report),
                // The context holds a sender, so there is always one.
                Wakeup::Report(None) => debug_assert!(false, "reports ended"),
                Wakeup::Accepted(accepted) => self.on_accepted(accepted),
                Wakeup::Room(Some(permit)) => self.pass_on(permit),
                // The node is gone.
                Wakeup::Room(None) => return self.shut_down(None).await,
                Wakeup::Nearby => self.on_nearby(),
                Wakeup::Time => {}
            }
            self.on_time();
        }
    }

    /// Waits for whatever comes first. Commands go first: they are few, and may make the rest
    /// superfluous.
    async fn wait(&mut self) -> Wakeup {
        let now = self.context.time.tick();
        let until = self.next_wake().clamp(now, now + TICK);
        self.due = until;
        let open = self.outgoing.len() < MAX_WAITING;
        let accepting = open && now >= self.accept_at && !self.listeners.is_empty();
        let events = self.context.events.clone();
        let listeners = &mut self.listeners;
        let nearby = self.nearby.as_mut();
        tokio::select! {
            biased;
            command = self.commands.recv() => Wakeup::Command(command),
            permit = events.reserve_owned(), if !self.outgoing.is_empty() => Wakeup::Room(permit.ok()),
            report = self.reports.recv(), if open => Wakeup::Report(report),
            accepted = poll_fn(|waking| listeners.poll_accept(waking)), if accepting => Wakeup::Accepted(accepted),
            () = async { match nearby { Some(nearby) => nearby.changed().await, None => pending().await } } => Wakeup::Nearby,
            () = sleep(Duration::from_millis(until - now)) => Wakeup::Time,
        }
    }

    fn next_wake(&self) -> u64 {
        let links = if self.running.is_empty() { u64::MAX } else { self.liveness.next() };
        let accept = if self.accept_at > self.context.time.tick() { self.accept_at } else { u64::MAX };
        self.table.next_wake().unwrap_or(u64::MAX).min(links).min(accept).min(self.addresses_at)
    }

    fn on_command(&mut self, command: Command) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        match command {
            Command::Want(peer, addresses) => self.table.want(peer, addresses, now, &mut out),
            Command::Unwant(peer) => self.table.unwant(peer, now, &mut out),
            Command::DialNow(peer) => self.table.dial_now(peer, now, &mut out),
            Command::DialAddress(dial, address) => self.table.dial_address(dial, address, now, &mut out),
            Command::CancelDial(dial) => self.table.cancel_dial(dial, now, &mut out),
            Command::Welcome(peer, link) => {
                self.table.welcome(peer, link);
                self.running.get(&link).into_iter().for_each(|link| link.shared.mailbox.set_welcome());
            }
            Command::Close(peer, link, bye) => self.table.close(peer, link, bye, &mut out),
            Command::Announce(name) => {
                if let Some(nearby) = &mut self.nearby {
                    nearby.announce(name);
                }
            }
            Command::SetAddresses(addresses) => {
                self.own_addresses = addresses;
                self.introduce_addresses();
            }
            Command::SetCommon(..) | Command::SetReach(_) | Command::TryReach | Command::DialBack(..) => {}
            Command::Shutdown(_) => debug_assert!(false, "handled in run"),
        }
        self.act(out);
    }

    fn on_report(&mut self, report: Report) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        match report {
            Report::Spoke(visitor) => self.gate.spoke(visitor),
            Report::Left(visitor, reason) => {
                self.leave(visitor);
                debug!(?reason, "visitor left");
            }
            Report::Trying(attempt, address) => self.table.trying(attempt, address, now, &mut out),
            Report::MayComplete(attempt, peer, rank, reply) => {
                let may = self.table.may_complete(attempt, peer, rank, now, &mut out);
                if !may {
                    self.attempts.remove(&attempt);
                }
                let _ = reply.send(may);
            }
            Report::DialFailed(attempt, address, reason) => {
                self.attempts.remove(&attempt);
                self.table.dial_failed(attempt, address, reason, now, &mut out);
            }
            Report::Greeted(origin, arrival) => self.on_greeted(origin, *arrival, now, &mut out),
            Report::Ended(peer, link, reason) => {
                self.running.remove(&link);
                self.table.ended(peer, link, reason, now, &mut out);
            }
        }
        self.act(out);
    }

    fn on_greeted(&mut self, origin: Origin, arrival: Arrival, now: Now, out: &mut Vec<Effect>) {
        let came_in = matches!(origin, Origin::Accepted(_));
        let attempt = match origin {
            Origin::Accepted(visitor) => {
                self.leave(visitor);
                None
            }
            Origin::Dialled(attempt) => {
                self.attempts.remove(&attempt);
                Some(attempt)
            }
        };
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let candidate = Candidate {
            link,
            peer: arrival.session.peer,
            role: arrival.session.role,
            path: arrival.path,
            nonce: arrival.hello.boot_nonce,
            attempt,
        };
        let shared = Arc::new(Shared::new(self.context.limits.clone(), now.tick));
        let link_task = Link::new(self.context.clone(), shared, link, arrival, came_in, self.alive.clone());
        self.ready.insert(link, link_task);
        self.table.greeted(candidate, now, out);
    }

    fn on_accepted(&mut self, accepted: io::Result<(ByteStream, SocketAddr)>) {
        let now = self.context.time.tick();
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A visitor who left before being let in is no reason to rest.
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    warn!(%error, "cannot accept");
                    self.accept_at = now + ACCEPT_REST;
                }
                return;
            }
        };
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        let Verdict::Enter { new, instead_of } = self.gate.knock(remote.ip(), now) else { return };
        if let Some(displaced) = instead_of.and_then(|visitor| self.visitors.remove(&visitor)) {
            displaced.abort();
        }
        let context = self.context.clone();
        let task = tokio::spawn(async move {
            let spoke = async || {
                let _ = context.reports.send(Report::Spoke(new)).await;
            };
            let greeted = match stream.set_nodelay() {
                Ok(()) => answer(stream, Path::Tcp(remote), &context, spoke).await,
                Err(error) => Err(Reason::of_io(&error)),
            };
            let report = match greeted {
                Ok(arrival) => Report::Greeted(Origin::Accepted(new), Box::new(arrival)),
                Err(reason) => Report::Left(new, reason),
            };
            let _ = context.reports.send(report).await;
        });
        self.visitors.insert(new, task.abort_handle());
    }

    fn leave(&mut self, visitor: HalfOpen) {
        self.gate.left(visitor);
        self.visitors.remove(&visitor);
    }

    fn on_nearby(&mut self) {
        let Some(nearby) = &self.nearby else { return };
        // Strangers can make this change often; only the last list matters.
        self.outgoing.retain(|waiting| !matches!(waiting, Outgoing::Event(Event::Nearby(_))));
        self.outgoing.push_back(Outgoing::Event(Event::Nearby(nearby.peers())));
    }

    /// Everything that is due.
    fn on_time(&mut self) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        self.liveness.stood_still(now.tick.saturating_sub(self.due));
        match self.sleep_detector.jumped(now, TICK) {
            Some(Jump::Slept) => {
                info!("woke");
                self.outgoing.push_back(Outgoing::Event(Event::Woke));
                self.liveness.doubt(self.running.values_mut(), now.tick);
                self.addresses_at = now.tick;
                self.table.dial_all(now, &mut out);
            }
            Some(Jump::SetBack) => self.outgoing.push_back(Outgoing::Event(Event::ClockSet)),
            None => {}
        }
        if now.tick >= self.addresses_at {
            self.look_at_addresses(now, &mut out);
        }
        let table = &mut self.table;
        self.liveness.look(self.running.iter_mut(), now.tick, &self.config.times, |peer, link, rtt| {
            table.measured(peer, link, rtt, now, &mut out);
        });
        self.table.tick(now, &mut out);
        self.act(out);
    }

    fn look_at_addresses(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.addresses_at = now.tick + LOOK_AT_ADDRESSES;
        let found = self.listeners.addresses();
        if found != self.reachable {
            self.reachable = found;
            self.tell_addresses();
            self.table.dial_all(now, out);
        }
    }

    fn tell_addresses(&mut self) {
        self.introduce_addresses();
        self.outgoing.push_back(Outgoing::Event(Event::Listening { addresses: self.reachable.clone(), failed: self.failed.clone() }));
    }

    fn introduce_addresses(&self) {
        let found = self.reachable.iter().copied().map(Address::from).filter(|address| !self.own_addresses.contains(address));
        self.context.set_addresses(self.own_addresses.iter().cloned().chain(found).collect());
    }
}
