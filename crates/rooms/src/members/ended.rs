//! Memberships that have ended, and those that stand: for whom secrets of the room are.

use std::collections::BTreeMap;

use identity::PeerId;

use super::Membership;
use crate::authority::{Act, Setting};
use crate::clock::Hlc;
use crate::keys::gone_digest;

/// So many of the latest endings may have been unknown to somebody whose view is tried. One more
/// doubles the work, which is 1 024 digests.
const TRIED: usize = 10;

impl Membership {
    /// Digest of all memberships that have ended. Two members whose digests are the same know the
    /// same removals.
    pub fn gone(&self) -> [u8; 16] {
        self.gone
    }

    /// Whether whoever had this digest at that time knew of no ending that is not known here: the
    /// digest is that of some of the endings that are, whether they count by now or not. Tried are
    /// the sets that lack some of the latest before that time, as in another part of a network that
    /// was split.
    pub fn knows_gone(&self, gone: &[u8; 16], at: Hlc) -> bool {
        let mut ends: Vec<(Hlc, (PeerId, u32))> =
            self.ends().into_iter().filter(|(_, first)| *first <= at).map(|(of, first)| (first, of)).collect();
        ends.sort_unstable();
        let latest = ends.split_off(ends.len().saturating_sub(TRIED));
        let before: Vec<(PeerId, u32)> =
            ends.into_iter().map(|(_, of)| of).filter(|(device, round)| self.has_ended(device, *round)).collect();
        let sets = 1_u32.checked_shl(u32::try_from(latest.len()).unwrap_or_default()).unwrap_or(1);
        let is_in = |set: u32, nth: usize| u32::try_from(nth).ok().and_then(|nth| set.checked_shr(nth)).is_some_and(|bits| bits & 1 == 1);
        // All of them first: mostly it is that.
        (0..sets).rev().any(|set| {
            let some = latest.iter().enumerate().filter(|(nth, _)| is_in(set, *nth)).map(|(_, (_, of))| *of);
            gone_digest(before.iter().copied().chain(some)) == *gone
        })
    }

    /// How many Leaves and Removes are known: with one more, more may be found by
    /// [`knows_gone`](Self::knows_gone).
    pub fn ends_told(&self) -> usize {
        self.told.values().filter(|told| matches!(told.op.act, Act::Leave { .. } | Act::Remove { .. })).count()
    }

    /// The memberships that somebody ended, or wanted to, and when that was first said.
    fn ends(&self) -> BTreeMap<(PeerId, u32), Hlc> {
        let mut ends: BTreeMap<(PeerId, u32), Hlc> = BTreeMap::new();
        for told in self.told.values() {
            let (device, last) = match &told.op.act {
                Act::Leave { round, .. } => (told.op.author, *round),
                Act::Remove { device, round, .. } => (*device, *round),
                Act::Create | Act::Add { .. } | Act::SetRole { .. } | Act::Set { .. } | Act::Invite { .. } | Act::Revoke { .. } => {
                    continue;
                }
            };
            for round in self.authority.standing(&device).map(|standing| standing.rounds()).unwrap_or_default() {
                if round <= last {
                    let first = ends.entry((device, round)).or_insert(told.position.hlc);
                    *first = told.position.hlc.min(*first);
                }
            }
        }
        ends
    }

    fn has_ended(&self, device: &PeerId, round: u32) -> bool {
        self.authority.standing(device).is_some_and(|standing| standing.ended_rounds().contains(&round))
    }

    pub(super) fn digest_of_ended(&self) -> [u8; 16] {
        gone_digest(self.ended())
    }

    fn ended(&self) -> impl Iterator<Item = (PeerId, u32)> {
        let standings = self.authority.people().filter_map(|peer| Some((*peer, self.authority.standing(peer)?)));
        standings.flat_map(|(peer, standing)| standing.ended_rounds().into_iter().map(move |round| (peer, round)))
    }

    /// The rounds of a device's memberships that stand.
    pub fn standing_rounds(&self, peer: &PeerId) -> Vec<u32> {
        match &self.direct {
            Some(both) => both.contains(peer).then_some(1).into_iter().collect(),
            None => self.authority.standing(peer).map(|standing| standing.standing_rounds()).unwrap_or_default(),
        }
    }

    /// Who comes in sees what was said before. It is so until an admin sets it otherwise.
    pub fn shows_history(&self) -> bool {
        !self.settings().any(|setting| *setting == Setting::History(false))
    }
}
