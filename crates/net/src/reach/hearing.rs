//! What peers say about reaching each other, and what follows.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::{HelpRefused, Observed, PunchOffer, Signal, SignalRefused};
use wire::{Address, Message, Role};

use super::answering::Ground;
use super::dial_back::Around;
use super::effect::Effect;
use super::held::Held;
use super::helping::is_request;
use super::observed::Seen;
use super::reacher::Reacher;
use super::reaching::View;
use crate::event::{Event, LinkId};
use crate::path::{Path, Rank};
use crate::time::Now;

/// Whether it is the driver who hears this.
pub(crate) fn is_about_reach(message: &Message) -> bool {
    matches!(
        message,
        Message::Observed(_)
            | Message::CheckReach(_)
            | Message::DialBack(_)
            | Message::ReachChecked(_)
            | Message::Signal(_)
            | Message::SignalRefused(_)
    )
}

impl Reacher {
    /// A peer said something by its link.
    pub(crate) fn on_message(&mut self, peer: PeerId, link: LinkId, message: Message, now: Now, out: &mut Vec<Effect>) {
        // Who says more than anybody needs is not even refused.
        if self.links.get(peer).is_none_or(|view| view.link != link) || !self.helping.hears(peer, now.tick) {
            return;
        }
        let around = Around { links: &self.links, horizon: self.horizon, now: now.tick };
        match message {
            Message::Observed(observed) => self.on_observed(peer, &observed, now, out),
            Message::CheckReach(check) => self.backs.asked(peer, check, around, out),
            Message::DialBack(request) => {
                let strange = !self.arrivals.was_punched(request.record.device, now.tick) && request.record.device != self.me.peer();
                self.backs.requested(peer, request, strange, around, out);
            }
            Message::ReachChecked(checked) => {
                if !self.backs.on_outcome(peer, checked, &self.links, out) && self.checks.on_answer(peer, checked, now) {
                    self.unsettled = true;
                }
            }
            Message::Signal(signal) if is_request(&signal) => self.hold(Held::Request { from: peer, signal }, now, out),
            Message::Signal(signal) => self.hold(Held::Signal { helper: peer, signal }, now, out),
            Message::SignalRefused(SignalRefused { peer: target, session, why }) => {
                let view = View { me: self.me.peer(), links: &self.links, nat: self.facts.nat, now };
                self.reaching.refused(peer, target, session, why, &mut self.tried, &view);
            }
            // Not of this subject: the link's task knows.
            _ => debug_assert!(false, "not about reaching"),
        }
    }

    /// A peer says where it sees this device. It may answer echoes.
    fn on_observed(&mut self, peer: PeerId, observed: &Observed, now: Now, out: &mut Vec<Effect>) {
        let Some(view) = self.links.get_mut(peer) else { return };
        let Some(remote) = view.path.remote() else { return };
        let Ok(Address::Ip(seen)) = observed.address.dialable() else { return };
        view.sees_me = Some(seen);
        let port = |port: u16| SocketAddr::new(remote.ip(), port);
        view.echo =
            (observed.udp > 0).then(|| [port(observed.udp), port(if observed.udp_other > 0 { observed.udp_other } else { observed.udp })]);
        let path = view.path;
        let called = view.role == Role::Initiator;
        match path {
            Path::Tcp(_) => self.udp.observed.peer_says(peer, Seen { seen, from: remote.ip(), called }, self.horizon),
            Path::Quic(_) => self.udp.observed.echo_says(peer, remote, seen, self.horizon),
            Path::Circuit { .. } => {}
        }
        self.udp.refresh(peer, &self.links, now.tick, out);
        self.unsettled = true;
    }

    /// Goes on with this, or waits for the node's word of a common room.
    pub(crate) fn hold(&mut self, held: Held, now: Now, out: &mut Vec<Effect>) {
        let (one, other) = held.pair();
        // Nobody is helped to this device as if by itself: of that the node is not asked, so that
        // there is never a room in common.
        let about_me = [one, other].contains(&self.me.peer());
        if about_me || self.links.share_room(one, other) {
            return self.go_on(held, now, out);
        }
        match self.waiting.hold(held, now.tick) {
            None => out.extend([one, other].map(|peer| Effect::Tell(Event::WhoIs { peer }))),
            Some(held) => self.go_on(held, now, out),
        }
    }

    /// Goes on with what has waited long enough.
    pub(super) fn go_on_with_held(&mut self, now: Now, out: &mut Vec<Effect>) {
        for held in self.waiting.ready(&self.links, now.tick) {
            self.go_on(held, now, out);
        }
    }

    fn go_on(&mut self, held: Held, now: Now, out: &mut Vec<Effect>) {
        match held {
            Held::Request { from, signal } => self.helping.signal(from, signal, &self.links, now.tick, out),
            Held::Signal { helper, signal } => self.on_signal(helper, signal, now, out),
            Held::Carry { from, to, leg } => out.push(Effect::Permit { leg, to: self.may_carry(from, to) }),
            Held::Offer { carrier, from, leg } => out.push(Effect::Accept { leg, carrier, from, wanted: self.may_accept(carrier, from) }),
        }
    }

    /// Whether a circuit between these two may go through this device, and over which link on.
    fn may_carry(&self, from: PeerId, to: PeerId) -> Result<LinkId, HelpRefused> {
        if !self.links.share_room(from, to) || self.links.direct(from).is_none() {
            return Err(HelpRefused::NotAllowed);
        }
        self.links.direct(to).map(|view| view.link).ok_or(HelpRefused::NotLinked)
    }

    /// Whether a circuit that a carrier brings is wanted: from a member of a room that the carrier
    /// is a member of too, if there is no link with it.
    fn may_accept(&self, carrier: PeerId, from: PeerId) -> bool {
        self.links.share_room(carrier, from) && self.links.rank(from).is_none()
    }

    /// A helper passes on what another member says.
    fn on_signal(&mut self, helper: PeerId, signal: Signal, now: Now, out: &mut Vec<Effect>) {
        let peer = signal.peer;
        let Ok(theirs) = PunchOffer::decode(&signal.body) else { return };
        let fits = self.links.share_room(helper, peer) && self.links.direct(helper).is_some();
        if !fits || self.links.rank(peer) == Some(Rank::Tcp) {
            return;
        }
        let before = out.len();
        if theirs.answer {
            let ground = Ground { links: &self.links, horizon: self.horizon, nat: self.facts.nat, udp: &self.udp };
            if self.reaching.answered(helper, &signal, now.tick)
                && !self.punches.begin(helper, &signal, theirs, false, &ground, now.tick, out)
            {
                self.reaching.punch_ended(peer, now.tick);
            }
        } else if !(self.reaching.has_offered(peer) && self.me.peer() < peer) && self.punches.admit(peer, now.tick) {
            self.reaching.yield_to(peer, now.tick);
            self.punches.wait(helper, signal, theirs, now.tick);
            if !self.udp.refresh(helper, &self.links, now.tick, out) {
                let ground = Ground { links: &self.links, horizon: self.horizon, nat: self.facts.nat, udp: &self.udp };
                self.punches.echoed(helper, &ground, now.tick, out);
            }
        }
        self.note_punches(before, now, out);
    }
}
