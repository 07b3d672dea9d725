//! What a carrier does for others: which circuits there are, what each record does to them, and how
//! much is carried. Pure: time comes in, effects go out.
//!
//! Invariant: no sequence of records makes it hold more than [`Caps::in_all`] circuits with two
//! windows each, or send more Answers and Closes than it got records (guarded by
//! `hostile_records_leave_the_carrier_within_its_bounds`).

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use identity::PeerId;
use tracing::debug;

use super::bucket::Bucket;
use super::carried::{Circuit, Side, State, Whose};
use super::end::Beyond;
use super::event::Carrying;
use super::limits::{CLOSING, Caps, IDLE, UNANSWERED};
use super::line::{Leg, Near};
use super::parties::Parties;
use crate::event::LinkId;
use crate::time::Now;
use wire::reach::{CircuitEnd, HelpRefused};
use wire::{CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, CircuitOpen, CircuitWay, Message};

/// Milliseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1_000;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Must not be lost; a link that does not take it is at its end.
    Send(LinkId, Message),
    /// Send on this link what [`Exchange::next_piece`] says, while there is room.
    Pump(LinkId),
    /// Ask whether to carry; [`Exchange::permit`] answers.
    Ask { leg: Leg, from: PeerId, to: PeerId },
}

/// The next of what waits for a link.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) message: Message,
    circuit: u64,
    from: Whose,
    bytes: usize,
}

/// See the module's header.
pub(crate) struct Exchange {
    caps: Caps,
    carry: bool,
    circuits: BTreeMap<u64, Circuit>,
    next: u64,
    /// The circuit that was served last, so that none is favoured.
    served: u64,
    parties: Parties,
    total: Bucket,
    day: u64,
    today: u64,
}

impl Exchange {
    pub(crate) fn new(caps: Caps, now: u64) -> Self {
        Self {
            carry: true,
            circuits: BTreeMap::new(),
            next: 0,
            served: 0,
            parties: Parties::default(),
            total: Bucket::new(&caps.total, now),
            day: 0,
            today: 0,
            caps,
        }
    }

    pub(crate) fn carrying(&self) -> Carrying {
        let open = self.circuits.values().filter(|circuit| circuit.state == State::Open).count();
        Carrying { circuits: open, today: self.today }
    }

    /// "Carry messages for friends".
    pub(crate) fn set_carry(&mut self, carry: bool, out: &mut Vec<Effect>) {
        self.carry = carry;
        if !carry {
            self.end_all(HelpRefused::Off, CircuitEnd::Gone, out);
        }
    }

    /// A peer asks to be connected with another.
    pub(crate) fn open(&mut self, near: &Near, open: CircuitOpen, now: Now, out: &mut Vec<Effect>) {
        let leg = near.leg(open.id);
        if let Some((circuit, _)) = self.find(leg) {
            return self.fault(circuit, out);
        }
        if !near.may_choose(open.id) {
            return self.stray(near, open.id, now, out);
        }
        if !self.parties.may_open(near.peer, &self.caps, now.tick) {
            // Silence beyond that: who floods gets no flood back.
            if self.parties.may_answer(near.peer, &self.caps, now.tick) {
                out.push(refusal(leg, HelpRefused::Busy));
            }
            return;
        }
        self.begin_day(now);
        let asked = self.circuits.values().filter(|circuit| circuit.caller.peer == near.peer).count();
        let full = asked >= self.caps.per_asker || self.circuits.len() >= self.caps.in_all || self.today >= self.caps.per_day;
        let refused = match () {
            () if !self.carry => Some(HelpRefused::Off),
            () if !near.direct || open.peer == near.peer => Some(HelpRefused::NotAllowed),
            () if full => Some(HelpRefused::Busy),
            () => None,
        };
        if let Some(why) = refused {
            out.push(refusal(leg, why));
            return;
        }
        let [caller, callee] = [(Some(leg), near.peer), (None, open.peer)].map(|(leg, peer)| Side::new(leg, peer, &self.caps, now.tick));
        self.next = self.next.saturating_add(1);
        self.circuits.insert(self.next, Circuit { state: State::Asked, since: now.tick, caller, callee });
        out.push(Effect::Ask { leg, from: near.peer, to: open.peer });
    }

    /// Whether a circuit that was asked for is carried: over this link, on which the callee gets it
    /// by this id.
    pub(crate) fn permit(&mut self, leg: Leg, to: Result<(Near, u32), HelpRefused>, now: Now, out: &mut Vec<Effect>) {
        let Some((key, Whose::Caller)) = self.find(leg) else { return };
        let Some(circuit) = self.circuits.get_mut(&key).filter(|circuit| circuit.state == State::Asked) else { return };
        let to = to.and_then(|(near, id)| {
            // Circuits do not go over circuits.
            let right = near.direct && near.peer == circuit.callee.peer && near.link != leg.link;
            if right { Ok(near.leg(id)) } else { Err(HelpRefused::NotLinked) }
        });
        match to {
            Ok(callee) => {
                (circuit.state, circuit.since, circuit.callee.leg) = (State::Offered, now.tick, Some(callee));
                let open = CircuitOpen { id: callee.id, way: CircuitWay::From, peer: circuit.caller.peer };
                out.push(Effect::Send(callee.link, Message::CircuitOpen(open)));
            }
            Err(why) => {
                self.circuits.remove(&key);
                out.push(refusal(leg, why));
            }
        }
    }

    /// Takes a record of a circuit.
    pub(crate) fn on_message(&mut self, near: &Near, message: Message, now: Now, out: &mut Vec<Effect>) {
        match message {
            Message::CircuitAnswer(answer) => self.on_answer(near, answer, now, out),
            Message::CircuitData(data) => self.on_data(near, &data, now, out),
            Message::CircuitCredit(credit) => self.on_credit(near, credit, now, out),
            Message::CircuitClose(close) => self.on_close(near, close, now, out),
            // An Open is decided on by whoever knows its direction; nothing else is of circuits.
            _ => {}
        }
    }

    fn on_answer(&mut self, near: &Near, answer: CircuitAnswer, now: Now, out: &mut Vec<Effect>) {
        let Some((key, whose)) = self.find(near.leg(answer.id)) else { return self.stray(near, answer.id, now, out) };
        let Some(circuit) = self.circuits.get_mut(&key) else { return };
        if (circuit.state, whose) != (State::Offered, Whose::Callee) {
            return self.fault(key, out);
        }
        if let Some(caller) = circuit.caller.leg {
            out.push(Effect::Send(caller.link, Message::CircuitAnswer(CircuitAnswer { id: caller.id, refused: answer.refused })));
        }
        (circuit.state, circuit.since) = (State::Open, now.tick);
        if answer.refused.is_some() {
            self.circuits.remove(&key);
        }
    }

    fn on_data(&mut self, near: &Near, data: &CircuitData, now: Now, out: &mut Vec<Effect>) {
        let Some((key, whose)) = self.find(near.leg(data.id)) else { return self.stray(near, data.id, now, out) };
        self.begin_day(now);
        let today = self.today.saturating_add(u64::try_from(data.bytes.len()).unwrap_or(u64::MAX));
        let Some(circuit) = self.circuits.get_mut(&key) else { return };
        match circuit.state {
            State::Open if today > self.caps.per_day => {
                debug!("carried enough for today");
                return self.end_all(HelpRefused::Busy, CircuitEnd::Cap, out);
            }
            State::Open => {}
            State::Asked | State::Offered => return self.fault(key, out),
            // The other side has left, and that is on its way.
            State::Closing(_) => return,
        }
        if circuit.side_mut(whose).take(&data.bytes, &self.caps).is_err() {
            return self.fault(key, out);
        }
        circuit.since = now.tick;
        self.today = today;
        out.extend(circuit.side(whose.other()).leg.map(|to| Effect::Pump(to.link)));
    }

    fn on_credit(&mut self, near: &Near, credit: CircuitCredit, now: Now, out: &mut Vec<Effect>) {
        let Some((key, whose)) = self.find(near.leg(credit.id)) else { return self.stray(near, credit.id, now, out) };
        let Some(circuit) = self.circuits.get_mut(&key) else { return };
        match circuit.state {
            State::Open => match circuit.side_mut(whose.other()).was_read(credit.bytes) {
                Ok(()) => self.grant(now, out),
                Err(Beyond) => self.fault(key, out),
            },
            State::Asked | State::Offered => self.fault(key, out),
            State::Closing(_) => {}
        }
    }

    fn on_close(&mut self, near: &Near, close: CircuitClose, now: Now, out: &mut Vec<Effect>) {
        // Answering one would have two who know nothing of it answer each other for ever.
        let Some((key, whose)) = self.find(near.leg(close.id)) else { return };
        self.leave(key, whose, close.why, now, out);
    }

    /// A link is down, and with it all circuits over it.
    pub(crate) fn link_down(&mut self, link: LinkId, now: Now, out: &mut Vec<Effect>) {
        let on_it = |side: &Side| side.leg.is_some_and(|leg| leg.link == link);
        let keys: Vec<u64> =
            self.circuits.iter().filter(|(_, circuit)| on_it(&circuit.caller) || on_it(&circuit.callee)).map(|(key, _)| *key).collect();
        for key in keys {
            let whose = self.circuits.get(&key).map(|circuit| if on_it(&circuit.caller) { Whose::Caller } else { Whose::Callee });
            if let Some(whose) = whose {
                self.leave(key, whose, CircuitEnd::Gone, now, out);
            }
        }
    }

    /// One side has left.
    fn leave(&mut self, key: u64, whose: Whose, why: CircuitEnd, now: Now, out: &mut Vec<Effect>) {
        let Some(circuit) = self.circuits.get_mut(&key) else { return };
        circuit.side_mut(whose).leg = None;
        let other = circuit.side(whose.other()).leg;
        match (circuit.state, other) {
            // After all that it sent, so that no word is lost.
            (State::Open, Some(other)) => {
                (circuit.state, circuit.since) = (State::Closing(why), now.tick);
                out.push(Effect::Pump(other.link));
                return;
            }
            (State::Offered, Some(callee)) if whose == Whose::Caller => out.push(closing(callee, why)),
            (State::Offered, Some(caller)) => out.push(refusal(caller, HelpRefused::NotLinked)),
            (State::Asked | State::Offered | State::Open | State::Closing(_), _) => {}
        }
        self.circuits.remove(&key);
    }

    /// What goes next to the other side of this link, circuits taking turns.
    pub(crate) fn next_piece(&self, link: LinkId) -> Option<Piece> {
        let later = self.circuits.range(self.served.saturating_add(1)..);
        let all = later.chain(self.circuits.range(..=self.served));
        all.flat_map(|(key, circuit)| [Whose::Caller, Whose::Callee].map(|from| (*key, circuit, from))).find_map(|(key, circuit, from)| {
            let to = circuit.side(from.other()).leg.filter(|to| to.link == link)?;
            let bytes = circuit.side(from).next_piece();
            let message = match circuit.state {
                State::Open | State::Closing(_) if !bytes.is_empty() => {
                    Message::CircuitData(CircuitData { id: to.id, bytes: bytes.to_vec() })
                }
                State::Closing(why) => Message::CircuitClose(CircuitClose { id: to.id, why }),
                State::Asked | State::Offered | State::Open => return None,
            };
            Some(Piece { message, circuit: key, from, bytes: bytes.len() })
        })
    }

    /// The link has taken it.
    pub(crate) fn went(&mut self, piece: &Piece) {
        self.served = piece.circuit;
        if piece.bytes == 0 {
            self.circuits.remove(&piece.circuit);
        } else if let Some(circuit) = self.circuits.get_mut(&piece.circuit) {
            circuit.side_mut(piece.from).went(piece.bytes);
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let late: Vec<u64> = self.circuits.iter().filter(|(_, circuit)| now.tick >= expires(circuit)).map(|(key, _)| *key).collect();
        for key in late {
            self.end(key, HelpRefused::Busy, CircuitEnd::Gone, out);
        }
        self.grant(now, out);
        self.parties.tidy(&self.caps, now.tick);
    }

    /// When [`Exchange::tick`] has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let credit = |circuit: &Circuit| {
            let sides = [&circuit.caller, &circuit.callee].into_iter();
            sides.filter_map(|side| side.due(&self.caps, &self.total)).filter(|_| circuit.state == State::Open).min()
        };
        self.circuits.values().map(|circuit| credit(circuit).unwrap_or(u64::MAX).min(expires(circuit))).min()
    }

    /// Passes on the credit that is due, circuits taking turns.
    fn grant(&mut self, now: Now, out: &mut Vec<Effect>) {
        let first = self.served;
        let keys: Vec<u64> =
            self.circuits.range(first.saturating_add(1)..).chain(self.circuits.range(..=first)).map(|(key, _)| *key).collect();
        for key in keys {
            let Some(circuit) = self.circuits.get_mut(&key).filter(|circuit| circuit.state == State::Open) else { continue };
            for whose in [Whose::Caller, Whose::Callee] {
                let side = circuit.side_mut(whose);
                if let (Some(leg), Some(bytes)) = (side.leg, side.grant(&self.caps, &mut self.total, now.tick)) {
                    out.push(Effect::Send(leg.link, Message::CircuitCredit(CircuitCredit { id: leg.id, bytes })));
                }
            }
        }
    }

    /// A side broke the rules; which one, the other need not know.
    fn fault(&mut self, key: u64, out: &mut Vec<Effect>) {
        debug!("a circuit broke the rules");
        self.end(key, HelpRefused::NotAllowed, CircuitEnd::Fault, out);
    }

    fn end_all(&mut self, refused: HelpRefused, why: CircuitEnd, out: &mut Vec<Effect>) {
        for key in self.circuits.keys().copied().collect::<Vec<_>>() {
            self.end(key, refused, why, out);
        }
    }

    /// At once, whatever is on its way.
    fn end(&mut self, key: u64, refused: HelpRefused, why: CircuitEnd, out: &mut Vec<Effect>) {
        let Some(circuit) = self.circuits.remove(&key) else { return };
        let unanswered = matches!(circuit.state, State::Asked | State::Offered);
        out.extend(circuit.caller.leg.map(|leg| if unanswered { refusal(leg, refused) } else { closing(leg, why) }));
        out.extend(circuit.callee.leg.map(|leg| closing(leg, why)));
    }

    /// A record of a circuit that does not stand.
    fn stray(&mut self, near: &Near, id: u32, now: Now, out: &mut Vec<Effect>) {
        if self.parties.may_answer(near.peer, &self.caps, now.tick) {
            out.push(closing(near.leg(id), CircuitEnd::Fault));
        }
    }

    /// What was carried yesterday counts no more.
    pub(crate) fn begin_day(&mut self, now: Now) {
        let day = now.wall.checked_div(DAY).unwrap_or(0);
        if day != self.day {
            (self.day, self.today) = (day, 0);
        }
    }

    pub(crate) fn is_used(&self, leg: Leg) -> bool {
        self.find(leg).is_some()
    }

    fn find(&self, leg: Leg) -> Option<(u64, Whose)> {
        self.circuits.iter().find_map(|(key, circuit)| {
            let whose = [Whose::Caller, Whose::Callee].into_iter().find(|whose| circuit.side(*whose).leg == Some(leg))?;
            Some((*key, whose))
        })
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        assert!(self.circuits.len() <= self.caps.in_all);
        assert!(self.parties.len() <= super::limits::MAX_COUNTED);
        self.circuits.values().flat_map(|circuit| [&circuit.caller, &circuit.callee]).for_each(Side::check);
    }
}

fn expires(circuit: &Circuit) -> u64 {
    circuit.since.saturating_add(match circuit.state {
        State::Asked | State::Offered => UNANSWERED,
        State::Open => IDLE,
        State::Closing(_) => CLOSING,
    })
}

fn refusal(leg: Leg, why: HelpRefused) -> Effect {
    Effect::Send(leg.link, Message::CircuitAnswer(CircuitAnswer { id: leg.id, refused: Some(why) }))
}

fn closing(leg: Leg, why: CircuitEnd) -> Effect {
    Effect::Send(leg.link, Message::CircuitClose(CircuitClose { id: leg.id, why }))
}
