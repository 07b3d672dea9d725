//! The newest segments of a database file as they were before sled opened it.
//!
//! sled ends its log at the first message that it cannot read, and wipes what lies beyond, in
//! place. After a crash that is right; after damage it destroys the newest events. So the newest
//! segments are held in memory until it is known that nothing is missing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::sled_log::SEGMENT_BYTES;

/// Segments that are held: more than sled ever has in flight. Reading them takes some 2 ms.
const PARTS: usize = 8;

/// A segment begins with `checksum[4] ‖ own place in the log ‖ …`; the place is an i64,
/// little-endian, with all bits but the highest flipped.
const HEADER_BYTES: usize = 12;

/// Segments of the file by where they begin.
#[derive(Default)]
pub(crate) struct NewestSegments(Vec<(u64, Vec<u8>)>);

impl NewestSegments {
    /// Reads them; none if there is no file.
    pub(crate) fn read(db: &Path) -> io::Result<NewestSegments> {
        let mut file = match File::open(db) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(NewestSegments::default()),
            Err(e) => return Err(e),
        };
        let mut newest = Vec::new();
        for start in (0..file.metadata()?.len()).step_by(SEGMENT_BYTES) {
            let header = read_at(&mut file, start, HEADER_BYTES)?;
            if let Some(place) = header.last_chunk::<8>().filter(|_| header.len() == HEADER_BYTES) {
                newest.push((i64::from_le_bytes(*place) ^ i64::MAX, start));
            }
        }
        newest.sort_unstable();
        let starts = newest.iter().rev().take(PARTS).map(|(_, start)| *start);
        starts.map(|start| Ok((start, read_at(&mut file, start, SEGMENT_BYTES)?))).collect::<io::Result<Vec<_>>>().map(NewestSegments)
    }

    /// Puts them over what a file holds now.
    pub(crate) fn lay_over(&self, file: &mut Vec<u8>) {
        for (start, part) in &self.0 {
            let Ok(start) = usize::try_from(*start) else { continue };
            let end = start.saturating_add(part.len());
            if file.len() < end {
                file.resize(end, 0);
            }
            if let Some(place) = file.get_mut(start..end) {
                place.copy_from_slice(part);
            }
        }
    }

    /// Puts them back into a file.
    pub(crate) fn restore(&self, db: &Path) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new().write(true).open(db)?;
        for (start, part) in &self.0 {
            file.seek(SeekFrom::Start(*start))?;
            file.write_all(part)?;
        }
        file.sync_all()
    }
}

fn read_at(file: &mut File, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut part = Vec::with_capacity(bytes);
    file.take(bytes as u64).read_to_end(&mut part)?;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_latest_in_the_log_are_held_and_put_back() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("db");
        let mut whole = Vec::new();
        for n in 0..12i64 {
            // The log's order is not the file's.
            let place = (n * 5 % 12) * SEGMENT_BYTES as i64;
            whole.extend_from_slice(&[9; 4]);
            whole.extend_from_slice(&(place ^ i64::MAX).to_le_bytes());
            whole.resize((n as usize + 1) * SEGMENT_BYTES, n as u8);
        }
        whole.truncate(whole.len() - 1000);
        std::fs::write(&path, &whole).expect("the disk has room");
        let tail = NewestSegments::read(&path).expect("it can be read");
        let mut wiped = vec![0xee; whole.len()];
        tail.lay_over(&mut wiped);
        std::fs::write(&path, vec![0xee; whole.len()]).expect("the disk has room");
        tail.restore(&path).expect("it can be written");
        assert!(std::fs::read(&path).expect("it can be read") == wiped);
        for n in 0..12usize {
            let start = n * SEGMENT_BYTES;
            let end = (start + SEGMENT_BYTES).min(whole.len());
            let held = n * 5 % 12 >= 12 - PARTS;
            assert_eq!(wiped[start..end] == whole[start..end], held, "part {n}");
        }
    }
}
