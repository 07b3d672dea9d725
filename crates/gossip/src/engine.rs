//! The entry: one call in, effects out.

use std::collections::BTreeMap;

use identity::PeerId;
use wire::ids::RoomId;
use wire::message::{Data, Message, Run};

use crate::around::Around;
use crate::neighbour_view::Missing;
use crate::room::Room;
use crate::seen::Seen;
use crate::{Config, Effect, Input, Millis, NeighbourView, Origin, Trust, Verdict};

/// One engine serves all rooms of a device. After each [`Engine::handle`] carry out all effects, in
/// order.
pub struct Engine {
    me: PeerId,
    config: Config,
    key: [u8; 32],
    /// Boxed, because a map makes room for eleven at once.
    rooms: BTreeMap<RoomId, Box<Room>>,
    seen: Seen,
    received: u64,
    wake: Option<Millis>,
}

impl Engine {
    /// `key` must be random and secret: by it the seen set names runs, and members are ranked.
    pub fn new(me: PeerId, config: Config, key: [u8; 32]) -> Self {
        let seen = Seen::new(key, config.seen);
        Engine { me, config, key, rooms: BTreeMap::new(), seen, received: 0, wake: None }
    }

    /// Takes one input and appends what is to be done to `out`.
    pub fn handle<R: rand::Rng>(&mut self, now: Millis, input: Input, rng: &mut R, out: &mut Vec<Effect>) {
        let touched = self.dispatch(now, input, rng, out);
        self.schedule(now, touched, out);
    }

    /// Peers to which the node is to keep links, for the overlay of any room.
    pub fn wanted(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.rooms.values().flat_map(|room| room.dials.keys().copied())
    }

    /// Events that came from neighbours so far, copies included.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether the link with a peer is of use to any room. If not, it may be closed.
    pub fn holds(&self, peer: &PeerId) -> bool {
        self.rooms.values().any(|room| room.holds(&self.config, peer))
    }

    /// What is known of each linked peer of a room.
    pub fn neighbours(&self, room: &RoomId) -> impl Iterator<Item = NeighbourView> + '_ {
        self.rooms.get(room).into_iter().flat_map(|room| room.neighbours(&self.config))
    }

    /// Linked members of a room, and whether they have said what they have.
    pub fn linked(&self, room: &RoomId) -> impl Iterator<Item = (PeerId, bool)> + '_ {
        self.rooms.get(room).into_iter().flat_map(|room| room.linked())
    }

    /// Each log of a room of which a neighbour that was heard lacks something.
    pub fn missing(&self, room: &RoomId) -> impl Iterator<Item = Missing> + '_ {
        self.rooms.get(room).into_iter().flat_map(|room| room.missing(&self.config))
    }

    fn dispatch<R: rand::Rng>(&mut self, now: Millis, input: Input, rng: &mut R, out: &mut Vec<Effect>) -> Option<RoomId> {
        let config = self.config;
        let mut around = Around { now, me: self.me, config: &config, rng, out };
        let room_of = match &input {
            Input::RoomOpened { room, .. } | Input::RoomClosed { room } | Input::NeighbourUp { room, .. } => Some(*room),
            Input::NeighbourDown { room, .. } | Input::Checked { room, .. } | Input::Published { room, .. } | Input::Recut { room, .. } => {
                Some(*room)
            }
            Input::Refused { room, .. } | Input::Known { room, .. } | Input::Forgotten { room, .. } => Some(*room),
            Input::Received { message, .. } => room_of(message),
            Input::LinkDown { .. } | Input::Unreached { .. } | Input::Drained { .. } | Input::Tick => None,
        };
        match input {
            Input::RoomOpened { room, heads, stopped } => {
                let key = self.key;
                self.rooms.entry(room).or_insert_with(|| Box::new(Room::new(&mut around, room, key, heads, stopped)));
            }
            Input::RoomClosed { room } => {
                if self.rooms.remove(&room).is_some_and(|room| !room.dials.is_empty()) {
                    around.out.push(Effect::WantsChanged);
                }
            }
            Input::NeighbourUp { room, peer, trust } => self.rooms.get_mut(&room)?.neighbour_up(&mut around, peer, trust),
            Input::NeighbourDown { room, peer } => self.rooms.get_mut(&room)?.neighbour_down(&mut around, &peer),
            Input::LinkDown { peer } => self.rooms.values_mut().for_each(|room| room.neighbour_down(&mut around, &peer)),
            Input::Unreached { peer } => self.rooms.values_mut().for_each(|room| room.unreached(&mut around, &peer)),
            Input::Drained { peer } => self.rooms.values_mut().for_each(|room| room.drained(&mut around, &peer)),
            Input::Known { room, peers } => self.rooms.get_mut(&room)?.learn(&mut around, &peers),
            Input::Forgotten { room, peer } => self.rooms.get_mut(&room)?.unlearn(&mut around, &peer),
            Input::Received { peer, message } => {
                // A peer that is no neighbour may not know yet that this device left, or that its
                // own Add has not come here.
                let state = self.rooms.get_mut(&room_of?).filter(|state| state.trust(&peer).is_some())?;
                if let Message::Run(Run { events, .. }) | Message::Data(Data { events, .. }) = &message {
                    self.received = self.received.saturating_add(events.len() as u64);
                }
                match message {
                    Message::Run(run) => Self::on_run(&self.seen, state, &mut around, peer, run),
                    message => state.on_message(&mut around, peer, message),
                }
            }
            Input::Checked { peer, room, origin, events, verdict } => {
                let run = match origin {
                    Origin::Live { name, .. } => name,
                    Origin::Asked { .. } => self.seen.name(&events),
                };
                if is_settled(&verdict) {
                    self.seen.insert(run);
                }
                self.rooms.get_mut(&room)?.on_checked(&mut around, peer, origin, events, run, verdict);
            }
            Input::Published { room, log, head, events } => {
                self.seen.insert(self.seen.name(&events));
                self.rooms.get_mut(&room)?.publish(&mut around, log, head, events);
            }
            Input::Recut { room, ends } => self.rooms.get_mut(&room)?.recut(&mut around, &ends),
            Input::Refused { peer, room } => self.rooms.get_mut(&room)?.refused(&mut around, &peer),
            Input::Tick => {
                self.wake = None;
                self.rooms.values_mut().for_each(|room| room.tick(&mut around));
            }
        }
        room_of
    }

    fn on_run<R: rand::Rng>(seen: &Seen, state: &mut Room, around: &mut Around<'_, R>, peer: PeerId, run: Run) {
        if state.trust(&peer) != Some(Trust::Member) {
            return;
        }
        let name = seen.name(&run.events);
        if seen.contains(name) {
            return state.on_duplicate(around, peer, name);
        }
        let ttl = run.ttl.min(around.config.ttl);
        around.out.push(Effect::Check { peer, room: run.room, origin: Origin::Live { ttl, name }, events: run.events });
    }

    fn schedule(&mut self, now: Millis, touched: Option<RoomId>, out: &mut Vec<Effect>) {
        let next = match touched.and_then(|room| self.rooms.get(&room)) {
            Some(room) => room.next_wake().min(self.wake.unwrap_or(Millis::MAX)),
            None => self.rooms.values().map(|room| room.next_wake()).min().unwrap_or(Millis::MAX),
        };
        if next == Millis::MAX || self.wake == Some(next) {
            return;
        }
        // Never in the past: a wake-up that is due now still passes through the node's loop once.
        let next = next.max(now.saturating_add(1));
        self.wake = Some(next);
        out.push(Effect::WakeAt(next));
    }
}

/// The room of a message of spreading, repair or the overlay.
fn room_of(message: &Message) -> Option<RoomId> {
    match message {
        Message::Run(m) => Some(m.room),
        Message::Digest(m) => Some(m.room),
        Message::Heads(m) => Some(m.room),
        Message::Need(m) => Some(m.room),
        Message::Data(m) => Some(m.room),
        Message::Prune(room) | Message::Graft(room) => Some(*room),
        Message::Neighbour(m) => Some(m.room),
        Message::NeighbourReply(m) => Some(m.room),
        Message::Disconnect(m) => Some(m.room),
        Message::ForwardJoin(m) => Some(m.room),
        Message::Shuffle(m) => Some(m.room),
        _ => None,
    }
}

/// Whether another copy of the same run can be dropped unseen.
fn is_settled(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Fresh { .. } | Verdict::Duplicate { .. } | Verdict::Fork { .. } | Verdict::Beyond | Verdict::Bad => true,
        Verdict::Gap { .. } | Verdict::Later { .. } => false,
    }
}
