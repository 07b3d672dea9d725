//! How far the building of the index is, as clients are told.

use node::OpenProgress;

use crate::types::Building;

/// Records from which on it is told. Fewer are read before anybody could read a word about it.
const TOLD_FROM: u64 = 20_000;

/// None if it is not worth a word. Between two hundredths it stays the same, so that a million
/// records are a hundred notices.
pub(crate) fn told(progress: OpenProgress) -> Option<Building> {
    let OpenProgress { done, of } = progress;
    if of < TOLD_FROM {
        return None;
    }
    let percent = u128::from(done.min(of)) * 100 / u128::from(of);
    // Rounded up, so that a client that divides comes to the same hundredth.
    let done = (u128::from(of) * percent).div_ceil(100);
    Some(Building { done: u64::try_from(done).unwrap_or(of), of })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(done: u64, of: u64) -> Option<Building> {
        told(OpenProgress { done, of })
    }

    #[test]
    fn what_is_read_at_once_is_not_told() {
        assert_eq!((at(0, 0), at(0, TOLD_FROM - 1), at(TOLD_FROM - 1, TOLD_FROM - 1)), (None, None, None));
        assert_eq!(at(0, TOLD_FROM), Some(Building { done: 0, of: TOLD_FROM }));
    }

    #[test]
    fn many_records_are_told_in_hundredths_that_only_grow() {
        for of in [TOLD_FROM, 20_011, 1_234_567] {
            let steps: Vec<u64> = (0..of).map(|done| at(done, of).expect("it is told").done).collect();
            assert!(steps.is_sorted() && steps.iter().zip(0..).all(|(told, done)| *told <= done));
            let percents: Vec<u64> = BTreeSet::from_iter(steps).iter().map(|done| done * 100 / of).collect();
            assert_eq!(percents, (0..100).collect::<Vec<_>>(), "of {of}");
        }
    }

    #[test]
    fn it_never_tells_more_than_there_is() {
        assert_eq!(at(u64::MAX, u64::MAX), Some(Building { done: u64::MAX, of: u64::MAX }));
        assert_eq!(at(90_000, 30_000), Some(Building { done: 30_000, of: 30_000 }));
    }
}
