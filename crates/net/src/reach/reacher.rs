//! The parts of reaching put together: what happened goes in, what to do comes out. Pure: time and
//! chance are handed in.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use identity::{Identity, PeerId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::reach::{CheckOutcome, HelpRefused, NatClass, Observed};
use wire::{Address, Message};

use super::addresses::Places;
use super::answering::{Ground, Punches};
use super::came_in::Arrivals;
use super::checks::Checks;
use super::dial_back::DialBacks;
use super::echoes::Udp;
use super::effect::Effect;
use super::facts::{Outcome, ReachFacts, ReachSettings, Tried, TriedLog, UdpState, Way};
use super::held::Waiting;
use super::helping::Helping;
use super::limits::FACTS_REST;
use super::links::{LinkView, Links};
use super::meetings::Meetings;
use super::network::Horizon;
use super::reaching::{Reaching, View};
use crate::event::{Event, LinkId};
use crate::mapping::{Mappings, Transport};
use crate::time::Now;

/// See the module's header.
pub(crate) struct Reacher {
    pub(super) me: Arc<Identity>,
    pub(super) horizon: Horizon,
    rng: StdRng,
    pub(super) links: Links,
    pub(super) udp: Udp,
    pub(super) helping: Helping,
    pub(super) waiting: Waiting,
    pub(super) reaching: Reaching,
    pub(super) punches: Punches,
    pub(super) checks: Checks,
    pub(super) backs: DialBacks,
    pub(super) arrivals: Arrivals,
    pub(super) meetings: Meetings,
    pub(super) tried: TriedLog,
    pub(super) facts: ReachFacts,
    own: Vec<SocketAddr>,
    ports: [u16; 2],
    /// Something came in that conclusions depend on.
    pub(super) unsettled: bool,
    told: Option<ReachFacts>,
    told_at: u64,
    dirty: bool,
}

impl Reacher {
    pub(crate) fn new(me: Arc<Identity>, settings: ReachSettings, horizon: Horizon, seed: u64) -> Self {
        Self {
            me,
            horizon,
            rng: StdRng::seed_from_u64(seed),
            links: Links::default(),
            udp: Udp::default(),
            helping: Helping::default(),
            waiting: Waiting::default(),
            reaching: Reaching::default(),
            punches: Punches::default(),
            checks: Checks::default(),
            backs: DialBacks::default(),
            arrivals: Arrivals::default(),
            meetings: Meetings::default(),
            tried: TriedLog::default(),
            facts: ReachFacts { settings, ..ReachFacts::default() },
            own: Vec::new(),
            ports: [0; 2],
            unsettled: true,
            told: None,
            told_at: 0,
            dirty: true,
        }
    }

    /// Where this machine listens.
    pub(crate) fn listening(&mut self, own: &[SocketAddr], now: Now) {
        let first = self.own.is_empty();
        if self.own == own {
            return;
        }
        self.own = own.to_vec();
        if !first {
            self.udp.observed.clear();
            self.arrivals.clear();
            self.reaching.again(None, &self.links, now.tick);
        }
        self.unsettled = true;
    }

    /// The UDP port is open, and another that answers echoes; or it could not be opened.
    pub(crate) fn udp_opened(&mut self, ports: Result<[u16; 2], String>) {
        self.udp.open = ports.is_ok();
        let port = ports.as_ref().ok().map(|[port, _]| *port);
        (self.facts.udp.port, self.ports) = (port, *ports.as_ref().unwrap_or(&[0; 2]));
        self.facts.udp.failed = ports.err();
        self.unsettled = true;
    }

    /// What is known of the router's doors.
    pub(crate) fn mapped(&mut self, mappings: Mappings, now: Now) {
        let news = self.facts.mappings.doors.len() != mappings.doors.len();
        self.udp.observed.router_says(mappings.router.wan);
        self.facts.mappings = mappings;
        if news {
            self.reaching.again(None, &self.links, now.tick);
        }
        self.unsettled = true;
    }

    pub(crate) fn settings(&self) -> ReachSettings {
        self.facts.settings
    }

    /// What is turned on.
    pub(crate) fn set_settings(&mut self, settings: ReachSettings) {
        self.facts.settings = settings;
        self.dirty = true;
    }

    /// Bytes carried for others today.
    pub(crate) fn set_carried(&mut self, bytes: u64) {
        self.dirty |= self.facts.carried_today != bytes;
        self.facts.carried_today = bytes;
    }

    /// Keep reaching for this peer.
    pub(crate) fn want(&mut self, peer: PeerId, now: Now) {
        if peer != self.me.peer() {
            self.reaching.want(peer, now.tick);
        }
    }

    pub(crate) fn unwant(&mut self, peer: PeerId) {
        self.reaching.unwant(peer);
    }

    /// Try now: with this peer, or with all.
    pub(crate) fn again(&mut self, only: Option<PeerId>, now: Now) {
        self.reaching.again(only, &self.links, now.tick);
    }

    /// Rooms that this device has in common with a peer.
    pub(crate) fn set_common(&mut self, peer: PeerId, rooms: &[u64], now: Now, out: &mut Vec<Effect>) {
        self.links.set_common(peer, rooms);
        self.reaching.helper_came(peer, &self.links, now.tick);
        // The peer itself may be the one whom others can help to.
        if self.links.direct(peer).is_none() && !self.links.helpers(peer).is_empty() {
            self.reaching.again(Some(peer), &self.links, now.tick);
        }
        self.checks.helper_came();
        self.go_on_with_held(now, out);
        self.unsettled = true;
    }

    /// This device dials an address.
    pub(crate) fn dialled(&mut self, ip: IpAddr, now: Now) {
        self.arrivals.dialled(ip, now.tick);
    }

    /// A peer came to the port of this device and proved itself; before its link counts.
    pub(crate) fn came_in(&mut self, peer: PeerId, remote: SocketAddr, now: Now) {
        let own: Vec<IpAddr> = self.own.iter().map(SocketAddr::ip).chain(self.udp.observed.ips()).collect();
        self.arrivals.came_in(peer, remote, &own, &self.links, self.horizon, now);
        self.unsettled = true;
    }

    /// The link with a peer.
    pub(crate) fn link(&self, peer: PeerId) -> Option<&LinkView> {
        self.links.get(peer)
    }

    /// Whether it came by itself, and no punch with it ran here.
    pub(crate) fn came_by_itself(&self, peer: PeerId, ip: IpAddr, now: Now) -> bool {
        !self.arrivals.was_punched(peer, now.tick) && !self.arrivals.was_fired_at(ip, now.tick)
    }

    pub(crate) fn link_up(&mut self, peer: PeerId, view: LinkView, now: Now, out: &mut Vec<Effect>) {
        self.links.insert(peer, view);
        if let Some(remote) = view.path.remote() {
            let udp = self.udp_door(remote).unwrap_or(self.ports[0]);
            let other = if self.udp_door(remote).is_some() { 0 } else { self.ports[1] };
            let observed = Observed { address: Address::from(remote), udp, udp_other: other };
            out.push(Effect::Send { peer, link: view.link, message: Message::Observed(observed) });
            out.push(Effect::AllowEcho(view.peer_tag));
        }
        self.reaching.helper_came(peer, &self.links, now.tick);
        self.checks.helper_came();
        self.unsettled = true;
    }

    pub(crate) fn link_down(&mut self, peer: PeerId, link: LinkId, now: Now, out: &mut Vec<Effect>) {
        let Some(view) = self.links.remove(peer, link, now.tick) else { return };
        if view.is_direct() {
            out.push(Effect::ForgetEcho(view.peer_tag));
        }
        self.udp.observed.link_down(peer, now.tick);
        self.reaching.link_down(peer, now.tick);
        self.unsettled = true;
    }

    /// Somebody asked by UDP where it is seen: a peer, by its tag.
    pub(crate) fn echo_asked(&mut self, from: SocketAddr, tag: &[u8; 16], now: Now) {
        if let Some(view) = self.links.by_peer_tag(tag).and_then(|peer| self.links.get_mut(peer)) {
            view.udp_seen = Some((from, now.tick));
        }
    }

    /// A peer answered by UDP where it sees this device.
    pub(crate) fn echoed(&mut self, tag: &[u8; 16], from: SocketAddr, seen: SocketAddr, now: Now, out: &mut Vec<Effect>) {
        let Some(peer) = self.links.by_own_tag(tag) else { return };
        let Some(view) = self.links.get_mut(peer) else { return };
        let Some(ports) = view.echo.filter(|ports| ports.contains(&from)) else { return };
        // A peer with one port answers for both.
        let answered = view.echoed_at.iter_mut().zip(ports).filter(|(_, port)| *port == from);
        answered.for_each(|(at, _)| *at = Some(now.tick));
        let (complete, shown) = (view.has_echoed(now.tick), view.echoed_at().is_some());
        if from == ports[0] {
            self.udp.answered(peer, now.tick);
        }
        self.udp.observed.echo_says(peer, from, seen, self.horizon);
        self.settle_class();
        if complete || (shown && self.facts.nat != NatClass::Unknown) {
            self.on_fresh_echo(peer, now, out);
        }
        self.unsettled = true;
    }

    fn on_fresh_echo(&mut self, peer: PeerId, now: Now, out: &mut Vec<Effect>) {
        let before = out.len();
        let view = View { me: self.me.peer(), links: &self.links, nat: self.facts.nat, now };
        self.reaching.echoed(peer, &view, out);
        let ground = Ground { links: &self.links, horizon: self.horizon, nat: self.facts.nat, udp: &self.udp };
        self.punches.echoed(peer, &ground, now.tick, out);
        self.note_punches(before, now, out);
    }

    /// A punch is over; a link has come up before, if it led to one.
    pub(crate) fn punch_ended(&mut self, peer: PeerId, outcome: Outcome, now: Now) {
        if self.punches.ended(peer) {
            self.tried.add(Tried { peer, way: Way::Punch, outcome, at: now.wall });
            self.reaching.punch_ended(peer, now.tick);
            self.dirty = true;
        }
    }

    /// A circuit is over, or has become a link.
    pub(crate) fn circuit_ended(&mut self, peer: PeerId, outcome: Outcome, now: Now) {
        self.reaching.circuit_ended(peer, outcome, &mut self.tried, now);
        self.dirty = true;
    }

    /// A carrier says why there is no circuit. That there is none is told by `circuit_ended`.
    pub(crate) fn circuit_refused(&mut self, peer: PeerId, carrier: PeerId, why: HelpRefused, now: Now) {
        self.tried.add(Tried { peer, way: Way::Circuit { carrier }, outcome: Outcome::Refused(why), at: now.wall });
        self.dirty = true;
    }

    /// Find out anew.
    pub(crate) fn try_reach(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.checks.again();
        self.reaching.again(None, &self.links, now.tick);
        let far = |ip: Option<IpAddr>| ip.is_some_and(|ip| self.horizon.is_far(ip));
        let asked: Vec<PeerId> = self.links.all().filter(|(_, view)| far(view.ip())).map(|(peer, _)| peer).take(8).collect();
        for peer in asked {
            self.udp.refresh(peer, &self.links, now.tick, out);
        }
        self.unsettled = true;
    }

    /// The node says whether a person may be dialled.
    pub(crate) fn may_dial_back(&mut self, token: u64, may: bool, now: Now, out: &mut Vec<Effect>) {
        self.backs.allowed(token, may, &self.links, now.tick, out);
    }

    /// A dial-back is done.
    pub(crate) fn dialled_back(&mut self, token: u64, outcome: CheckOutcome, out: &mut Vec<Effect>) {
        self.backs.done(token, outcome, &self.links, out);
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        if std::mem::take(&mut self.unsettled) {
            self.settle(now, out);
        }
        let before = out.len();
        self.go_on_with_held(now, out);
        self.udp.observed.tick(now.tick);
        self.udp.tick(&self.links, now.tick, out);
        let view = View { me: self.me.peer(), links: &self.links, nat: self.facts.nat, now };
        self.reaching.tick(|| self.rng.random(), &mut self.udp, &mut self.tried, &view, out);
        let ground = Ground { links: &self.links, horizon: self.horizon, nat: self.facts.nat, udp: &self.udp };
        self.punches.tick(&ground, now.tick, out);
        self.meetings.tick(&self.links, self.facts.nat, now.tick, out);
        self.note_punches(before, now, out);
        self.backs.tick(&self.links, now.tick, out);
        self.checks.tick(&self.me, &self.links, || self.rng.random(), now, out);
        self.helping.tidy(now.tick);
        self.dirty |= out.len() > before;
        if self.dirty && now.tick >= self.told_at.saturating_add(FACTS_REST) {
            self.tell(now, out);
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self, now: u64) -> Option<u64> {
        let told = self.dirty.then(|| self.told_at.saturating_add(FACTS_REST));
        let settle = self.unsettled.then_some(now);
        let dues = [self.reaching.next_due(), self.punches.next_due(), self.backs.next_due(), self.checks.next_due(now)];
        dues.into_iter()
            .chain([self.meetings.next_due(), self.udp.observed.next_due(), self.udp.next_due(), self.waiting.next_due(), told, settle])
            .flatten()
            .min()
    }

    fn settle_class(&mut self) {
        self.facts.nat = self.udp.observed.class(&self.own);
    }

    /// Draws conclusions.
    fn settle(&mut self, now: Now, out: &mut Vec<Effect>) {
        let before = self.told.as_ref().map(|told| told.nat);
        self.settle_class();
        if before.is_some_and(|before| before != self.facts.nat && before != NatClass::Unknown) {
            self.reaching.again(None, &self.links, now.tick);
        }
        let tcp_doors = self.facts.mappings.doors.iter().filter(|door| door.transport == Transport::Tcp);
        let places = Places {
            own: self.own.clone(),
            doors: tcp_doors.map(|door| door.external).collect(),
            seen: self.udp.observed.tcp(),
            ips: self.udp.observed.ips(),
            closed: self.checks.closed(),
            nat: self.facts.nat,
        };
        let announced = places.to_announce(self.horizon);
        self.checks.want(places.to_check(self.horizon));
        if announced != self.facts.announced {
            out.push(Effect::Announce(announced.iter().copied().map(Address::from).collect()));
            self.facts.announced = announced;
        }
        self.facts.observed = places.seen;
        if self.facts.observed.is_empty() {
            self.facts.observed = places.ips.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        }
        (self.facts.came_in, self.facts.came_in_nearby) = (self.arrivals.far, self.arrivals.nearby);
        let UdpState { port, failed, .. } = std::mem::take(&mut self.facts.udp);
        self.facts.udp = UdpState { port, failed, answered: self.udp.observed.has_echoed(), observed: self.udp.observed.udp() };
        self.dirty = true;
    }

    fn tell(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.dirty = false;
        [self.facts.checked_v4, self.facts.checked_v6] = self.checks.last();
        self.facts.tried = self.tried.all();
        if self.told.as_ref() != Some(&self.facts) {
            self.told_at = now.tick;
            self.told = Some(self.facts.clone());
            out.push(Effect::Tell(Event::Reach(Box::new(self.facts.clone()))));
        }
    }

    /// The outer port of the router's UDP door, for a peer that is outside.
    fn udp_door(&self, remote: SocketAddr) -> Option<u16> {
        let outside = self.horizon.is_far(remote.ip());
        let mut doors = self.facts.mappings.doors.iter().filter(|door| door.transport == Transport::Udp && outside);
        doors.find(|door| door.external.is_ipv4() == remote.is_ipv4()).map(|door| door.external.port())
    }

    /// Whom a punch is begun with may come in for that reason.
    pub(super) fn note_punches(&mut self, before: usize, now: Now, out: &[Effect]) {
        for effect in out.iter().skip(before) {
            if let Effect::Punch(order) = effect {
                self.arrivals.punched(order.peer, now.tick);
                order.tcp.iter().chain(&order.udp).for_each(|remote| self.arrivals.fired_at(remote.ip(), now.tick));
            }
            if let Effect::Meet(order) = effect {
                order.tcp.iter().chain(&order.udp).for_each(|remote| self.arrivals.fired_at(remote.ip(), now.tick));
            }
        }
    }
}
