//! Plain files of our own: segments of 64 MiB, in each of them batches one after the other.
//!
//! ```text
//! batch: length u32 ‖ first row u64 ‖ rows u32 ‖ sum u64 ‖ (length u32 ‖ row)…
//! ```
//!
//! The product would seal a batch with its place as associated data, which finds what the sum finds
//! here and more. In memory is where each batch begins; the product would have that in its index.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::Hasher;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::engine::{Engine, row};

const SEGMENT: u64 = 64 << 20;
const HEAD: usize = 24;
/// Nothing longer is a batch.
const LONGEST: usize = 1 << 20;

pub struct Segments {
    folder: PathBuf,
    files: Vec<File>,
    /// First row → segment and offset.
    batches: BTreeMap<u64, (usize, u64)>,
    length: u64,
    next: u64,
}

impl Segments {
    fn path(folder: &Path, number: usize) -> PathBuf {
        folder.join(format!("{number:06}.segment"))
    }

    fn add_file(&mut self) -> Result<()> {
        let path = Self::path(&self.folder, self.files.len());
        self.files.push(OpenOptions::new().create(true).read(true).append(true).open(path)?);
        self.length = 0;
        Ok(File::open(&self.folder)?.sync_all()?)
    }

    /// Notes all whole batches. What is damaged is searched for the next one that is whole; a torn
    /// end is cut off.
    fn scan(&mut self, segment: usize) -> Result<()> {
        let Some(mut file) = self.files.get(segment) else { return Ok(()) };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        let (mut at, mut end) = (0, 0);
        while at < bytes.len() {
            match bytes.get(at..).and_then(batch) {
                Some((first, count, length)) => {
                    self.batches.insert(first, (segment, at as u64));
                    self.next = self.next.max(first + u64::from(count));
                    at += length;
                    end = at;
                }
                None => at += 1,
            }
        }
        if segment + 1 == self.files.len() {
            file.set_len(end as u64)?;
            self.length = end as u64;
        }
        Ok(())
    }

    fn batch_at(&self, (segment, offset): (usize, u64)) -> Result<Vec<(u64, Vec<u8>)>> {
        let file = self.files.get(segment).ok_or_else(|| anyhow::anyhow!("no such segment"))?;
        let mut length = [0; 4];
        file.read_exact_at(&mut length, offset)?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact_at(&mut bytes, offset)?;
        let (first, _, _) = batch(&bytes).ok_or_else(|| anyhow::anyhow!("a damaged batch"))?;
        Ok((first..).zip(rows_of(&bytes)).collect())
    }
}

impl Engine for Segments {
    const NAME: &'static str = "segments";

    fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut segments = Self { folder: folder.to_owned(), files: Vec::new(), batches: BTreeMap::new(), length: 0, next: 0 };
        while Self::path(folder, segments.files.len()).exists() {
            segments.add_file()?;
        }
        if segments.files.is_empty() {
            segments.add_file()?;
        }
        (0..segments.files.len()).try_for_each(|segment| segments.scan(segment))?;
        Ok(segments)
    }

    fn next(&self) -> Result<u64> {
        Ok(self.next)
    }

    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()> {
        let rows: Vec<Vec<u8>> = rows.map(row).collect();
        let bytes = encode(self.next, &rows);
        if self.length > 0 && self.length + bytes.len() as u64 > SEGMENT {
            self.files.last().into_iter().try_for_each(File::sync_data)?;
            self.add_file()?;
        }
        let Some(mut file) = self.files.last() else { anyhow::bail!("no segment") };
        file.write_all(&bytes)?;
        self.batches.insert(self.next, (self.files.len() - 1, self.length));
        self.length += bytes.len() as u64;
        self.next += rows.len() as u64;
        if sync {
            file.sync_data()?;
        }
        Ok(())
    }

    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let from = self.batches.range(..=rows.start).next_back().map_or(rows.start, |(first, _)| *first);
        let mut found = Vec::new();
        for place in self.batches.range(from..rows.end).map(|(_, place)| *place) {
            // What is damaged is left out.
            found.extend(self.batch_at(place).unwrap_or_default());
        }
        found.retain(|(number, row)| rows.contains(number) && !row.is_empty());
        Ok(found)
    }

    /// Writes each segment that has one of these rows anew, and puts it in the old one's place.
    fn erase(&mut self, rows: &[u64]) -> Result<()> {
        for segment in 0..self.files.len() {
            let places: Vec<_> = self.batches.values().copied().filter(|(at, _)| *at == segment).collect();
            let mut bytes = Vec::new();
            let mut found = false;
            for place in places {
                let mut batch = self.batch_at(place)?;
                let first = batch.first().map_or(0, |(first, _)| *first);
                for (_, row) in batch.iter_mut().filter(|(number, _)| rows.binary_search(number).is_ok()) {
                    row.clear();
                    found = true;
                }
                bytes.extend(encode(first, &batch.into_iter().map(|(_, row)| row).collect::<Vec<_>>()));
            }
            if !found {
                continue;
            }
            let (path, new) = (Self::path(&self.folder, segment), self.folder.join("new"));
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            File::open(&self.folder)?.sync_all()?;
            self.files[segment] = OpenOptions::new().read(true).append(true).open(path)?;
            self.batches.retain(|_, (at, _)| *at != segment);
            self.scan(segment)?;
        }
        Ok(())
    }

    fn close(self) -> Result<()> {
        Ok(self.files.last().into_iter().try_for_each(File::sync_data)?)
    }
}

fn encode(first: u64, rows: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; HEAD];
    for row in rows {
        bytes.extend((row.len() as u32).to_le_bytes());
        bytes.extend(row);
    }
    let sum = sum(&bytes[HEAD..]);
    let length = bytes.len() as u32;
    let head = [&length.to_le_bytes()[..], &first.to_le_bytes(), &(rows.len() as u32).to_le_bytes(), &sum.to_le_bytes()].concat();
    bytes[..HEAD].copy_from_slice(&head);
    bytes
}

/// First row, rows and length of the batch that begins here, if it is whole.
fn batch(bytes: &[u8]) -> Option<(u64, u32, usize)> {
    let number = |range: Range<usize>| bytes.get(range);
    let length = u32::from_le_bytes(number(0..4)?.try_into().ok()?) as usize;
    let first = u64::from_le_bytes(number(4..12)?.try_into().ok()?);
    let count = u32::from_le_bytes(number(12..16)?.try_into().ok()?);
    let said = u64::from_le_bytes(number(16..24)?.try_into().ok()?);
    if length > LONGEST {
        return None;
    }
    (sum(bytes.get(HEAD..length)?) == said).then_some((first, count, length))
}

fn rows_of(batch: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = batch.get(HEAD..).unwrap_or_default();
    let mut rows = Vec::new();
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let Some((row, more)) = more.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
        rows.push(row.to_vec());
        rest = more;
    }
    rows
}

fn sum(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
