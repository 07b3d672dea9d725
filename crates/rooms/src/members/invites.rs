//! The invites of a room.

use identity::PeerId;
use wire::ids::EventId;

use super::Membership;
use crate::authority::Act;
use crate::invites::InviteState;
use crate::told::Told;

impl Membership {
    pub(super) fn note_invite(&mut self, told: &Told) {
        match &told.op.act {
            Act::Invite { key, .. } => self.offers.entry(*key).or_default().push(told.id()),
            Act::Revoke { invite, .. } => drop(self.revoked.insert(*invite)),
            _ => {}
        }
    }

    /// How an invite stands, by the event that announced it; none if that does not count.
    pub fn invite(&self, invite: &EventId) -> Option<InviteState> {
        self.history.invite(&self.authority, invite)
    }

    /// Who came in by an invite: device and round.
    pub fn used(&self, invite: &EventId) -> Vec<(PeerId, u32)> {
        self.history.used(&self.authority, invite)
    }

    /// All invites that members announced, by the events that did.
    pub fn invites(&self) -> impl Iterator<Item = (EventId, InviteState)> {
        self.history.invites(&self.authority)
    }

    /// Invites with this public key. Anybody can announce one that somebody else made.
    pub fn invites_with(&self, key: &[u8; 32]) -> impl Iterator<Item = (EventId, InviteState)> {
        let offers = self.offers.get(key).into_iter().flatten();
        offers.filter_map(|id| Some((*id, self.invite(id)?)))
    }
}
