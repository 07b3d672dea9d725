//! The place of an event in a room's order, which is the same at every member.

use std::fmt;

use bincode::{Decode, Encode};
use wire::ids::EventId;

use crate::clock::Hlc;

/// A UUID as an event carries it: version 7 (RFC 9562) when honest, any 16 bytes otherwise. Only
/// part of the order; nothing relies on it being unique.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// Version 7 of a moment and of ten random bytes.
    pub fn v7(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now_ms, random).into_uuid().into_bytes())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).fmt(f)
    }
}

/// Where an event stands. Orders by time, then UUID, then id; total, and the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Position {
    /// When, by its author's hybrid clock.
    pub hlc: Hlc,
    /// Tells events of one moment apart.
    pub uuid: Uuid,
    /// Which event.
    pub id: EventId,
}

/// The event that a reply, an edit, a delete or a reaction is about. All of it must fit, not only
/// the id.
pub type Target = Position;

/// The text is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is 112 lowercase hex digits")]
pub struct BadPosition;

impl Position {
    /// Bytes of a key.
    pub const KEY_BYTES: usize = 8 + 16 + 32;

    /// As bytes that sort as positions do.
    pub fn to_key(&self) -> [u8; Self::KEY_BYTES] {
        let mut key = [0; Self::KEY_BYTES];
        key[..8].copy_from_slice(&self.hlc.0.to_be_bytes());
        key[8..24].copy_from_slice(&self.uuid.0);
        key[24..].copy_from_slice(self.id.as_bytes());
        key
    }

    /// The position of a key; none if the length is wrong.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (hlc, rest) = key.split_first_chunk()?;
        let (uuid, rest) = rest.split_first_chunk()?;
        let id = rest.try_into().ok()?;
        Some(Self { hlc: Hlc(u64::from_be_bytes(*hlc)), uuid: Uuid(*uuid), id: EventId(id) })
    }

    /// As lowercase hex digits of the key, which sort as positions do.
    pub fn to_text(&self) -> String {
        self.to_key().iter().fold(String::with_capacity(2 * Self::KEY_BYTES), |mut text, byte| {
            text.extend([byte >> 4, byte & 0xf].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
            text
        })
    }

    /// Reads what [`to_text`](Self::to_text) writes.
    pub fn from_text(text: &str) -> Result<Self, BadPosition> {
        if text.len() != 2 * Self::KEY_BYTES {
            return Err(BadPosition);
        }
        let mut key = [0; Self::KEY_BYTES];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for digit in pair {
                *byte = *byte << 4 | hex_digit(*digit)?;
            }
        }
        Self::from_key(&key).ok_or(BadPosition)
    }
}

fn hex_digit(digit: u8) -> Result<u8, BadPosition> {
    match digit {
        b'0'..=b'9' => Ok(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Ok(digit.wrapping_sub(b'a' - 10)),
        _ => Err(BadPosition),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(parts: (u64, [u8; 16], [u8; 32])) -> Position {
        Position { hlc: Hlc(parts.0), uuid: Uuid(parts.1), id: EventId(parts.2) }
    }

    proptest! {
        #[test]
        fn keys_and_texts_round_trip_and_sort_as_positions_do(a: (u64, [u8; 16], [u8; 32]), b: (u64, [u8; 16], [u8; 32]), same: (bool, bool)) {
            let (a, mut b) = (position(a), position(b));
            if same.0 { b.hlc = a.hlc; }
            if same.1 { b.uuid = a.uuid; }
            prop_assert_eq!(Position::from_key(&a.to_key()), Some(a));
            prop_assert_eq!(Position::from_text(&a.to_text()), Ok(a));
            prop_assert_eq!(a.to_key().cmp(&b.to_key()), a.cmp(&b));
            prop_assert_eq!(a.to_text().cmp(&b.to_text()), a.cmp(&b));
        }

        #[test]
        fn only_112_lowercase_digits_are_a_position(text in "[0-9a-fG]{111,113}") {
            prop_assert_eq!(Position::from_text(&text).is_ok(), text.len() == 112 && !text.contains('G'));
        }
    }

    #[test]
    fn a_uuid_is_version_7_and_carries_its_time() {
        let uuid = uuid::Uuid::from_bytes(Uuid::v7(1_760_000_000_000, &[0xff; 10]).0);
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_timestamp().expect("version 7 has one").to_unix().0, 1_760_000_000);
    }
}
