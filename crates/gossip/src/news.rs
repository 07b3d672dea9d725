//! Which logs of a room changed, and when a neighbour is next told of it.

use std::collections::BTreeMap;

use wire::ids::LogKey;

use crate::Millis;

/// What changed, and when the next neighbour is told.
#[derive(Default)]
pub(crate) struct News {
    /// Logs by the number of their last change.
    pub(crate) logs: BTreeMap<LogKey, u64>,
    /// Changes so far.
    pub(crate) count: u64,
    /// When the first neighbour is told.
    pub(crate) at: Option<Millis>,
    /// Each neighbour has a time.
    pub(crate) spread: bool,
}

impl News {
    pub(crate) fn add(&mut self, log: LogKey) {
        self.count = self.count.saturating_add(1);
        self.logs.insert(log, self.count);
    }
}
