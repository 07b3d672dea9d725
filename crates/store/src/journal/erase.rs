//! Removing what nobody needs from the disk.

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError};

use super::at::At;
use super::found::JournalError;
use super::log::Journal;
use super::record::{self, Record};
use super::segment::{self, EMPTIED, HEADER, Segment, header};

/// Neighbours that are together no longer than this part of the longest segment may become one.
/// Raised: more of them. Lowered: more to write anew for one entry.
const MERGED_PART: u64 = 4;
/// So many neighbours do. Each time something is erased the open segment is closed, however short.
const MANY: usize = 8;

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
    /// writing it; others read and append meanwhile. Many short neighbours become one segment, so
    /// that there are never too many. All entries keep their places. After a crash some of them may
    /// still be as they were, and so they may if it is not to go on, which gives false.
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
        for group in self.groups()? {
            if !goes_on() {
                return Ok(false);
            }
            let Some(head) = group.first().filter(|_| group.len() > 1 || self.has_any(&group, &is_meant)) else { continue };
            let mut starts = Vec::new();
            let new = Segment::put(head.path.clone(), head.first, |file| self.write_to(file, &group, &mut starts, &is_meant, &fate))?;
            self.replace(&group, new.with_starts(starts));
            // After a crash they are removed when the journal is opened.
            group.iter().skip(1).try_for_each(|segment| fs::remove_file(&segment.path))?;
        }
        Ok(true)
    }

    /// Closed segments; many that follow on each other and are short, together.
    fn groups(&self) -> io::Result<Vec<Vec<Arc<Segment>>>> {
        let mut groups: Vec<Vec<Arc<Segment>>> = Vec::new();
        let (mut length, mut next) = (u64::MAX, 0);
        for segment in self.closed() {
            length = length.saturating_add(segment.length()?);
            match groups.last_mut() {
                Some(group) if length <= self.longest / MERGED_PART && segment.first == next => group.push(segment.clone()),
                _ => {
                    length = segment.length()?;
                    groups.push(vec![segment.clone()]);
                }
            }
            next = segment.end(&self.sealer)?;
        }
        let alone = |group: Vec<Arc<Segment>>| group.into_iter().map(|segment| vec![segment]).collect();
        Ok(groups.into_iter().flat_map(|group| if group.len() < MANY { alone(group) } else { vec![group] }).collect())
    }

    fn has_any(&self, group: &[Arc<Segment>], is_meant: impl Fn(u64) -> bool) -> bool {
        let records = |segment: &Arc<Segment>| (segment.first..).zip(segment.starts(&self.sealer).unwrap_or_default().to_vec());
        group.iter().flat_map(records).any(|(number, start)| start > EMPTIED && is_meant(number))
    }

    fn write_to(
        &self,
        file: &mut impl Write,
        group: &[Arc<Segment>],
        starts: &mut Vec<u32>,
        is_meant: impl Fn(u64) -> bool,
        fate: impl Fn(At, &[u8]) -> Fate,
    ) -> io::Result<()> {
        let first = group.first().map_or(0, |segment| segment.first);
        file.write_all(&header(&self.sealer, first))?;
        let mut length = HEADER;
        for segment in group {
            for (number, start) in (segment.first..).zip(segment.starts(&self.sealer)?) {
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
        }
        file.write_all(&segment::ending(&self.sealer, first, starts))
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
