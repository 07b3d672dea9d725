//! A range of keys.

use std::ops::{Bound, RangeBounds};

use sled::IVec;

/// From where rows are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Front,
    Back,
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

    /// Whether no key can lie in the range. The bounds of such a range must not be given to a map,
    /// which would panic.
    pub(crate) fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) | (Bound::Excluded(from), Bound::Included(to)) => {
                from >= to
            }
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }

    pub(crate) fn contains(&self, key: &IVec) -> bool {
        (self.from.as_ref(), self.to.as_ref()).contains(key)
    }

    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.from.as_ref().map(AsRef::as_ref), self.to.as_ref().map(AsRef::as_ref))
    }

    /// The part of the range from its end up to a key, the key included or not, and the rest.
    pub(crate) fn split(&self, end: End, key: IVec, included: bool) -> (KeyRange, KeyRange) {
        let (near, far) = match included {
            true => (Bound::Included(key.clone()), Bound::Excluded(key)),
            false => (Bound::Excluded(key.clone()), Bound::Included(key)),
        };
        match end {
            End::Front => (KeyRange { to: near, ..self.clone() }, KeyRange { from: far, ..self.clone() }),
            End::Back => (KeyRange { from: near, ..self.clone() }, KeyRange { to: far, ..self.clone() }),
        }
    }
}
