//! Calling a wanted peer that is not linked over the best path: when to signal and through whom,
//! when to punch, when to open a circuit.
//!
//! A round: an echo to the helper, so that it knows this device's UDP address; an offer; the
//! answer, upon which both sides punch. If a helper refuses or is silent, the next is asked. Beside
//! that, a circuit is opened if there is no link at all. `answering.rs` is the other side.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use identity::PeerId;
use wire::Message;
use wire::reach::{HelpRefused, NatClass, PunchOffer, Signal};

use super::echoes::Udp;
use super::effect::Effect;
use super::facts::{Outcome, Tried, TriedLog, Way};
use super::limits::{
    ANSWER_WAIT, CIRCUIT_AFTER, CIRCUIT_COURTESY, CIRCUIT_WAIT, ECHO_WAIT, FIRST_WAIT, LONGEST_WAIT, MAX_HELPERS, MAX_OFFERS, PUNCH_WAIT,
};
use super::links::Links;
use crate::path::Rank;
use crate::time::Now;

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Reaching {
    wanted: BTreeMap<PeerId, Target>,
}

#[derive(Debug, Default)]
struct Target {
    rounds: u32,
    /// When the next round begins. None: when somebody comes who can help.
    due: Option<u64>,
    /// Helpers asked in this round.
    asked: Vec<PeerId>,
    step: Step,
    circuit: Circuit,
    /// Carriers asked in this round.
    carriers: Vec<PeerId>,
    ended_at: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum Step {
    #[default]
    Resting,
    /// Waits for the helper's echo.
    Echo {
        helper: PeerId,
        session: u64,
        until: u64,
    },
    /// Waits for the answer.
    Offered {
        helper: PeerId,
        session: u64,
        until: u64,
    },
    Punching {
        until: u64,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Circuit {
    #[default]
    No,
    Due(u64),
    Opening {
        carrier: PeerId,
        until: u64,
    },
}

/// What there is to know for a step.
pub(crate) struct View<'a> {
    pub(crate) me: PeerId,
    pub(crate) links: &'a Links,
    pub(crate) nat: NatClass,
    pub(crate) now: Now,
}

impl Reaching {
    /// This peer is wanted, or its addresses are new.
    pub(crate) fn want(&mut self, peer: PeerId, now: u64) {
        self.wanted.entry(peer).or_insert_with(|| Target { due: Some(now), ..Target::default() });
    }

    pub(crate) fn unwant(&mut self, peer: PeerId) {
        self.wanted.remove(&peer);
    }

    /// What has failed may succeed now: with this peer, or with all.
    pub(crate) fn again(&mut self, only: Option<PeerId>, links: &Links, now: u64) {
        for (peer, target) in &mut self.wanted {
            if only.is_none_or(|only| only == *peer) && links.rank(*peer) < Some(Rank::Tcp) {
                target.rounds = 0;
                // Who comes and goes fast does not hurry us.
                let soonest = now.max(target.ended_at.saturating_add(FIRST_WAIT));
                let first = if target.ended_at == 0 { now } else { soonest };
                target.due = Some(target.due.map_or(first, |due| due.min(first)));
            }
        }
    }

    /// A link came up, or the rooms of its peer changed: those whom it may help are worth a try.
    pub(crate) fn helper_came(&mut self, helper: PeerId, links: &Links, now: u64) {
        if links.direct(helper).is_none() {
            return;
        }
        let helped: Vec<PeerId> = self.wanted.keys().copied().filter(|peer| *peer != helper && links.share_room(helper, *peer)).collect();
        for peer in helped {
            self.again(Some(peer), links, now);
        }
    }

    /// A link with this peer is down.
    pub(crate) fn link_down(&mut self, peer: PeerId, now: u64) {
        if let Some(target) = self.wanted.get_mut(&peer) {
            (target.rounds, target.due) = (0, Some(now));
        }
    }

    /// A helper's echo came: it knows the UDP address now.
    pub(crate) fn echoed(&mut self, from: PeerId, view: &View<'_>, out: &mut Vec<Effect>) {
        let waiting = self.wanted.iter().filter(|(_, target)| matches!(target.step, Step::Echo { helper, .. } if helper == from));
        for peer in waiting.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            self.offer(peer, view, out);
        }
    }

    /// Whether an offer of this device to that peer is on its way, which counts if it is the
    /// smaller of the two.
    pub(crate) fn has_offered(&self, peer: PeerId) -> bool {
        self.wanted.get(&peer).is_some_and(|target| matches!(target.step, Step::Offered { .. } | Step::Punching { .. }))
    }

    /// The other side's offer is answered instead: this round is a punch.
    pub(crate) fn yield_to(&mut self, peer: PeerId, now: u64) {
        if let Some(target) = self.wanted.get_mut(&peer) {
            target.step = Step::Punching { until: now.saturating_add(PUNCH_WAIT) };
        }
    }

    /// A helper passes on an answer of this peer. Whether it is waited for.
    pub(crate) fn answered(&mut self, from: PeerId, signal: &Signal, now: u64) -> bool {
        let Some(target) = self.wanted.get_mut(&signal.peer) else { return false };
        let waits = matches!(target.step, Step::Offered { helper, session, .. } if helper == from && session == signal.session);
        if waits {
            target.step = Step::Punching { until: now.saturating_add(PUNCH_WAIT) };
        }
        waits
    }

    /// A helper does not pass a signal on.
    pub(crate) fn refused(&mut self, from: PeerId, peer: PeerId, refused: u64, why: HelpRefused, tried: &mut TriedLog, view: &View<'_>) {
        let Some(target) = self.wanted.get_mut(&peer) else { return };
        if let Step::Offered { helper, session, .. } = target.step
            && helper == from
            && session == refused
        {
            tried.add(Tried { peer, way: Way::Signal { helper }, outcome: Outcome::Refused(why), at: view.now.wall });
            target.step = Step::Resting;
            target.due = Some(view.now.tick);
        }
    }

    /// A punch is over; a link has come up if it led to one.
    pub(crate) fn punch_ended(&mut self, peer: PeerId, now: u64) {
        if let Some(target) = self.wanted.get_mut(&peer)
            && matches!(target.step, Step::Punching { .. })
        {
            target.end_round(now);
        }
    }

    /// A circuit came to nothing; a link has come up if it did not.
    pub(crate) fn circuit_ended(&mut self, peer: PeerId, outcome: Outcome, tried: &mut TriedLog, now: Now) {
        let Some(target) = self.wanted.get_mut(&peer) else { return };
        if let Circuit::Opening { carrier, .. } = target.circuit {
            tried.add(Tried { peer, way: Way::Circuit { carrier }, outcome, at: now.wall });
            target.circuit = Circuit::Due(now.tick);
        }
    }

    /// Does what is due. `session`: chance.
    pub(crate) fn tick(
        &mut self,
        mut session: impl FnMut() -> u64,
        udp: &mut Udp,
        tried: &mut TriedLog,
        view: &View<'_>,
        out: &mut Vec<Effect>,
    ) {
        let now = view.now.tick;
        for peer in self.due(now) {
            let Some(target) = self.wanted.get_mut(&peer) else { continue };
            match target.step {
                Step::Echo { until, .. } if until <= now => self.offer(peer, view, out),
                Step::Offered { helper, until, .. } if until <= now => {
                    tried.add(Tried { peer, way: Way::Signal { helper }, outcome: Outcome::Silent, at: view.now.wall });
                    (target.step, target.due) = (Step::Resting, Some(now));
                }
                Step::Punching { until } if until <= now => target.end_round(now),
                Step::Resting | Step::Echo { .. } | Step::Offered { .. } | Step::Punching { .. } => {}
            }
            self.begin(peer, &mut session, udp, view, out);
            self.carry(peer, tried, view, out);
        }
    }

    /// Asks the next helper, or ends the round.
    fn begin(&mut self, peer: PeerId, session: &mut impl FnMut() -> u64, udp: &mut Udp, view: &View<'_>, out: &mut Vec<Effect>) {
        let now = view.now.tick;
        let offers = self.wanted.values().filter(|target| !matches!(target.step, Step::Resting)).count();
        let Some(target) = self.wanted.get_mut(&peer) else { return };
        if !matches!(target.step, Step::Resting) || target.due.is_none_or(|due| due > now) {
            return;
        }
        if view.links.rank(peer) == Some(Rank::Tcp) {
            *target = Target::default();
            return;
        }
        if offers >= MAX_OFFERS {
            target.due = Some(now.saturating_add(ECHO_WAIT));
            return;
        }
        let helpers = view.links.helpers(peer);
        let next = helpers.iter().find(|helper| !target.asked.contains(helper)).filter(|_| target.asked.len() < MAX_HELPERS);
        let Some(helper) = next.copied() else {
            if target.asked.is_empty() {
                // Nobody can help. Who comes is told by `helper_came`.
                target.due = None;
            } else {
                target.end_round(now);
            }
            return;
        };
        if target.asked.is_empty() && target.circuit == Circuit::No {
            let courtesy = if view.me < peer { 0 } else { CIRCUIT_COURTESY };
            let wait = if target.rounds == 0 { CIRCUIT_AFTER.saturating_add(courtesy) } else { courtesy };
            target.circuit = Circuit::Due(now.saturating_add(wait));
            target.carriers.clear();
        }
        target.asked.push(helper);
        target.step = Step::Echo { helper, session: session(), until: now.saturating_add(ECHO_WAIT) };
        if !udp.refresh(helper, view.links, now, out) {
            self.offer(peer, view, out);
        }
    }

    fn offer(&mut self, peer: PeerId, view: &View<'_>, out: &mut Vec<Effect>) {
        let Some(target) = self.wanted.get_mut(&peer) else { return };
        let Step::Echo { helper, session, .. } = target.step else { return };
        let now = view.now.tick;
        let Some(link) = view.links.direct(helper).map(|helper| helper.link) else {
            (target.step, target.due) = (Step::Resting, Some(now));
            return;
        };
        let body =
            PunchOffer { answer: false, nat: view.nat, udp: view.links.direct(helper).is_some_and(|link| link.echoed_at().is_some()) };
        let signal = Signal { peer, session, tcp: None, udp: None, body: body.encode() };
        out.push(Effect::Send { peer: helper, link, message: Message::Signal(signal) });
        target.step = Step::Offered { helper, session, until: now.saturating_add(ANSWER_WAIT) };
    }

    /// Opens a circuit if one is due.
    fn carry(&mut self, peer: PeerId, tried: &mut TriedLog, view: &View<'_>, out: &mut Vec<Effect>) {
        let now = view.now.tick;
        let Some(target) = self.wanted.get_mut(&peer) else { return };
        match target.circuit {
            Circuit::Opening { carrier, until } if until <= now => {
                tried.add(Tried { peer, way: Way::Circuit { carrier }, outcome: Outcome::Silent, at: view.now.wall });
                target.circuit = Circuit::Due(now);
            }
            Circuit::Due(at) if at <= now => {}
            Circuit::No | Circuit::Due(_) | Circuit::Opening { .. } => return,
        }
        target.circuit = Circuit::No;
        if view.links.rank(peer).is_some() || target.carriers.len() >= MAX_HELPERS {
            return;
        }
        let next = view.links.helpers(peer).into_iter().find(|carrier| !target.carriers.contains(carrier));
        if let Some((carrier, link)) = next.and_then(|carrier| Some((carrier, view.links.direct(carrier)?.link))) {
            target.carriers.push(carrier);
            target.circuit = Circuit::Opening { carrier, until: now.saturating_add(CIRCUIT_WAIT) };
            out.push(Effect::OpenCircuit { peer, carrier, link });
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.wanted.values().filter_map(Target::next_due).min()
    }

    fn due(&self, now: u64) -> Vec<PeerId> {
        let due = |target: &Target| target.next_due().is_some_and(|due| due <= now);
        self.wanted.iter().filter(|(_, target)| due(target)).map(|(peer, _)| *peer).collect()
    }
}

impl Target {
    fn next_due(&self) -> Option<u64> {
        let step = match self.step {
            Step::Resting => self.due,
            Step::Echo { until, .. } | Step::Offered { until, .. } | Step::Punching { until } => Some(until),
        };
        let circuit = match self.circuit {
            Circuit::No => None,
            Circuit::Due(at) => Some(at),
            Circuit::Opening { until, .. } => Some(until),
        };
        step.into_iter().chain(circuit).min()
    }

    fn end_round(&mut self, now: u64) {
        // 3 s, 3 s, 6 s, 12 s and so on.
        let doublings = self.rounds.saturating_sub(1).min(16);
        let wait = FIRST_WAIT.saturating_mul(1_u64 << doublings).min(LONGEST_WAIT);
        self.rounds = self.rounds.saturating_add(1);
        (self.step, self.due, self.ended_at) = (Step::Resting, Some(now.saturating_add(wait)), now);
        self.asked.clear();
    }
}
