//! Between the driver and the core that decides about ways: what happened goes in, its effects are
//! carried out.

use std::net::SocketAddr;

use identity::PeerId;
use tokio::sync::watch;
use tracing::debug;
use wire::reach::{CheckOutcome, HelpRefused, NatClass};
use wire::{Address, Bye, Class};

use super::calls::{call, call_back, call_by_punch};
use super::ways::{Other, WayEvent};
use super::{Driver, Outgoing};
use crate::arrival::Arrival;
use crate::circuit::{CircuitEvent, Line, Over};
use crate::event::{Event, LinkId};
use crate::link::Link;
use crate::outbox::Outbox;
use crate::path::{Path, Rank};
use crate::punch::{BirthdaySide, PunchPlan};
use crate::quic::UdpEvent;
use crate::reach::{Effect, Held, Outcome, PunchOrder};
use crate::table::AttemptId;

impl Driver {
    pub(super) fn on_way(&mut self, event: WayEvent) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        match event {
            WayEvent::Udp(UdpEvent::Asked { from, tag }) => self.reacher.echo_asked(from, &tag, now),
            WayEvent::Udp(UdpEvent::Echoed { tag, from, seen }) => self.reacher.echoed(&tag, from, seen, now, &mut out),
            WayEvent::Udp(UdpEvent::Dht { from, bytes }) => self.ways.rendezvous.iter().for_each(|dht| dht.heard(from, bytes.clone())),
            WayEvent::Met(event) => self.on_rendezvous(event, now, &mut out),
            WayEvent::Udp(UdpEvent::Incoming(stream, remote)) => self.let_in(stream, Path::Quic(remote), None),
            WayEvent::Mapped(mappings) => self.reacher.mapped(mappings, now),
            WayEvent::Circuit(CircuitEvent::Asked { leg, from, to }) => {
                self.reacher.hold(Held::Carry { from, to, leg }, now, &mut out);
            }
            WayEvent::Circuit(CircuitEvent::Offered { leg, carrier, from }) => {
                self.reacher.hold(Held::Offer { carrier, from, leg }, now, &mut out);
            }
            WayEvent::Circuit(CircuitEvent::Ended { carrier, peer, why, .. }) => {
                debug!(peer = %peer.short(), carrier = %carrier.short(), %why, "a circuit is over");
                if let Over::Refused(why) = why {
                    self.reacher.circuit_refused(peer, carrier, why, now);
                }
            }
        }
        self.act_on_reach(out);
    }

    /// Does what is due for reaching others.
    pub(super) fn reach_on(&mut self) {
        let (now, mut out) = (self.context.time.now(), Vec::new());
        if self.reacher.next_due(now.tick).is_some_and(|due| due <= now.tick) {
            self.reacher.tick(now, &mut out);
            self.act_on_reach(out);
            self.say_where();
        }
    }

    pub(super) fn act_on_reach(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { peer, link, message } => {
                    if let Some(watched) = self.running.get(&link).filter(|watched| watched.peer == peer) {
                        // A full control queue ends the link.
                        let _ = Outbox::new(watched.shared.clone()).offer(Class::Control, message.encode());
                    }
                }
                Effect::Punch(order) => self.begin_punch(order),
                Effect::Meet(order) => self.begin_meeting(*order),
                Effect::Go(key) => self.go_on_meeting(key),
                Effect::OpenCircuit { peer, carrier, link } => self.begin_circuit(peer, carrier, link),
                Effect::Permit { leg, to } => {
                    let to = to.and_then(|link| self.line(link).ok_or(HelpRefused::NotLinked));
                    self.context.switchboard.permit(leg, to);
                }
                Effect::Accept { leg, carrier, from, wanted } => {
                    if let Some(stream) = self.context.switchboard.accept(leg, wanted) {
                        self.let_in(stream, Path::Circuit { carrier }, Some(from));
                    }
                }
                Effect::AskEcho { to, tag } => {
                    // Lost like any datagram.
                    let _ = self.ways.udp.as_ref().map(|udp| udp.ask_echo(to, tag));
                }
                Effect::AllowEcho(tag) => self.ways.udp.iter().for_each(|udp| udp.allow_echo(tag)),
                Effect::ForgetEcho(tag) => self.ways.udp.iter().for_each(|udp| udp.forget_echo(&tag)),
                Effect::DialBack { token, peer, address } => self.begin_dial_back(token, peer, address),
                Effect::Announce(addresses) => {
                    self.announced = addresses;
                    self.tell_addresses();
                }
                Effect::Tell(event) => self.tell_of_reach(event),
            }
        }
    }

    /// Only the last of what is known matters.
    fn tell_of_reach(&mut self, event: Event) {
        if matches!(event, Event::Reach(_)) {
            self.outgoing.retain(|waiting| !matches!(waiting, Outgoing::Event(Event::Reach(_))));
        }
        self.outgoing.push_back(Outgoing::Event(event));
    }

    fn begin_punch(&mut self, order: PunchOrder) {
        let peer = order.peer;
        let best = if order.tcp.is_some() { Rank::Tcp } else { Rank::Quic };
        let Some(attempt) = self.table.begin_other(peer, best) else { return self.punch_over(peer, Outcome::Silent) };
        let side = if order.mine == NatClass::Hard { BirthdaySide::Sockets } else { BirthdaySide::Ports };
        let plan = PunchPlan {
            session: order.session,
            tcp: order.tcp,
            udp: order.udp,
            mine: order.mine,
            theirs: order.theirs,
            low_ttl: false,
            birthday: order.birthday.then_some(side),
            first: self.context.me.peer() < peer,
        };
        let (_, go) = watch::channel(true);
        let task = call_by_punch(self.context.clone(), attempt, Some(peer), plan, self.listening_port(), self.ways.udp.clone(), go);
        self.attempts.insert(attempt, tokio::spawn(Box::pin(task)).abort_handle());
        self.ways.others.insert(attempt, Other::Punch(peer));
    }

    fn begin_circuit(&mut self, peer: PeerId, carrier: PeerId, link: LinkId) {
        let line = self.line(link);
        let attempt = line.as_ref().and_then(|_| self.table.begin_other(peer, Rank::Circuit));
        let (Some(line), Some(attempt)) = (line, attempt) else {
            return self.circuit_over(peer, Outcome::Refused(HelpRefused::NotLinked));
        };
        let stream = self.context.switchboard.open(&line, peer);
        let context = self.context.clone();
        let task = async move { call(&context, attempt, Some(peer), stream, Path::Circuit { carrier }).await };
        self.attempts.insert(attempt, tokio::spawn(Box::pin(task)).abort_handle());
        self.ways.others.insert(attempt, Other::Circuit(peer));
    }

    fn begin_dial_back(&mut self, token: u64, peer: PeerId, address: SocketAddr) {
        let Some(attempt) = self.table.begin_other(peer, Rank::Tcp) else {
            let mut out = Vec::new();
            self.reacher.dialled_back(token, CheckOutcome::NotDone, &mut out);
            return self.act_on_reach(out);
        };
        let task = call_back(self.context.clone(), token, attempt, peer, address);
        self.attempts.insert(attempt, tokio::spawn(Box::pin(task)).abort_handle());
    }

    /// A dial-back is done. The link, if there is one, has served its purpose.
    pub(super) fn on_dialled_back(&mut self, token: u64, attempt: AttemptId, outcome: Result<Box<Arrival>, CheckOutcome>) {
        let (now, mut effects, mut out) = (self.context.time.now(), Vec::new(), Vec::new());
        self.attempts.remove(&attempt);
        self.table.other_failed(attempt, now, &mut effects);
        let outcome = match outcome {
            Ok(arrival) => {
                let link = self.next_link();
                let shared = self.new_shared(now.tick);
                let task = Link::new(self.context.clone(), shared, link, *arrival, false, self.alive.clone());
                tokio::spawn(task.turn_away(Bye::Surplus));
                CheckOutcome::Answered
            }
            Err(outcome) => outcome,
        };
        self.reacher.dialled_back(token, outcome, &mut out);
        self.act(effects);
        self.act_on_reach(out);
    }

    /// An attempt is no longer: the core is told, if it was one of its own. `outcome` if it did not
    /// lead to a link.
    pub(super) fn attempt_over(&mut self, attempt: AttemptId, outcome: Outcome) {
        self.attempts.remove(&attempt);
        match self.ways.others.remove(&attempt) {
            Some(Other::Punch(peer)) => self.punch_over(peer, outcome),
            Some(Other::Circuit(peer)) => self.circuit_over(peer, outcome),
            Some(Other::Meeting { key, .. }) => self.reacher.meeting_ended(key, None, self.context.time.now()),
            None => {}
        }
    }

    /// What an attempt came to that was not needed: they are linked by another way.
    pub(super) fn outcome_with(&self, peer: PeerId) -> Outcome {
        self.reacher.link(peer).map_or(Outcome::Silent, |view| Outcome::Linked(view.path))
    }

    fn punch_over(&mut self, peer: PeerId, outcome: Outcome) {
        self.reacher.punch_ended(peer, outcome, self.context.time.now());
    }

    fn circuit_over(&mut self, peer: PeerId, outcome: Outcome) {
        self.reacher.circuit_ended(peer, outcome, self.context.time.now());
    }

    /// A running link, as circuits see it.
    fn line(&self, link: LinkId) -> Option<Line> {
        let watched = self.running.get(&link)?;
        let view = self.reacher.link(watched.peer).filter(|view| view.link == link)?;
        Some(Line::new(link, watched.peer, view.role, view.is_direct(), &watched.shared))
    }

    /// The port that is listened on for others.
    pub(super) fn listening_port(&self) -> Option<u16> {
        let bound = self.listeners.bound();
        let outside = bound.iter().find(|socket| !socket.ip().to_canonical().is_loopback());
        outside.or(bound.first()).map(SocketAddr::port)
    }

    pub(super) fn tell_addresses(&mut self) {
        self.introduce_addresses();
        let addresses = self.addresses();
        if self.told_addresses.as_ref() == Some(&addresses) {
            return;
        }
        // Only the last list matters.
        self.outgoing.retain(|waiting| !matches!(waiting, Outgoing::Event(Event::Listening { .. })));
        self.told_addresses = Some(addresses.clone());
        self.outgoing.push_back(Outgoing::Event(Event::Listening { addresses, own: self.reachable.clone(), failed: self.failed.clone() }));
    }

    pub(super) fn introduce_addresses(&self) {
        let found = self.addresses().into_iter().map(Address::from).filter(|address| !self.own_addresses.contains(address));
        self.context.set_addresses(self.own_addresses.iter().cloned().chain(found).collect());
    }

    /// Where others can dial this device, best first.
    fn addresses(&self) -> Vec<SocketAddr> {
        let numbers = self.announced.iter().filter_map(|address| match address {
            Address::Ip(address) => Some(*address),
            Address::Zoned(_) | Address::Host(_) | Address::Verbatim(_) => None,
        });
        let mut all: Vec<SocketAddr> = numbers.collect();
        all.extend(self.reachable.iter().filter(|own| !self.announced.contains(&Address::from(**own))));
        all
    }
}
