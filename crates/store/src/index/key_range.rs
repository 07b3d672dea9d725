//! A range of keys.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use sled::IVec;

/// From where rows are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Front,
    Back,
}

impl End {
    /// The one of two rows that is nearer to this end; of two under one key, the first.
    pub(crate) fn nearer<K: Ord, V>(self, one: Option<(K, V)>, other: Option<(K, V)>) -> Option<(K, V)> {
        match (one, other) {
            (Some(one), Some(other)) => {
                let is_other = if self == End::Front { other.0 < one.0 } else { other.0 > one.0 };
                Some(if is_other { other } else { one })
            }
            (one, other) => one.or(other),
        }
    }
}

/// Keys between two bounds.
#[derive(Clone, Debug)]
pub(crate) struct KeyRange {
    pub(crate) from: Bound<IVec>,
    pub(crate) to: Bound<IVec>,
}

impl KeyRange {
    pub(crate) fn new(from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> KeyRange {
        KeyRange { from: from.map(IVec::from), to: to.map(IVec::from) }
    }

    /// Keys that begin so.
    pub(crate) fn of_prefix(prefix: &[u8]) -> KeyRange {
        let mut end = prefix.to_vec();
        while end.pop_if(|last| *last == u8::MAX).is_some() {}
        let to = match end.last_mut() {
            Some(last) => {
                *last = last.saturating_add(1);
                Bound::Excluded(end)
            }
            None => Bound::Unbounded,
        };
        KeyRange::new(Bound::Included(prefix.to_vec()), to)
    }

    pub(super) fn contains(&self, key: &IVec) -> bool {
        (self.from.as_ref(), self.to.as_ref()).contains(key)
    }

    /// All from one end on, also what is beyond the other one.
    pub(super) fn onward_from(&self, end: End) -> (Bound<&[u8]>, Bound<&[u8]>) {
        match end {
            End::Front => (self.from.as_ref().map(AsRef::as_ref), Bound::Unbounded),
            End::Back => (Bound::Unbounded, self.to.as_ref().map(AsRef::as_ref)),
        }
    }

    /// Whether a key is among these.
    pub(super) fn is_onward(&self, end: End, key: &IVec) -> bool {
        match end {
            End::Front => (self.from.as_ref(), Bound::Unbounded).contains(key),
            End::Back => (Bound::Unbounded, self.to.as_ref()).contains(key),
        }
    }

    /// The row of a map in this range that is next to one end.
    pub(crate) fn nearest<'a, V>(&self, map: &'a BTreeMap<IVec, V>, end: End) -> Option<(&'a IVec, &'a V)> {
        // Not between both bounds: a map would panic if nothing can lie there.
        let mut rows = map.range::<[u8], _>(self.onward_from(end));
        let nearest = if end == End::Front { rows.next() } else { rows.next_back() };
        nearest.filter(|(key, _)| self.contains(key))
    }

    /// Leaves out all from one end up to a key.
    pub(crate) fn pass(&mut self, end: End, key: IVec) {
        let bound = if end == End::Front { &mut self.from } else { &mut self.to };
        *bound = Bound::Excluded(key);
    }
}
