//! Invites as the control log knows them.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;

use crate::position::Position;

/// Public key of an invite.
pub(crate) type InviteKey = [u8; 32];

/// How an invite stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteState {
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

/// What was said of invites, by members or not. Whose word counts is decided on reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invites {
    of: BTreeMap<InviteKey, Told>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    offers: BTreeMap<PeerId, Offer>,
    revoked_by: BTreeSet<PeerId>,
    used: BTreeSet<Use>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) position: Position,
    pub(crate) uses: u32,
    pub(crate) expires: u64,
}

/// One person let in once: device and round.
pub(crate) type Use = (PeerId, u32);

impl Invites {
    /// The earliest offer of each author stands.
    pub(crate) fn offered(&mut self, key: InviteKey, author: PeerId, offer: Offer) {
        let held = self.of.entry(key).or_default().offers.entry(author).or_insert(offer);
        if offer.position < held.position {
            *held = offer;
        }
    }

    pub(crate) fn revoked(&mut self, key: InviteKey, author: PeerId) {
        self.of.entry(key).or_default().revoked_by.insert(author);
    }

    pub(crate) fn used(&mut self, key: InviteKey, by: Use) {
        self.of.entry(key).or_default().used.insert(by);
    }

    /// If several members announced one key, the earliest announcement stands.
    pub(crate) fn state(&self, key: &InviteKey, counts: impl Fn(&PeerId) -> bool) -> Option<InviteState> {
        let told = self.of.get(key)?;
        let (author, offer) = told.offers.iter().filter(|(author, _)| counts(author)).min_by_key(|(_, offer)| offer.position)?;
        Some(InviteState {
            author: *author,
            uses: offer.uses,
            used: u32::try_from(told.used.len()).unwrap_or(u32::MAX),
            expires: offer.expires,
            revoked: told.revoked_by.iter().any(counts),
        })
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &InviteKey> {
        self.of.keys()
    }
}
