//! Removing what nobody needs from the disk.

use std::io::{self, Write};
use std::sync::PoisonError;

use super::at::At;
use super::log::{Journal, JournalError};
use super::record::{self, Record};
use super::segment::{self, EMPTIED, HEADER, Segment, header};

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays as it is.
    Stays,
    /// Only this is left of it.
    Becomes(Vec<u8>),
    /// It is gone; its place stays, empty.
    Goes,
}

impl Journal {
    /// Gives the entries of some records the fate that they are to have. Each segment that has such
    /// a record is written anew and put in the place of the old one, which takes the time of
    /// writing it; others read and append meanwhile. All entries keep their places. After a crash
    /// some of them may still be as they were, and so they may if it is not to go on, which gives
    /// false.
    pub(crate) fn rewrite(
        &self,
        is_meant: impl Fn(u64) -> bool,
        fate: impl Fn(At, &[u8]) -> Fate,
        goes_on: impl Fn() -> bool,
    ) -> Result<bool, JournalError> {
        let _erasing = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, next) = self.open_records();
        if (first..next).any(&is_meant) {
            self.close_tail()?;
        }
        for segment in self.closed() {
            if !goes_on() {
                return Ok(false);
            }
            let old = segment.starts(&self.sealer)?;
            let is_there = |(_, start): &(u64, &u32)| **start > EMPTIED;
            if (segment.first..).zip(old).filter(is_there).any(|(number, _)| is_meant(number)) {
                let mut starts = Vec::with_capacity(old.len());
                let new = Segment::put(segment.path.clone(), segment.first, |file| {
                    self.write_to(file, &segment, old, &mut starts, &is_meant, &fate)
                })?;
                self.replace(new.with_starts(starts));
            }
        }
        Ok(true)
    }

    fn write_to(
        &self,
        file: &mut impl Write,
        segment: &Segment,
        old: &[u32],
        starts: &mut Vec<u32>,
        is_meant: impl Fn(u64) -> bool,
        fate: impl Fn(At, &[u8]) -> Fate,
    ) -> io::Result<()> {
        file.write_all(&header(&self.sealer, segment.first))?;
        let mut length = HEADER;
        for (number, start) in (segment.first..).zip(old) {
            let bytes = if is_meant(number) {
                segment.read(&self.sealer, number, *start)?.map(|record| self.left_of(record, &fate))
            } else {
                segment.bytes(number, *start)?
            };
            // What cannot be read any more is left out. No record is longer than before.
            starts.push(match &bytes {
                _ if *start == EMPTIED => EMPTIED,
                None => 0,
                Some(bytes) if bytes.is_empty() => EMPTIED,
                Some(_) => u32::try_from(length).unwrap_or(0),
            });
            let bytes = bytes.unwrap_or_default();
            file.write_all(&bytes)?;
            length = length.saturating_add(bytes.len());
        }
        file.write_all(&segment::ending(&self.sealer, segment.first, starts))
    }

    /// The bytes of a record after that; none if all of it goes.
    fn left_of(&self, record: Record, fate: impl Fn(At, &[u8]) -> Fate) -> Vec<u8> {
        let number = record.number;
        let left = (0..).zip(record.entries).map(|(entry, bytes)| match fate(At { record: number, entry }, &bytes) {
            _ if bytes.is_empty() => bytes,
            Fate::Stays => bytes,
            Fate::Becomes(bytes) => bytes,
            Fate::Goes => Vec::new(),
        });
        let left: Vec<Vec<u8>> = left.collect();
        if left.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        record::encode(&self.sealer, number, left.iter().map(Vec::as_slice)).unwrap_or_default()
    }
}
