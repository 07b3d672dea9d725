//! Serves what others ask for, without keeping those waiting who talk.

use std::ops::Bound::{Excluded, Unbounded};

use identity::PeerId;
use net::LinkId;
use store::Store;
use wire::message::{Class, Data, Message, Need, RawEvent};

use super::Core;
use super::links::MAX_SERVES;

/// Most events that one Need gets. Higher: a lost answer is noticed later. Lower: a distant asker
/// waits more often for the way back and forth.
const MAX_EVENTS_PER_NEED: u32 = 8_192;
/// Bytes of events in one Data.
const MAX_DATA_BYTES: usize = 56 * 1024;
/// Events that a link is served beyond all that there is: at once, and for each second that it is
/// up. Higher: a greedy neighbour takes more time. Lower: whoever lost what was sent waits for it.
const SERVED_AGAIN: u64 = 2_000;
const SERVED_AGAIN_PER_S: u64 = 500;
/// So long after somebody said something, parts are small and come one at a time.
const TALK_MS: u64 = 1_000;
/// Events in such a part, and the others of the run that the last of them is in: a run goes whole.
/// Higher: a message waits longer for a part to be sent. Lower: whoever catches up while others
/// talk waits longer.
const EVENTS_BESIDE_TALK: u32 = 8;
/// From one such part to the next.
const PAUSE_BESIDE_TALK_MS: u64 = 2;

impl Core {
    /// Remembers a range to be served; one that does not fit is asked for again by the other side.
    pub(crate) fn queue_serve(&mut self, peer: PeerId, mut need: Need) {
        // A branch is asked for from 1 on by those who do not know where it begins.
        let end = self.rooms.get(&need.room).and_then(|room| room.logs.get(&need.log));
        need.from = need.from.max(end.map_or(1, |end| end.before().saturating_add(1)));
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

    /// Everybody may have everything once, and then little by little: nobody who means well asks
    /// one and the same neighbour for it again.
    fn may_be_served(&mut self, peer: &PeerId) -> bool {
        let Some(link) = self.links.get(peer) else { return false };
        let rested = (self.now.mono.saturating_sub(link.up_at) / 1_000).saturating_mul(SERVED_AGAIN_PER_S);
        if link.served <= rested.saturating_add(SERVED_AGAIN) {
            return true;
        }
        let common = link.rooms.iter().filter_map(|room| self.rooms.get(room));
        let there_is: u64 = common.flat_map(|room| room.logs.heads()).map(|(_, head)| u64::from(head.seq)).sum();
        link.served <= there_is.saturating_add(rested).saturating_add(SERVED_AGAIN)
    }

    /// Somebody said something, here or elsewhere: what follows is not to wait.
    pub(crate) fn note_talk(&mut self) {
        self.quiet_at = self.now.mono.saturating_add(TALK_MS);
    }

    /// Parts for whoever waits, one each; while people talk, for one of them in turn.
    pub(crate) fn serve(&mut self) -> Vec<Part> {
        if self.now.mono < self.serve_at {
            return Vec::new();
        }
        if self.now.mono >= self.quiet_at {
            let waiting = std::mem::take(&mut self.serving);
            return waiting.into_iter().filter_map(|peer| self.next_part(peer, u32::MAX)).collect();
        }
        let after = self.served_last.map_or(Unbounded, Excluded);
        let Some(peer) = self.serving.range((after, Unbounded)).next().or(self.serving.first()).copied() else { return Vec::new() };
        self.serving.remove(&peer);
        self.served_last = Some(peer);
        self.serve_at = self.now.mono.saturating_add(PAUSE_BESIDE_TALK_MS);
        self.next_part(peer, EVENTS_BESIDE_TALK).into_iter().collect()
    }

    /// When serving goes on.
    pub(crate) fn serve_wake(&self) -> Option<u64> {
        (!self.serving.is_empty()).then_some(self.serve_at)
    }

    /// About so many events of what a peer asked for, if their bulk queue takes them; else it goes
    /// on when that has drained.
    fn next_part(&mut self, peer: PeerId, count: u32) -> Option<Part> {
        let link = self.links.get_mut(&peer)?;
        // Before reading: else whoever asks without taking anything costs as much as whoever does.
        if link.reading || !link.outbox.has_room(Class::Bulk, MAX_DATA_BYTES) {
            return None;
        }
        let need = *link.serves.front()?;
        link.reading = true;
        Some(Part { store: self.store.clone(), peer, link: link.id, need, count })
    }

    /// Sends what was read for somebody, and goes on with what else they asked for.
    pub(crate) fn on_read(&mut self, Read { peer, link, need, events }: Read) {
        let Some(link) = self.links.get_mut(&peer).filter(|now| now.id == link) else { return };
        link.reading = false;
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let served = need.from.saturating_add(count);
        let done = events.is_empty() || served > need.to;
        let last = if done { served.saturating_sub(1) } else { need.to };
        let data = Message::Data(Data { room: need.room, log: need.log, last, events });
        if link.outbox.offer(Class::Bulk, data.encode()).is_err() {
            return;
        }
        link.served += u64::from(count);
        match (done, link.serves.front_mut()) {
            (false, Some(front)) => front.from = served,
            (_, _) => {
                link.serves.pop_front();
            }
        }
        if !link.serves.is_empty() {
            self.serving.insert(peer);
        }
    }
}

/// A part of an answer, to be read where it keeps nobody waiting: reading takes up to some
/// milliseconds.
pub(crate) struct Part {
    store: Store,
    peer: PeerId,
    link: LinkId,
    need: Need,
    count: u32,
}

/// Events of a [`Part`], for [`Core::on_read`].
pub(crate) struct Read {
    peer: PeerId,
    link: LinkId,
    need: Need,
    events: Vec<RawEvent>,
}

impl Part {
    pub(crate) fn read(self) -> Read {
        let Part { store, peer, link, need, count } = self;
        let to = need.to.min(need.from.saturating_add(count - 1));
        let events = match need.from <= need.to {
            true => store.range_giving_way(&need.room, need.log, need.from, to, MAX_DATA_BYTES),
            false => Vec::new(),
        };
        Read { peer, link, need, events }
    }
}
