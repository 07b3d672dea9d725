//! The one task that owns the table and the core that finds ways: commands (`orders.rs`),
//! connections (`door.rs`), reports and time go in, and their effects are carried out (`act.rs`,
//! `reach.rs`). `ways.rs` holds what there is besides TCP, `calls.rs` the tasks that call peers so.

mod act;
mod calls;
mod door;
mod meetings;
mod orders;
mod other_port;
mod reach;
mod ways;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use wire::Address;

use self::ways::{WayEvent, Ways};
use crate::byte_stream::ByteStream;
use crate::command::Command;
use crate::config::Config;
use crate::context::Context;
use crate::event::{Event, LinkId};
use crate::gate::{Gate, HalfOpen};
use crate::link::Link;
use crate::listen::Listeners;
use crate::liveness::{Liveness, WatchedLink};
use crate::mapping::Mapper;
use crate::nearby::Nearby;
use crate::reach::{Horizon, Outcome, Reacher};
use crate::rendezvous::Rendezvous;
use crate::report::Report;
use crate::table::{AttemptId, Effect, Table};
use crate::time::{Jump, Now, SleepDetector};

/// The driver wakes at least this often, milliseconds, to notice sleep.
const TICK: u64 = 2_000;
/// The machine's addresses are read this often, milliseconds: a changed network is worth new dials.
const LOOK_AT_ADDRESSES: u64 = 30_000;
/// Events that wait for the node before the driver takes no more connections and reports.
const MAX_WAITING: usize = 256;

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
    reacher: Reacher,
    ways: Ways,
    /// With the addresses that the node knows.
    wanted: BTreeMap<PeerId, Vec<Address>>,
    visitors: BTreeMap<HalfOpen, AbortHandle>,
    outgoing: VecDeque<Outgoing>,
    liveness: Liveness,
    sleep_detector: SleepDetector,
    /// When this task is to wake at the latest.
    due: u64,
    nearby: Option<Nearby>,
    own_addresses: Vec<Address>,
    /// On this machine.
    reachable: Vec<SocketAddr>,
    /// Where others can dial, doors of the router and such included.
    announced: Vec<Address>,
    told_addresses: Option<Vec<SocketAddr>>,
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
    Way(WayEvent),
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
        let horizon = Horizon { loopback_is_far: config.loopback_is_far };
        let circuits = context.switchboard.events().unwrap_or_else(|| mpsc::channel(1).1);
        context.switchboard.set_carry(config.reach.carry);
        let mut driver = Self {
            table: Table::new(context.me.peer(), limits.clone(), config.times.clone(), config.pace, rand::random()),
            gate: Gate::new(limits.half_open, limits.half_open_per_address),
            nearby: config.nearby.as_ref().and_then(|nearby| Nearby::start(nearby, &listeners.bound())),
            reacher: Reacher::new(context.me.clone(), config.reach, horizon, rand::random()),
            ways: Ways::open(&listeners.bound(), &config, context.me.clone(), circuits),
            context,
            config,
            commands,
            reports,
            listeners,
            ready: BTreeMap::new(),
            running: BTreeMap::new(),
            attempts: BTreeMap::new(),
            wanted: BTreeMap::new(),
            visitors: BTreeMap::new(),
            outgoing: VecDeque::new(),
            liveness: Liveness::default(),
            sleep_detector: SleepDetector::new(now),
            due: u64::MAX,
            own_addresses: Vec::new(),
            reachable: Vec::new(),
            announced: Vec::new(),
            told_addresses: None,
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
        driver.reacher.listening(&driver.reachable, now);
        driver.reacher.udp_opened(driver.ways.udp_ports());
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
                Wakeup::Way(event) => self.on_way(event),
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
        let ways = &mut self.ways;
        tokio::select! {
            biased;
            command = self.commands.recv() => Wakeup::Command(command),
            permit = events.reserve_owned(), if !self.outgoing.is_empty() => Wakeup::Room(permit.ok()),
            report = self.reports.recv(), if open => Wakeup::Report(report),
            accepted = poll_fn(|waking| listeners.poll_accept(waking)), if accepting => Wakeup::Accepted(accepted),
            () = async { match nearby { Some(nearby) => nearby.changed().await, None => pending().await } } => Wakeup::Nearby,
            event = ways.next(), if open => Wakeup::Way(event),
            () = sleep(Duration::from_millis(until - now)) => Wakeup::Time,
        }
    }

    fn next_wake(&self) -> u64 {
        let links = if self.running.is_empty() { u64::MAX } else { self.liveness.next() };
        let accept = if self.accept_at > self.context.time.tick() { self.accept_at } else { u64::MAX };
        let reach = self.reacher.next_due(self.context.time.tick()).unwrap_or(u64::MAX);
        self.table.next_wake().unwrap_or(u64::MAX).min(links).min(accept).min(self.addresses_at).min(reach)
    }

    fn on_report(&mut self, report: Report) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        match report {
            Report::Spoke(visitor) => self.gate.spoke(visitor),
            Report::Left(visitor, reason) => {
                self.leave(visitor);
                debug!(?reason, "visitor left");
            }
            Report::Trying(attempt, address) => {
                if let Ok(Address::Ip(remote)) = address.dialable() {
                    self.reacher.dialled(remote.ip(), now);
                }
                self.table.trying(attempt, address, now, &mut out);
            }
            Report::MayComplete(attempt, peer, rank, reply) => {
                let may = self.table.may_complete(attempt, peer, rank, now, &mut out);
                if !may {
                    self.attempt_over(attempt, self.outcome_with(peer));
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
                let mut effects = Vec::new();
                self.reacher.link_down(peer, link, now, &mut effects);
                self.act_on_reach(effects);
                self.table.ended(peer, link, reason, now, &mut out);
            }
            Report::Reach(peer, link, message) => {
                let mut effects = Vec::new();
                self.reacher.on_message(peer, link, message, now, &mut effects);
                self.act_on_reach(effects);
            }
            Report::OtherFailed(attempt, refused) => {
                self.attempt_over(attempt, refused.map_or(Outcome::Silent, Outcome::Refused));
                self.table.other_failed(attempt, now, &mut out);
            }
            Report::DialledBack(token, attempt, outcome) => self.on_dialled_back(token, attempt, outcome),
        }
        self.act(out);
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
                self.reacher.again(None, now);
                self.ways.mapper.iter().for_each(Mapper::try_now);
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
        self.reach_on();
    }

    fn look_at_addresses(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.addresses_at = now.tick + LOOK_AT_ADDRESSES;
        self.reacher.set_carried(self.context.switchboard.carrying().today);
        let found = self.listeners.addresses();
        if found != self.reachable {
            self.reachable = found;
            self.reacher.listening(&self.reachable, now);
            // It says in which order they are told, and what else is.
            self.reach_on();
            self.tell_addresses();
            self.ways.rendezvous.iter().for_each(Rendezvous::refresh);
            self.ways.mapper.iter().for_each(Mapper::try_now);
            self.table.dial_all(now, out);
        }
    }
}
