//! Carries out what gossip wants done.

use gossip::{Effect, Input};
use identity::PeerId;
use store::Standing;
use wire::ids::{LogKey, RoomId};
use wire::message::{Bye, Class, Message};

use super::Core;

/// Breaches of the rules of spreading that end a link.
const MAX_FAULTS: u32 = 8;

/// When what gossip spreads goes to the sockets.
#[derive(Clone, Copy)]
enum Pace {
    /// Own events.
    AtOnce,
    /// Events of others: the links send them, while this device's own window is told of them.
    Queued,
}

impl Core {
    /// Hands an input to gossip and carries out all that follows. Called while that is going on, it
    /// only queues the input: effects are carried out in order, and none within another.
    pub(crate) fn gossip(&mut self, input: Input) {
        if !self.spreading.push(input) {
            return;
        }
        while let Some(input) = self.spreading.next() {
            self.touch_progress(&input);
            self.note_neighbours(&input);
            let pace = if matches!(input, Input::Published { .. }) { Pace::AtOnce } else { Pace::Queued };
            let mut effects = self.spreading.handle(self.clocks.mono(), input, &mut self.rng);
            for effect in effects.drain(..) {
                self.carry_out(effect, pace);
            }
            self.spreading.reuse(effects);
        }
    }

    fn carry_out(&mut self, effect: Effect, pace: Pace) {
        match effect {
            Effect::Send { peer, message } => self.send_gossip(peer, &message),
            Effect::Spread { peers, message } => self.spread(&peers, &message, pace),
            Effect::Check { peer, room, origin, events } => {
                let verdict = self.check(peer, room, origin, &events);
                self.gossip(Input::Checked { peer, room, origin, events, verdict });
            }
            Effect::Serve { peer, need } => self.queue_serve(peer, need),
            Effect::Acked { room, peer, log, seq } => self.on_acked(room, peer, log.log, seq),
            Effect::Lacking { room, count } => {
                if let Some(state) = self.rooms.get_mut(&room) {
                    state.lacking = count;
                    self.notices.room(room);
                }
            }
            Effect::WantsChanged => self.links.note_wants_stale(),
            Effect::Introduce { peer, subjects } => self.send_records(&peer, &subjects),
            Effect::Fault { peer, what } => self.on_fault(peer, what),
            Effect::WakeAt(at) => self.spreading.wake_at(at),
        }
    }

    fn send_gossip(&mut self, peer: PeerId, message: &Message) {
        let Some(link) = self.links.get(&peer) else { return };
        let refused = link.outbox.offer(message.class(), message.encode()).is_err();
        if refused && let Some(room) = room_of(message) {
            self.gossip(Input::Refused { peer, room });
        }
    }

    fn spread(&mut self, peers: &[PeerId], message: &Message, pace: Pace) {
        let record = message.encode();
        let Some(room) = room_of(message) else { return };
        for peer in peers {
            let Some(link) = self.links.get(peer) else { continue };
            let record = record.clone();
            let taken = match pace {
                Pace::AtOnce => link.outbox.send_now(Class::Live, record),
                Pace::Queued => link.outbox.offer(Class::Live, record),
            };
            if taken.is_err() {
                self.gossip(Input::Refused { peer: *peer, room });
            }
        }
    }

    pub(super) fn on_acked(&mut self, room: RoomId, peer: PeerId, log: wire::ids::LogId, seq: u32) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.members.is_member(&peer)) else { return };
        let left = state.row.standing == Standing::Left && log.is_control();
        self.note_ack(room, peer, log, seq);
        let own = self.own.peer();
        if let Some(state) = self.rooms.get_mut(&room).filter(|_| left) {
            let end = state.logs.get(&LogKey { device: own, log }).map_or(0, |held| held.head.seq);
            state.leave_heard |= seq >= end;
            if state.leave_heard {
                self.quieten(room);
            }
        }
    }

    pub(crate) fn on_fault(&mut self, peer: PeerId, what: &'static str) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        link.faults += 1;
        tracing::debug!(peer = %peer.short(), what, count = link.faults, "fault");
        if link.faults >= MAX_FAULTS {
            self.links.end(&peer, Bye::Protocol);
        }
    }
}

/// The room of a live message that, if it does not fit, is made up for by Heads.
fn room_of(message: &Message) -> Option<RoomId> {
    match message {
        Message::Run(m) => Some(m.room),
        Message::Digest(m) => Some(m.room),
        Message::Heads(m) => Some(m.room),
        // Another Graft or Prune comes of the next event, another Need of the next comparison.
        _ => None,
    }
}
