//! Names of things on the wire: each id is its own type.

use std::fmt;

use bincode::{Decode, Encode};
use identity::PeerId;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let [a, b, c, d, ..] = self.0;
                write!(f, "{}({a:02x}{b:02x}{c:02x}{d:02x})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| BadId)?;
                bytes.try_into().map($name).map_err(|_| BadId)
            }
        }
    };
}

/// Text that is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct BadId;

id!(
    /// A room: derived from its creator and a nonce, or from its two members (`docs/PROTOCOL.md`
    /// §2.1).
    RoomId, 32
);
id!(
    /// An event: BLAKE3 of its header.
    EventId, 32
);
id!(
    /// What the next event of a log points back at: BLAKE3 of header and signature.
    ChainHash, 32
);
id!(
    /// An epoch of a room: a time in which what is said is under one secret. It commits to that.
    EpochId, 16
);
id!(
    /// A room as shown to a link peer who may not have it: keyed by the link's handshake hash.
    RoomTag, 16
);

impl RoomId {
    /// First half, as carried by invites.
    pub fn hint(&self) -> [u8; 16] {
        let mut hint = [0; 16];
        hint.copy_from_slice(&self.0[..16]);
        hint
    }
}

/// Identifies one incarnation of a device's log in a room. The highest bit marks a control log; the
/// 23 bits below it are the round of the membership in which it was begun, less one; the rest is
/// random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct LogId(pub u64);

impl LogId {
    /// Bit that marks a control log.
    pub const CONTROL: u64 = 1 << 63;

    /// Control events (membership) rather than content.
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Bits that are random.
    const RANDOM_BITS: u32 = 40;

    /// A log that is begun in this round of a membership, which is at least 1.
    pub fn in_round(round: u32, control: bool, random: u64) -> LogId {
        let control = if control { Self::CONTROL } else { 0 };
        let round = (u64::from(round.saturating_sub(1)) << Self::RANDOM_BITS) & !Self::CONTROL;
        LogId(control | round | random & ((1 << Self::RANDOM_BITS) - 1))
    }

    /// The round in which it was begun.
    pub fn round(self) -> u32 {
        // 23 bits.
        (((self.0 & !Self::CONTROL) >> Self::RANDOM_BITS) as u32).saturating_add(1)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogId({:016x})", self.0)
    }
}

/// One log of one device, within a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct LogKey {
    /// The device that writes the log.
    pub device: PeerId,
    /// Its name among the device's logs in the room.
    pub log: LogId,
}

/// How far a log has come: its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Head {
    /// Sequence number of the last event, ≥ 1.
    pub seq: u32,
    /// Chain hash of the last event.
    pub chain: ChainHash,
}

#[cfg(test)]
mod tests;
