//! Invites as the control log knows them.

use identity::PeerId;

/// How an invite stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteState {
    /// Its public key.
    pub key: [u8; 32],
    /// Who made it known.
    pub author: PeerId,
    /// How many people it lets in.
    pub uses: u32,
    /// How many it has let in. After a partition this may be more than `uses`.
    pub used: u32,
    /// Until when, milliseconds since 1970; 0 for no end.
    pub expires: u64,
    /// A member ended it.
    pub revoked: bool,
}

impl InviteState {
    /// Whether a person may be let in by it now.
    pub fn is_usable(&self, now_ms: u64) -> bool {
        !self.revoked && self.used < self.uses && !self.is_expired(now_ms)
    }

    /// Its time is over.
    pub fn is_expired(&self, now_ms: u64) -> bool {
        self.expires != 0 && now_ms >= self.expires
    }
}
