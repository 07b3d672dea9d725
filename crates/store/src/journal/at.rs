//! Where an entry of the journal is.

/// Where an entry is, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    /// The record's number.
    pub(crate) record: u64,
    /// Its place in the record, from 0.
    pub(crate) entry: u16,
}

impl At {
    /// As few bytes as the numbers need (LEB128), the entry's place first.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(6);
        for mut number in [u64::from(self.entry), self.record] {
            while number > 0x7f {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<At> {
        At::split(bytes).filter(|(_, rest)| rest.is_empty()).map(|(at, _)| at)
    }

    /// A place, and what comes after it.
    pub(crate) fn split(bytes: &[u8]) -> Option<(At, &[u8])> {
        let (entry, rest) = number(bytes)?;
        let (record, rest) = number(rest)?;
        Some((At { record, entry: u16::try_from(entry).ok()? }, rest))
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (shift, byte) in (0..u64::BITS).step_by(7).zip(bytes) {
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let length = (shift / 7).saturating_add(1) as usize;
            return Some((number, bytes.get(length..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_come_back(record in any::<u64>(), entry in any::<u16>()) {
            let at = At { record, entry };
            prop_assert_eq!(At::from_bytes(&at.to_bytes()), Some(at));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..16)) {
            prop_assert!(At::from_bytes(&bytes).is_none_or(|at| At::from_bytes(&at.to_bytes()) == Some(at)));
        }
    }
}
