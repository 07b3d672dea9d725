//! Memberships that have ended, and those that stand: for whom secrets of the room are.

use identity::PeerId;

use super::Membership;
use crate::authority::{Act, Setting};

impl Membership {
    /// Digest of all memberships that have ended. Two members whose digests are the same know the
    /// same removals.
    pub fn gone(&self) -> [u8; 16] {
        self.gone
    }

    /// The memberships that have ended.
    pub fn ended(&self) -> Vec<(PeerId, u32)> {
        let standings = self.authority.people().filter_map(|peer| Some((*peer, self.authority.standing(peer)?)));
        standings.flat_map(|(peer, standing)| standing.ended_rounds().into_iter().map(move |round| (peer, round))).collect()
    }

    /// Whether a Leave or Remove of this membership is known, be it one that does not count.
    pub fn end_is_told(&self, device: &PeerId, round: u32) -> bool {
        self.told.values().any(|told| match &told.op.act {
            Act::Leave { round: last, .. } => told.op.author == *device && round <= *last,
            Act::Remove { device: of, round: last, .. } => of == device && round <= *last,
            Act::Create | Act::Add { .. } | Act::SetRole { .. } | Act::Set { .. } | Act::Invite { .. } | Act::Revoke { .. } => false,
        })
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
