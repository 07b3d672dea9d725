//! Salvage: reads rows out of a database file that sled itself cannot open any more.
//!
//! One wrong byte can make sled 0.34 refuse (or panic on) the whole database, although nearly all
//! of it is whole. Its file is a log of messages: pages with their rows, and changes to them; a row
//! appears in it several times. This reads whatever has the form of such a message, wherever it
//! lies, and keeps of each row the newest version that its seal proves right. So a misread can cost
//! a row, and can never make one up. What the messages look like is in `sled_log.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use crate::block;
use crate::key;
use crate::newest_segments::NewestSegments;
use crate::seal::Sealer;
use crate::sled_log::{
    self, INLINE_CHANGE, INLINE_PAGE, LARGE_CHANGE, LARGE_PAGE, MessageHead, Moment, PageNumber, SEGMENT_BYTES, Scanner,
};

/// What was found of a database.
pub(crate) struct Salvaged {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Keys under which no version unsealed: rows that are damaged in all versions, and wrong keys
    /// made of a beginning that was tried in vain.
    pub(crate) unproven: u64,
    /// Number of the form, if that row was found; it is not sealed.
    pub(crate) schema: Option<u16>,
}

impl Salvaged {
    /// Rows of a key space, in key order: key and content.
    pub(crate) fn rows(&self, space: u8) -> impl Iterator<Item = (&[u8], &[u8])> {
        let rows = self.rows.range(vec![space]..).take_while(move |(key, _)| key.first() == Some(&space));
        rows.map(|(key, plain)| (key.as_slice(), plain.as_slice()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Reads everything that can be read in a database folder, with `newest` over its file; changes
/// nothing there.
pub(crate) fn salvage(dir: &Path, newest: &NewestSegments, sealer: &Sealer) -> io::Result<Salvaged> {
    let mut log = match fs::read(dir.join("db")) {
        Ok(log) => log,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e),
    };
    newest.lay_over(&mut log);
    let mut scan = Scan { bytes: log, ..Scan::default() };
    scan.read_log(dir);
    Ok(scan.into_rows(sealer))
}

/// Where a value lies; none for a removal.
type Version = Option<Range<usize>>;

#[derive(Default)]
struct Scan {
    /// The log, and after it the content of large messages.
    bytes: Vec<u8>,
    versions: BTreeMap<Vec<u8>, BTreeMap<Moment, Version>>,
    /// Which keys each page was responsible for, and when: a key that it then lacks was removed
    /// before.
    coverage: Vec<Coverage>,
    /// What keys of a page have in common; changes leave it out.
    prefixes: HashMap<PageNumber, BTreeSet<Vec<u8>>>,
    changes: Vec<PageChange>,
}

/// From `lo` up to before `hi`; to the end of all keys if that is empty.
struct Coverage {
    at: Moment,
    lo: Vec<u8>,
    hi: Vec<u8>,
}

struct PageChange {
    at: Moment,
    page: PageNumber,
    rest_of_key: Range<usize>,
    value: Version,
}

impl Scan {
    fn read_log(&mut self, dir: &Path) {
        let end = self.bytes.len();
        let mut at = 0;
        while at < end {
            // All that is not a whole message of rows is stepped over byte by byte: other messages,
            // padding, damage.
            at = self.read_message(at, end, dir).unwrap_or(at.saturating_add(1));
        }
    }

    /// Where the next message begins, if there is one of rows here.
    fn read_message(&mut self, at: usize, end: usize, dir: &Path) -> Option<usize> {
        let segment_end = at.saturating_sub(at % SEGMENT_BYTES).saturating_add(SEGMENT_BYTES);
        let head = sled_log::read_head(&self.bytes, at, end.min(segment_end))?;
        let after = head.body.end;
        match head.kind {
            INLINE_PAGE => self.read_page(&head, head.body.clone(), true)?,
            INLINE_CHANGE => self.read_change(&head, head.body.clone())?,
            LARGE_PAGE => {
                let (body, whole) = self.fetch_large(&head, dir)?;
                self.read_page(&head, body, whole)?;
            }
            LARGE_CHANGE => {
                let (body, _) = self.fetch_large(&head, dir)?;
                self.read_change(&head, body)?;
            }
            _ => return None,
        }
        Some(after)
    }

    /// Large messages lie in files of their own: `checksum[4] ‖ kind ‖ body`. Gives where the body
    /// is, and whether the checksum is right.
    fn fetch_large(&mut self, head: &MessageHead, dir: &Path) -> Option<(Range<usize>, bool)> {
        let id = i64::from_le_bytes(self.bytes.get(head.body.clone())?.try_into().ok()?);
        let file = fs::read(dir.join("blobs").join(id.to_string())).ok()?;
        let (checksum, rest) = file.split_first_chunk()?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(rest.get(1..)?);
        Some((start..self.bytes.len(), crc32fast::hash(rest) == u32::from_le_bytes(*checksum)))
    }

    fn read_page(&mut self, head: &MessageHead, body: Range<usize>, whole: bool) -> Option<()> {
        let page = sled_log::parse_page(&self.bytes, body)?;
        let (lo, hi) = (self.bytes.get(page.lo)?.to_vec(), self.bytes.get(page.hi)?.to_vec());
        let prefix = lo.get(..page.prefix_len)?.to_vec();
        for (rest, value) in page.keys.into_iter().zip(page.values) {
            let key = [&prefix, self.bytes.get(rest)?].concat();
            self.versions.entry(key).or_default().insert(head.at, Some(value));
        }
        // In a damaged page a key may only look as if it were not there.
        if whole && sled_log::is_whole(&self.bytes, head) {
            self.coverage.push(Coverage { at: head.at, lo, hi });
        }
        self.prefixes.entry(head.page).or_default().insert(prefix);
        Some(())
    }

    fn read_change(&mut self, head: &MessageHead, body: Range<usize>) -> Option<()> {
        let mut scanner = Scanner { bytes: &self.bytes, at: body.start, end: body.end };
        let sets = match scanner.byte()? {
            0 => true,
            1 => false,
            _ => return None,
        };
        let rest_of_key = scanner.text()?;
        let value = if sets { Some(scanner.text()?) } else { None };
        scanner.ended()?;
        self.changes.push(PageChange { at: head.at, page: head.page, rest_of_key, value });
        Some(())
    }

    fn into_rows(mut self, sealer: &Sealer) -> Salvaged {
        self.file_changes();
        let last_seen = last_seen(std::mem::take(&mut self.coverage));
        let mut salvaged = Salvaged { rows: BTreeMap::new(), unproven: 0, schema: None };
        let mut rows = BTreeMap::new();
        for (key, versions) in &self.versions {
            if key == key::FORM {
                let newest = versions.values().rev().flatten().find_map(|value| self.bytes.get(value.clone())?.try_into().ok());
                salvaged.schema = newest.map(u16::from_be_bytes);
                continue;
            }
            // A page that is later than the last version, and has no such row, shows that it was
            // removed.
            let page_seen = last_seen.range(..=key.clone()).next_back().map_or(0, |(_, at)| *at);
            if versions.keys().next_back().is_none_or(|newest| *newest < page_seen) {
                continue;
            }
            let mut newest = versions.iter().rev();
            let found = loop {
                match newest.next() {
                    Some((at, Some(value))) => {
                        let sealed = self.bytes.get(value.clone()).unwrap_or_default();
                        if let Ok(plain) = sealer.unseal(key, sealed) {
                            break Some((*at, plain));
                        }
                    }
                    // Removed, and what was before is no longer true.
                    Some((_, None)) => break None,
                    None => {
                        salvaged.unproven = salvaged.unproven.saturating_add(1);
                        break None;
                    }
                }
            };
            found.into_iter().for_each(|(at, plain)| file_row(key, plain, at, &mut rows));
        }
        salvaged.rows = rows.into_iter().map(|(key, (_, plain))| (key, plain)).collect();
        salvaged
    }

    /// Changes tell the ends of keys; which beginning belongs to them depends on the page's state
    /// then. All that the page ever had are tried: a wrong one makes a key under which the value
    /// does not unseal.
    fn file_changes(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            let Some(rest) = self.bytes.get(change.rest_of_key) else { continue };
            for prefix in self.prefixes.get(&change.page).into_iter().flatten() {
                let key = [prefix, rest].concat();
                match (self.versions.get_mut(&key), &change.value) {
                    (Some(versions), _) => drop(versions.insert(change.at, change.value.clone())),
                    (None, Some(_)) => drop(self.versions.insert(key, BTreeMap::from([(change.at, change.value.clone())]))),
                    (None, None) => {}
                }
            }
        }
    }
}

/// Files a row, or all entries of a block. An entry of an older block may be in a newer one too, if
/// the newest form of the older one is damaged.
fn file_row(key: &[u8], plain: Vec<u8>, at: Moment, rows: &mut BTreeMap<Vec<u8>, (Moment, Vec<u8>)>) {
    let entries = if block::group(key).is_some() { block::decode(&key.into(), &plain) } else { None };
    let entries = entries.map(|entries| entries.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect());
    for (key, plain) in entries.unwrap_or_else(|| vec![(key.to_vec(), plain)]) {
        if rows.get(&key).is_none_or(|(other, _)| *other < at) {
            rows.insert(key, (at, plain));
        }
    }
}

/// When the page responsible for a key was last seen: at each start of a stretch of keys, the time
/// that holds up to the next one.
fn last_seen(mut coverage: Vec<Coverage>) -> BTreeMap<Vec<u8>, Moment> {
    coverage.sort_by_key(|span| span.at);
    let mut seen = BTreeMap::from([(Vec::new(), 0)]);
    for Coverage { at, lo, hi } in coverage {
        let covered = seen.range(lo.clone()..).map(|(start, _)| start.clone()).take_while(|start| hi.is_empty() || *start < hi);
        let covered: Vec<Vec<u8>> = covered.collect();
        if !hi.is_empty() {
            let beyond = seen.range(..=hi.clone()).next_back().map_or(0, |(_, at)| *at);
            seen.insert(hi, beyond);
        }
        for start in &covered {
            seen.remove(start);
        }
        seen.insert(lo, at);
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::disk::Disk;
    use crate::row::Change;

    fn put(key: &[u8], plain: Vec<u8>) -> Change {
        Change::Put { key: key.to_vec(), plain }
    }

    #[test]
    fn all_rows_of_a_whole_database_are_found_in_their_newest_form() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let sealer = Arc::new(Sealer::new(&[1; 32]));
        let mut expected = BTreeMap::new();
        {
            let disk = Disk::open(dir.path(), sealer.clone()).expect("it is new");
            for n in 0..6_000u32 {
                // Long values now and then, overwritten and removed rows, keys that share
                // beginnings.
                let key = [b"E".as_slice(), &[7; 16], &(n.wrapping_mul(2_654_435_761) % 2_000).to_be_bytes()].concat();
                let length = if n % 500 == 0 { 60_000 } else { (n % 700) as usize };
                let plain = [n.to_be_bytes().to_vec(), vec![5; length]].concat();
                if n % 13 == 0 {
                    disk.apply(vec![Change::Remove { key: key.clone() }]).expect("the disk has room");
                    expected.remove(&key);
                } else {
                    disk.apply(vec![put(&key, plain.clone())]).expect("the disk has room");
                    expected.insert(key, plain);
                }
                if n % 100 == 0 {
                    disk.sync().expect("the disk works");
                }
            }
            disk.sync().expect("the disk works");
        }
        let salvaged = salvage(dir.path(), &NewestSegments::default(), &sealer).expect("it can be read");
        assert_eq!(salvaged.rows.len(), expected.len());
        assert!(salvaged.rows == expected);
        assert!(
            salvage(dir.path(), &NewestSegments::default(), &Sealer::new(&[2; 32])).expect("it can be read").is_empty(),
            "nothing without the key"
        );
    }

    #[test]
    fn noise_yields_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut noise = vec![0; 3 * SEGMENT_BYTES + 17];
        rand::fill(noise.as_mut_slice());
        fs::write(dir.path().join("db"), noise).expect("the disk has room");
        assert!(salvage(dir.path(), &NewestSegments::default(), &Sealer::new(&[1; 32])).expect("it can be read").is_empty());
    }
}
