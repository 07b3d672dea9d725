//! Keys of logs that were derived lately.

use std::collections::HashMap;

use identity::PeerId;
use wire::ids::{EpochId, LogId, RoomId};
use zeroize::Zeroizing;

/// Keys in a generation: two of them take some 2 MB, and hold more logs than pages and speakers
/// need at a time. One that is not there is derived in less than a microsecond.
const GENERATION: usize = 4096;

/// The log of a device, in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) room: RoomId,
    pub(crate) epoch: EpochId,
    pub(crate) device: PeerId,
    pub(crate) log: LogId,
}

type Keys = HashMap<Place, Zeroizing<[u8; 32]>>;

/// Two generations: when the young one is full, the old one goes.
#[derive(Default)]
pub(crate) struct LogKeys {
    young: Keys,
    old: Keys,
}

impl LogKeys {
    pub(crate) fn get(&self, place: &Place) -> Option<&Zeroizing<[u8; 32]>> {
        self.young.get(place).or_else(|| self.old.get(place))
    }

    /// The key will be wanted again.
    pub(crate) fn keep(&mut self, place: Place, key: Zeroizing<[u8; 32]>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(place, key);
    }

    pub(crate) fn forget_room(&mut self, room: &RoomId) {
        self.young.retain(|place, _| place.room != *room);
        self.old.retain(|place, _| place.room != *room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64) -> Place {
        let room = RoomId([(number % 3) as u8; 32]);
        Place { room, epoch: EpochId([1; 16]), device: PeerId::from_bytes([2; 32]), log: LogId(number) }
    }

    #[test]
    fn keys_are_bounded_the_latest_are_kept_and_those_of_a_room_can_be_forgotten() {
        let (mut keys, many) = (LogKeys::default(), 5 * GENERATION as u64);
        for number in 0..many {
            keys.keep(place(number), Zeroizing::new([number as u8; 32]));
            assert!(keys.young.len() + keys.old.len() <= 2 * GENERATION);
        }
        let latest: Vec<u64> = (many - GENERATION as u64..many).collect();
        assert!(latest.iter().all(|number| keys.get(&place(*number)).is_some_and(|key| key[0] == *number as u8)));
        assert!(keys.get(&place(0)).is_none());
        keys.forget_room(&RoomId([1; 32]));
        assert!(latest.iter().all(|number| keys.get(&place(*number)).is_some() == (number % 3 != 1)));
    }
}
