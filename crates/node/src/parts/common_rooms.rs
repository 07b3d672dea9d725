//! Which rooms the network was told to be in common with whom, so that members help each other
//! and nobody else.

use std::collections::{BTreeMap, VecDeque};

use gossip::Millis;
use identity::PeerId;
use wire::ids::RoomId;

/// Between two looks. Lower: more work while people pour into rooms; higher: friends help each
/// other later.
const PAUSE: Millis = 200;
/// Of whom the network asked last, it is kept up to date of so many.
const MAX_ASKED: usize = 64;

/// What the network was told, and when it is looked at again.
pub(crate) struct CommonRooms {
    /// New with each start: the numbers say nothing elsewhere.
    key: [u8; 32],
    told: BTreeMap<PeerId, Vec<u64>>,
    /// Neither linked nor wanted perhaps, the last one at the end.
    asked: VecDeque<PeerId>,
    stale: bool,
    rests_until: Millis,
}

impl CommonRooms {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        CommonRooms { key, told: BTreeMap::new(), asked: VecDeque::new(), stale: false, rests_until: 0 }
    }

    pub(crate) fn note_stale(&mut self) {
        self.stale = true;
    }

    /// The network asks about this person.
    pub(crate) fn ask(&mut self, peer: PeerId) {
        self.asked.retain(|asked| *asked != peer);
        if self.asked.len() >= MAX_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back(peer);
        self.stale = true;
    }

    /// Whom the network asked about.
    pub(crate) fn asked(&self) -> impl Iterator<Item = PeerId> {
        self.asked.iter().copied()
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.stale.then_some(self.rests_until)
    }

    pub(crate) fn take_due(&mut self, now: Millis) -> bool {
        let is_due = self.stale && self.rests_until <= now;
        if is_due {
            (self.stale, self.rests_until) = (false, now + PAUSE);
        }
        is_due
    }

    /// The number that stands for a room.
    pub(crate) fn number(&self, room: &RoomId) -> u64 {
        let hash = blake3::keyed_hash(&self.key, room.as_bytes());
        hash.as_bytes().first_chunk().copied().map(u64::from_be_bytes).unwrap_or_default()
    }

    /// What is to be told, so that the network knows these.
    pub(crate) fn tell(&mut self, common: BTreeMap<PeerId, Vec<u64>>) -> Vec<(PeerId, Vec<u64>)> {
        let gone = self.told.keys().filter(|peer| !common.contains_key(peer)).map(|peer| (*peer, Vec::new()));
        let fresh = common.iter().filter(|(peer, rooms)| self.told.get(peer) != Some(rooms)).map(|(peer, rooms)| (*peer, rooms.clone()));
        let news = gone.chain(fresh).collect();
        self.told = common;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told_and_nothing_is_told_of_those_who_have_gone() {
        let mut common = CommonRooms::new([1; 32]);
        let [ana, ben] = [1, 2].map(|nth| PeerId::from_bytes([nth; 32]));
        assert_eq!(common.tell(BTreeMap::from([(ana, vec![7]), (ben, vec![8])])).len(), 2);
        assert_eq!(common.tell(BTreeMap::from([(ana, vec![7]), (ben, vec![8, 9])])), [(ben, vec![8, 9])]);
        assert_eq!(common.tell(BTreeMap::from([(ben, vec![8, 9])])), [(ana, vec![])]);
    }

    #[test]
    fn a_number_says_nothing_in_another_process() {
        let room = RoomId([3; 32]);
        let [one, other] = [1, 2].map(|nth| CommonRooms::new([nth; 32]).number(&room));
        assert_ne!(one, other);
    }

    #[test]
    fn it_is_told_of_those_whom_the_network_asked_about_last() {
        let mut common = CommonRooms::new([1; 32]);
        for nth in 0..100 {
            common.ask(PeerId::from_bytes([nth; 32]));
        }
        common.ask(PeerId::from_bytes([50; 32]));
        let asked: Vec<u8> = common.asked().map(|peer| peer.as_bytes()[0]).collect();
        assert_eq!((asked.len(), asked.first(), asked.last()), (MAX_ASKED, Some(&36), Some(&50)));
        assert!(common.take_due(0));
    }

    #[test]
    fn it_is_looked_at_once_in_a_while() {
        let mut common = CommonRooms::new([1; 32]);
        assert_eq!((common.wake(), common.take_due(5)), (None, false));
        common.note_stale();
        assert!(common.take_due(5));
        common.note_stale();
        assert_eq!((common.wake(), common.take_due(6)), (Some(5 + PAUSE), false));
        assert!(common.take_due(5 + PAUSE));
    }
}
