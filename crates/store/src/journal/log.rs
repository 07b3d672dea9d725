//! All segments together: appending and reading.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::found::{Found, gone_between, segments_in};
use super::record::{self, MAX_RECORD};
use super::segment::{HEADER, LOST, Scan, Segment};
use crate::error::OpenError;
use crate::seal::Sealer;

/// Bytes of a segment, unless one record takes more. Raised: more to read when one of its records
/// is read for the first time, and more to write anew for one erased entry; lowered: more files.
pub(crate) const SEGMENT_BYTES: u64 = 16 << 20;

/// The journal of one profile. Who reads waits for a record that is being written, and never for
/// the disk to make it durable.
pub(crate) struct Journal {
    pub(super) folder: PathBuf,
    pub(super) sealer: Arc<Sealer>,
    state: Mutex<State>,
    longest: u64,
}

/// The segments, of which the last one is open.
pub(super) struct State {
    pub(super) segments: Vec<Arc<Segment>>,
    /// Of the open one: where its records begin, and where they end.
    pub(super) starts: Vec<u32>,
    pub(super) length: u64,
    pub(super) file: File,
    pub(super) failed: bool,
}

impl State {
    fn next(&self) -> u64 {
        let first = self.segments.last().map_or(0, |last| last.first);
        first.saturating_add(self.starts.len() as u64)
    }

    /// What was written after the last record must not stand before the next one.
    fn take_back(&mut self) {
        let end = self.length;
        self.failed = self.file.set_len(end).and_then(|()| self.file.seek(SeekFrom::Start(end))).is_err();
    }

    /// Whether a segment is the open one.
    pub(super) fn is_open(&self, segment: &Segment) -> bool {
        self.segments.last().is_some_and(|last| last.first == segment.first)
    }
}

impl Journal {
    /// Opens or makes the journal in `folder`, with segments of at most `longest` bytes. Reads the
    /// last segment, and how the others begin.
    pub(crate) fn open(folder: &Path, sealer: Arc<Sealer>, longest: u64) -> Result<(Journal, Found), OpenError> {
        fs::create_dir_all(folder)?;
        let mut found = Found::default();
        let mut segments = segments_in(folder, &sealer, &mut found)?;
        if segments.is_empty() {
            found.fresh = found.foreign.is_empty();
            segments.push(Arc::new(Segment::create(folder, &sealer, 0, 0)?.0));
        }
        let last = segments.last().ok_or_else(failed)?;
        let Scan { starts, end: length } = last.scan(&sealer)?;
        let mut file = last.at_end()?;
        found.torn = file.metadata()?.len().saturating_sub(length);
        if found.torn > 0 {
            file.set_len(length)?;
            file.sync_all()?;
            file.seek(SeekFrom::Start(length))?;
        }
        let lost = starts.iter().filter(|start| **start == LOST).count() as u64;
        found.gone = gone_between(&segments, &sealer)?.saturating_add(lost);
        let state = Mutex::new(State { segments, starts, length, file, failed: false });
        Ok((Journal { folder: folder.to_owned(), sealer, state, longest }, found))
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        self.state().next()
    }

    /// Appends a record of entries, none of which is empty: after a crash all of it is there, or
    /// nothing. Durable after a [`sync`](Self::sync). When the disk is full nothing of it is left,
    /// and the next try may succeed. Returns its number.
    pub(crate) fn append<'a, I>(&self, entries: I) -> io::Result<u64>
    where
        I: IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>,
    {
        let mut state = self.state();
        if state.failed {
            return Err(failed());
        }
        let entries = entries.into_iter();
        let (number, fits) = (state.next(), entries.len() <= usize::from(u16::MAX));
        let bytes = record::encode(&self.sealer, 0, number, entries).filter(|_| fits).ok_or_else(too_long)?;
        let mut end = state.length.saturating_add(bytes.len() as u64);
        if !state.starts.is_empty() && end > self.longest {
            self.roll(&mut state)?;
            end = state.length.saturating_add(bytes.len() as u64);
        }
        let start = u32::try_from(state.length).map_err(|_| too_long())?;
        if let Err(error) = state.file.write_all(&bytes) {
            state.take_back();
            return Err(error);
        }
        state.length = end;
        state.starts.push(start);
        Ok(number)
    }

    /// Closes the open segment and begins another.
    fn roll(&self, state: &mut State) -> io::Result<()> {
        state.file.sync_data().inspect_err(|_| state.failed = true)?;
        let last = state.segments.last().cloned().ok_or_else(failed)?;
        let (next, file) = Segment::create(&self.folder, &self.sealer, state.next(), last.first)?;
        (state.file, state.length) = (file, HEADER as u64);
        last.close(std::mem::take(&mut state.starts));
        state.segments.push(Arc::new(next));
        Ok(())
    }

    /// Makes all that was appended before survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let file = {
            let state = self.state();
            if state.failed {
                return Err(failed());
            }
            state.file.try_clone()?
        };
        // Not under the lock: others append meanwhile. After a failure the system may have
        // forgotten what it could not write.
        file.sync_data().inspect_err(|_| self.state().failed = true)
    }

    /// Whether nothing more is appended, for good.
    pub(crate) fn has_failed(&self) -> bool {
        self.state().failed
    }

    /// The entries of a record; an erased one is empty. None if it is not there, or damaged.
    pub(crate) fn read(&self, number: u64) -> io::Result<Option<Vec<Vec<u8>>>> {
        loop {
            let (segment, open) = {
                let state = self.state();
                let at = state.segments.partition_point(|segment| segment.first <= number);
                let Some(segment) = at.checked_sub(1).and_then(|at| state.segments.get(at)).cloned() else { return Ok(None) };
                let is_open = state.is_open(&segment);
                (segment.clone(), is_open.then(|| start_in(&state.starts, &segment, number)))
            };
            // Not under the lock: all of the file may have to be read.
            let start = open.map_or_else(|| Ok(start_in(segment.starts(&self.sealer)?, &segment, number)), io::Result::Ok)?;
            let entries = segment.read(&self.sealer, number, start)?;
            // It may just have been written anew.
            let is_here = || self.state().segments.iter().any(|held| Arc::ptr_eq(held, &segment));
            if entries.is_some() || is_here() {
                return Ok(entries);
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the record with this number begins.
fn start_in(starts: &[u32], segment: &Segment, number: u64) -> u32 {
    let place = usize::try_from(number.saturating_sub(segment.first)).ok();
    place.and_then(|place| starts.get(place)).copied().unwrap_or(LOST)
}

/// A write went wrong and could not be taken back.
pub(super) fn failed() -> io::Error {
    io::Error::other("an earlier write failed")
}

fn too_long() -> io::Error {
    let why = format!("a batch takes at most {MAX_RECORD} bytes and {} entries", u16::MAX);
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
