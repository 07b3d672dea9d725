//! Journal and index in memory, for many nodes in one process: a base that they share, what each
//! wrote over it, and a crash that takes back what was not synced.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sled::IVec;

use crate::index::{Change, End, KeyRange};
use crate::opened_records::Entries;

/// Records and rows that never change again, shared by any number of media.
#[derive(Clone, Default)]
pub struct Base {
    records: Arc<Vec<Entries>>,
    rows: Arc<BTreeMap<IVec, IVec>>,
}

/// What a profile is stored on. Clones are the same one; it outlives the store that was opened on
/// it, as a disk does.
#[derive(Clone, Default)]
pub struct Medium(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    base: Base,
    /// After those of the base.
    records: Vec<Entries>,
    /// None stands for a row of the base that was removed.
    over: BTreeMap<IVec, Option<IVec>>,
    /// Of each write since the last sync, what its rows were before.
    unsynced: Vec<Vec<(IVec, Before)>>,
}

/// What `over` held under a key before a write; none: nothing yet.
type Before = Option<Option<IVec>>;

impl Base {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// No row at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Medium {
    /// A medium that holds the rows of a base.
    pub fn over(base: Base) -> Medium {
        Medium(Arc::new(Mutex::new(Rows { base, ..Rows::default() })))
    }

    /// All that it holds now, as a base for others.
    pub fn to_base(&self) -> Base {
        let all = self.rows_in(KeyRange::of_prefix(b""), End::Front).collect();
        let rows = self.rows();
        let records = rows.base.records.iter().chain(&rows.records).cloned().collect();
        Base { records: Arc::new(records), rows: Arc::new(all) }
    }

    /// The machine stops: of the writes since the last sync only the first `kept` are there
    /// afterwards.
    pub fn crash(&self, kept: usize) {
        let mut rows = self.rows();
        while rows.unsynced.len() > kept {
            rows.records.pop();
            for (key, before) in rows.unsynced.pop().into_iter().flatten().rev() {
                match before {
                    None => rows.over.remove(&key),
                    Some(value) => rows.over.insert(key, value),
                };
            }
        }
        rows.unsynced.clear();
    }

    /// Writes that a crash could take back.
    pub fn unsynced(&self) -> usize {
        self.rows().unsynced.len()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<IVec> {
        self.rows().get(key)
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        let rows = self.rows();
        rows.base.records.len().saturating_add(rows.records.len()) as u64
    }

    pub(crate) fn record(&self, number: u64) -> Option<Entries> {
        let (rows, number) = (self.rows(), usize::try_from(number).ok()?);
        let own = || rows.records.get(number.checked_sub(rows.base.records.len())?);
        rows.base.records.get(number).or_else(own).cloned()
    }

    /// One record, and the rows that find it: after a crash all of it is there or none.
    pub(crate) fn write(&self, entries: &[Vec<u8>], changes: Vec<Change>) {
        let mut rows = self.rows();
        let mut write = Vec::new();
        for (key, value) in changes {
            let before = rows.over.insert(key.clone(), value);
            write.push((key, before));
        }
        rows.records.push(Entries::new(entries.to_vec()));
        rows.unsynced.push(write);
    }

    pub(crate) fn sync(&self) {
        self.rows().unsynced = Vec::new();
    }

    /// Rows of a range from one end.
    pub(crate) fn rows_in(&self, mut span: KeyRange, end: End) -> impl Iterator<Item = (IVec, IVec)> {
        let next = move || {
            let (key, value) = self.rows().nearest(&span, end)?;
            span.pass(end, key.clone());
            Some((key, value))
        };
        iter::from_fn(next).filter_map(|(key, value)| Some((key, value?)))
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn get(&self, key: &[u8]) -> Option<IVec> {
        self.over.get(key).cloned().unwrap_or_else(|| self.base.rows.get(key).cloned())
    }

    /// The first row of a range from one end, even if it was removed.
    fn nearest(&self, span: &KeyRange, end: End) -> Option<Change> {
        let over = span.nearest(&self.over, end).map(|(key, value)| (key, value.as_ref()));
        let base = span.nearest(&self.base.rows, end).map(|(key, value)| (key, Some(value)));
        end.nearer(over, base).map(|(key, value)| (key.clone(), value.cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(medium: &Medium, key: &str, value: Option<&str>) {
        medium.write(&[key.into()], vec![(key.into(), value.map(IVec::from))]);
    }

    fn all(medium: &Medium) -> Vec<(String, String)> {
        let text = |bytes: &IVec| String::from_utf8_lossy(bytes).into_owned();
        let walk = |end| {
            let rows = medium.rows_in(KeyRange::of_prefix(b""), end);
            rows.map(|(key, value)| (text(&key), text(&value))).collect::<Vec<_>>()
        };
        let (there, mut back) = (walk(End::Front), walk(End::Back));
        back.reverse();
        assert_eq!(there, back, "the same from either end");
        there
    }

    fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_synced_survives_a_crash_and_the_rest_is_taken_back_in_order() {
        let ana = Medium::default();
        put(&ana, "a", Some("1"));
        put(&ana, "b", Some("1"));
        ana.sync();
        put(&ana, "a", Some("2"));
        put(&ana, "b", None);
        put(&ana, "a", Some("3"));
        put(&ana, "c", Some("1"));
        assert_eq!((all(&ana), ana.unsynced()), (rows(&[("a", "3"), ("c", "1")]), 4));
        ana.crash(2);
        assert_eq!((all(&ana), ana.unsynced()), (rows(&[("a", "2")]), 0));
        assert_eq!((ana.next(), ana.record(3).is_some(), ana.record(4)), (4, true, None));
        put(&ana, "a", None);
        ana.crash(0);
        assert_eq!(all(&ana), rows(&[("a", "2")]));
    }

    #[test]
    fn two_media_over_one_base_do_not_see_each_other() {
        let first = Medium::default();
        put(&first, "a", Some("1"));
        put(&first, "c", Some("1"));
        put(&first, "\u{7f}", Some("last"));
        let (ana, ben) = (Medium::over(first.to_base()), Medium::over(first.to_base()));
        put(&ana, "b", Some("2"));
        put(&ana, "a", None);
        put(&ben, "c", Some("3"));
        assert_eq!(all(&ana), rows(&[("b", "2"), ("c", "1"), ("\u{7f}", "last")]));
        assert_eq!(all(&ben), rows(&[("a", "1"), ("c", "3"), ("\u{7f}", "last")]));
        assert_eq!(ana.to_base().len(), 3);
    }
}
