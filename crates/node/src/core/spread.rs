//! Carries out what gossip wants done.

use gossip::{Effect, Input};
use identity::PeerId;
use store::Standing;
use wire::ids::{LogKey, RoomId};
use wire::message::{Class, Data, Message, Need};

use super::Core;
use super::links::MAX_SERVES;

/// Most events that one Need gets. Higher: a lost answer is noticed later. Lower: a distant asker waits more often for the way back and forth.
const MAX_EVENTS_PER_NEED: u32 = 8_192;
/// Bytes of events in one Data.
const MAX_DATA_BYTES: usize = 56 * 1024;
/// Events that a link is served beyond twice all that there is: at once, and for each second that it is up. Higher: a greedy neighbour takes more time.
/// Lower: whoever lost what was sent waits for it.
const SERVED_AGAIN: u64 = 10_000;
const SERVED_AGAIN_PER_S: u64 = 500;
/// Breaches of the rules of spreading that end a link.
const MAX_FAULTS: u32 = 8;

impl Core {
    /// Hands an input to gossip and carries out what follows.
    pub(crate) fn gossip(&mut self, input: Input) {
        self.touch_levels(&input);
        let mut effects = std::mem::take(&mut self.effects);
        self.gossip.handle(self.now.mono, input, &mut self.rng, &mut effects);
        // Carrying out may lead to further inputs, which bring their own effects: `self.effects` is empty meanwhile.
        for effect in effects.drain(..) {
            self.carry_out(effect);
        }
        if self.effects.capacity() == 0 {
            self.effects = effects;
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { peer, message } => self.send_gossip(peer, &message),
            Effect::Spread { peers, message } => self.spread(&peers, &message),
            Effect::Check { peer, room, origin, events } => {
                let verdict = self.check(peer, room, origin, &events);
                self.gossip(Input::Checked { peer, room, origin, events, verdict });
            }
            Effect::Serve { peer, need } => self.queue_serve(peer, need),
            Effect::Acked { room, peer, log, seq } => self.on_acked(room, peer, log.log, seq),
            Effect::Lacking { room, count } => {
                if let Some(state) = self.rooms.get_mut(&room) {
                    state.lacking = count;
                    self.changed.room(room);
                }
            }
            Effect::WantsChanged => self.wants_stale = true,
            Effect::Introduce { peer, subjects } => self.send_records(&peer, &subjects),
            Effect::Fault { peer, what } => self.on_fault(peer, what),
            // The earlier one: a wake-up too many is harmless.
            Effect::WakeAt(at) => self.gossip_wake = Some(self.gossip_wake.map_or(at, |wake| wake.min(at))),
        }
    }

    fn send_gossip(&mut self, peer: PeerId, message: &Message) {
        let Some(link) = self.links.get(&peer) else { return };
        let refused = link.outbox.offer(message.class(), message.encode()).is_err();
        if refused && let Some(room) = room_of(message) {
            self.gossip(Input::Refused { peer, room });
        }
    }

    fn spread(&mut self, peers: &[PeerId], message: &Message) {
        let record = message.encode();
        let Some(room) = room_of(message) else { return };
        for peer in peers {
            let refused = self.links.get(peer).is_some_and(|link| link.outbox.offer(Class::Live, record.clone()).is_err());
            if refused {
                self.gossip(Input::Refused { peer: *peer, room });
            }
        }
    }

    fn on_acked(&mut self, room: RoomId, peer: PeerId, log: wire::ids::LogId, seq: u32) {
        let Some(state) = self.rooms.get_mut(&room).filter(|state| state.members.is_member(&peer)) else { return };
        let known = state.acks.entry((peer, log)).or_insert(0);
        if *known < seq {
            *known = seq;
            self.changed.ack(room, peer, log);
        }
        let own = self.peer;
        if let Some(state) = self.rooms.get_mut(&room).filter(|state| state.row.standing == Standing::Left && log.is_control()) {
            let end = state.logs.get(&LogKey { device: own, log }).map_or(0, |held| held.head.seq);
            state.leave_heard |= seq >= end;
            if state.leave_heard {
                self.gossip(Input::RoomClosed { room });
            }
        }
    }

    pub(crate) fn on_fault(&mut self, peer: PeerId, what: &'static str) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        link.faults += 1;
        tracing::debug!(peer = %peer.short(), what, count = link.faults, "fault");
        if link.faults >= MAX_FAULTS {
            let id = link.id;
            self.net.close(peer, id, wire::message::Bye::Protocol);
        }
    }

    /// Remembers a range to be served; one that does not fit is asked for again by the other side.
    fn queue_serve(&mut self, peer: PeerId, mut need: Need) {
        need.to = need.to.min(need.from.saturating_add(MAX_EVENTS_PER_NEED - 1));
        if !self.may_be_served(&peer) {
            return;
        }
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.serves.len() < MAX_SERVES && !link.serves.contains(&need) {
            link.serves.push_back(need);
        }
        self.serving.insert(peer);
    }

    /// Everybody may have everything twice, and then little by little: nobody who means well asks for more.
    fn may_be_served(&mut self, peer: &PeerId) -> bool {
        let Some(link) = self.links.get(peer) else { return false };
        let rested = (self.now.mono.saturating_sub(link.up_at) / 1_000).saturating_mul(SERVED_AGAIN_PER_S);
        if link.served <= rested.saturating_add(SERVED_AGAIN) {
            return true;
        }
        let common = link.rooms.iter().filter_map(|room| self.rooms.get(room));
        let there_is: u64 = common.flat_map(|room| room.logs.heads()).map(|(_, head)| u64::from(head.seq)).sum();
        link.served <= there_is.saturating_mul(2).saturating_add(rested).saturating_add(SERVED_AGAIN)
    }

    /// Serves whoever waits, a part each; how many still wait. A turn of the loop is never longer for somebody having much to catch up with.
    pub(crate) fn serve(&mut self) -> usize {
        for peer in std::mem::take(&mut self.serving) {
            if self.serve_part(peer) {
                self.serving.insert(peer);
            }
        }
        self.serving.len()
    }

    /// One Data, if the peer's bulk queue takes it; it goes on when that has drained. Whether there is more to be done now.
    fn serve_part(&mut self, peer: PeerId) -> bool {
        let Some(need) = self.links.get(&peer).and_then(|link| link.serves.front().copied()) else { return false };
        let events = match need.from <= need.to {
            true => self.store.range(&need.room, need.log, need.from, need.to, MAX_DATA_BYTES),
            false => Vec::new(),
        };
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let served = need.from.saturating_add(count);
        let done = events.is_empty() || served > need.to;
        let last = if done { served.saturating_sub(1) } else { need.to };
        let data = Message::Data(Data { room: need.room, log: need.log, last, events });
        let Some(link) = self.links.get_mut(&peer) else { return false };
        if link.outbox.offer(Class::Bulk, data.encode()).is_err() {
            return false;
        }
        link.served += u64::from(count);
        match (done, link.serves.front_mut()) {
            (false, Some(front)) => front.from = served,
            (_, _) => {
                link.serves.pop_front();
            }
        }
        !link.serves.is_empty()
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
