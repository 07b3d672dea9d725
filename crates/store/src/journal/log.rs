//! All segments together: appending and reading.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::found::{Found, JournalError, gaps, remove_merged, segments_in};
use super::record;
use super::segment::{self, EMPTIED, HEADER, Segment};
use crate::seal::Sealer;

/// A segment is closed before it is longer. Higher: more to read when the journal is opened, and
/// more to write anew for one erased entry; lower: more files.
const SEGMENT: u64 = 64 << 20;

/// The journal of one profile. Who reads waits for a record that is being written, and never for
/// the disk to make it durable.
pub(crate) struct Journal {
    pub(super) folder: PathBuf,
    pub(super) sealer: Arc<Sealer>,
    segments: RwLock<Vec<Arc<Segment>>>,
    tail: Mutex<Tail>,
    /// One at a time.
    pub(super) erasing: Mutex<()>,
    pub(super) longest: u64,
}

/// The open segment: the last one.
struct Tail {
    file: File,
    first: u64,
    length: u64,
    starts: Vec<u32>,
    failed: bool,
    /// What a closed segment ends with stands behind the last record.
    is_ended: bool,
}

impl Tail {
    fn next(&self) -> u64 {
        self.first.saturating_add(self.starts.len() as u64)
    }

    /// What was written after the last record must not stand before the next one.
    fn take_back(&mut self) {
        let end = self.length;
        self.failed = self.file.set_len(end).and_then(|()| self.file.seek(SeekFrom::Start(end))).is_err();
        self.is_ended = false;
    }
}

impl Journal {
    /// Opens or makes the journal in `folder`. Reads the last segment whole, and the lists of the
    /// others.
    pub(crate) fn open(folder: &Path, sealer: Arc<Sealer>) -> Result<(Journal, Found), JournalError> {
        Self::open_with(folder, sealer, SEGMENT)
    }

    /// `longest`: bytes of a segment.
    pub(super) fn open_with(folder: &Path, sealer: Arc<Sealer>, longest: u64) -> Result<(Journal, Found), JournalError> {
        fs::create_dir_all(folder)?;
        let mut found = Found::default();
        let mut segments = segments_in(folder, &sealer, &mut found)?;
        if segments.is_empty() {
            found.fresh = found.foreign.is_empty();
            segments.push(Arc::new(Segment::create(folder, &sealer, 0)?));
        }
        remove_merged(&mut segments, &sealer)?;
        let tail = open_tail(&segments, &sealer, &mut found)?;
        found.gone = gaps(&segments, &tail.starts, &sealer)?;
        let (segments, tail) = (RwLock::new(segments), Mutex::new(tail));
        Ok((Journal { folder: folder.to_owned(), sealer, segments, tail, erasing: Mutex::default(), longest }, found))
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        self.tail().next()
    }

    /// Appends a record of entries, none of which is empty: after a crash all of it is there, or
    /// nothing. Durable after a [`sync`](Self::sync). When the disk is full nothing of it is left,
    /// and the next try may succeed. Returns its number.
    pub(crate) fn append<'a, I>(&self, entries: I) -> Result<u64, JournalError>
    where
        I: IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>,
    {
        let mut tail = self.tail();
        if tail.is_ended {
            tail.take_back();
        }
        if tail.failed {
            return Err(JournalError::Failed);
        }
        let entries = entries.into_iter();
        let (number, fits) = (tail.next(), entries.len() <= usize::from(u16::MAX));
        let bytes = record::encode(&self.sealer, number, entries).filter(|_| fits).ok_or(JournalError::TooLong)?;
        let end = segment::ending_bytes(tail.starts.len().saturating_add(1));
        if !tail.starts.is_empty() && tail.length.saturating_add(bytes.len() as u64).saturating_add(end) > self.longest {
            self.roll(&mut tail)?;
        }
        let (start, length) = (u32::try_from(tail.length).map_err(|_| JournalError::TooLong)?, tail.length);
        if let Err(error) = tail.file.write_all(&bytes) {
            tail.take_back();
            return Err(error.into());
        }
        tail.length = length.saturating_add(bytes.len() as u64);
        tail.starts.push(start);
        Ok(number)
    }

    /// Makes all that was appended before survive a power cut. Returns the number of the first
    /// record of which it says nothing.
    pub(crate) fn sync(&self) -> Result<u64, JournalError> {
        let (next, file) = {
            let tail = self.tail();
            (tail.next(), tail.file.try_clone()?)
        };
        // Not under the lock: others append meanwhile.
        file.sync_data()?;
        Ok(next)
    }

    /// The entries of a record; an erased one is empty. None if it is not there, or damaged.
    pub(crate) fn read(&self, number: u64) -> Result<Option<Vec<Vec<u8>>>, JournalError> {
        let Some((segment, start)) = self.place_of(number)? else { return Ok(None) };
        if start == EMPTIED {
            return Ok(Some(Vec::new()));
        }
        let record = segment.read(&self.sealer, number, start)?;
        Ok(record.map(|record| record.entries))
    }

    fn place_of(&self, number: u64) -> Result<Option<(Arc<Segment>, u32)>, JournalError> {
        // Both at one moment: the open segment may be closed in between.
        let tail = self.tail();
        let segments = self.segments_now();
        let at = segments.partition_point(|segment| segment.first <= number);
        let Some(segment) = at.checked_sub(1).and_then(|at| segments.get(at)).cloned() else { return Ok(None) };
        let place = usize::try_from(number.saturating_sub(segment.first)).unwrap_or(usize::MAX);
        let start =
            if segment.first == tail.first { tail.starts.get(place).copied() } else { segment.starts(&self.sealer)?.get(place).copied() };
        Ok(start.map(|start| (segment, start)))
    }

    /// Ends the open segment like a closed one, so that the next opening need not read all of it,
    /// and makes everything durable. It goes on with the next record.
    pub(crate) fn finish(&self) -> Result<(), JournalError> {
        let mut tail = self.tail();
        if tail.failed || tail.is_ended {
            return Ok(());
        }
        tail.is_ended = true;
        let last = self.segments_now().last().cloned().ok_or(JournalError::Failed)?;
        last.close(&self.sealer, &tail.starts).inspect_err(|_| tail.take_back())?;
        Ok(())
    }

    /// Closes the open segment and begins another, so that it can be written anew.
    pub(super) fn close_tail(&self) -> Result<(), JournalError> {
        let mut tail = self.tail();
        if tail.is_ended {
            tail.take_back();
        }
        if tail.starts.is_empty() { Ok(()) } else { self.roll(&mut tail) }
    }

    fn roll(&self, tail: &mut Tail) -> Result<(), JournalError> {
        let mut segments = self.segments_mut();
        let last = segments.last().ok_or(JournalError::Failed)?;
        let next = last.close(&self.sealer, &tail.starts).and_then(|()| {
            let next = Segment::create(&self.folder, &self.sealer, tail.next())?;
            Ok((next.at_end()?, next))
        });
        let (file, next) = next.inspect_err(|_| tail.take_back())?;
        *tail = Tail { file, first: next.first, length: HEADER as u64, starts: Vec::new(), failed: false, is_ended: false };
        segments.push(Arc::new(next));
        Ok(())
    }

    /// The first record of the open segment, and the next one to come.
    pub(super) fn open_records(&self) -> (u64, u64) {
        let tail = self.tail();
        (tail.first, tail.next())
    }

    /// Closed segments, the oldest first.
    pub(super) fn closed(&self) -> Vec<Arc<Segment>> {
        self.segments_now().split_last().map(|(_, closed)| closed.to_vec()).unwrap_or_default()
    }

    /// Puts a segment in the place of others.
    pub(super) fn replace(&self, old: &[Arc<Segment>], new: Segment) {
        let mut segments = self.segments_mut();
        segments.retain(|segment| segment.first == new.first || !old.iter().any(|old| old.first == segment.first));
        if let Some(head) = segments.iter_mut().find(|segment| segment.first == new.first) {
            *head = Arc::new(new);
        }
    }

    fn segments_now(&self) -> RwLockReadGuard<'_, Vec<Arc<Segment>>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments_mut(&self) -> RwLockWriteGuard<'_, Vec<Arc<Segment>>> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the last segment, and cuts off what a crash left of a record, or the end of a closed one.
fn open_tail(segments: &[Arc<Segment>], sealer: &Sealer, found: &mut Found) -> Result<Tail, JournalError> {
    let last = segments.last().ok_or(JournalError::Failed)?;
    // One that was left in good order tells by its end.
    let list = last.list(sealer)?;
    let is_whole = list.is_some();
    let scan = list.map_or_else(|| last.scan(sealer), Ok)?;
    let end = scan.end;
    let mut file = last.at_end()?;
    let after = file.metadata()?.len().saturating_sub(end);
    if after > 0 {
        found.torn = if is_whole { 0 } else { after };
        file.set_len(end)?;
        file.sync_all()?;
    }
    file.seek(SeekFrom::Start(end))?;
    Ok(Tail { file, first: last.first, length: end, starts: scan.starts, failed: false, is_ended: false })
}
