//! What counts of what somebody wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use wire::ids::LogId;

/// What counts of what somebody wrote, by log. Of a log that is not in it nothing does.
///
/// Copies share it: a cut may be as large as an event, and each fold holds all cuts that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut(Arc<BTreeMap<LogId, Kept>>);

/// What counts of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its events up to this number.
    pub last: u32,
    /// But not those control events that did not count when this was written: nothing that comes
    /// later may make them count.
    pub except: BTreeSet<u32>,
}

impl Kept {
    /// Whether the event with this number counts.
    pub fn has(&self, seq: u32) -> bool {
        seq <= self.last && !self.except.contains(&seq)
    }
}

impl Cut {
    /// Nothing counts.
    pub fn new() -> Cut {
        Cut::default()
    }

    /// Whether what stands there counts.
    pub(super) fn keeps(&self, (log, seq): (LogId, u32)) -> bool {
        self.get(&log).is_some_and(|kept| kept.has(seq))
    }
}

impl Deref for Cut {
    type Target = BTreeMap<LogId, Kept>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Cut {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(LogId, Kept)> for Cut {
    fn from_iter<I: IntoIterator<Item = (LogId, Kept)>>(logs: I) -> Cut {
        Cut(Arc::new(logs.into_iter().collect()))
    }
}

impl<const N: usize> From<[(LogId, Kept); N]> for Cut {
    fn from(logs: [(LogId, Kept); N]) -> Cut {
        logs.into_iter().collect()
    }
}
