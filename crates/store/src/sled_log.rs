//! The form of the messages in a database file of sled 0.34, which is final.

use std::ops::Range;

/// Messages do not cross these parts of the file.
pub(crate) const SEGMENT_BYTES: usize = 512 * 1024;

/// A message begins with its checksum.
const CHECKSUM_BYTES: usize = 4;

pub(crate) const INLINE_PAGE: u8 = 8;
pub(crate) const LARGE_PAGE: u8 = 9;
pub(crate) const INLINE_CHANGE: u8 = 10;
pub(crate) const LARGE_CHANGE: u8 = 11;

/// When something was written: place in the log's own count of bytes.
pub(crate) type Moment = u64;
pub(crate) type PageNumber = u64;

/// A message's head: what it is, when and of which page, and where it begins and its body lies.
pub(crate) struct MessageHead {
    pub(crate) kind: u8,
    pub(crate) at: Moment,
    pub(crate) page: PageNumber,
    pub(crate) start: usize,
    pub(crate) body: Range<usize>,
}

/// `checksum[4] ‖ kind ‖ length ‖ segment ‖ page`, numbers of varying length. The checksum is not
/// needed for what a message has: seals are stronger.
pub(crate) fn read_head(bytes: &[u8], at: usize, end: usize) -> Option<MessageHead> {
    let mut scanner = Scanner { bytes, at: at.checked_add(CHECKSUM_BYTES)?, end };
    let kind = scanner.byte().filter(|kind| (INLINE_PAGE..=LARGE_CHANGE).contains(kind))?;
    let length = usize::try_from(scanner.number()?).ok()?;
    let segment = scanner.number()?;
    let page = scanner.number()?;
    let body = scanner.take(length)?;
    let moment = segment.checked_mul(SEGMENT_BYTES as u64)?.checked_add((at % SEGMENT_BYTES) as u64)?;
    Some(MessageHead { kind, at: moment, page, start: at, body })
}

/// Whether the checksum is right: a CRC-32 over body and rest of the head, with all bits flipped.
pub(crate) fn is_whole(bytes: &[u8], head: &MessageHead) -> bool {
    let (start, body) = (head.start, &head.body);
    let rest = start.saturating_add(CHECKSUM_BYTES);
    let (Some(said), Some(rest), Some(body)) = (bytes.get(start..rest), bytes.get(rest..body.start), bytes.get(body.clone())) else {
        return false;
    };
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(body);
    checksum.update(rest);
    said == (!checksum.finalize()).to_le_bytes()
}

/// A page of rows, as places in the bytes.
pub(crate) struct PageRows {
    pub(crate) lo: Range<usize>,
    pub(crate) hi: Range<usize>,
    pub(crate) prefix_len: usize,
    pub(crate) keys: Vec<Range<usize>>,
    pub(crate) values: Vec<Range<usize>>,
}

/// `next ‖ merging child ‖ merging ‖ prefix length ‖ lo ‖ hi ‖ 0 ‖ n ‖ n × key ‖ n × value`; pages
/// of pointers have a 1 for the 0.
pub(crate) fn parse_page(bytes: &[u8], body: Range<usize>) -> Option<PageRows> {
    let mut scanner = Scanner { bytes, at: body.start, end: body.end };
    scanner.number()?;
    scanner.number()?;
    scanner.byte()?;
    let prefix_len = usize::from(scanner.byte()?);
    let (lo, hi) = (scanner.text()?, scanner.text()?);
    scanner.byte().filter(|kind| *kind == 0)?;
    let count = scanner.number()?;
    let keys = (0..count).map(|_| scanner.text()).collect::<Option<Vec<_>>>()?;
    let values = (0..count).map(|_| scanner.text()).collect::<Option<Vec<_>>>()?;
    scanner.ended()?;
    Some(PageRows { lo, hi, prefix_len, keys, values })
}

/// Reads forward, never beyond its end.
pub(crate) struct Scanner<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    pub(crate) end: usize,
}

impl Scanner<'_> {
    pub(crate) fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.end)?;
        let place = self.at..end;
        self.at = end;
        Some(place)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let place = self.take(1)?;
        self.bytes.get(place.start).copied()
    }

    pub(crate) fn text(&mut self) -> Option<Range<usize>> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// One to nine bytes, as in SQLite 4, but little-endian from three bytes of content on.
    pub(crate) fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            small @ 0..=240 => Some(u64::from(small)),
            high @ 241..=248 => Some((u64::from(high).saturating_sub(241) << 8 | u64::from(self.byte()?)).saturating_add(240)),
            249 => Some((u64::from(self.byte()?) << 8 | u64::from(self.byte()?)).saturating_add(2288)),
            more => {
                let place = self.take(usize::from(more).saturating_sub(247))?;
                Some(self.bytes.get(place)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
        }
    }

    pub(crate) fn ended(&self) -> Option<()> {
        (self.at == self.end).then_some(())
    }
}
