//! Candidates: members of a room that could be dialled, linked or not.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use rand::RngExt;
use rand::seq::IteratorRandom;

use crate::{Config, Millis};

/// All members ever heard of, up to a limit, and a small random part of them at hand (HyParView's
/// passive view).
pub(crate) struct Candidates {
    key: [u8; 32],
    known: BTreeMap<PeerId, Entry>,
    /// By rank. The lowest ranks stay when there are too many, and are dialled first. Without the
    /// key a peer cannot aim at a rank.
    ranks: BTreeSet<(u64, PeerId)>,
    passive: Vec<PeerId>,
}

struct Entry {
    rank: u64,
    rests_until: Millis,
}

impl Candidates {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Candidates { key, known: BTreeMap::new(), ranks: BTreeSet::new(), passive: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn contains(&self, peer: &PeerId) -> bool {
        self.known.contains_key(peer)
    }

    /// Takes a member with an address. True if it is new.
    pub(crate) fn add<R: rand::Rng>(&mut self, config: &Config, peer: PeerId, rng: &mut R) -> bool {
        if self.known.contains_key(&peer) {
            return false;
        }
        let rank = self.rank(&peer);
        if self.known.len() >= config.candidates_max {
            match self.ranks.last().copied() {
                Some((highest, worst)) if rank < highest => self.remove(&worst),
                _ => return false,
            }
        }
        self.known.insert(peer, Entry { rank, rests_until: 0 });
        self.ranks.insert((rank, peer));
        self.at_hand(config, peer, rng);
        true
    }

    /// Puts a member into the passive view, in the place of a random one if the view is full.
    pub(crate) fn at_hand<R: rand::Rng>(&mut self, config: &Config, peer: PeerId, rng: &mut R) {
        if !self.known.contains_key(&peer) || self.passive.contains(&peer) {
            return;
        }
        if self.passive.len() < config.passive_max {
            return self.passive.push(peer);
        }
        let place = rng.random_range(0..self.passive.len().max(1));
        if let Some(slot) = self.passive.get_mut(place) {
            *slot = peer;
        }
    }

    /// Forgets a peer that is no longer a member.
    pub(crate) fn remove(&mut self, peer: &PeerId) {
        if let Some(entry) = self.known.remove(peer) {
            self.ranks.remove(&(entry.rank, *peer));
        }
        self.passive.retain(|known| known != peer);
    }

    /// This peer is not dialled again before `until`.
    pub(crate) fn rest(&mut self, peer: &PeerId, until: Millis) {
        if let Some(entry) = self.known.get_mut(peer) {
            entry.rests_until = until;
        }
    }

    /// A candidate to dial, of those that are `free`: for an anchor the lowest rank, otherwise a
    /// random one at hand, otherwise a random one of all.
    pub(crate) fn pick<R: rand::Rng>(&self, anchor: bool, now: Millis, rng: &mut R, free: impl Fn(&PeerId) -> bool) -> Option<PeerId> {
        let rested = |peer: &&PeerId| self.known.get(*peer).is_some_and(|entry| entry.rests_until <= now) && free(peer);
        if anchor {
            return self.ranks.iter().map(|(_, peer)| peer).find(rested).copied();
        }
        self.passive.iter().filter(rested).choose(rng).or_else(|| self.known.keys().filter(rested).choose(rng)).copied()
    }

    /// A random candidate that is `free`, however long ago it was heard of.
    pub(crate) fn pick_any<R: rand::Rng>(&self, rng: &mut R, free: impl Fn(&PeerId) -> bool) -> Option<PeerId> {
        self.known.keys().filter(|peer| free(peer)).choose(rng).copied()
    }

    /// Up to `count` random ones of those at hand.
    pub(crate) fn sample<R: rand::Rng>(&self, count: usize, rng: &mut R, but: &PeerId) -> Vec<PeerId> {
        self.passive.iter().filter(|peer| *peer != but).copied().sample(rng, count)
    }

    fn rank(&self, peer: &PeerId) -> u64 {
        let hash = blake3::keyed_hash(&self.key, peer.as_bytes());
        let mut rank = [0; 8];
        rank.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_le_bytes(rank)
    }
}
