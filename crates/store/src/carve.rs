//! Reading rows out of a database file that sled itself cannot open any more.
//!
//! One wrong byte can make sled 0.34 refuse (or panic on) the whole database, although nearly all
//! of it is whole. Its file is a log of messages: pages with their rows, and changes to them; a row
//! appears in it several times. This reads whatever has the form of such a message, wherever it
//! lies, and keeps of each row the newest version that its seal proves right. So a misread can cost
//! a row, and can never make one up. The form of the file is that of 0.34, which is final.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use crate::block;
use crate::key;
use crate::seal::Sealer;
use crate::tail::Tail;

/// Messages do not cross these parts of the file.
pub(crate) const SEGMENT_BYTES: usize = 512 * 1024;

const INLINE_PAGE: u8 = 8;
const LARGE_PAGE: u8 = 9;
const INLINE_CHANGE: u8 = 10;
const LARGE_CHANGE: u8 = 11;

/// What was found of a database.
pub(crate) struct Carved {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Keys under which nothing unsealed: rows that are damaged in all versions, and beginnings of
    /// keys that were tried in vain.
    pub(crate) unproven: u64,
    /// Number of the form, if that row was found; it is not sealed.
    pub(crate) schema: Option<u16>,
}

impl Carved {
    /// Rows of a key space, in key order: key and content.
    pub(crate) fn rows(&self, space: u8) -> impl Iterator<Item = (&[u8], &[u8])> {
        let rows = self.rows.range(vec![space]..).take_while(move |(key, _)| key.first() == Some(&space));
        rows.map(|(key, plain)| (key.as_slice(), plain.as_slice()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Reads everything that can be read below a database's folder, with `tail` over its file; changes
/// nothing there.
pub(crate) fn carve(dir: &Path, tail: &Tail, sealer: &Sealer) -> io::Result<Carved> {
    let mut log = match fs::read(dir.join("db")) {
        Ok(log) => log,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e),
    };
    tail.lay_over(&mut log);
    let mut found = Found { bytes: log, ..Found::default() };
    found.read_log(dir);
    Ok(found.into_rows(sealer))
}

/// When something was written: place in the log's own count of bytes.
type Moment = u64;
type PageNumber = u64;
/// Where a value lies; none for a removal.
type Version = Option<Range<usize>>;

#[derive(Default)]
struct Found {
    /// The log, and after it the content of large messages.
    bytes: Vec<u8>,
    versions: BTreeMap<Vec<u8>, BTreeMap<Moment, Version>>,
    /// Which keys each page was responsible for, and when: a key that it then lacks was removed
    /// before.
    coverage: Vec<Coverage>,
    /// What keys of a page have in common; changes leave it out.
    prefixes: HashMap<PageNumber, BTreeSet<Vec<u8>>>,
    changes: Vec<Change>,
}

/// From `lo` up to before `hi`; to the end of all keys if that is empty.
struct Coverage {
    at: Moment,
    lo: Vec<u8>,
    hi: Vec<u8>,
}

struct Change {
    at: Moment,
    page: PageNumber,
    rest_of_key: Range<usize>,
    value: Version,
}

/// A message's head: what it is, when and of which page, and where it begins and its body lies.
struct Head {
    kind: u8,
    at: Moment,
    page: PageNumber,
    start: usize,
    body: Range<usize>,
}

impl Found {
    fn read_log(&mut self, dir: &Path) {
        let end = self.bytes.len();
        let mut at = 0;
        while at < end {
            // Whatever is not a whole message of rows is stepped over byte by byte: other messages,
            // padding, damage.
            at = self.read_message(at, end, dir).unwrap_or(at + 1);
        }
    }

    /// Where the next message begins, if there is one of rows here.
    fn read_message(&mut self, at: usize, end: usize, dir: &Path) -> Option<usize> {
        let segment = at / SEGMENT_BYTES * SEGMENT_BYTES;
        let head = read_head(&self.bytes, at, end.min(segment + SEGMENT_BYTES))?;
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

    /// Large messages lie in files of their own: `checksum[4] ‖ kind ‖ body`. With whether that is
    /// right.
    fn fetch_large(&mut self, head: &Head, dir: &Path) -> Option<(Range<usize>, bool)> {
        let id = i64::from_le_bytes(self.bytes.get(head.body.clone())?.try_into().ok()?);
        let file = fs::read(dir.join("blobs").join(id.to_string())).ok()?;
        let (checksum, rest) = file.split_first_chunk()?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(rest.get(1..)?);
        Some((start..self.bytes.len(), crc32fast::hash(rest) == u32::from_le_bytes(*checksum)))
    }

    fn read_page(&mut self, head: &Head, body: Range<usize>, whole: bool) -> Option<()> {
        let page = parse_page(&self.bytes, body)?;
        let (lo, hi) = (self.bytes.get(page.lo)?.to_vec(), self.bytes.get(page.hi)?.to_vec());
        let prefix = lo.get(..page.prefix_len)?.to_vec();
        for (rest, value) in page.keys.into_iter().zip(page.values) {
            let key = [&prefix, self.bytes.get(rest)?].concat();
            self.versions.entry(key).or_default().insert(head.at, Some(value));
        }
        // In a damaged one a key may only look as if it were not there.
        if whole && is_whole(&self.bytes, head) {
            self.coverage.push(Coverage { at: head.at, lo, hi });
        }
        self.prefixes.entry(head.page).or_default().insert(prefix);
        Some(())
    }

    fn read_change(&mut self, head: &Head, body: Range<usize>) -> Option<()> {
        let mut cursor = Cursor { bytes: &self.bytes, at: body.start, end: body.end };
        let sets = match cursor.byte()? {
            0 => true,
            1 => false,
            _ => return None,
        };
        let rest_of_key = cursor.text()?;
        let value = if sets { Some(cursor.text()?) } else { None };
        cursor.ended()?;
        self.changes.push(Change { at: head.at, page: head.page, rest_of_key, value });
        Some(())
    }

    fn into_rows(mut self, sealer: &Sealer) -> Carved {
        self.file_changes();
        let last_seen = last_seen(std::mem::take(&mut self.coverage));
        let mut carved = Carved { rows: BTreeMap::new(), unproven: 0, schema: None };
        let mut rows = BTreeMap::new();
        for (key, versions) in &self.versions {
            if key == key::SCHEMA {
                let newest = versions.values().rev().flatten().find_map(|value| self.bytes.get(value.clone())?.try_into().ok());
                carved.schema = newest.map(u16::from_be_bytes);
                continue;
            }
            // A page of later than its last version had no such row any more.
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
                        carved.unproven += 1;
                        break None;
                    }
                }
            };
            found.into_iter().for_each(|(at, plain)| file_row(key, plain, at, &mut rows));
        }
        carved.rows = rows.into_iter().map(|(key, (_, plain))| (key, plain)).collect();
        carved
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

/// `checksum[4] ‖ kind ‖ length ‖ segment ‖ page`, numbers of varying length. The checksum is not
/// needed for what a message has: seals are stronger.
fn read_head(bytes: &[u8], at: usize, end: usize) -> Option<Head> {
    let mut cursor = Cursor { bytes, at: at + 4, end };
    let kind = cursor.byte().filter(|kind| (INLINE_PAGE..=LARGE_CHANGE).contains(kind))?;
    let length = usize::try_from(cursor.number()?).ok()?;
    let segment = cursor.number()?;
    let page = cursor.number()?;
    let body = cursor.take(length)?;
    let moment = segment.checked_mul(SEGMENT_BYTES as u64)?.checked_add((at % SEGMENT_BYTES) as u64)?;
    Some(Head { kind, at: moment, page, start: at, body })
}

/// Whether the checksum is right: a CRC-32 over body and rest of the head, with all bits flipped.
fn is_whole(bytes: &[u8], head: &Head) -> bool {
    let (start, body) = (head.start, &head.body);
    let (Some(said), Some(rest), Some(body)) = (bytes.get(start..start + 4), bytes.get(start + 4..body.start), bytes.get(body.clone()))
    else {
        return false;
    };
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(body);
    checksum.update(rest);
    said == (!checksum.finalize()).to_le_bytes()
}

/// A page of rows, as places in the bytes.
struct Page {
    lo: Range<usize>,
    hi: Range<usize>,
    prefix_len: usize,
    keys: Vec<Range<usize>>,
    values: Vec<Range<usize>>,
}

/// `next ‖ merging child ‖ merging ‖ prefix length ‖ lo ‖ hi ‖ 0 ‖ n ‖ n × key ‖ n × value`; pages
/// of pointers have a 1 for the 0.
fn parse_page(bytes: &[u8], body: Range<usize>) -> Option<Page> {
    let mut cursor = Cursor { bytes, at: body.start, end: body.end };
    cursor.number()?;
    cursor.number()?;
    cursor.byte()?;
    let prefix_len = usize::from(cursor.byte()?);
    let (lo, hi) = (cursor.text()?, cursor.text()?);
    cursor.byte().filter(|kind| *kind == 0)?;
    let count = cursor.number()?;
    let keys = (0..count).map(|_| cursor.text()).collect::<Option<Vec<_>>>()?;
    let values = (0..count).map(|_| cursor.text()).collect::<Option<Vec<_>>>()?;
    cursor.ended()?;
    Some(Page { lo, hi, prefix_len, keys, values })
}

/// Reads forward, never beyond its end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.end)?;
        let place = self.at..end;
        self.at = end;
        Some(place)
    }

    fn byte(&mut self) -> Option<u8> {
        let place = self.take(1)?;
        self.bytes.get(place.start).copied()
    }

    fn text(&mut self) -> Option<Range<usize>> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// One to nine bytes, as in SQLite 4, but little-endian from three bytes of content on.
    fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            small @ 0..=240 => Some(u64::from(small)),
            high @ 241..=248 => Some(240 + 256 * (u64::from(high) - 241) + u64::from(self.byte()?)),
            249 => Some(2288 + 256 * u64::from(self.byte()?) + u64::from(self.byte()?)),
            more => {
                let place = self.take(usize::from(more) - 247)?;
                Some(self.bytes.get(place)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
        }
    }

    fn ended(&self) -> Option<()> {
        (self.at == self.end).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::disk::{Change, Disk};

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
        let carved = carve(dir.path(), &Tail::default(), &sealer).expect("it can be read");
        assert_eq!(carved.rows.len(), expected.len());
        assert!(carved.rows == expected);
        assert!(carve(dir.path(), &Tail::default(), &Sealer::new(&[2; 32])).expect("it can be read").is_empty(), "nothing without the key");
    }

    #[test]
    fn noise_yields_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut noise = vec![0; 3 * SEGMENT_BYTES + 17];
        rand::fill(noise.as_mut_slice());
        fs::write(dir.path().join("db"), noise).expect("the disk has room");
        assert!(carve(dir.path(), &Tail::default(), &Sealer::new(&[1; 32])).expect("it can be read").is_empty());
    }
}
