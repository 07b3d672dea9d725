//! How far each log of a room has come at this device.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};
use identity::PeerId;
use wire::ids::{ChainHash, Head, LogId, LogKey};

use crate::clock::Hlc;
use crate::limits::MAX_LOGS_PER_DEVICE;
use crate::run::{Fit, Run};

/// How a branch is attached to the log that it is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Branch {
    /// The log that its events name.
    pub of: LogId,
    /// The event that it follows on; `seq` 0 if the log forked at its first event.
    pub after: Head,
    /// Chain hash of its own first event, which tells it from the others.
    pub first: ChainHash,
}

/// Where one log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LogHead {
    /// Its last event; `seq` 0 if the log forked at its very first event, or nothing of it counts.
    pub head: Head,
    /// That event's time.
    pub hlc: Hlc,
    /// Its author wrote on from here in two ways, or what they wrote counts up to here. Nothing is
    /// added any more.
    pub forked: bool,
    /// Set for a branch of a log that forked.
    pub branch: Option<Branch>,
}

impl Branch {
    /// Its id in heads, requests and acknowledgements.
    pub fn key(&self, device: PeerId) -> LogKey {
        let id = wire::derive("branch", &[device.as_bytes().as_slice(), &self.of.0.to_be_bytes(), self.first.as_bytes()].concat());
        let mut short = [0; 8];
        short.copy_from_slice(&id[..8]);
        LogKey { device, log: LogId(u64::from_be_bytes(short) & !LogId::CONTROL) }
    }
}

impl LogHead {
    /// The number that its first event follows on: 0, but for branches.
    pub fn before(&self) -> u32 {
        self.branch.map_or(0, |branch| branch.after.seq)
    }

    /// How many events it has.
    pub fn len(&self) -> u32 {
        self.head.seq.saturating_sub(self.before())
    }

    /// Whether it has none: it forked at its first event, or nothing of it counts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All logs of one room.
///
/// Grows with the authors that the caller lets in, by at most [`MAX_LOGS_PER_DEVICE`] each.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    logs: BTreeMap<LogKey, LogHead>,
    /// Of logs that forked.
    pub(crate) branches: BTreeMap<LogKey, BTreeSet<LogId>>,
    all: Option<[u8; 16]>,
    control: Option<[u8; 16]>,
}

/// Why a log was not moved on. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogRefused {
    /// The device has as many logs here as it may.
    #[error("too many logs of one device")]
    TooMany,
    /// The log ended with a fork.
    #[error("the log forked and is closed")]
    Forked,
    /// The head given is not beyond the one that is held.
    #[error("a log only grows")]
    NotBeyond,
}

impl Logs {
    /// No logs.
    pub fn new() -> Self {
        Self::default()
    }

    /// How far a log has come; none if nothing of it is held.
    pub fn get(&self, key: &LogKey) -> Option<&LogHead> {
        self.logs.get(key)
    }

    /// All logs, sorted by device and log.
    pub fn iter(&self) -> impl Iterator<Item = (&LogKey, &LogHead)> {
        self.logs.iter()
    }

    /// How far each log has come, as told to others: logs that forked at their first event are left
    /// out.
    pub fn heads(&self) -> impl Iterator<Item = (LogKey, Head)> {
        heads(&self.logs)
    }

    /// The logs of one device.
    pub fn of(&self, device: &PeerId) -> impl Iterator<Item = (&LogKey, &LogHead)> {
        let (from, to) = (LogKey { device: *device, log: LogId(0) }, LogKey { device: *device, log: LogId(u64::MAX) });
        self.logs.range(from..=to)
    }

    /// Number of logs.
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// No log at all.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// May this log go on, or begin? Asked before a run is stored.
    pub fn accepts(&self, key: &LogKey) -> Result<(), LogRefused> {
        match self.logs.get(key) {
            Some(log) if log.forked => Err(LogRefused::Forked),
            Some(_) => Ok(()),
            None if self.of(&key.device).count() >= MAX_LOGS_PER_DEVICE => Err(LogRefused::TooMany),
            None => Ok(()),
        }
    }

    /// Compares a run with what is held of its log; see [`Run::fits`].
    pub fn fit(&self, run: &Run) -> Fit {
        let log = self.logs.get(&run.key());
        run.fits(log.map(|log| &log.head), log.map(|log| log.hlc))
    }

    /// Notes that a log now ends at `head`.
    pub fn advance(&mut self, key: LogKey, head: Head, hlc: Hlc) -> Result<(), LogRefused> {
        self.accepts(&key)?;
        let held = self.logs.get(&key);
        if held.map_or(0, |log| log.head.seq) >= head.seq {
            return Err(LogRefused::NotBeyond);
        }
        let branch = held.and_then(|log| log.branch);
        self.put(key, LogHead { head, hlc, forked: false, branch });
        Ok(())
    }

    /// Notes a log as it was found to be: read back from disk, or after a fork.
    pub fn put(&mut self, key: LogKey, end: LogHead) {
        if let Some(branch) = &end.branch {
            self.branches.entry(LogKey { log: branch.of, ..key }).or_default().insert(key.log);
        }
        self.logs.insert(key, end);
        self.forget_digests(&key);
    }

    /// Forgets a log that does not count.
    pub(crate) fn remove(&mut self, key: &LogKey) {
        let Some(gone) = self.logs.remove(key) else { return };
        if let Some(branch) = gone.branch {
            let of = LogKey { log: branch.of, ..*key };
            let others = self.branches.get_mut(&of).map(|branches| branches.remove(&key.log) && !branches.is_empty());
            if others == Some(false) {
                self.branches.remove(&of);
            }
        }
        self.forget_digests(key);
    }

    /// Closes a control log whose author wrote two events with one number. `common` is the last
    /// event before the two, none if they are the log's first; what was held beyond it no longer
    /// counts, so that all who know of the fork agree. A second, earlier fork moves the end further
    /// back.
    pub fn close(&mut self, key: LogKey, common: Option<(Head, Hlc)>) {
        let (head, hlc) = common.unwrap_or((Head { seq: 0, chain: ChainHash([0; 32]) }, Hlc::default()));
        let earlier = self.logs.get(&key).is_none_or(|held| !held.forked || head.seq < held.head.seq);
        if earlier {
            self.logs.insert(key, LogHead { head, hlc, forked: true, branch: None });
            self.forget_digests(&key);
        }
    }

    /// First 16 bytes of the hash over all heads; equal digests mean equal logs. Computed once
    /// after each change.
    pub fn digest(&mut self) -> [u8; 16] {
        *self.all.get_or_insert_with(|| digest(heads(&self.logs)))
    }

    /// The same over the control logs alone: `ctl` of what is written now.
    pub fn control_digest(&mut self) -> [u8; 16] {
        *self.control.get_or_insert_with(|| digest(heads(&self.logs).filter(|(key, _)| key.log.is_control())))
    }

    fn forget_digests(&mut self, key: &LogKey) {
        self.all = None;
        if key.log.is_control() {
            self.control = None;
        }
    }
}

fn heads(logs: &BTreeMap<LogKey, LogHead>) -> impl Iterator<Item = (LogKey, Head)> {
    logs.iter().filter(|(_, log)| log.head.seq > 0).map(|(key, log)| (*key, log.head))
}

/// `H` over `device ‖ log u64 ‖ seq u32 ‖ chain` of each head, integers big-endian, sorted by
/// device and log.
fn digest(heads: impl Iterator<Item = (LogKey, Head)>) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for (key, head) in heads {
        hasher.update(key.device.as_bytes()).update(&key.log.0.to_be_bytes());
        hasher.update(&head.seq.to_be_bytes()).update(head.chain.as_bytes());
    }
    let mut short = [0; 16];
    hasher.finalize_xof().fill(&mut short);
    short
}
