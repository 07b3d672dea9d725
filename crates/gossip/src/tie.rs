//! What can be told of a neighbour: for people to look at, not for spreading.

use std::collections::BTreeMap;

use identity::PeerId;
use wire::ids::LogKey;

/// How one neighbour stands in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Who.
    pub peer: PeerId,
    /// A member, as far as is known here.
    pub member: bool,
    /// In the active view.
    pub active: bool,
    /// Fresh events are pushed to them at once.
    pub eager: bool,
    /// Dialled by this device for the overlay.
    pub dialled: bool,
    /// They have said what they have; until then the two counts below say nothing.
    pub heard: bool,
    /// Events here that they are not known to have.
    pub lacks: u64,
    /// Events that are known to exist there and are missing here.
    pub ahead: u64,
}

/// Where a neighbour is behind: the first event of a log that is here and that they are not known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Behind {
    /// Who.
    pub peer: PeerId,
    /// Which log.
    pub log: LogKey,
    /// Sequence number.
    pub from: u32,
}

/// Events of `own` logs that somebody who `has` these lacks.
pub(crate) fn lacks(own: impl Iterator<Item = (LogKey, u32)>, has: &BTreeMap<LogKey, u32>) -> u64 {
    behind(own, has).map(|(_, from, to)| u64::from(to - from) + 1).sum()
}

/// For each log that somebody who `has` these lacks something of: its first and last missing event.
pub(crate) fn behind(own: impl Iterator<Item = (LogKey, u32)>, has: &BTreeMap<LogKey, u32>) -> impl Iterator<Item = (LogKey, u32, u32)> {
    own.filter_map(|(log, seq)| {
        let known = has.get(&log).copied().unwrap_or(0);
        (known < seq).then(|| (log, known + 1, seq))
    })
}

/// Events that somebody who `has` these has beyond what `own` says.
pub(crate) fn ahead<'a>(own: impl Fn(&LogKey) -> u32, has: impl Iterator<Item = (&'a LogKey, &'a u32)>) -> u64 {
    has.map(|(log, seq)| u64::from(seq.saturating_sub(own(log)))).sum()
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use wire::ids::LogId;

    use super::*;

    fn log(n: u64) -> LogKey {
        LogKey { device: Identity::from_seed(&[1; 32]).peer(), log: LogId(n) }
    }

    #[test]
    fn what_is_lacking_and_ahead_is_counted_log_by_log() {
        let own = [(log(1), 10), (log(2), 4), (log(3), 1)];
        let has = BTreeMap::from([(log(1), 7), (log(2), 9), (log(4), 2)]);
        assert_eq!(lacks(own.into_iter(), &has), 3 + 1);
        assert_eq!(behind(own.into_iter(), &has).collect::<Vec<_>>(), [(log(1), 8, 10), (log(3), 1, 1)]);
        let mine = |key: &LogKey| own.iter().find(|(log, _)| log == key).map_or(0, |(_, seq)| *seq);
        assert_eq!(ahead(mine, has.iter()), 5 + 2);
    }
}
