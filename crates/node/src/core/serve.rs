//! Serves what others ask for, without keeping those waiting who talk.

use identity::PeerId;
use wire::ids::RoomId;
use wire::message::{Class, Data, Message, Need};

use super::Core;
use super::batch::{Batch, MAX_DATA_BYTES, ReadBatch};

/// Most events that one Need gets. Higher: a lost answer is noticed later. Lower: a distant asker
/// waits more often for the way back and forth.
const MAX_EVENTS_PER_NEED: u32 = 8_192;
/// Events that a link is served beyond all that there is: at once, and for each second that it is
/// up. Higher: a greedy neighbour takes more time. Lower: a peer that lost what was sent waits for
/// it.
const SERVED_AGAIN: u64 = 2_000;
const SERVED_AGAIN_PER_S: u64 = 500;

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
        link.queue_serve(need);
        self.serving.insert(peer);
    }

    /// Each peer may have everything once, and then little by little: none that means well asks one
    /// and the same neighbour for it again.
    fn may_be_served(&self, peer: &PeerId) -> bool {
        let Some(link) = self.links.get(peer) else { return false };
        let rested = (self.clocks.mono().saturating_sub(link.up_at) / 1_000).saturating_mul(SERVED_AGAIN_PER_S);
        if link.served <= rested.saturating_add(SERVED_AGAIN) {
            return true;
        }
        let common = link.rooms.iter().filter_map(|room| self.rooms.get(room));
        let there_is: u64 = common.flat_map(|room| room.logs.heads()).map(|(_, head)| u64::from(head.seq)).sum();
        link.served <= there_is.saturating_add(rested).saturating_add(SERVED_AGAIN)
    }

    /// Batches to be read for those who are served now.
    pub(crate) fn serve(&mut self) -> Vec<Batch> {
        let round = self.serving.take_due(self.clocks.mono());
        round.peers.into_iter().filter_map(|peer| self.next_batch(peer, round.events)).collect()
    }

    /// About so many events of what a peer asked for, if its bulk queue takes them; else it goes on
    /// when that has drained.
    fn next_batch(&mut self, peer: PeerId, count: u32) -> Option<Batch> {
        let link = self.links.get_mut(&peer)?;
        // Before reading: else a peer that asks without taking anything costs as much as one that
        // does.
        if link.reading || !link.outbox.has_room(Class::Bulk, MAX_DATA_BYTES) {
            return None;
        }
        // Who was removed after asking gets nothing more.
        let (common, rooms) = (&link.rooms, &self.rooms);
        let shared = |room: &RoomId| rooms.get(room).is_some_and(|room| room.is_shared_with(&peer));
        link.serves.retain(|need| common.contains(&need.room) && (need.log.log.is_control() || shared(&need.room)));
        let need = *link.serves.front()?;
        link.reading = true;
        Some(Batch { store: self.disk.store().clone(), peer, link: link.id, need, count })
    }

    /// Sends what was read for a peer, and goes on with what else it asked for.
    pub(crate) fn on_read(&mut self, ReadBatch { peer, link, need, events }: ReadBatch) {
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
