//! What opening a journal finds in its folder.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::MAX_RECORD;
use super::segment::{EXTENSION, FORM, NEW, Opened, Segment};
use crate::seal::Sealer;

/// Why there is no journal, or no more of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The disk, or the right to use it.
    #[error("the journal cannot be written or read: {0}")]
    Io(#[from] io::Error),
    /// A later program made it.
    #[error("the journal has form {found}; this program knows up to {FORM}")]
    TooNew {
        /// Its form.
        found: u16,
    },
    /// Nothing in it opens.
    #[error("the journal was sealed under another key")]
    WrongKey,
    /// More than a record takes.
    #[error("a batch takes at most {MAX_RECORD} bytes and 65535 entries")]
    TooLong,
    /// A write went wrong and could not be taken back.
    #[error("an earlier write failed")]
    Failed,
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// There was nothing.
    pub(crate) fresh: bool,
    /// Bytes after the last whole record, which were cut off: a write that was under way.
    pub(crate) torn: u64,
    /// Records that are gone, as far as their neighbours tell.
    pub(crate) gone: Vec<Range<u64>>,
    /// Files that are no part of it: copies, another profile's, or damaged beyond use. They were
    /// given these names.
    pub(crate) foreign: Vec<PathBuf>,
}

impl Found {
    /// How many records are gone.
    pub(crate) fn gone_records(&self) -> u64 {
        self.gone.iter().fold(0, |count: u64, gone| count.saturating_add(gone.end.saturating_sub(gone.start)))
    }
}

/// The segments of a folder in order. Of two that begin with the same record the one with the right
/// name counts.
pub(super) fn segments_in(folder: &Path, sealer: &Sealer, found: &mut Found) -> Result<Vec<Arc<Segment>>, JournalError> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let mut segments: Vec<Arc<Segment>> = Vec::new();
    let mut other_key = false;
    let is = |path: &Path, extension| path.extension().is_some_and(|its| its == extension);
    for path in paths {
        if is(&path, NEW) {
            // A segment that was being written.
            fs::remove_file(&path)?;
        }
        if !is(&path, EXTENSION) {
            continue;
        }
        match Segment::open(&path, sealer)? {
            Opened::TooNew(found) => return Err(JournalError::TooNew { found }),
            Opened::OtherKey => {
                other_key = true;
                found.foreign.push(path);
            }
            Opened::Foreign => found.foreign.push(path),
            Opened::Segment(segment) => segments.push(Arc::new(segment)),
        }
    }
    if segments.is_empty() && other_key {
        return Err(JournalError::WrongKey);
    }
    segments.sort_by_key(|segment| (segment.first, !segment.is_named_right()));
    let mut last = None;
    let copies = segments.extract_if(.., |segment| last.replace(segment.first) == Some(segment.first));
    found.foreign.extend(copies.map(|copy| copy.path.clone()));
    for path in &mut found.foreign {
        *path = put_aside(path)?;
    }
    Ok(segments)
}

/// Removes segments whose records are in the one before: a crash came after they became one.
pub(super) fn remove_merged(segments: &mut Vec<Arc<Segment>>, sealer: &Sealer) -> io::Result<()> {
    let mut end = 0;
    let mut merged = Vec::new();
    for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
        if segment.first >= end {
            end = segment.end(sealer)?;
        }
        if next.first < end && next.end(sealer)? <= end {
            merged.push(next.first);
            fs::remove_file(&next.path)?;
        }
    }
    segments.retain(|segment| !merged.contains(&segment.first));
    Ok(())
}

/// Renames a file, so that no segment takes its name.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (0..).map(|number: u32| path.with_extension(format!("aside{number}")));
    let free = names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| path.with_extension("aside"));
    fs::rename(path, &free)?;
    Ok(free)
}

/// Between segments, and inside those that were damaged.
pub(super) fn gaps(segments: &[Arc<Segment>], tail: &[u32], sealer: &Sealer) -> io::Result<Vec<Range<u64>>> {
    let mut gone: Vec<Range<u64>> = Vec::new();
    let mut next = 0_u64;
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at.saturating_add(1) == segments.len();
        let starts = if is_last { tail } else { segment.starts(sealer)? };
        let missing = (segment.first..).zip(starts).filter(|(_, start)| **start == 0);
        let missing = missing.map(|(number, _)| number..number.saturating_add(1));
        for range in std::iter::once(next..segment.first).chain(missing).filter(|range| !range.is_empty()) {
            match gone.last_mut().filter(|gone| gone.end == range.start) {
                Some(gone) => gone.end = range.end,
                None => gone.push(range),
            }
        }
        next = segment.first.saturating_add(starts.len() as u64);
    }
    Ok(gone)
}
