//! The entry: one call in, effects out.

use std::collections::BTreeMap;

use identity::PeerId;
use wire::ids::RoomId;
use wire::message::{Message, Run};

use crate::room::{Around, Room};
use crate::seen::Seen;
use crate::tie::{Behind, Tie};
use crate::{Config, Effect, Input, Millis, Origin, Standing, Verdict};

/// One engine serves all rooms of a device. After each [`Engine::handle`] carry out all effects, in order.
pub struct Engine {
    me: PeerId,
    config: Config,
    rooms: BTreeMap<RoomId, Room>,
    seen: Seen,
    wake: Option<Millis>,
}

impl Engine {
    /// `seen_key` must be random and secret.
    pub fn new(me: PeerId, config: Config, seen_key: [u8; 32]) -> Self {
        let seen = Seen::new(seen_key, config.seen);
        Engine { me, config, rooms: BTreeMap::new(), seen, wake: None }
    }

    /// Takes one input and appends what is to be done to `out`.
    pub fn handle<R: rand::Rng>(&mut self, now: Millis, input: Input, rng: &mut R, out: &mut Vec<Effect>) {
        let touched = self.dispatch(now, input, rng, out);
        self.schedule(now, touched, out);
    }

    /// The neighbours of a room, and how far they are known to have come.
    pub fn ties(&self, room: &RoomId) -> impl Iterator<Item = Tie> + '_ {
        self.rooms.get(room).into_iter().flat_map(Room::ties)
    }

    /// Each log of a room of which a neighbour that was heard lacks something.
    pub fn behind(&self, room: &RoomId) -> impl Iterator<Item = Behind> + '_ {
        self.rooms.get(room).into_iter().flat_map(Room::behind)
    }

    fn dispatch<R: rand::Rng>(&mut self, now: Millis, input: Input, rng: &mut R, out: &mut Vec<Effect>) -> Option<RoomId> {
        let config = self.config;
        let mut around = Around { now, me: self.me, config: &config, rng, out };
        match input {
            Input::RoomOpened { room, heads, stopped } => {
                self.rooms.entry(room).or_insert_with(|| Room::new(room, heads, stopped, now + config.digest_every));
                Some(room)
            }
            Input::RoomClosed { room } => {
                self.rooms.remove(&room);
                None
            }
            Input::NeighbourUp { room, peer, standing } => {
                self.rooms.get_mut(&room)?.neighbour_up(&mut around, peer, standing);
                Some(room)
            }
            Input::NeighbourDown { room, peer } => {
                self.rooms.get_mut(&room)?.neighbour_down(&mut around, &peer);
                Some(room)
            }
            Input::LinkDown { peer } => {
                self.rooms.values_mut().for_each(|room| room.neighbour_down(&mut around, &peer));
                None
            }
            Input::Received { peer, message } => self.received(&mut around, peer, message),
            Input::Checked { peer, room, origin, events, verdict } => {
                if is_settled(&verdict) {
                    self.seen.insert(self.seen.name(&events));
                }
                self.rooms.get_mut(&room)?.on_checked(&mut around, peer, origin, events, verdict);
                Some(room)
            }
            Input::Published { room, log, head, events } => {
                self.seen.insert(self.seen.name(&events));
                self.rooms.get_mut(&room)?.publish(&mut around, log, head, events);
                Some(room)
            }
            Input::Refused { peer, room } => {
                self.rooms.get_mut(&room)?.refused(&mut around, &peer);
                Some(room)
            }
            Input::Tick => {
                self.wake = None;
                for room in self.rooms.values_mut() {
                    room.tick(&mut around);
                }
                None
            }
        }
    }

    fn received<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, message: Message) -> Option<RoomId> {
        let room = match &message {
            Message::Run(m) => m.room,
            Message::Digest(m) => m.room,
            Message::Heads(m) => m.room,
            Message::Need(m) => m.room,
            Message::Data(m) => m.room,
            _ => return None,
        };
        let state = self.rooms.get_mut(&room).filter(|state| state.standing(&peer).is_some());
        let Some(state) = state else {
            // Not a fault: they may not know yet that this device left, or that their Add has not come here.
            return None;
        };
        match message {
            Message::Run(run) => Self::on_run(&self.seen, state, around, peer, run),
            Message::Digest(m) => state.on_digest(around, peer, m.digest),
            Message::Heads(m) => state.on_heads(around, peer, &m.heads),
            Message::Need(need) => state.on_need(around, peer, need),
            Message::Data(m) => state.on_data(around, peer, m.log, m.last, m.events),
            _ => {}
        }
        Some(room)
    }

    fn on_run<R>(seen: &Seen, state: &Room, around: &mut Around<'_, R>, peer: PeerId, run: Run) {
        if state.standing(&peer) != Some(Standing::Member) || seen.contains(seen.name(&run.events)) {
            return;
        }
        let ttl = run.ttl.min(around.config.ttl);
        around.out.push(Effect::Check { peer, room: run.room, origin: Origin::Live { ttl }, events: run.events });
    }

    fn schedule(&mut self, now: Millis, touched: Option<RoomId>, out: &mut Vec<Effect>) {
        let next = match touched.and_then(|room| self.rooms.get(&room)) {
            Some(room) => room.next_wake(now).min(self.wake.unwrap_or(Millis::MAX)),
            None => self.rooms.values().map(|room| room.next_wake(now)).min().unwrap_or(Millis::MAX),
        };
        if next == Millis::MAX || self.wake == Some(next) {
            return;
        }
        // Never in the past: a wake-up that is due now still passes through the node's loop once.
        let next = next.max(now + 1);
        self.wake = Some(next);
        out.push(Effect::WakeAt(next));
    }
}

/// Whether another copy of the same run can be dropped unseen.
fn is_settled(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Fresh { .. } | Verdict::Duplicate { .. } | Verdict::Fork { .. } | Verdict::Bad => true,
        Verdict::Gap { .. } | Verdict::Later { .. } => false,
    }
}
