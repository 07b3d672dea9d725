//! The seen set: which runs came by lately.

use std::collections::HashSet;

use wire::message::RawEvent;

/// Two generations of keyed 16-byte digests. The key is random per process, so a peer cannot aim at
/// a slot. The digest covers every byte of the run, so a spoilt copy never hides a good one.
pub(crate) struct Seen {
    key: [u8; 32],
    young: HashSet<u128>,
    old: HashSet<u128>,
    capacity: usize,
}

impl Seen {
    pub(crate) fn new(key: [u8; 32], capacity: usize) -> Self {
        Seen { key, young: HashSet::new(), old: HashSet::new(), capacity: capacity.max(1) }
    }

    /// Names a run. Events say their own length, so that no two runs are the same bytes.
    pub(crate) fn name(&self, events: &[RawEvent]) -> u128 {
        let digest = match events {
            [event] => blake3::keyed_hash(&self.key, &event.0),
            // BLAKE3 is fast on many kilobytes at once, and slow event by event.
            _ => blake3::keyed_hash(&self.key, &events.iter().map(|event| &*event.0).collect::<Vec<_>>().concat()),
        };
        digest.as_bytes().first_chunk().map_or(0, |short| u128::from_le_bytes(*short))
    }

    pub(crate) fn contains(&self, name: u128) -> bool {
        self.young.contains(&name) || self.old.contains(&name)
    }

    pub(crate) fn insert(&mut self, name: u128) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_recent_names_survive() {
        let mut seen = Seen::new([7; 32], 100);
        for n in 0..10_000u128 {
            seen.insert(n);
        }
        assert!(seen.young.len() + seen.old.len() <= 200);
        assert!((9_900..10_000).all(|n| seen.contains(n)));
        assert!(!seen.contains(1));
    }
}
