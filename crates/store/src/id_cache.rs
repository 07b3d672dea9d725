//! A cache from ids of messages to their positions, of those that were written or read since
//! opening.
//!
//! Clients name messages by id alone, and nearly always ones that they have just seen. An index on
//! disk would cost each message a write at a random place (18 µs against 25 for all the rest). This
//! costs a few megabytes, and for other messages a scan of the keys of the room.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rooms::{Hlc, Position, Uuid};
use wire::ids::{EventId, RoomId};

/// Messages that are remembered at least; twice as many at most. Some 3 MB when full, and a flood
/// of messages fills it. Lowered: more scans.
const REMEMBERED: usize = 8 * 1024;

/// Two generations: when the young one is full it becomes the old one, and the old one is
/// forgotten.
#[derive(Default)]
pub(crate) struct IdCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<EventId, Place>,
    old: HashMap<EventId, Place>,
}

/// The room, and what else a position says than the id.
type Place = (RoomId, Hlc, Uuid);

impl IdCache {
    pub(crate) fn note<'a>(&self, messages: impl IntoIterator<Item = (&'a RoomId, Position)>) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (room, place) in messages {
            if generations.young.len() >= REMEMBERED {
                let Generations { young, old } = &mut *generations;
                std::mem::swap(young, old);
                // Keeps its capacity: to grow again would cost more than all else here.
                young.clear();
            }
            generations.young.insert(place.id, (*room, place.hlc, place.uuid));
        }
    }

    pub(crate) fn find(&self, room: &RoomId, id: &EventId) -> Option<Position> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, hlc, uuid) = *generations.young.get(id).or_else(|| generations.old.get(id))?;
        (of == *room).then_some(Position { hlc, uuid, id: *id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: u32) -> Position {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Position { hlc: Hlc(u64::from(n)), uuid: Uuid([0; 16]), id: EventId(id) }
    }

    #[test]
    fn the_latest_are_remembered_and_memory_stays_bounded() {
        let (cache, room) = (IdCache::default(), RoomId([1; 32]));
        let total = 3 * REMEMBERED as u32;
        (0..total).for_each(|n| cache.note([(&room, place(n))]));
        let last = place(total - REMEMBERED as u32);
        assert_eq!(cache.find(&room, &last.id), Some(last));
        assert_eq!(cache.find(&room, &place(0).id), None);
        assert_eq!(cache.find(&RoomId([2; 32]), &last.id), None);
        let generations = cache.0.lock().expect("nobody panicked");
        assert!(generations.young.len() + generations.old.len() <= 2 * REMEMBERED);
    }
}
