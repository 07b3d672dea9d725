//! Removing entries from the disk.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::PoisonError;

use super::log::{At, Journal, JournalError};
use super::record::{self, Record};
use super::segment::{self, HEADER, Segment, header};

impl Journal {
    /// Removes these entries: their places stay, empty. Each segment that has one is written anew
    /// and put in the place of the old one, which takes the time of writing it; others read and
    /// append meanwhile. After a crash some of them may still be there, and all else is.
    pub(crate) fn erase(&self, gone: &BTreeSet<At>) -> Result<(), JournalError> {
        let _erasing = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = gone.last() else { return Ok(()) };
        if last.record >= self.open_from() {
            self.close_tail()?;
        }
        for segment in self.closed() {
            if self.has_any(&segment, gone)? {
                self.write_anew(&segment, gone)?;
            }
        }
        Ok(())
    }

    fn has_any(&self, segment: &Segment, gone: &BTreeSet<At>) -> Result<bool, JournalError> {
        let end = segment.first.saturating_add(segment.starts(&self.sealer)?.len() as u64);
        let first = |record| At { record, entry: 0 };
        Ok(gone.range(first(segment.first)..first(end)).next().is_some())
    }

    /// What cannot be read any more is left out.
    fn write_anew(&self, segment: &Segment, gone: &BTreeSet<At>) -> Result<(), JournalError> {
        let old = segment.starts(&self.sealer)?;
        let new = Segment::put(segment.path.clone(), segment.first, |file| self.write_to(file, segment, old, gone))?;
        self.replace(new);
        Ok(())
    }

    fn write_to(&self, file: &mut impl Write, segment: &Segment, old: &[u32], gone: &BTreeSet<At>) -> io::Result<()> {
        file.write_all(&header(&self.sealer, segment.first))?;
        let mut length = HEADER;
        let mut starts = Vec::with_capacity(old.len());
        for (number, start) in (segment.first..).zip(old) {
            let Some(Record { entries, .. }) = segment.read(&self.sealer, number, *start)? else {
                starts.push(0);
                continue;
            };
            let stays = |entry: u16| !gone.contains(&At { record: number, entry });
            let left = (0..).zip(&entries).map(|(entry, bytes)| if stays(entry) { bytes.as_slice() } else { &[] });
            // It is no longer than before.
            let bytes = record::encode(&self.sealer, number, left).unwrap_or_default();
            file.write_all(&bytes)?;
            starts.push(u32::try_from(length).unwrap_or(0));
            length = length.saturating_add(bytes.len());
        }
        file.write_all(&segment::ending(&self.sealer, segment.first, &starts))
    }
}
