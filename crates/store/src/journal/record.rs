//! One record as bytes.
//!
//! ```text
//! record   length u32 ‖ passed u32 ‖ number u64 ‖ sealed      length: of what is sealed
//! sealed   XChaCha20-Poly1305, bound to passed ‖ number
//! plain    (length u32 ‖ entry)…                              an erased entry has no bytes
//! ```
//!
//! `passed`: of so many records just before it nothing is left, because all of it was to go.
//! Numbers are little-endian. Nothing but lengths and numbers is in clear.

use crate::seal::{OVERHEAD_BYTES, Sealer};

/// Bytes before what is sealed.
const HEAD: usize = 16;
/// Bytes of a record. More than a batch of the longest events takes; a length beyond it is damage.
pub(super) const MAX_RECORD: usize = 8 << 20;

/// What a record says before it is opened.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) number: u64,
    /// The first number that it tells of: its own, or that of the first one that was passed.
    pub(super) from: u64,
    /// Bytes of all of it.
    pub(super) length: usize,
}

/// The bytes of a record. None: the entries are too long for one.
pub(super) fn encode<'a>(sealer: &Sealer, passed: u32, number: u64, entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    for entry in entries {
        plain.extend_from_slice(&u32::try_from(entry.len()).ok()?.to_le_bytes());
        plain.extend_from_slice(entry);
    }
    let bound = [&passed.to_le_bytes()[..], &number.to_le_bytes()].concat();
    let sealed = sealer.seal(&bound, &plain);
    let length = u32::try_from(sealed.len()).ok()?;
    let record = [&length.to_le_bytes()[..], &bound, &sealed].concat();
    (!sealed.is_empty() && record.len() <= MAX_RECORD).then_some(record)
}

/// What these bytes begin with, if it may be a record.
pub(super) fn head(bytes: &[u8]) -> Option<Head> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (passed, rest) = rest.split_first_chunk::<4>()?;
    let (number, _) = rest.split_first_chunk::<8>()?;
    let (sealed, number) = (usize::try_from(u32::from_le_bytes(*length)).ok()?, u64::from_le_bytes(*number));
    let length = sealed.checked_add(HEAD).filter(|length| sealed >= OVERHEAD_BYTES && *length <= MAX_RECORD)?;
    Some(Head { number, from: number.checked_sub(u32::from_le_bytes(*passed).into())?, length })
}

/// The entries of the record that these bytes begin with.
pub(super) fn decode(sealer: &Sealer, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let length = head(bytes)?.length;
    let plain = sealer.unseal(bytes.get(4..HEAD)?, bytes.get(HEAD..length)?).ok()?;
    let mut rest = plain.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (length, more) = rest.split_first_chunk::<4>()?;
        let (entry, more) = more.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        entries.push(entry.to_vec());
        rest = more;
    }
    Some(entries)
}
