//! What a side says in its slot: sealed, always of one length.
//!
//! `nonce[24] ‖ XChaCha20-Poly1305(signature[64] ‖ len u16 LE ‖ body ‖ zeros)`, bound to the slot's
//! public key. The body is bincode of [`Value`]. An inviter signs `slot public key ‖ len ‖ body ‖
//! zeros` with its device key; for other seats the signature is 64 zeros and not looked at. So
//! whoever holds an invite can write over the inviter's slot, but cannot lead others to addresses
//! in the inviter's name.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;

use bincode::{Decode, Encode};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use identity::{Identity, PeerId, Signature, verify};
use wire::reach::NatClass;
use wire::{Address, codec};

use super::keys::Slot;
use super::limits::{MAX_OWN, MAX_TO, SEALED};

const CONTEXT: &[u8] = b"grapevine/1 rendezvous";
const NONCE: usize = 24;
const TAG: usize = 16;
const SIGNATURE: usize = 64;
/// Length and body and zeros.
const PADDED: usize = SEALED - NONCE - TAG - SIGNATURE;

/// Where the author of a slot can be reached. No name and no id of anybody is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Value {
    /// When it was made, in milliseconds since 1970. Of two values the later one holds.
    pub(super) time: u64,
    /// Everything else.
    pub(super) said: Said,
}

/// What a value says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Said {
    pub(super) class: NatClass,
    pub(super) udp: Option<SocketAddr>,
    pub(super) tcp: Option<SocketAddr>,
    /// At most [`MAX_OWN`].
    pub(super) own: Vec<SocketAddr>,
    /// Partners' addresses at which the author has begun to fire, at most [`MAX_TO`].
    pub(super) to: Vec<SocketAddr>,
}

impl Said {
    pub(super) fn addresses(&self) -> impl Iterator<Item = &SocketAddr> {
        self.udp.iter().chain(&self.tcp).chain(&self.own)
    }
}

/// Why bytes are not a value of this slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueFault {
    #[error("not of the one length that values have")]
    Length,
    #[error("not sealed for this slot")]
    NotSealed,
    #[error("not signed by the one who is awaited")]
    NotSigned,
    #[error("not a value")]
    Malformed,
    #[error("an address at which nobody in particular can be reached, or too many")]
    Address,
}

/// None is a fault of ours: more was said than fits.
pub(super) fn seal(slot: &Slot, value: &Value, author: Option<&Identity>, nonce: [u8; NONCE]) -> Option<Vec<u8>> {
    let body = codec::encode(value);
    let length = u16::try_from(body.len()).ok()?;
    let mut padded = length.to_le_bytes().to_vec();
    padded.extend_from_slice(&body);
    if padded.len() > PADDED || value.said.own.len() > MAX_OWN || value.said.to.len() > MAX_TO {
        return None;
    }
    padded.resize(PADDED, 0);
    let signature = author.map_or([0; SIGNATURE], |author| *author.sign(CONTEXT, &[&slot.public[..], &padded].concat()).as_bytes());
    let plain = [&signature[..], &padded].concat();
    let cipher = XChaCha20Poly1305::new((&*slot.seal).into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &slot.public }).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// The value, if it was sealed with this slot's key and, where an author is given, signed by them.
pub(super) fn open(slot: &Slot, bytes: &[u8], author: Option<&PeerId>) -> Result<Value, ValueFault> {
    if bytes.len() != SEALED {
        return Err(ValueFault::Length);
    }
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(ValueFault::Length)?;
    let cipher = XChaCha20Poly1305::new((&*slot.seal).into());
    let plain = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &slot.public }).map_err(|_| ValueFault::NotSealed)?;
    let (signature, padded) = plain.split_first_chunk::<SIGNATURE>().ok_or(ValueFault::Malformed)?;
    if let Some(author) = author {
        let signed = [&slot.public[..], padded].concat();
        verify(author, CONTEXT, &signed, &Signature::from_bytes(*signature)).map_err(|_| ValueFault::NotSigned)?;
    }
    let (length, rest) = padded.split_first_chunk::<2>().ok_or(ValueFault::Malformed)?;
    let (body, zeros) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or(ValueFault::Malformed)?;
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(ValueFault::Malformed);
    }
    let value: Value = codec::decode(body).map_err(|_| ValueFault::Malformed)?;
    let few = value.said.own.len() <= MAX_OWN && value.said.to.len() <= MAX_TO;
    let unicast = |address: &SocketAddr| Address::ip(*address).is_ok();
    if few && value.said.addresses().all(unicast) { Ok(value) } else { Err(ValueFault::Address) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rendezvous::meeting::Seat;

    fn slot() -> Slot {
        Slot::of(&[7; 32], 20_000, Seat::Inviter)
    }

    fn ana() -> Identity {
        Identity::from_seed(&[1; 32])
    }

    fn full() -> Value {
        let six: SocketAddr = "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().expect("an address");
        let said = Said { class: NatClass::Hard, udp: Some(six), tcp: Some(six), own: vec![six; MAX_OWN], to: vec![six; MAX_TO] };
        Value { time: u64::MAX, said }
    }

    #[test]
    fn the_least_and_the_most_are_of_one_length_that_dht_nodes_take() {
        for value in [Value::default(), full()] {
            for author in [None, Some(&ana())] {
                let sealed = seal(&slot(), &value, author, [9; NONCE]).expect("it fits");
                assert_eq!(sealed.len(), SEALED);
                assert_eq!(open(&slot(), &sealed, author.map(Identity::peer).as_ref()), Ok(value.clone()));
            }
        }
        const { assert!(SEALED <= 1000) }
    }

    #[test]
    fn another_slot_does_not_open_it() {
        let sealed = seal(&slot(), &full(), None, [9; NONCE]).expect("it fits");
        for (secret, day, seat) in [([8; 32], 20_000, Seat::Inviter), ([7; 32], 20_001, Seat::Inviter), ([7; 32], 20_000, Seat::Joiner(0))]
        {
            assert_eq!(open(&Slot::of(&secret, day, seat), &sealed, None), Err(ValueFault::NotSealed));
        }
        let moved = Slot { public: [3; 32], ..slot() };
        assert_eq!(open(&moved, &sealed, None), Err(ValueFault::NotSealed), "bound to its slot, not only to its key");
    }

    #[test]
    fn a_holder_of_the_invite_cannot_speak_for_the_inviter() {
        let chi = Identity::from_seed(&[3; 32]);
        for author in [None, Some(&chi)] {
            let forged = seal(&slot(), &full(), author, [9; NONCE]).expect("it fits");
            assert_eq!(open(&slot(), &forged, Some(&ana().peer())), Err(ValueFault::NotSigned));
        }
    }

    #[test]
    fn a_signature_of_another_day_is_worth_nothing() {
        let (today, tomorrow) = (slot(), Slot::of(&[7; 32], 20_001, Seat::Inviter));
        let sealed = seal(&today, &full(), Some(&ana()), [9; NONCE]).expect("it fits");
        let cipher = XChaCha20Poly1305::new((&*today.seal).into());
        let plain = cipher.decrypt(&XNonce::from([9; NONCE]), Payload { msg: &sealed[NONCE..], aad: &today.public }).expect("sealed");
        let cipher = XChaCha20Poly1305::new((&*tomorrow.seal).into());
        let again = cipher.encrypt(&XNonce::from([9; NONCE]), Payload { msg: &plain, aad: &tomorrow.public }).expect("it seals");
        let moved = [&[9; NONCE][..], &again].concat();
        assert_eq!(open(&tomorrow, &moved, Some(&ana().peer())), Err(ValueFault::NotSigned));
        assert!(open(&tomorrow, &moved, None).is_ok());
    }

    #[test]
    fn addresses_that_name_nobody_are_refused() {
        for bad in ["0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "10.0.0.1:0", "[::]:1", "[ff02::1]:1"] {
            let said = Said { udp: Some(bad.parse().expect("an address")), ..Said::default() };
            let sealed = seal(&slot(), &Value { time: 1, said }, None, [9; NONCE]).expect("it fits");
            assert_eq!(open(&slot(), &sealed, None), Err(ValueFault::Address), "{bad}");
        }
    }

    #[test]
    fn more_than_fits_is_not_sealed() {
        let mut value = full();
        value.said.own.push("10.0.0.1:1".parse().expect("an address"));
        assert_eq!(seal(&slot(), &value, None, [9; NONCE]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_open_or_do_not(bytes: Vec<u8>, at in 0..SEALED, bit in 0_u8..8) {
            prop_assert!(open(&slot(), &bytes, None).is_err());
            let mut sealed = seal(&slot(), &full(), None, [9; NONCE]).expect("it fits");
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(open(&slot(), &sealed, None), Err(ValueFault::NotSealed));
        }
    }
}
