//! Whom to ask for the keys of a room that lack here, and when.
//!
//! Each epoch is asked for in rounds: first on the link that brought what is sealed, then on one
//! link after the other, then not for a while. One request is under way on a link at a time.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use rooms::keys::EpochId;
use wire::limits::MAX_EPOCHS_ASKED;

/// An answer that has not come by then does not come. Higher: a peer that says nothing keeps the
/// others waiting. Lower: a slow link is asked in vain.
const ANSWER_WITHIN: Millis = 2_000;
/// From one round to the next: the first wait, and the longest.
const FIRST_WAIT: Millis = 1_000;
const LONGEST_WAIT: Millis = 15_000;

/// What is asked for, and of whom.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    neighbours: BTreeSet<PeerId>,
    wanted: BTreeMap<EpochId, Wanted>,
    under_way: BTreeMap<PeerId, Request>,
}

#[derive(Debug)]
struct Wanted {
    /// Who is asked next, if they were not.
    first: Option<PeerId>,
    /// Asked in this round, or about to answer.
    asked: BTreeSet<PeerId>,
    /// When the round begins, or goes on.
    at: Millis,
    /// From this round to the next.
    wait: Millis,
    /// All who were not asked yet are busy with other requests.
    is_held_up: bool,
}

#[derive(Debug)]
struct Request {
    epochs: BTreeSet<EpochId>,
    until: Millis,
}

impl Asking {
    /// An epoch is wanted; `first` brought what needs it. One that is wanted already is as before.
    pub(crate) fn want(&mut self, epoch: EpochId, first: Option<PeerId>, now: Millis) {
        self.wanted.entry(epoch).or_insert_with(|| Wanted { first, asked: BTreeSet::new(), at: now, wait: FIRST_WAIT, is_held_up: false });
    }

    /// Its key came, or is not wanted any more.
    pub(crate) fn forget(&mut self, epoch: &EpochId) {
        self.wanted.remove(epoch);
        for request in self.under_way.values_mut() {
            request.epochs.remove(epoch);
        }
    }

    /// Members changed: those who were asked may give now what they did not.
    pub(crate) fn hurry(&mut self, now: Millis) {
        for wanted in self.wanted.values_mut() {
            wanted.at = wanted.at.min(now.saturating_add(FIRST_WAIT));
            wanted.wait = FIRST_WAIT;
        }
    }

    /// Nothing is wanted any more.
    pub(crate) fn forget_all(&mut self) {
        self.wanted.clear();
    }

    /// A peer is linked that has the room: it may know more than those who were asked.
    pub(crate) fn on_neighbour(&mut self, peer: PeerId, now: Millis) {
        if !self.neighbours.insert(peer) {
            return;
        }
        for wanted in self.wanted.values_mut() {
            wanted.asked.remove(&peer);
            wanted.first = Some(peer);
            wanted.at = now;
        }
    }

    /// A peer has answered. What it did not give is asked for elsewhere. False: it was not asked.
    pub(crate) fn on_answer(&mut self, peer: &PeerId, now: Millis) -> bool {
        for wanted in self.wanted.values_mut().filter(|wanted| wanted.is_held_up) {
            wanted.at = now;
        }
        self.under_way.remove(peer).is_some()
    }

    pub(crate) fn on_neighbour_gone(&mut self, peer: &PeerId) {
        self.neighbours.remove(peer);
        self.under_way.remove(peer);
    }

    /// Nothing is wanted, and no answer is waited for.
    pub(crate) fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.under_way.is_empty()
    }

    /// When something is to be done. Without neighbours nobody can be asked.
    pub(crate) fn wake(&self) -> Option<Millis> {
        let answers = self.under_way.values().map(|request| request.until);
        let is_under_way = |epoch| self.under_way.values().any(|request| request.epochs.contains(epoch));
        let has_neighbours = !self.neighbours.is_empty();
        let rounds = self.wanted.iter().filter(|(epoch, _)| has_neighbours && !is_under_way(epoch)).map(|(_, wanted)| wanted.at);
        answers.chain(rounds).min()
    }

    /// Who is to be asked now for which epochs.
    pub(crate) fn take_due(&mut self, now: Millis) -> Vec<(PeerId, Vec<EpochId>)> {
        self.under_way.retain(|_, request| request.until > now);
        let mut asks: BTreeMap<PeerId, BTreeSet<EpochId>> = BTreeMap::new();
        let busy: BTreeSet<EpochId> = self.under_way.values().flat_map(|request| &request.epochs).copied().collect();
        let neighbours = &self.neighbours;
        if neighbours.is_empty() {
            return Vec::new();
        }
        for (epoch, wanted) in self.wanted.iter_mut().filter(|(epoch, wanted)| wanted.at <= now && !busy.contains(epoch)) {
            let unasked = |peer: &&PeerId| !wanted.asked.contains(peer);
            if !neighbours.iter().any(|peer| unasked(&peer)) {
                // All were asked.
                wanted.asked.clear();
                wanted.at = now.saturating_add(wanted.wait);
                wanted.wait = wanted.wait.saturating_mul(2).min(LONGEST_WAIT);
                continue;
            }
            let is_free =
                |peer: &&PeerId| !self.under_way.contains_key(peer) && asks.get(*peer).is_none_or(|all| all.len() < MAX_EPOCHS_ASKED);
            let first = wanted.first.iter().filter(|peer| neighbours.contains(peer));
            // Those who are asked already come before others: one request for many.
            let asked_anyhow = asks.keys().copied().collect::<Vec<_>>();
            let next = first.chain(&asked_anyhow).chain(neighbours).filter(unasked).find(is_free).copied();
            wanted.is_held_up = next.is_none();
            let Some(peer) = next else {
                wanted.at = now.saturating_add(ANSWER_WITHIN);
                continue;
            };
            wanted.asked.insert(peer);
            asks.entry(peer).or_default().insert(*epoch);
        }
        for (peer, epochs) in &asks {
            let until = now.saturating_add(ANSWER_WITHIN);
            self.under_way.insert(*peer, Request { epochs: epochs.clone(), until });
        }
        asks.into_iter().map(|(peer, epochs)| (peer, epochs.into_iter().collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(nth: u8) -> PeerId {
        PeerId::from_bytes([nth; 32])
    }

    fn epoch(nth: u8) -> EpochId {
        EpochId([nth; 16])
    }

    /// With these neighbours.
    fn among(all: &[u8]) -> Asking {
        Asking { neighbours: all.iter().map(|nth| peer(*nth)).collect(), ..Asking::default() }
    }

    #[test]
    fn who_brought_what_is_sealed_is_asked_first_then_the_others_in_turn() {
        let mut asking = among(&[1, 2, 3]);
        asking.want(epoch(1), Some(peer(2)), 100);
        assert_eq!(asking.wake(), Some(100));
        let mut now = 100;
        for nth in [2, 1, 3] {
            assert_eq!(asking.take_due(now), [(peer(nth), vec![epoch(1)])]);
            assert_eq!(asking.take_due(now), [], "one at a time");
            assert_eq!(asking.wake(), Some(now + ANSWER_WITHIN));
            now += 10;
            assert!(asking.on_answer(&peer(nth), now), "without the key");
        }
        assert!(!asking.on_answer(&peer(1), 0), "it was asked no more");
        assert_eq!(asking.take_due(now), []);
        assert_eq!(asking.wake(), Some(now + FIRST_WAIT), "the next round");
        [1, 2, 3].into_iter().for_each(|nth| asking.on_neighbour_gone(&peer(nth)));
        assert_eq!(asking.wake(), None, "there is nobody to ask");
    }

    #[test]
    fn who_does_not_answer_is_passed_over_after_two_seconds() {
        let mut asking = among(&[1, 2]);
        asking.want(epoch(1), None, 0);
        assert_eq!(asking.take_due(0), [(peer(1), vec![epoch(1)])]);
        assert_eq!(asking.take_due(ANSWER_WITHIN - 1), []);
        assert_eq!(asking.take_due(ANSWER_WITHIN), [(peer(2), vec![epoch(1)])]);
    }

    #[test]
    fn rounds_become_rare_and_never_stop() {
        let mut asking = among(&[1]);
        asking.want(epoch(1), None, 0);
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..9 {
            assert_eq!(asking.take_due(now).len(), 1);
            asking.on_answer(&peer(1), 0);
            assert_eq!(asking.take_due(now), []);
            let next = asking.wake().expect("it goes on");
            waits.push((next - now) / 1_000);
            now = next;
        }
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15, 15, 15]);
    }

    #[test]
    fn a_neighbour_that_comes_is_asked_at_once() {
        let mut asking = among(&[1]);
        asking.want(epoch(1), None, 0);
        asking.take_due(0);
        asking.on_answer(&peer(1), 0);
        asking.take_due(0);
        asking.on_neighbour(peer(5), 10);
        assert_eq!(asking.take_due(10), [(peer(5), vec![epoch(1)])]);
        asking.on_neighbour_gone(&peer(5));
        asking.on_neighbour(peer(5), 20);
        assert_eq!(asking.take_due(20), [(peer(5), vec![epoch(1)])], "again, on the new link");
    }

    #[test]
    fn many_keys_are_asked_for_together_and_no_more_than_a_request_holds() {
        let mut asking = among(&[1, 2]);
        let many = u8::try_from(MAX_EPOCHS_ASKED).expect("few") + 9;
        (0..many).for_each(|nth| asking.want(epoch(nth), None, 0));
        let asked = asking.take_due(0);
        assert_eq!(asked.iter().map(|(_, epochs)| epochs.len()).collect::<Vec<_>>(), [MAX_EPOCHS_ASKED, 9]);
        assert_eq!(asking.wake(), Some(ANSWER_WITHIN));
        asking.want(epoch(200), None, 5);
        assert_eq!(asking.take_due(5), [], "both are busy");
        assert_eq!(asking.wake(), Some(ANSWER_WITHIN));
        asking.on_answer(&peer(2), 6);
        assert_eq!(asking.take_due(6), [(peer(2), vec![epoch(200)])]);
        asking.forget(&epoch(200));
        (0..many).for_each(|nth| asking.forget(&epoch(nth)));
        [1, 2].into_iter().for_each(|nth| assert!(asking.on_answer(&peer(nth), 0)));
        assert_eq!(asking.wake(), None);
    }
}
