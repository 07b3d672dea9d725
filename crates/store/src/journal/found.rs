//! What opening a journal finds in its folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::{EXTENSION, NEW, Segment};
use crate::error::OpenError;
use crate::seal::Sealer;

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// There was nothing.
    pub(crate) fresh: bool,
    /// Bytes after the last whole record, which were cut off: a write that was under way.
    pub(crate) torn: u64,
    /// Records that are gone: between segments, or of the last one.
    pub(crate) gone: u64,
    /// Files that are no part of it: copies, another profile's, or damaged beyond use. They were
    /// given these names.
    pub(crate) foreign: Vec<PathBuf>,
}

/// The segments of a folder in order. Of two that begin with the same record the one with the right
/// name counts.
pub(super) fn segments_in(folder: &Path, sealer: &Sealer, found: &mut Found) -> Result<Vec<Arc<Segment>>, OpenError> {
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
        match Segment::open(&path, sealer) {
            Ok(Some(segment)) => segments.push(Arc::new(segment)),
            Ok(None) => found.foreign.push(path),
            Err(OpenError::WrongKey) => {
                other_key = true;
                found.foreign.push(path);
            }
            Err(error) => return Err(error),
        }
    }
    if segments.is_empty() && other_key {
        return Err(OpenError::WrongKey);
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

/// Renames a file, so that no segment takes its name.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (0..).map(|number: u32| path.with_extension(format!("aside{number}")));
    let free = names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| path.with_extension("aside"));
    fs::rename(path, &free)?;
    Ok(free)
}

/// How many records are missing between segments.
pub(super) fn gone_between(segments: &[Arc<Segment>], sealer: &Sealer) -> io::Result<u64> {
    let mut gone = segments.first().map_or(0, |segment| segment.first);
    for (before, segment) in segments.iter().zip(segments.iter().skip(1)) {
        if ![before.first, segment.first].contains(&segment.before) {
            let end = before.first.saturating_add(before.starts(sealer)?.len() as u64);
            gone = gone.saturating_add(segment.first.saturating_sub(end));
        }
    }
    Ok(gone)
}
