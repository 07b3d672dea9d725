//! One record as bytes.
//!
//! ```text
//! record   length u32 ‖ number u64 ‖ sealed      length: of what is sealed
//! sealed   XChaCha20-Poly1305, bound to kind u8 ‖ number
//! plain    (length u32 ‖ entry)…                  an erased entry has no bytes
//! ```
//!
//! Numbers are little-endian. Nothing but lengths and numbers is in clear.

use crate::seal::{OVERHEAD_BYTES, Sealer};

/// Before what is sealed.
pub(super) const HEAD: usize = 12;
/// Bytes of a record. More than a batch of the longest events takes; a length beyond it is damage.
pub(super) const MAX_RECORD: usize = 8 << 20;

/// What is sealed: no kind opens as another.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Record = 1,
    /// Where the records of a closed segment begin.
    List = 2,
    /// Nothing: the beginning of a segment, by which the key is known.
    Header = 3,
}

/// A record that opened.
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) entries: Vec<Vec<u8>>,
    /// Its bytes, head included.
    pub(super) length: usize,
}

/// To what a seal is bound.
pub(super) fn bound(kind: Kind, number: u64) -> [u8; 10] {
    let mut bound = [kind as u8; 10];
    let (_, rest) = bound.split_at_mut(2);
    rest.copy_from_slice(&number.to_le_bytes());
    bound
}

/// The bytes of a record. None: the entries are too long for one.
pub(super) fn encode<'a>(sealer: &Sealer, number: u64, entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    for entry in entries {
        plain.extend_from_slice(&u32::try_from(entry.len()).ok()?.to_le_bytes());
        plain.extend_from_slice(entry);
    }
    let sealed = sealer.seal(&bound(Kind::Record, number), &plain);
    let length = u32::try_from(sealed.len()).ok()?;
    let record = [&length.to_le_bytes()[..], &number.to_le_bytes(), &sealed].concat();
    (!sealed.is_empty() && record.len() <= MAX_RECORD).then_some(record)
}

/// Number and whole length of the record that these bytes begin with, if they may be one.
pub(super) fn head(bytes: &[u8]) -> Option<(u64, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (number, _) = rest.split_first_chunk::<8>()?;
    let sealed = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let length = sealed.checked_add(HEAD).filter(|length| sealed >= OVERHEAD_BYTES && *length <= MAX_RECORD)?;
    Some((u64::from_le_bytes(*number), length))
}

/// The record that these bytes begin with.
pub(super) fn decode(sealer: &Sealer, bytes: &[u8]) -> Option<Record> {
    let (number, length) = head(bytes)?;
    let plain = sealer.unseal(&bound(Kind::Record, number), bytes.get(HEAD..length)?).ok()?;
    let mut rest = plain.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (length, more) = rest.split_first_chunk::<4>()?;
        let (entry, more) = more.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        entries.push(entry.to_vec());
        rest = more;
    }
    Some(Record { number, entries, length })
}
