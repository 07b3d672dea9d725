//! What members have of own logs: shown at once, and written down a little later, so that
//! *delivered* outlives the program.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use store::AckRow;
use wire::ids::LogId;

/// What members of one room said that they have of own logs: at most members × own logs.
#[derive(Default)]
pub(crate) struct Acks {
    known: BTreeMap<(PeerId, LogId), u32>,
    /// Of whom more is known than is written down.
    unkept: BTreeSet<PeerId>,
}

impl Acks {
    /// Takes over what was written down of a member, as far as own logs have come: what came after
    /// the end of one may have been something else.
    pub(crate) fn restore(&mut self, AckRow { peer, logs }: AckRow, own: &BTreeMap<LogId, u32>) {
        let here = logs.into_iter().filter_map(|(log, seq)| Some(((peer, log), seq.min(*own.get(&log)?))));
        self.known.extend(here);
    }

    /// Whether this is more than was known.
    pub(crate) fn note(&mut self, peer: PeerId, log: LogId, seq: u32) -> bool {
        let known = self.known.entry((peer, log)).or_insert(0);
        if *known >= seq {
            return false;
        }
        *known = seq;
        self.unkept.insert(peer);
        true
    }

    pub(crate) fn get(&self, peer: PeerId, log: LogId) -> Option<u32> {
        self.known.get(&(peer, log)).copied()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (PeerId, LogId, u32)> + '_ {
        self.known.iter().map(|((peer, log), seq)| (*peer, *log, *seq))
    }

    pub(crate) fn has_unkept(&self) -> bool {
        !self.unkept.is_empty()
    }

    /// Rows to write, at most so many.
    pub(crate) fn take_unkept(&mut self, most: usize) -> Vec<AckRow> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(peer) = self.unkept.pop_first()
        {
            let logs = self.known.range((peer, LogId(0))..=(peer, LogId(u64::MAX))).map(|((_, log), seq)| (*log, *seq));
            rows.push(AckRow { peer, logs: logs.collect() });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;

    use super::*;

    #[test]
    fn only_what_is_new_is_written_and_all_of_the_logs_of_whom_it_is_about() {
        let [ben, chi] = [2, 3].map(|seed| Identity::from_seed(&[seed; 32]).peer());
        let mut acks = Acks::default();
        for (peer, log, seq, news) in [(ben, 1, 3, true), (ben, 2, 1, true), (chi, 1, 3, true), (ben, 1, 2, false), (ben, 1, 3, false)] {
            assert_eq!(acks.note(peer, LogId(log), seq), news, "{log} {seq}");
        }
        let (first, second) = (acks.take_unkept(1), acks.take_unkept(1));
        let mut rows = [first, second].concat();
        rows.sort_by_key(|row| row.logs.len());
        assert_eq!(rows, [AckRow { peer: chi, logs: vec![(LogId(1), 3)] }, AckRow { peer: ben, logs: vec![(LogId(1), 3), (LogId(2), 1)] }]);
        assert_eq!(acks.take_unkept(9), []);
        assert!(!acks.note(chi, LogId(1), 3));
        assert_eq!(acks.take_unkept(9), [], "nothing new");
    }
}
