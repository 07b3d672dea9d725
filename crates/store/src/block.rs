//! Blocks: entries of a room that lie beside each other share a row of the database, as rows of
//! sorted tables do (Chang et al. 2006, Bigtable), because a row costs the database more than what
//! is in it.
//!
//! A block lies under the key of its first entry, and no two overlap: an entry is in the last block
//! that begins at its key or before, or it is not there.
//!
//! ```text
//! 2 ‖ value4 ‖ value ‖ (key4 ‖ rest of the key ‖ value4 ‖ value) …
//! ```
//! Each part has its length before it, big-endian; of a key only what the entries of one room do
//! not share. Up to form 3 each entry was a row, which began with 0 or 1; these are blocks of one
//! entry.

use sled::IVec;

use crate::key;
use crate::row::Cell;

/// Entries in a block at most. Raised: less work for each entry written. Lowered: less to read, and
/// to write again, for one of them.
const MAX_ENTRIES: usize = 8;
/// Bytes of values in a block, if it has more than one entry. Sixteen blocks make a page, and
/// larger pages than 128 KiB are slow.
const MAX_BYTES: usize = 4 * 1024;

/// Bytes that the keys of entries of one room begin with: the space and the room.
const GROUP_BYTES: usize = 1 + size_of::<key::Name>();
/// The first byte of what was written as a block.
const TAG: u8 = 2;

/// An entry: its key, and what it says.
pub(crate) type Entry = (IVec, IVec);

/// What the keys of entries that may share a block have in common; none for all other rows.
pub(crate) fn group(key: &[u8]) -> Option<&[u8]> {
    key.get(..GROUP_BYTES).filter(|group| group.first() == Some(&key::ENTRY))
}

/// What lies under a key of the database; none if it is no block.
pub(crate) fn decode(first: &IVec, plain: &[u8]) -> Option<Vec<Entry>> {
    let Some((&TAG, mut parts)) = plain.split_first() else { return Some(vec![(first.clone(), plain.into())]) };
    let group = group(first)?;
    let mut entries = vec![(first.clone(), take(&mut parts)?.into())];
    while !parts.is_empty() {
        let key = [group, take(&mut parts)?].concat();
        entries.push((key.into(), take(&mut parts)?.into()));
    }
    Some(entries)
}

/// The blocks of entries of one room in order, each with its key.
pub(crate) fn encode(entries: &[Entry]) -> impl Iterator<Item = (&IVec, Vec<u8>)> {
    // Blocks are as even as possible, so that there is room for entries that come later in between.
    let most = entries.len().div_ceil(entries.len().div_ceil(MAX_ENTRIES).max(1));
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0_usize;
        let fits = rest.iter().take(most).take_while(|(_, value)| {
            bytes = bytes.saturating_add(value.len());
            bytes <= MAX_BYTES
        });
        let (block, others) = rest.split_at_checked(fits.count().max(1))?;
        rest = others;
        let (key, _) = block.first()?;
        Some((key, encode_one(block)))
    })
}

fn encode_one(block: &[Entry]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(
        block.iter().fold(1, |bytes: usize, (key, value)| bytes.saturating_add(8).saturating_add(key.len()).saturating_add(value.len())),
    );
    plain.push(TAG);
    for (at, (key, value)) in block.iter().enumerate() {
        if at > 0 {
            put(&mut plain, key.get(group(key).map_or(0, <[u8]>::len)..).unwrap_or_default());
        }
        put(&mut plain, value);
    }
    plain
}

/// The entries of a block with what is now written over them; both in order.
pub(crate) fn merge(before: Vec<Entry>, written: &[(&IVec, &Cell)]) -> Vec<Entry> {
    let mut before = before.into_iter().peekable();
    let mut merged = Vec::with_capacity(before.len().saturating_add(written.len()));
    for (key, cell) in written {
        while let Some(entry) = before.next_if(|(other, _)| other < *key) {
            merged.push(entry);
        }
        before.next_if(|(other, _)| other == *key);
        match cell {
            Cell::Plain(value) | Cell::Clear(value) => merged.push(((*key).clone(), value.clone())),
            Cell::Removed => {}
        }
    }
    merged.extend(before);
    merged
}

fn put(plain: &mut Vec<u8>, part: &[u8]) {
    // Rows are far below 4 GiB: the longest run is.
    plain.extend_from_slice(&(part.len() as u32).to_be_bytes());
    plain.extend_from_slice(part);
}

fn take<'a>(parts: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = parts.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *parts = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(place: u16, length: usize) -> Entry {
        let key = [&[key::ENTRY][..], &[7; 16], &place.to_be_bytes()].concat();
        (key.into(), vec![place as u8; length].into())
    }

    proptest! {
        #[test]
        fn entries_come_back_and_blocks_keep_their_bounds(lengths in prop::collection::vec(prop_oneof![0..300usize, 0..6_000usize], 0..60)) {
            let entries: Vec<Entry> = lengths.iter().enumerate().map(|(at, length)| entry(at as u16, *length)).collect();
            let mut back = Vec::new();
            for (first, plain) in encode(&entries) {
                let block = decode(first, &plain).expect("it is a block");
                prop_assert_eq!(first, &block[0].0);
                prop_assert!(block.len() <= MAX_ENTRIES);
                prop_assert!(block.len() == 1 || block.iter().map(|(_, value)| value.len()).sum::<usize>() <= MAX_BYTES);
                back.extend(block);
            }
            prop_assert_eq!(back, entries);
        }

        #[test]
        fn what_is_no_block_is_refused(plain in prop::collection::vec(any::<u8>(), 0..80)) {
            let (first, _) = entry(1, 0);
            let bent = [&[TAG][..], &plain].concat();
            if let Some(block) = decode(&first, &bent) {
                prop_assert_eq!(encode_one(&block), bent);
            }
        }
    }

    #[test]
    fn what_is_too_much_for_one_block_is_halved() {
        let entries: Vec<Entry> = (0..9).map(|at| entry(at, 1)).collect();
        let blocks = encode(&entries).filter_map(|(first, plain)| decode(first, &plain));
        assert_eq!(blocks.map(|block| block.len()).collect::<Vec<_>>(), [5, 4]);
    }

    #[test]
    fn an_entry_that_was_a_row_is_a_block_of_one() {
        let (first, value) = entry(1, 30);
        assert_eq!(decode(&first, &value), Some(vec![(first, value)]));
    }
}
