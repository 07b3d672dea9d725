//! Blocks: rows that lie beside each other share a row of the database, as rows of sorted tables do
//! (Chang et al. 2006, Bigtable), because a row costs the database more than what is in it.
//!
//! A block lies under the key of its first row, and no two overlap: a row is in the last block that
//! begins at its key or before, or it is not there.
//!
//! ```text
//! block   (shared u8 ‖ rest u8 ‖ rest of the key ‖ length u8 ‖ value)…
//! ```
//! `shared`: so many bytes the key has in common with the one before; the first one with the key of
//! the block.

use sled::IVec;

/// Rows in a block at most. Raised: fewer bytes and less work for each row written. Lowered: less
/// to read, and to write again, for one of them.
const MAX_ENTRIES: usize = 32;

/// A row: its key, and what is under it.
pub(super) type Entry = (IVec, IVec);
/// A row as it is from now on; without a value it is removed.
pub(crate) type Change = (IVec, Option<IVec>);

/// The rows of a block; none if it is no block.
pub(super) fn decode(first: &IVec, mut plain: &[u8]) -> Option<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::with_capacity(MAX_ENTRIES);
    while let Some((shared, rest)) = plain.split_first() {
        let before = entries.last().map_or(first, |(before, _)| before).get(..usize::from(*shared))?;
        let (rest, more) = take(rest)?;
        let (value, more) = take(more)?;
        entries.push(([before, rest].concat().into(), value.into()));
        plain = more;
    }
    Some(entries)
}

/// The blocks of rows that are in order, each with its key.
pub(super) fn encode(entries: &[Entry]) -> impl Iterator<Item = (&IVec, Vec<u8>)> {
    // Blocks are as even as possible, so that there is room for rows that come later in between.
    let most = entries.len().div_ceil(entries.len().div_ceil(MAX_ENTRIES).max(1)).max(1);
    entries.chunks(most).filter_map(|block| Some((&block.first()?.0, encode_one(block))))
}

fn encode_one(block: &[Entry]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(block.len().saturating_mul(72));
    let mut before = block.first().map(|(first, _)| first);
    for (key, value) in block {
        let shared = before.map_or(0, |before| before.iter().zip(key.iter()).take_while(|(one, other)| one == other).count());
        plain.push(shared as u8);
        put(&mut plain, key.get(shared..).unwrap_or_default());
        put(&mut plain, value);
        before = Some(key);
    }
    plain
}

/// Keys and values are far shorter than 256 bytes: the longest are those of relations, and heads.
fn put(plain: &mut Vec<u8>, part: &[u8]) {
    debug_assert!(u8::try_from(part.len()).is_ok(), "a row of the index has {} bytes", part.len());
    plain.push(part.len() as u8);
    plain.extend_from_slice(part);
}

fn take(parts: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = parts.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(place: u16, length: u8) -> Entry {
        let key = [&b"E"[..], &[7; 16], &place.to_be_bytes()].concat();
        (key.into(), vec![place as u8; usize::from(length)].into())
    }

    proptest! {
        #[test]
        fn rows_come_back_and_blocks_keep_their_bounds(lengths in prop::collection::vec(any::<u8>(), 0..300)) {
            let entries: Vec<Entry> = lengths.iter().enumerate().map(|(at, length)| entry(at as u16, *length)).collect();
            let mut back = Vec::new();
            for (first, plain) in encode(&entries) {
                let block = decode(first, &plain).expect("it is a block");
                prop_assert_eq!(first, &block[0].0);
                prop_assert!(block.len() <= MAX_ENTRIES);
                back.extend(block);
            }
            prop_assert_eq!(back, entries);
        }

        #[test]
        fn what_is_no_block_is_refused(plain in prop::collection::vec(any::<u8>(), 0..80)) {
            let (first, _) = entry(1, 0);
            drop(decode(&first, &plain));
        }
    }

    #[test]
    fn what_is_too_much_for_one_block_is_halved() {
        let entries: Vec<Entry> = (0..33).map(|at| entry(at, 1)).collect();
        let blocks = encode(&entries).filter_map(|(first, plain)| decode(first, &plain));
        assert_eq!(blocks.map(|block| block.len()).collect::<Vec<_>>(), [17, 16]);
    }
}
