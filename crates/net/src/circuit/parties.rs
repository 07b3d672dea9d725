//! How much each peer has asked of late.

use std::collections::BTreeMap;

use identity::PeerId;

use super::bucket::Bucket;
use super::limits::{Caps, MAX_COUNTED};

/// Peers who sent Opens, or records of circuits that do not stand, in the last half minute.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    peers: BTreeMap<PeerId, Party>,
}

#[derive(Debug)]
struct Party {
    opens: Bucket,
    strays: Bucket,
}

impl Parties {
    /// Whether an Open of this peer is looked at.
    pub(crate) fn may_open(&mut self, peer: PeerId, caps: &Caps, now: u64) -> bool {
        self.party(peer, caps, now).is_some_and(|party| party.opens.take(&caps.opens, now))
    }

    /// Whether this peer gets an answer to something that nothing stands behind.
    pub(crate) fn may_answer(&mut self, peer: PeerId, caps: &Caps, now: u64) -> bool {
        self.party(peer, caps, now).is_some_and(|party| party.strays.take(&caps.strays, now))
    }

    /// Forgets who has been quiet.
    pub(crate) fn tidy(&mut self, caps: &Caps, now: u64) {
        self.peers.retain(|_, party| !party.opens.is_full(&caps.opens, now) || !party.strays.is_full(&caps.strays, now));
    }

    fn party(&mut self, peer: PeerId, caps: &Caps, now: u64) -> Option<&mut Party> {
        if self.peers.len() >= MAX_COUNTED && !self.peers.contains_key(&peer) {
            self.tidy(caps, now);
            if self.peers.len() >= MAX_COUNTED {
                return None;
            }
        }
        let new = || Party { opens: Bucket::new(&caps.opens, now), strays: Bucket::new(&caps.strays, now) };
        Some(self.peers.entry(peer).or_insert_with(new))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }
}
