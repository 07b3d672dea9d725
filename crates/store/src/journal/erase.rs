//! Removing what nobody needs from the disk.

use std::fs;
use std::io::{self, Seek, Write};
use std::sync::Arc;

use super::at::At;
use super::log::{Journal, State};
use super::record;
use super::segment::{EMPTIED, LOST, NEW, Segment, header, sync_names};

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

/// Where the records of a segment begin, and where they end.
type Extent = (Vec<u32>, u64);

impl Journal {
    /// Gives the entries of some records the fate that they are to have. Each segment that has such
    /// a record is written anew and put in the place of the old one, which takes the time of
    /// writing it; others read and append meanwhile. All entries keep their places. After a crash
    /// some of them may still be as they were, and so they may if it is not to go on, which gives
    /// false. Only one caller at a time.
    pub(crate) fn rewrite(
        &self,
        is_meant: impl Fn(u64) -> bool,
        fate: impl Fn(At, &[u8]) -> Fate,
        goes_on: impl Fn() -> bool,
    ) -> io::Result<bool> {
        let segments = self.state().segments.clone();
        let ends = segments.iter().skip(1).map(|segment| segment.first).chain([self.next()]);
        for (segment, end) in segments.iter().zip(ends) {
            if !goes_on() {
                return Ok(false);
            }
            if (segment.first..end).any(&is_meant) {
                // Not under the lock: all of the file may have to be read.
                if !self.state().is_open(segment) {
                    segment.starts(&self.sealer)?;
                }
                let had = self.extent(&self.state(), segment)?;
                let left = self.left_of(segment, &had.0, |at, entry| if is_meant(at.record) { fate(at, entry) } else { Fate::Stays })?;
                // What an entry was written over by must not be less durable than its erasure.
                self.sync()?;
                let replaced = self.replace(segment, left, &had);
                replaced.inspect_err(|_| drop(fs::remove_file(segment.path.with_extension(NEW))))?;
            }
        }
        Ok(true)
    }

    fn extent(&self, state: &State, segment: &Segment) -> io::Result<Extent> {
        if state.is_open(segment) {
            Ok((state.starts.clone(), state.length))
        } else {
            Ok((segment.starts(&self.sealer)?.to_vec(), segment.length()?))
        }
    }

    /// What a segment is afterwards, and where its records begin then.
    fn left_of(&self, segment: &Segment, starts: &[u32], fate: impl Fn(At, &[u8]) -> Fate) -> io::Result<(Vec<u8>, Vec<u32>)> {
        let read = |(number, start): (u64, &u32)| {
            let entries = segment.read(&self.sealer, number, *start)?;
            io::Result::Ok((number, entries.map(|entries| left_of(number, entries, &fate))))
        };
        let mut records = (segment.first..).zip(starts).map(read).peekable();
        let mut bytes = header(&self.sealer, segment.first, segment.before);
        let (mut begin, mut passed) = (Vec::with_capacity(starts.len()), 0_u32);
        while let Some((number, entries)) = records.next().transpose()? {
            let next_is_there = matches!(records.peek(), Some(Ok((_, Some(_)))));
            match entries {
                // What cannot be read any more is left out.
                None => begin.push(LOST),
                // The next one tells of it.
                Some(entries) if entries.is_empty() && next_is_there => {
                    begin.push(EMPTIED);
                    passed = passed.saturating_add(1);
                }
                Some(entries) => {
                    begin.push(u32::try_from(bytes.len()).unwrap_or(LOST));
                    // No record is longer than before.
                    bytes.extend(record::encode(&self.sealer, passed, number, entries.iter().map(Vec::as_slice)).unwrap_or_default());
                    passed = 0;
                }
            }
        }
        Ok((bytes, begin))
    }

    /// Puts what is left of a segment in its place. `had`: what it was when that was made.
    fn replace(&self, old: &Arc<Segment>, (bytes, mut starts): (Vec<u8>, Vec<u32>), had: &Extent) -> io::Result<()> {
        let mut file = Segment::write(&old.path, &bytes)?;
        let new = Segment::of(old.path.clone(), old.first, old.before);
        let mut state = self.state();
        // What was appended meanwhile comes behind it.
        let (all, end) = self.extent(&state, old)?;
        let more = old.bytes(had.1, end)?;
        file.write_all(&more)?;
        if !more.is_empty() {
            file.sync_all()?;
        }
        let moved = |start: &u32| u64::from(*start).saturating_sub(had.1).saturating_add(bytes.len() as u64);
        starts.extend(all.iter().skip(had.0.len()).map(|start| u32::try_from(moved(start)).unwrap_or(LOST)));
        let length = file.stream_position()?;
        fs::rename(old.path.with_extension(NEW), &old.path)?;
        let is_named = sync_names(&self.folder);
        if state.is_open(old) {
            // After a power cut the old one could be there again, without what is appended here.
            state.failed |= is_named.is_err();
            (state.file, state.length, state.starts) = (file, length, starts);
        } else {
            new.close(starts);
        }
        if let Some(held) = state.segments.iter_mut().find(|held| held.first == old.first) {
            *held = Arc::new(new);
        }
        is_named
    }
}

/// The entries of a record after that; none if all of it goes.
fn left_of(number: u64, entries: Vec<Vec<u8>>, fate: impl Fn(At, &[u8]) -> Fate) -> Vec<Vec<u8>> {
    let left = (0..).zip(entries).map(|(entry, bytes)| match fate(At { record: number, entry }, &bytes) {
        _ if bytes.is_empty() => bytes,
        Fate::Stays => bytes,
        Fate::Becomes(bytes) => bytes,
        Fate::Goes => Vec::new(),
    });
    let left: Vec<Vec<u8>> = left.collect();
    if left.iter().all(Vec::is_empty) { Vec::new() } else { left }
}
