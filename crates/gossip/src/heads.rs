//! How far the logs of a room have come, and their digest.

use std::collections::BTreeMap;

use identity::PeerId;
use wire::ids::{ChainHash, Head, LogId, LogKey};
use wire::message::HeadOf;

/// This device's logs of one room.
#[derive(Default)]
pub(crate) struct OwnHeads {
    logs: BTreeMap<LogKey, Head>,
    digest: Option<[u8; 16]>,
}

impl OwnHeads {
    pub(crate) fn set(&mut self, log: LogKey, head: Head) {
        self.digest = None;
        self.logs.insert(log, head);
    }

    /// A log is shorter than was thought.
    pub(crate) fn end(&mut self, log: LogKey, head: Option<Head>) {
        self.digest = None;
        match head {
            Some(head) => self.logs.insert(log, head),
            None => self.logs.remove(&log),
        };
    }

    pub(crate) fn seq(&self, log: &LogKey) -> u32 {
        self.logs.get(log).map_or(0, |h| h.seq)
    }

    pub(crate) fn get(&self, log: &LogKey) -> Option<HeadOf> {
        self.logs.get(log).map(|head| head_of(log, head))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = HeadOf> + '_ {
        self.logs.iter().map(|(log, head)| head_of(log, head))
    }

    pub(crate) fn of(&self, device: PeerId) -> impl Iterator<Item = HeadOf> + '_ {
        let range = LogKey { device, log: LogId(0) }..=LogKey { device, log: LogId(u64::MAX) };
        self.logs.range(range).map(|(log, head)| head_of(log, head))
    }

    /// First 16 bytes of BLAKE3 over all sorted `(device, log, seq, chain)`.
    pub(crate) fn digest(&mut self) -> [u8; 16] {
        if let Some(known) = self.digest {
            return known;
        }
        let mut hasher = blake3::Hasher::new();
        for (key, Head { seq, chain: ChainHash(chain) }) in &self.logs {
            hasher.update(key.device.as_bytes()).update(&key.log.0.to_be_bytes()).update(&seq.to_be_bytes()).update(chain);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        self.digest = Some(digest);
        digest
    }
}

/// First bytes of a chain hash, enough to notice a fork.
pub(crate) fn short(chain: &ChainHash) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&chain.0[..8]);
    short
}

fn head_of(log: &LogKey, head: &Head) -> HeadOf {
    HeadOf { log: *log, seq: head.seq, hash: short(&head.chain) }
}
