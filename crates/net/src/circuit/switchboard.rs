//! Brings together what goes over circuits: records that links read, the streams of this device's
//! own ends, and the outboxes of links. Called by the tasks of links and by the driver; it never
//! waits. What is carried for others goes from the task of one link to the outbox of the other, and
//! the node does not see it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::PeerId;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use wire::{Class, Role};

use super::end::{End, Over};
use super::ends::{Ends, Ways};
use super::event::{Carrying, CircuitEvent};
use super::exchange::{Effect, Exchange};
use super::limits::{Caps, MAX_EVENTS, UNANSWERED};
use super::line::{Leg, Line};
use super::stream::{CircuitStream, Pipe};
use crate::byte_stream::ByteStream;
use crate::event::LinkId;
use crate::outbox::Outbox;
use crate::time::TimeSource;
use wire::reach::{CircuitEnd, HelpRefused};
use wire::{CircuitAnswer, CircuitClose, CircuitOpen, CircuitWay, Message};

/// Clones are the same one.
#[derive(Clone)]
pub(crate) struct Switchboard {
    inner: Arc<Inner>,
}

struct Inner {
    time: TimeSource,
    events: mpsc::Sender<CircuitEvent>,
    receiver: Mutex<Option<mpsc::Receiver<CircuitEvent>>>,
    /// Locked before a pipe, and before the mailbox of a link.
    state: Mutex<State>,
}

struct State {
    exchange: Exchange,
    ends: Ends,
    /// Of links that have or had circuits.
    outboxes: BTreeMap<LinkId, Outbox>,
    /// Ids that this device has chosen last.
    ids: BTreeMap<LinkId, u32>,
    /// Rings when the next thing is due.
    alarm: Option<(u64, AbortHandle)>,
}

impl Switchboard {
    pub(crate) fn new(time: TimeSource, caps: Caps) -> Self {
        let (events, receiver) = mpsc::channel(MAX_EVENTS);
        let state = State {
            ends: Ends::new(&caps),
            exchange: Exchange::new(caps, time.tick()),
            outboxes: BTreeMap::new(),
            ids: BTreeMap::new(),
            alarm: None,
        };
        Self { inner: Arc::new(Inner { time, events, receiver: Mutex::new(Some(receiver)), state: Mutex::new(state) }) }
    }

    /// What is asked and told; for one listener.
    pub(crate) fn events(&self) -> Option<mpsc::Receiver<CircuitEvent>> {
        self.inner.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes a record of circuits from the task of the link that brought it.
    pub(crate) fn on_message(&self, line: &Line, message: Message) {
        let Some(leg) = circuit_of(&message).map(|id| line.near.leg(id)) else { return };
        let mut state = self.state();
        if let Some(pipe) = state.ends.get(leg) {
            if matches!(message, Message::CircuitAnswer(_)) {
                state.ends.answered(leg);
            }
            drop(state);
            if let Some(why) = pipe.on_message(message) {
                let ways = self.state().ends.remove(leg);
                self.tell_end(leg, ways, why);
            }
            return;
        }
        let (now, mut out) = (self.inner.time.now(), Vec::new());
        state.outboxes.entry(leg.link).or_insert_with(|| line.outbox.clone());
        match message {
            Message::CircuitOpen(CircuitOpen { id, way: CircuitWay::From, peer }) => out.extend(self.on_offer(&mut state, line, id, peer)),
            Message::CircuitOpen(open) if !state.ends.is_used(leg) => state.exchange.open(&line.near, open, now, &mut out),
            other => match state.ends.take_offer(leg) {
                // Taken back.
                Some(_) if matches!(other, Message::CircuitClose(_)) => {}
                Some(_) => out.push(close(leg, CircuitEnd::Fault)),
                None => state.exchange.on_message(&line.near, other, now, &mut out),
            },
        }
        self.act(&mut state, out);
    }

    fn on_offer(&self, state: &mut State, line: &Line, id: u32, from: PeerId) -> Option<Effect> {
        let leg = line.near.leg(id);
        if !line.near.may_choose(id) || state.is_used(leg) {
            // Both sides know what stands under this id, and it is not this.
            return None;
        }
        let asked = state.ends.offer(&line.near, id, from, self.inner.time.tick()).and_then(|event| {
            self.inner.events.try_send(event).map_err(|_| {
                state.ends.take_offer(leg);
                HelpRefused::Busy
            })
        });
        asked.err().map(|why| answer(leg, Some(why)))
    }

    /// Asks the peer of this line to carry a circuit to `peer`. Refusals come as errors of the
    /// stream, and as [`CircuitEvent::Ended`].
    pub(crate) fn open(&self, line: &Line, peer: PeerId) -> ByteStream {
        let mut state = self.state();
        let ways = Ways { carrier: line.near.peer, peer };
        let leg = state.next_leg(line);
        let pipe = pipe(leg, End::calling(), &line.outbox);
        let stream = ByteStream::Circuit(CircuitStream::new(pipe.clone()));
        let refused = match () {
            () if !line.near.direct => Some(Over::Refused(HelpRefused::NotAllowed)),
            () if !state.ends.has_room(leg.link) => Some(Over::Refused(HelpRefused::Busy)),
            () if !line.send(&Message::CircuitOpen(CircuitOpen { id: leg.id, way: CircuitWay::To, peer })) => Some(Over::LinkDown),
            () => None,
        };
        if let Some(why) = refused {
            pipe.end(why);
            self.tell_end(leg, Some(ways), why);
            return stream;
        }
        // As long as the carrier waits at most, and the way there and back.
        let until = self.inner.time.tick().saturating_add(UNANSWERED).saturating_add(UNANSWERED / 5);
        state.ends.insert(leg, &pipe, ways, Some(until));
        state.outboxes.entry(leg.link).or_insert_with(|| line.outbox.clone());
        self.arm(&mut state);
        stream
    }

    /// Whether a circuit that was asked for is carried, and over which link.
    pub(crate) fn permit(&self, asked: Leg, to: Result<Line, HelpRefused>) {
        let (now, mut out) = (self.inner.time.now(), Vec::new());
        let mut state = self.state();
        let to = to.map(|line| {
            state.outboxes.entry(line.near.link).or_insert_with(|| line.outbox.clone());
            (line.near, state.next_leg(&line).id)
        });
        state.exchange.permit(asked, to, now, &mut out);
        self.act(&mut state, out);
    }

    /// Whether a circuit that is offered is wanted; the stream, if it still is.
    pub(crate) fn accept(&self, offered: Leg, wanted: bool) -> Option<ByteStream> {
        let mut state = self.state();
        let ways = state.ends.take_offer(offered)?;
        let outbox = state.outboxes.get(&offered.link)?.clone();
        let refused = (!wanted).then_some(HelpRefused::NotAllowed);
        let pipe = pipe(offered, End::accepted(), &outbox);
        if wanted {
            // Before the answer: what follows on it may come at once.
            state.ends.insert(offered, &pipe, ways, None);
        }
        let answer = Message::CircuitAnswer(CircuitAnswer { id: offered.id, refused });
        let sent = outbox.offer(Class::Control, answer.encode()).is_ok();
        if sent && wanted {
            return Some(ByteStream::Circuit(CircuitStream::new(pipe)));
        }
        state.ends.remove(offered);
        None
    }

    /// "Carry messages for friends".
    pub(crate) fn set_carry(&self, carry: bool) {
        let (mut state, mut out) = (self.state(), Vec::new());
        state.exchange.set_carry(carry, &mut out);
        self.act(&mut state, out);
    }

    /// What this device carries for others.
    pub(crate) fn carrying(&self) -> Carrying {
        let (now, mut state) = (self.inner.time.now(), self.state());
        // Nothing may have been carried since midnight.
        state.exchange.begin_day(now);
        state.exchange.carrying()
    }

    /// A bulk queue that had refused something has room again.
    pub(crate) fn on_drained(&self, link: LinkId) {
        let mut state = self.state();
        if !state.outboxes.contains_key(&link) {
            return;
        }
        let own = state.ends.over(link);
        self.act(&mut state, vec![Effect::Pump(link)]);
        drop(state);
        own.iter().for_each(|pipe| pipe.on_drained());
    }

    /// A link is over, and its outbox takes nothing more: so no circuit can come to it after this.
    pub(crate) fn link_down(&self, link: LinkId) {
        let (now, mut out) = (self.inner.time.now(), Vec::new());
        let mut state = self.state();
        state.outboxes.remove(&link);
        state.ids.remove(&link);
        let own = state.ends.link_down(link);
        state.exchange.link_down(link, now, &mut out);
        self.act(&mut state, out);
        drop(state);
        for (leg, ways, pipe) in own {
            if pipe.end(Over::LinkDown) {
                self.tell_end(leg, Some(ways), Over::LinkDown);
            }
        }
    }

    /// Does what is due.
    fn tick(&self) {
        let (now, mut out) = (self.inner.time.now(), Vec::new());
        let mut state = self.state();
        state.alarm = None;
        state.exchange.tick(now, &mut out);
        let (own, offers) = state.ends.late(now.tick);
        out.extend(offers.into_iter().map(|leg| answer(leg, Some(HelpRefused::Busy))));
        self.act(&mut state, out);
        drop(state);
        for (leg, ways, pipe) in own {
            if pipe.give_up() {
                self.tell_end(leg, Some(ways), Over::Unanswered);
            }
        }
    }

    fn act(&self, state: &mut State, effects: Vec<Effect>) {
        let now = self.inner.time.now();
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let mut more = Vec::new();
            match effect {
                Effect::Send(link, message) => {
                    let outbox = state.outboxes.get(&link);
                    if outbox.is_none_or(|outbox| outbox.offer(Class::Control, message.encode()).is_err()) {
                        // It is over, or about to be.
                        state.outboxes.remove(&link);
                        state.exchange.link_down(link, now, &mut more);
                    }
                }
                Effect::Pump(link) => state.pump(link),
                Effect::Ask { leg, from, to } => {
                    if self.inner.events.try_send(CircuitEvent::Asked { leg, from, to }).is_err() {
                        state.exchange.permit(leg, Err(HelpRefused::Busy), now, &mut more);
                    }
                }
            }
            effects.extend(more);
        }
        self.arm(state);
    }

    /// Sets the alarm to what is due next.
    fn arm(&self, state: &mut State) {
        let due = [state.exchange.next_due(), state.ends.next_due()].into_iter().flatten().min();
        let Some(due) = due else { return };
        if state.alarm.as_ref().is_some_and(|(at, _)| *at <= due) {
            return;
        }
        let wait = Duration::from_millis(due.saturating_sub(self.inner.time.tick()));
        let inner = Arc::downgrade(&self.inner);
        let task = tokio::spawn(async move {
            sleep(wait).await;
            if let Some(inner) = inner.upgrade() {
                Switchboard { inner }.tick();
            }
        });
        if let Some((_, before)) = state.alarm.replace((due, task.abort_handle())) {
            before.abort();
        }
    }

    /// Lost if the driver does not listen; the stream tells the same.
    fn tell_end(&self, leg: Leg, ways: Option<Ways>, why: Over) {
        if let Some(Ways { carrier, peer }) = ways {
            let _ = self.inner.events.try_send(CircuitEvent::Ended { leg, carrier, peer, why });
        }
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A name for a circuit that this device opens on a link.
    fn next_leg(&mut self, line: &Line) -> Leg {
        let first = if line.near.role == Role::Initiator { 0 } else { 1 };
        loop {
            let id = self.ids.get(&line.near.link).map_or(first, |last| last.wrapping_add(2));
            self.ids.insert(line.near.link, id);
            let leg = line.near.leg(id);
            if !self.is_used(leg) {
                return leg;
            }
        }
    }

    fn is_used(&self, leg: Leg) -> bool {
        self.ends.is_used(leg) || self.exchange.is_used(leg)
    }

    fn pump(&mut self, link: LinkId) {
        let Some(outbox) = self.outboxes.get(&link) else { return };
        while let Some(piece) = self.exchange.next_piece(link) {
            if outbox.offer(Class::Bulk, piece.message.encode()).is_err() {
                return;
            }
            self.exchange.went(&piece);
        }
    }
}

fn pipe(leg: Leg, end: End, outbox: &Outbox) -> Arc<Pipe> {
    let outbox = outbox.clone();
    Pipe::new(leg.id, end, move |class, message| outbox.offer(class, message.encode()))
}

fn answer(leg: Leg, refused: Option<HelpRefused>) -> Effect {
    Effect::Send(leg.link, Message::CircuitAnswer(CircuitAnswer { id: leg.id, refused }))
}

fn close(leg: Leg, why: CircuitEnd) -> Effect {
    Effect::Send(leg.link, Message::CircuitClose(CircuitClose { id: leg.id, why }))
}

/// The id in a record of circuits; none in others.
pub(crate) fn circuit_of(message: &Message) -> Option<u32> {
    match message {
        Message::CircuitOpen(open) => Some(open.id),
        Message::CircuitAnswer(answer) => Some(answer.id),
        Message::CircuitData(data) => Some(data.id),
        Message::CircuitCredit(credit) => Some(credit.id),
        Message::CircuitClose(close) => Some(close.id),
        _ => None,
    }
}
