//! What counts of what somebody wrote.

use std::collections::BTreeSet;

use identity::PeerId;
use wire::ids::LogId;

use super::Membership;

impl Membership {
    /// Up to which number what a device wrote counts, in a log or a part of one: `log` is what the
    /// events name, `part` the log or branch that they are in. None: without an end.
    pub fn limit(&self, peer: &PeerId, log: LogId, part: LogId) -> Option<u32> {
        match (&self.direct, self.authority.standing(peer)) {
            (Some(_), _) => None,
            (None, Some(standing)) => standing.limit(part, log.round()),
            (None, None) => Some(0),
        }
    }

    /// Somebody removed it from the room, at some time.
    pub fn was_removed(&self, peer: &PeerId) -> bool {
        self.authority.standing(peer).is_some_and(|standing| standing.was_removed())
    }

    /// Control events of a log, up to a number, that do not count or could not be read: what a cut
    /// names.
    pub fn without_effect(&self, peer: &PeerId, log: LogId, last: u32) -> Vec<u32> {
        let without = self.history.without_effect(peer, log, last).into_iter();
        without.chain(self.waiting_in(peer, log, last)).collect::<BTreeSet<u32>>().into_iter().collect()
    }
}
