//! One file of the journal.
//!
//! ```text
//! segment   magic 8 ‖ form u16 ‖ first u64 ‖ before u64 ‖ sealed nothing ‖ records
//! ```
//!
//! `first` is the number of the first record, and the name of the file; `before` is that of the
//! segment before. The seal is bound to all of that. If the beginning is damaged, the first record
//! that opens tells.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::record::{self, Head};
use crate::error::OpenError;
use crate::seal::{OVERHEAD_BYTES, Sealer};

/// Raised when the form changes.
pub const FORM: u16 = 4;
/// Before the first record.
pub(super) const HEADER: usize = CLEAR + OVERHEAD_BYTES;
/// Of all segments' files.
pub(super) const EXTENSION: &str = "journal";
/// Of a file that is not whole yet; one that is left over is removed at the next opening.
pub(super) const NEW: &str = "new";
/// Stands for where a record begins that is lost.
pub(super) const LOST: u32 = 0;
/// The same of a record of which nothing is left, because all of it was to go.
pub(super) const EMPTIED: u32 = 1;

const MAGIC: [u8; 8] = *b"GVjournl";
/// Of the header, what is in clear.
const CLEAR: usize = 26;
/// Bytes that are read of a record at first.
const SHORT: usize = 1024;
/// Where damage is stepped over, the next record has a number so little above the last one. More
/// would let chance pass for the beginning of a record more often, which costs time.
const STEP: u64 = 1 << 24;
/// Records of a journal: a thousand a second for a thousand years.
const MOST: u64 = 1 << 45;

/// A file of records. It is open only while it is read: a history may have more of them than a
/// process may have open.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The number of its first record.
    pub(super) first: u64,
    /// That of the segment before it; its own if there is none, or if that is not known.
    pub(super) before: u64,
    /// Where its records begin. Of the open one the journal knows that.
    starts: OnceLock<Vec<u32>>,
}

/// What a file holds.
pub(super) struct Scan {
    /// Where each record begins, from the first on, or [`LOST`] or [`EMPTIED`].
    pub(super) starts: Vec<u32>,
    /// Where the last whole record ends.
    pub(super) end: u64,
}

impl Segment {
    /// Makes an empty one, whose name is on the disk for good, and a handle for writing at its end.
    pub(super) fn create(folder: &Path, sealer: &Sealer, first: u64, before: u64) -> io::Result<(Segment, File)> {
        let path = folder.join(format!("{first:016x}.{EXTENSION}"));
        let file = Segment::write(&path, &header(sealer, first, before))?;
        let named = fs::rename(path.with_extension(NEW), &path).and_then(|()| sync_names(folder));
        named.inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok((Segment::of(path, first, before), file))
    }

    /// Writes what is to be put at `path`, and makes it durable.
    pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<File> {
        let new = path.with_extension(NEW);
        let mut file = File::create(&new)?;
        // On a full disk it would take the room that is left.
        file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| drop(fs::remove_file(&new)))?;
        Ok(file)
    }

    pub(super) fn of(path: PathBuf, first: u64, before: u64) -> Segment {
        Segment { path, first, before, starts: OnceLock::new() }
    }

    /// Opens what may be one; none if it is something else, or nothing can be read.
    pub(super) fn open(path: &Path, sealer: &Sealer) -> Result<Option<Segment>, OpenError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(HEADER as u64).read_to_end(&mut bytes)?;
        let said = read_header(&bytes, sealer);
        if let Some(Header { form: FORM, first, before, ours: true }) = said {
            return Ok(Some(Segment::of(path.to_owned(), first, before)));
        }
        let bytes = fs::read(path)?;
        match (first_in(&bytes, sealer), said) {
            (Some(first), _) => Ok(Some(Segment::of(path.to_owned(), first, first))),
            (None, Some(Header { form: found, .. })) if found > FORM => Err(OpenError::TooNew { found, known: FORM }),
            (None, Some(header)) if header.form < FORM => Err(OpenError::TooOld),
            (None, Some(_)) if bytes.len() > HEADER => Err(OpenError::WrongKey),
            (None, _) => Ok(None),
        }
    }

    pub(super) fn is_named_right(&self) -> bool {
        let stem = self.path.file_stem().map(|stem| stem.to_string_lossy());
        stem.is_some_and(|stem| u64::from_str_radix(&stem, 16) == Ok(self.first))
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }

    /// A handle for writing at its end.
    pub(super) fn at_end(&self) -> io::Result<File> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    /// Where the records of a closed one begin.
    pub(super) fn starts(&self, sealer: &Sealer) -> io::Result<&[u32]> {
        if let Some(starts) = self.starts.get() {
            return Ok(starts);
        }
        let scan = self.scan(sealer)?;
        Ok(self.starts.get_or_init(|| scan.starts))
    }

    /// From here on it is a closed one, whose records begin there.
    pub(super) fn close(&self, starts: Vec<u32>) {
        // Nobody else knows them while it is open.
        let _ = self.starts.set(starts);
    }

    /// Looks for its records.
    pub(super) fn scan(&self, sealer: &Sealer) -> io::Result<Scan> {
        let bytes = self.bytes(0, self.length()?)?;
        Ok(scan(&bytes, self.first, sealer))
    }

    /// Its bytes between two places, fewer if the file ends sooner.
    pub(super) fn bytes(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(to.saturating_sub(from)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The entries of the record that begins there, if it is whole and has this number.
    pub(super) fn read(&self, sealer: &Sealer, number: u64, start: u32) -> io::Result<Option<Vec<Vec<u8>>>> {
        match start {
            LOST => return Ok(None),
            EMPTIED => return Ok(Some(Vec::new())),
            _ => {}
        }
        // Most records are short: one call reads all of it.
        let from = u64::from(start);
        let mut bytes = self.bytes(from, from.saturating_add(SHORT as u64))?;
        let Some(head) = record::head(&bytes).filter(|head| head.number == number) else { return Ok(None) };
        if head.length > bytes.len() {
            bytes = self.bytes(from, from.saturating_add(head.length as u64))?;
        }
        Ok(record::decode(sealer, &bytes))
    }
}

/// Looks for the records of a segment. A record is believed to be one, without opening it, if
/// another follows on it; where one does not, only what opens is.
fn scan(bytes: &[u8], first: u64, sealer: &Sealer) -> Scan {
    let mut starts: Vec<u32> = Vec::new();
    let (mut at, mut end) = (HEADER, HEADER);
    let head_at = |at: usize, next: u64| {
        let head = record::head(bytes.get(at..)?)?;
        let is_near = head.number.checked_sub(next).is_some_and(|over| over <= STEP);
        (is_near && head.from >= next).then_some((head, at.checked_add(head.length)?))
    };
    while at < bytes.len() {
        let next = first.saturating_add(starts.len() as u64);
        let is_one = |(head, behind): &(Head, usize)| {
            let follows =
                head_at(*behind, head.number.saturating_add(1)).is_some_and(|(follower, _)| follower.from == head.number.saturating_add(1));
            (head.from == next && follows) || bytes.get(at..*behind).and_then(|bytes| record::decode(sealer, bytes)).is_some()
        };
        let Some((head, behind)) = head_at(at, next).filter(is_one) else {
            at = at.saturating_add(1);
            continue;
        };
        let place = |number: u64| usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        starts.resize(place(head.from), LOST);
        starts.resize(place(head.number), EMPTIED);
        starts.push(u32::try_from(at).unwrap_or(LOST));
        (at, end) = (behind, behind);
    }
    Scan { starts, end: end as u64 }
}

/// Makes the names in a directory survive a power cut. Only Unix can and needs to.
pub(crate) fn sync_names(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The first number that the first record tells of that opens. Numbers stay far below what chance
/// looks like.
fn first_in(bytes: &[u8], sealer: &Sealer) -> Option<u64> {
    let heads = (0..bytes.len()).filter_map(|at| bytes.get(at..)).filter_map(|rest| Some((record::head(rest)?, rest)));
    let mut likely = heads.filter(|(head, rest)| head.number <= MOST && head.length <= rest.len());
    likely.find(|(_, rest)| record::decode(sealer, rest).is_some()).map(|(head, _)| head.from)
}

pub(super) fn header(sealer: &Sealer, first: u64, before: u64) -> Vec<u8> {
    let clear = [&MAGIC[..], &FORM.to_le_bytes(), &first.to_le_bytes(), &before.to_le_bytes()].concat();
    let sealed = sealer.seal(&clear, &[]);
    [clear, sealed].concat()
}

/// What a segment says of itself.
struct Header {
    form: u16,
    first: u64,
    before: u64,
    /// It was sealed under this key.
    ours: bool,
}

fn read_header(bytes: &[u8], sealer: &Sealer) -> Option<Header> {
    let (clear, sealed) = bytes.split_at_checked(CLEAR)?;
    let (magic, rest) = clear.split_first_chunk::<8>()?;
    let (form, rest) = rest.split_first_chunk::<2>()?;
    let (first, before) = rest.split_first_chunk::<8>()?;
    let before = u64::from_le_bytes(before.try_into().ok()?);
    let ours = sealer.unseal(clear, sealed).is_ok();
    (*magic == MAGIC).then_some(Header { form: u16::from_le_bytes(*form), first: u64::from_le_bytes(*first), before, ours })
}
