//! One file of the journal.
//!
//! ```text
//! segment   magic 8 ‖ form u16 ‖ first u64 ‖ sealed nothing ‖ records ‖ end?
//! end       sealed list ‖ length of it u32 ‖ magic 8            of a closed segment
//! list      where each record begins, u32, from the first on; 0: it is lost, 1: emptied
//! ```
//!
//! `first` is the number of the first record, and the name of the file. If the beginning is
//! damaged, the end tells whether the name is right, else the first record that opens does.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IntoInnerError, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::record::{self, Kind, Record};
use crate::seal::{OVERHEAD_BYTES, Sealer};

/// Raised when the form changes.
pub const FORM: u16 = 1;
/// Before the first record.
pub(super) const HEADER: usize = 18 + OVERHEAD_BYTES;
/// Of all segments' files.
pub(super) const EXTENSION: &str = "journal";
/// Of a file that is not whole yet; one that is left over is removed at the next opening.
pub(super) const NEW: &str = "new";
/// Stands for where a record begins of which nothing is left, because all of it was to go.
pub(super) const EMPTIED: u32 = 1;

const MAGIC: [u8; 8] = *b"GVjournl";
const END: [u8; 8] = *b"GVjr-end";
const TRAILER: usize = 12;
/// Bytes that are read at once where a file is read from its beginning on.
const WINDOW: usize = 1 << 20;
/// Bytes that are read of a record at first.
const SHORT: usize = 1024;
/// Where damage is stepped over, the next record has a number so little above the last one. More
/// would let chance pass for the beginning of a record more often, which costs time.
const STEP: u64 = 1 << 24;
/// Records of a journal: a thousand a second for a thousand years.
const MOST: u64 = 1 << 45;

/// A file of records.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The number of its first record.
    pub(super) first: u64,
    file: File,
    /// Of a closed one. The open one's are with the journal.
    starts: OnceLock<Vec<u32>>,
}

/// What a file is.
pub(super) enum Opened {
    Segment(Segment),
    /// Of a later program.
    TooNew(u16),
    /// It looks like one, and nothing in it opens.
    OtherKey,
    /// Something else, or nothing can be read.
    Foreign,
}

/// What a file holds.
pub(super) struct Scan {
    /// Where each record begins, from the first on.
    pub(super) starts: Vec<u32>,
    /// Where the last whole record ends.
    pub(super) end: u64,
}

impl Segment {
    /// Makes an empty one, whose name is on the disk for good.
    pub(super) fn create(folder: &Path, sealer: &Sealer, first: u64) -> io::Result<Segment> {
        let path = folder.join(format!("{first:016x}.{EXTENSION}"));
        Segment::put(path, first, |file| file.write_all(&header(sealer, first)))
    }

    /// Writes a file and puts it there, whole or not at all.
    pub(super) fn put(path: PathBuf, first: u64, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<Segment> {
        let new = path.with_extension(NEW);
        let mut file = BufWriter::new(File::create(&new)?);
        let written = write(&mut file).and_then(|()| file.into_inner().map_err(IntoInnerError::into_error)?.sync_all());
        // On a full disk it would take the room that is left.
        written.inspect_err(|_| drop(fs::remove_file(&new)))?;
        fs::rename(&new, &path)?;
        path.parent().map_or(Ok(()), sync_names)?;
        Segment::at(path, first)
    }

    fn at(path: PathBuf, first: u64) -> io::Result<Segment> {
        Ok(Segment { file: File::open(&path)?, path, first, starts: OnceLock::new() })
    }

    /// With what is known already.
    pub(super) fn with_starts(self, starts: Vec<u32>) -> Segment {
        Segment { starts: starts.into(), ..self }
    }

    /// Opens what may be one.
    pub(super) fn open(path: &Path, sealer: &Sealer) -> io::Result<Opened> {
        let mut bytes = Vec::new();
        File::open(path)?.take(HEADER as u64).read_to_end(&mut bytes)?;
        let said = read_header(&bytes, sealer);
        if let Some(Header { form: FORM, first, ours: true }) = said {
            return Ok(Opened::Segment(Segment::at(path.to_owned(), first)?));
        }
        // The beginning is damaged. Its name is right if its end says so too.
        if let Some(first) = named(path) {
            let segment = Segment::at(path.to_owned(), first)?;
            if segment.list(sealer)?.is_some() {
                return Ok(Opened::Segment(segment));
            }
        }
        let bytes = fs::read(path)?;
        let told = first_in(&bytes, sealer);
        Ok(match (told, said) {
            (Some(first), _) => Opened::Segment(Segment::at(path.to_owned(), first)?),
            (None, Some(header)) if header.form > FORM => Opened::TooNew(header.form),
            (None, Some(_)) if bytes.len() > HEADER => Opened::OtherKey,
            (None, _) => Opened::Foreign,
        })
    }

    /// By its first record.
    pub(super) fn is_named_right(&self) -> bool {
        named(&self.path) == Some(self.first)
    }

    /// The number after its last record, if it is a closed one.
    pub(super) fn end(&self, sealer: &Sealer) -> io::Result<u64> {
        Ok(self.first.saturating_add(self.starts(sealer)?.len() as u64))
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// A handle for writing at its end.
    pub(super) fn at_end(&self) -> io::Result<File> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    /// Fills the bytes; false if the file ends before.
    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<bool> {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read_from(&self.file, at.saturating_add(filled as u64), rest)? {
                0 => return Ok(false),
                more => filled = filled.saturating_add(more),
            }
        }
        Ok(true)
    }

    /// Where the records of a closed segment begin: by its list, else by looking for them.
    pub(super) fn starts(&self, sealer: &Sealer) -> io::Result<&[u32]> {
        if let Some(starts) = self.starts.get() {
            return Ok(starts);
        }
        let scan = self.list(sealer)?.map_or_else(|| self.scan(sealer), Ok)?;
        Ok(self.starts.get_or_init(|| scan.starts))
    }

    /// What its end says, if it is a closed one: where records begin, and where the end does.
    pub(super) fn list(&self, sealer: &Sealer) -> io::Result<Option<Scan>> {
        let length = self.length()?;
        let mut trailer = [0; TRAILER];
        let Some(at) = length.checked_sub(TRAILER as u64) else { return Ok(None) };
        if !self.read_at(at, &mut trailer)? {
            return Ok(None);
        }
        let (bytes, magic) = trailer.split_at(4);
        let bytes = bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
        let Some(from) = at.checked_sub(bytes.into()).filter(|from| *from >= HEADER as u64 && magic == END) else { return Ok(None) };
        let mut sealed = vec![0; bytes as usize];
        if !self.read_at(from, &mut sealed)? {
            return Ok(None);
        }
        let Ok(plain) = sealer.unseal(&record::bound(Kind::List, self.first), &sealed) else { return Ok(None) };
        let (starts, rest) = plain.as_chunks::<4>();
        let starts = starts.iter().map(|start| u32::from_le_bytes(*start)).collect();
        Ok(rest.is_empty().then_some(Scan { starts, end: from }))
    }

    /// Reads the file from its beginning on, and steps over what does not open.
    pub(super) fn scan(&self, sealer: &Sealer) -> io::Result<Scan> {
        let mut scan = Scan { starts: Vec::new(), end: HEADER as u64 };
        let mut at = HEADER as u64;
        let mut window = Window { file: &self.file, at: 0, bytes: Vec::new() };
        while let Some(head) = window.read(at, record::HEAD)? {
            let next = self.first.saturating_add(scan.starts.len() as u64);
            let fits = |(number, _): &(u64, usize)| number.checked_sub(next).is_some_and(|over| over <= STEP);
            let found = match record::head(head).filter(fits) {
                Some((_, length)) => window.read(at, length)?.and_then(|bytes| record::decode(sealer, bytes)),
                None => None,
            };
            let Some(Record { number, length, .. }) = found else {
                at = at.saturating_add(1);
                continue;
            };
            let place = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
            scan.starts.resize(place, 0);
            scan.starts.push(u32::try_from(at).unwrap_or(0));
            at = at.saturating_add(length as u64);
            scan.end = at;
        }
        scan.end = scan.end.min(self.file.metadata()?.len());
        Ok(scan)
    }

    /// The record that begins there, if it is whole and has this number.
    pub(super) fn read(&self, sealer: &Sealer, number: u64, start: u32) -> io::Result<Option<Record>> {
        Ok(self.bytes(number, start)?.and_then(|bytes| record::decode(sealer, &bytes)))
    }

    /// The bytes of that record, whatever they are.
    pub(super) fn bytes(&self, number: u64, start: u32) -> io::Result<Option<Vec<u8>>> {
        if start <= EMPTIED {
            return Ok(None);
        }
        // Most records are short: one call reads all of it.
        let mut bytes = vec![0; SHORT];
        let there = read_from(&self.file, start.into(), &mut bytes)?;
        bytes.truncate(there);
        let Some((_, length)) = record::head(&bytes).filter(|(said, _)| *said == number) else { return Ok(None) };
        let had = bytes.len().min(length);
        bytes.resize(length, 0);
        let rest = bytes.get_mut(had..).unwrap_or_default();
        let is_whole = self.read_at(u64::from(start).saturating_add(had as u64), rest)?;
        Ok(is_whole.then_some(bytes))
    }

    /// Writes what a closed segment ends with, and makes all of it durable. `starts`: where its
    /// records begin.
    pub(super) fn close(&self, sealer: &Sealer, starts: &[u32]) -> io::Result<()> {
        let mut file = self.at_end()?;
        file.write_all(&ending(sealer, self.first, starts))?;
        file.sync_data()
    }
}

/// A part of a file, which moves along it.
struct Window<'a> {
    file: &'a File,
    at: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// So many bytes from a place on, which is never before the last one; none if the file ends
    /// sooner.
    fn read(&mut self, at: u64, length: usize) -> io::Result<Option<&[u8]>> {
        let begin = usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if self.bytes.len() < begin.saturating_add(length) {
            self.bytes.drain(..begin.min(self.bytes.len()));
            self.at = at;
            let had = self.bytes.len();
            self.bytes.resize(length.max(WINDOW), 0);
            let mut filled = had;
            while let Some(rest) = self.bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match read_from(self.file, at.saturating_add(filled as u64), rest)? {
                    0 => break,
                    more => filled = filled.saturating_add(more),
                }
            }
            self.bytes.truncate(filled);
            return Ok(self.bytes.get(..length));
        }
        Ok(self.bytes.get(begin..begin.saturating_add(length)))
    }
}

/// Reads from a place on, without moving where others read.
fn read_from(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, bytes, at);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at);
        match read {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Makes the names in a directory survive a power cut. Only Unix can and needs to.
pub(crate) fn sync_names(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The number of the first record that opens. Numbers stay far below what chance looks like.
fn first_in(bytes: &[u8], sealer: &Sealer) -> Option<u64> {
    let fits = |rest: &&[u8]| record::head(rest).is_some_and(|(number, length)| number <= MOST && length <= rest.len());
    (0..bytes.len()).filter_map(|at| bytes.get(at..)).filter(fits).find_map(|rest| record::decode(sealer, rest)).map(|record| record.number)
}

/// The first record, as the file's name has it.
fn named(path: &Path) -> Option<u64> {
    path.file_stem().and_then(|stem| u64::from_str_radix(&stem.to_string_lossy(), 16).ok())
}

/// List and trailer.
pub(super) fn ending(sealer: &Sealer, first: u64, starts: &[u32]) -> Vec<u8> {
    let plain: Vec<u8> = starts.iter().flat_map(|start| start.to_le_bytes()).collect();
    let sealed = sealer.seal(&record::bound(Kind::List, first), &plain);
    // A segment has fewer bytes than u32 counts, and so has its list.
    let length = u32::try_from(sealed.len()).unwrap_or_default();
    [&sealed[..], &length.to_le_bytes(), &END].concat()
}

/// Bytes that closing takes for so many records.
pub(super) fn ending_bytes(records: usize) -> u64 {
    records.saturating_mul(4).saturating_add(OVERHEAD_BYTES).saturating_add(TRAILER) as u64
}

pub(super) fn header(sealer: &Sealer, first: u64) -> Vec<u8> {
    let sealed = sealer.seal(&record::bound(Kind::Header, first), &[]);
    [&MAGIC[..], &FORM.to_le_bytes(), &first.to_le_bytes(), &sealed].concat()
}

/// What a segment says of itself.
struct Header {
    form: u16,
    first: u64,
    /// It was sealed under this key.
    ours: bool,
}

fn read_header(bytes: &[u8], sealer: &Sealer) -> Option<Header> {
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    let (form, rest) = rest.split_first_chunk::<2>()?;
    let (first, sealed) = rest.split_first_chunk::<8>()?;
    let first = u64::from_le_bytes(*first);
    let ours = sealer.unseal(&record::bound(Kind::Header, first), sealed).is_ok();
    (*magic == MAGIC).then(|| Header { form: u16::from_le_bytes(*form), first, ours })
}
