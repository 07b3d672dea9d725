//! The public half: a device's name, and what it signs with the private half.

use std::fmt;
use std::str::FromStr;

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use data_encoding::HEXLOWER;

/// A device, named by its Ed25519 public key.
///
/// Any 32 bytes are a name; whether they are a usable key is decided where a signature is checked
/// ([`verify`](crate::verify)). Written as 64 lowercase hex digits; encoded by bincode as 32 bytes
/// without a length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId([u8; 32]);

impl PeerId {
    /// Length in bytes, also on the wire.
    pub const LEN: usize = 32;

    /// Names the device that has this public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hex digits: for logs and labels, never for comparing.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// The text is not 64 lowercase hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a peer id is 64 lowercase hex digits")]
pub struct BadPeerId;

impl FromStr for PeerId {
    type Err = BadPeerId;

    fn from_str(text: &str) -> Result<Self, BadPeerId> {
        // The length goes first so that a megabyte of digits is refused before it is decoded.
        if text.len() != 2 * Self::LEN {
            return Err(BadPeerId);
        }
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| BadPeerId)?;
        bytes.try_into().map(Self).map_err(|_| BadPeerId)
    }
}

/// An Ed25519 signature, not yet checked. Encoded by bincode as 64 bytes without a length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes, also on the wire.
    pub const LEN: usize = 64;

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The bytes as they travel.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = HEXLOWER.encode(&self.0).chars().take(8).collect();
        write!(f, "Signature({start})")
    }
}

impl Encode for PeerId {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<Context> Decode<Context> for PeerId {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        <[u8; 32]>::decode(decoder).map(Self)
    }
}

bincode::impl_borrow_decode!(PeerId);

impl Encode for Signature {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<Context> Decode<Context> for Signature {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        <[u8; 64]>::decode(decoder).map(Self)
    }
}

bincode::impl_borrow_decode!(Signature);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: bincode::config::Configuration = bincode::config::standard();

    proptest! {
        #[test]
        fn text_and_bytes_of_a_peer_id_round_trip(bytes: [u8; 32]) {
            let ana = PeerId::from_bytes(bytes);
            prop_assert_eq!(ana.to_string().parse::<PeerId>(), Ok(ana));
            prop_assert!(ana.to_string().starts_with(&ana.short()));
            prop_assert_eq!(format!("{ana:?}"), ana.short());
        }

        #[test]
        fn only_64_lowercase_hex_digits_are_a_peer_id(text in "[0-9a-fA-Fg]{0,66}") {
            let right = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            prop_assert_eq!(text.parse::<PeerId>().is_ok(), right);
        }

        #[test]
        fn both_encode_as_their_bare_bytes(head: [u8; 32], tail: [u8; 32]) {
            let mut whole = [0; 64];
            whole[..32].copy_from_slice(&head);
            whole[32..].copy_from_slice(&tail);
            let (peer, signature) = (PeerId::from_bytes(head), Signature::from_bytes(whole));
            let bytes = bincode::encode_to_vec((peer, signature), CONFIG).expect("memory suffices");
            prop_assert_eq!(&bytes[..32], &head);
            prop_assert_eq!(&bytes[32..], &whole);
            let (back, used): ((PeerId, Signature), usize) = bincode::decode_from_slice(&bytes, CONFIG).expect("just encoded");
            prop_assert_eq!((back, used), ((peer, signature), 96));
            let borrowed: ((PeerId, Signature), usize) = bincode::borrow_decode_from_slice(&bytes, CONFIG).expect("just encoded");
            prop_assert_eq!(borrowed.0, back);
        }
    }

    #[test]
    fn a_cut_peer_id_is_refused() {
        assert!(bincode::decode_from_slice::<PeerId, _>(&[7; 31], CONFIG).is_err());
        assert!(bincode::decode_from_slice::<Signature, _>(&[7; 63], CONFIG).is_err());
    }

    #[test]
    fn a_signature_shows_only_its_start() {
        assert_eq!(format!("{:?}", Signature::from_bytes([0xab; 64])), "Signature(abababab)");
    }
}
