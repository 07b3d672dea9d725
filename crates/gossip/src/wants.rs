//! Wants: logs of which peers have more, and which peer was asked for them. Each look costs the
//! same, however many logs a peer tells of.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::LogKey;

use crate::Millis;

/// Logs of one room that are known to be incomplete here.
const MAX_WANTS: usize = 8_192;
/// Of these, unknown logs that one neighbour told of.
const MAX_TOLD: usize = 512;

/// A log of which a peer has more.
struct Want {
    target: u32,
    state: State,
    tries: u8,
    /// Which peer told of it, if it was unknown here.
    told_by: Option<PeerId>,
}

/// What happens with a want at present.
#[derive(Clone, Copy)]
enum State {
    /// May be asked for from this time on.
    Due(Millis),
    /// Is asked for.
    Asked,
    /// Waits for this peer, which has enough to answer at present.
    Waiting(PeerId),
}

struct Asked {
    peer: PeerId,
    until: Millis,
}

/// All wants of one room.
#[derive(Default)]
pub(crate) struct Wants {
    wants: BTreeMap<LogKey, Want>,
    /// Wants that are due, by the time from which they may be asked for: control logs, and the
    /// others.
    due: [BTreeSet<(Millis, LogKey)>; 2],
    asked: BTreeMap<LogKey, Asked>,
    waiting: BTreeMap<PeerId, BTreeSet<LogKey>>,
    told: BTreeMap<PeerId, usize>,
}

impl Wants {
    pub(crate) fn len(&self) -> usize {
        self.wants.len()
    }

    /// How far a log is wanted.
    pub(crate) fn target(&self, log: &LogKey) -> Option<u32> {
        self.wants.get(log).map(|want| want.target)
    }

    /// Logs and how far they are wanted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&LogKey, u32)> {
        self.wants.iter().map(|(log, want)| (log, want.target))
    }

    /// Wants a log up to `target`, to be asked for from `at` on. `stranger` told of it, if nothing
    /// of it is here.
    pub(crate) fn add(&mut self, log: LogKey, target: u32, at: Millis, stranger: Option<PeerId>) {
        if let Some(want) = self.wants.get_mut(&log) {
            want.target = want.target.max(target);
            if matches!(want.state, State::Due(due) if at < due) {
                self.rest(&log, at);
            }
            return;
        }
        let told = stranger.map_or(0, |peer| self.told.get(&peer).copied().unwrap_or(0));
        if self.wants.len() >= MAX_WANTS || told >= MAX_TOLD {
            return;
        }
        if let Some(peer) = stranger {
            self.told.insert(peer, told.saturating_add(1));
        }
        self.wants.insert(log, Want { target, state: State::Due(at), tries: 0, told_by: stranger });
        self.due_queue(&log).insert((at, log));
    }

    pub(crate) fn remove(&mut self, log: &LogKey) {
        self.leave_queue(log);
        let Some(want) = self.wants.remove(log) else { return };
        if let Some(peer) = want.told_by
            && let Some(told) = self.told.get_mut(&peer)
        {
            *told = told.saturating_sub(1);
            if *told == 0 {
                self.told.remove(&peer);
            }
        }
    }

    /// A peer is asked for a log, and has until then to answer.
    pub(crate) fn ask(&mut self, log: LogKey, peer: PeerId, until: Millis) {
        if self.put(&log, State::Asked) {
            self.asked.insert(log, Asked { peer, until });
        }
    }

    /// A log is asked for again from `at` on, and not before.
    pub(crate) fn rest(&mut self, log: &LogKey, at: Millis) {
        if self.put(log, State::Due(at)) {
            self.due_queue(log).insert((at, *log));
        }
    }

    /// A log waits until a peer has fewer questions to answer.
    pub(crate) fn wait(&mut self, log: &LogKey, peer: PeerId) {
        if self.put(log, State::Waiting(peer)) {
            self.waiting.entry(peer).or_default().insert(*log);
        }
    }

    /// Up to `most` wants that wait for a peer are due now; any peer may be asked.
    pub(crate) fn release(&mut self, peer: &PeerId, most: usize, now: Millis) {
        let Some(waiting) = self.waiting.get(peer) else { return };
        for log in waiting.iter().take(most).copied().collect::<Vec<_>>() {
            self.rest(&log, now);
        }
    }

    /// Peers for which a want waits.
    pub(crate) fn waited_for(&self) -> Vec<PeerId> {
        self.waiting.keys().copied().collect()
    }

    fn put(&mut self, log: &LogKey, state: State) -> bool {
        self.leave_queue(log);
        let Some(want) = self.wants.get_mut(log) else { return false };
        want.state = state;
        true
    }

    fn leave_queue(&mut self, log: &LogKey) {
        match self.wants.get(log).map(|want| want.state) {
            Some(State::Due(at)) => {
                self.due_queue(log).remove(&(at, *log));
            }
            Some(State::Asked) => {
                self.asked.remove(log);
            }
            Some(State::Waiting(peer)) => {
                if let Some(waiting) = self.waiting.get_mut(&peer) {
                    waiting.remove(log);
                    if waiting.is_empty() {
                        self.waiting.remove(&peer);
                    }
                }
            }
            None => {}
        }
    }

    /// Counts an attempt that led nowhere; gives how many there were.
    pub(crate) fn fail(&mut self, log: &LogKey) -> u8 {
        let Some(want) = self.wants.get_mut(log) else { return 0 };
        want.tries = want.tries.saturating_add(1);
        want.tries
    }

    /// Which peer is asked for a log.
    pub(crate) fn asked_of(&self, log: &LogKey) -> Option<PeerId> {
        self.asked.get(log).map(|asked| asked.peer)
    }

    /// A part of an answer came: the rest may take until then.
    pub(crate) fn renew(&mut self, log: &LogKey, until: Millis) {
        if let Some(asked) = self.asked.get_mut(log) {
            asked.until = until;
        }
    }

    /// An answer must come by then at the latest.
    pub(crate) fn hasten(&mut self, log: &LogKey, until: Millis) {
        if let Some(asked) = self.asked.get_mut(log) {
            asked.until = asked.until.min(until);
        }
    }

    /// Each log that is asked for, and of which peer.
    pub(crate) fn questions(&self) -> impl Iterator<Item = (&LogKey, PeerId)> {
        self.asked.iter().map(|(log, asked)| (log, asked.peer))
    }

    /// Questions that were to be answered by now.
    pub(crate) fn late(&self, now: Millis) -> Vec<(LogKey, PeerId)> {
        self.asked.iter().filter(|(_, asked)| asked.until <= now).map(|(log, asked)| (*log, asked.peer)).collect()
    }

    /// Some that may be asked for now, control logs first.
    pub(crate) fn due(&self, now: Millis, most: usize) -> Vec<LogKey> {
        self.due.iter().flat_map(|queue| queue.iter().take_while(|(at, _)| *at <= now)).take(most).map(|(_, log)| *log).collect()
    }

    /// When something can be done next.
    pub(crate) fn next(&self) -> Millis {
        let due = self.due.iter().filter_map(|queue| queue.first()).map(|(at, _)| *at);
        due.chain(self.asked.values().map(|asked| asked.until)).min().unwrap_or(Millis::MAX)
    }

    fn due_queue(&mut self, log: &LogKey) -> &mut BTreeSet<(Millis, LogKey)> {
        let [control, content] = &mut self.due;
        if log.log.is_control() { control } else { content }
    }
}

#[cfg(test)]
mod tests {
    use wire::ids::LogId;

    use super::*;

    fn log(n: u64) -> LogKey {
        LogKey { device: PeerId::from_bytes([1; 32]), log: LogId(n) }
    }

    #[test]
    fn a_liar_fills_only_their_own_part() {
        let (liar, ana) = (PeerId::from_bytes([8; 32]), PeerId::from_bytes([9; 32]));
        let mut wants = Wants::default();
        (0..100_000).for_each(|n| wants.add(log(n), u32::MAX, 0, Some(liar)));
        assert_eq!(wants.len(), MAX_TOLD);
        wants.add(log(200_000), 1, 0, Some(ana));
        assert_eq!(wants.target(&log(200_000)), Some(1));
        (0..100_000).for_each(|n| wants.remove(&log(n)));
        assert_eq!((wants.len(), wants.told.len(), wants.due(0, 10).len()), (1, 1, 1));
    }

    #[test]
    fn control_logs_come_first_and_each_thing_is_in_one_place() {
        let mut wants = Wants::default();
        let control = log(LogId::CONTROL | 1);
        wants.add(log(1), 5, 0, None);
        wants.add(control, 5, 10, None);
        assert_eq!(wants.due(10, 9), [control, log(1)]);
        wants.ask(control, PeerId::from_bytes([9; 32]), 50);
        assert_eq!((wants.due(10, 9), wants.next()), (vec![log(1)], 0));
        wants.rest(&log(1), 70);
        assert_eq!((wants.late(49).len(), wants.late(50).len(), wants.next()), (0, 1, 50));
        wants.rest(&control, 60);
        assert_eq!((wants.due(60, 9), wants.questions().count()), (vec![control], 0));
        wants.wait(&control, PeerId::from_bytes([9; 32]));
        assert_eq!((wants.due(60, 9).len(), wants.waited_for().len()), (0, 1));
        wants.release(&PeerId::from_bytes([9; 32]), 5, 61);
        assert_eq!((wants.due(61, 9), wants.waited_for().len()), (vec![control], 0));
    }
}
