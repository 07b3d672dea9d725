//! Signing, and the one rule by which every member accepts or refuses a signature.

use std::collections::HashMap;
use std::fmt;

use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use zeroize::Zeroizing;

use crate::peer::{PeerId, Signature};

/// A device's key pair. The private half is erased from memory on drop, and never shown.
pub struct Identity {
    pub(crate) key: SigningKey,
}

impl Identity {
    /// Makes a new key from the operating system's randomness.
    pub fn generate() -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key that belongs to a 32-byte seed; the same seed gives the same key for ever (RFC
    /// 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The private half, for custody alone. Erased when the returned value is dropped.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The public half.
    pub fn peer(&self) -> PeerId {
        PeerId::from_bytes(self.key.verifying_key().to_bytes())
    }

    /// Signs `context ‖ message`.
    ///
    /// The context says what kind of thing is signed (`b"grapevine/1 event"`), so that a signature
    /// made for one purpose is worthless for another. No context may be the beginning of another
    /// one.
    pub fn sign(&self, context: &'static [u8], message: &[u8]) -> Signature {
        Signature::from_bytes(self.key.sign(&signed_bytes(context, message)).to_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.peer())
    }
}

/// The signature is not one that the named device made for this context and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this key, context and message")]
pub struct BadSignature;

/// Checks that `peer` signed `context ‖ message`.
///
/// Refused besides plain forgeries: names that are not the canonical encoding of a curve point,
/// small-order keys (one signature would fit many messages), small-order or malleable signatures.
/// Invariant: all members agree about every (name, message, signature), guarded by
/// `both_doors_agree_on_any_bytes`.
pub fn verify(peer: &PeerId, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
    UnpackedKey::of(peer)?.verify(context, message, signature)
}

/// A peer's key as a curve point, found sound. Making one costs a tenth of a check.
#[derive(Clone, Copy, Debug)]
pub struct UnpackedKey {
    peer: PeerId,
    key: VerifyingKey,
}

impl UnpackedKey {
    /// Refused: names that are not the canonical encoding of a point, and keys of small order.
    pub fn of(peer: &PeerId) -> Result<Self, BadSignature> {
        Ok(Self { peer: *peer, key: decompress(peer)? })
    }

    /// Exactly [`verify`] for this peer.
    ///
    /// The library's `verify_strict`, without its unpacking of the signature's point, which is a
    /// seventh of a check: its plain `verify` takes no other writing of a point than the canonical
    /// one, so small orders are told by their bytes, and this key has been found to be of another
    /// order. Invariant: both give the same answer, guarded by `small_order_signatures_are_refused`
    /// and `both_doors_agree_on_any_bytes`.
    pub fn verify(&self, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        if SMALL_ORDER.contains(signature.r_bytes()) {
            return Err(BadSignature);
        }
        self.key.verify(&signed_bytes(context, message), &signature).map_err(|_| BadSignature)
    }
}

/// y of the points of order 8, up to its sign.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, //
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, //
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// All points whose order divides the cofactor, in their canonical encodings: y little endian, the
/// sign of x in the highest bit (RFC 8032, 5.1.2).
const SMALL_ORDER: [[u8; 32]; 8] = {
    let (mut one, mut minus_one) = ([0; 32], [0xff; 32]);
    one[0] = 1;
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let [low, high] = ORDER_8;
    [one, minus_one, [0; 32], negated([0; 32]), low, negated(low), high, negated(high)]
};

const fn negated(mut point: [u8; 32]) -> [u8; 32] {
    point[31] |= 0x80;
    point
}

/// A memory of recently seen keys, which spares unpacking them again.
///
/// Holds at most `2 × capacity` keys of some 200 bytes, in two generations: when the young one is
/// full, the old one is dropped.
pub struct VerifyingKeys {
    capacity: usize,
    young: HashMap<PeerId, VerifyingKey>,
    old: HashMap<PeerId, VerifyingKey>,
}

impl VerifyingKeys {
    /// An empty memory with generations of `capacity` keys (at least one).
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// The key of a peer, if it is remembered.
    pub fn get(&self, peer: &PeerId) -> Option<UnpackedKey> {
        let key = self.young.get(peer).or_else(|| self.old.get(peer))?;
        Some(UnpackedKey { peer: *peer, key: *key })
    }

    /// Remembers a key. Only one that proved itself by a good signature should be, so that noise
    /// cannot push out friends.
    pub fn remember(&mut self, key: UnpackedKey) {
        if self.young.contains_key(&key.peer) {
            return;
        }
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key.peer, key.key);
    }

    /// Exactly [`verify`], only quicker for a known peer.
    pub fn verify(&mut self, peer: &PeerId, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let key = self.get(peer).map_or_else(|| UnpackedKey::of(peer), Ok)?;
        key.verify(context, message, signature)?;
        self.remember(key);
        Ok(())
    }
}

impl fmt::Debug for VerifyingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKeys({} young, {} old)", self.young.len(), self.old.len())
    }
}

pub(crate) fn decompress(peer: &PeerId) -> Result<VerifyingKey, BadSignature> {
    if !is_canonical(peer.as_bytes()) {
        return Err(BadSignature);
    }
    let key = VerifyingKey::from_bytes(peer.as_bytes()).map_err(|_| BadSignature)?;
    if key.is_weak() { Err(BadSignature) } else { Ok(key) }
}

/// Whether the y coordinate is below p = 2²⁵⁵ − 19. The library reduces a larger one, which would
/// give one device two names.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    !(*low >= 0xed && middle.iter().all(|b| *b == 0xff) && high & 0x7f == 0x7f)
}

fn signed_bytes(context: &'static [u8], message: &[u8]) -> Vec<u8> {
    [context, message].concat()
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use proptest::prelude::*;
    use sha2::{Digest, Sha512};

    use super::*;

    const EVENT: &[u8] = b"grapevine/1 event";
    const AUTH: &[u8] = b"grapevine/1 auth";

    fn ana() -> Identity {
        Identity::from_seed(&[1; 32])
    }

    fn ben() -> Identity {
        Identity::from_seed(&[2; 32])
    }

    /// Both doors must give the same answer, also when the memory already knows the key.
    fn checked(peer: &PeerId, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let plain = verify(peer, context, message, signature);
        let mut keys = VerifyingKeys::new(1);
        for _ in 0..3 {
            assert_eq!(keys.verify(peer, context, message, signature), plain);
        }
        plain
    }

    #[test]
    fn the_signature_of_ana_is_the_one_rfc_8032_gives() {
        // RFC 8032, 7.1, test 2: one byte 0x72, here as context with an empty message, and the
        // other way round.
        let seed: [u8; 32] = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let ana = Identity::from_seed(&seed);
        assert_eq!(ana.peer().to_string(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let expected: [u8; 64] = unhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(ana.sign(b"r", b"").as_bytes(), &expected);
        assert_eq!(ana.sign(b"", b"r").as_bytes(), &expected);
    }

    #[test]
    fn a_signature_serves_one_person_and_one_purpose() {
        let signature = ana().sign(EVENT, b"hello");
        assert_eq!(checked(&ana().peer(), EVENT, b"hello", &signature), Ok(()));
        assert_eq!(checked(&ben().peer(), EVENT, b"hello", &signature), Err(BadSignature));
        assert_eq!(checked(&ana().peer(), AUTH, b"hello", &signature), Err(BadSignature));
        assert_eq!(checked(&ana().peer(), EVENT, b"hell", &signature), Err(BadSignature));
    }

    #[test]
    fn small_order_keys_are_refused() {
        // The identity point: with it, S = 0 and R = identity satisfy the plain equation for every
        // message.
        let mut identity_point = [0; 32];
        identity_point[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        assert_eq!(checked(&PeerId::from_bytes(identity_point), EVENT, b"anything", &Signature::from_bytes(forged)), Err(BadSignature));
        // y = 0 has order 4; y = p (the same point written differently) and y = 2^255 − 1 are not
        // canonical.
        let mut p = [0xff; 32];
        p[0] = 0xed;
        p[31] = 0x7f;
        for name in [[0; 32], p, [0xff; 32]] {
            assert!(decompress(&PeerId::from_bytes(name)).is_err());
        }
    }

    #[test]
    fn a_second_writing_of_one_key_is_refused() {
        // y = p + 3 names the same point as y = 3, which is on the curve and of large order.
        let mut plain = [0; 32];
        plain[0] = 3;
        let mut alias = [0xff; 32];
        alias[0] = 0xf0;
        alias[31] = 0x7f;
        assert!(decompress(&PeerId::from_bytes(plain)).is_ok());
        assert!(VerifyingKey::from_bytes(&alias).is_ok(), "the library takes it, so our own check is needed");
        assert!(decompress(&PeerId::from_bytes(alias)).is_err());
    }

    #[test]
    fn a_malleable_signature_is_refused() {
        // S + L satisfies the equation too; L is the group order, little endian.
        let order: [u8; 32] = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut bytes = *ana().sign(EVENT, b"hello").as_bytes();
        let mut carry = 0;
        for (s, l) in bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*s) + u16::from(l) + carry;
            *s = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(checked(&ana().peer(), EVENT, b"hello", &Signature::from_bytes(bytes)), Err(BadSignature));
    }

    #[test]
    fn small_order_points_are_all_listed() {
        let mut known = EIGHT_TORSION.map(|point| point.compress().to_bytes());
        let mut listed = SMALL_ORDER;
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known);
    }

    /// The holder of a key with a part of small order can sign with each of these points; the plain
    /// equation holds.
    #[test]
    fn small_order_signatures_are_refused() {
        let secret = SigningKey::from_bytes(&[1; 32]).to_scalar();
        for part in EIGHT_TORSION {
            let name = (EdwardsPoint::mul_base(&secret) + part).compress().to_bytes();
            let key = VerifyingKey::from_bytes(&name).expect("a point");
            let mut forged = 0;
            for (message, point) in (0..64_u8).flat_map(|message| SMALL_ORDER.map(|point| (message, point))) {
                let signed = signed_bytes(EVENT, &[message]);
                let challenge = Sha512::new().chain_update(point).chain_update(name).chain_update(&signed).finalize();
                let response = Scalar::from_bytes_mod_order_wide(&challenge.into()) * secret;
                let theirs = ed25519_dalek::Signature::from_components(point, response.to_bytes());
                forged += u32::from(key.verify(&signed, &theirs).is_ok());
                assert!(key.verify_strict(&signed, &theirs).is_err());
                let ours = Signature::from_bytes(theirs.to_bytes());
                assert_eq!(checked(&PeerId::from_bytes(name), EVENT, &[message], &ours), Err(BadSignature));
            }
            assert!(forged > 0, "the plain rule takes some, so that the stricter one is seen at work");
        }
    }

    #[test]
    fn the_memory_of_keys_is_bounded_and_keeps_who_speaks() {
        let mut keys = VerifyingKeys::new(4);
        let hello = ana().sign(EVENT, b"hello");
        for seed in 10..100 {
            let stranger = Identity::from_seed(&[seed; 32]);
            let signature = stranger.sign(EVENT, b"hi");
            keys.verify(&stranger.peer(), EVENT, b"hi", &signature).expect("the stranger signed it");
            keys.verify(&ana().peer(), EVENT, b"hello", &hello).expect("ana signed it");
            assert!(keys.young.len() <= 4 && keys.old.len() <= 4);
            assert!(keys.young.contains_key(&ana().peer()) || keys.old.contains_key(&ana().peer()));
        }
    }

    #[test]
    fn noise_does_not_enter_the_memory_of_keys() {
        let mut keys = VerifyingKeys::new(4);
        let signature = Signature::from_bytes([0; 64]);
        assert_eq!(keys.verify(&ben().peer(), EVENT, b"", &signature), Err(BadSignature));
        assert!(keys.young.is_empty() && keys.old.is_empty());
    }

    #[test]
    fn an_identity_shows_only_its_peer_id() {
        assert_eq!(format!("{:?}", ana()), format!("Identity({})", ana().peer().short()));
    }

    #[test]
    fn new_identities_differ_and_come_back_from_their_seed() {
        let (one, other) = (Identity::generate(), Identity::generate());
        assert_ne!(one.peer(), other.peer());
        assert_eq!(Identity::from_seed(&one.seed()).peer(), one.peer());
    }

    fn unhex<const N: usize>(text: &str) -> [u8; N] {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).expect("a literal of hex digits");
        bytes.try_into().expect("a literal of the right length")
    }

    proptest! {
        #[test]
        fn both_doors_agree_on_any_bytes(name: [u8; 32], message: Vec<u8>, front: [u8; 32], back: [u8; 32]) {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&front);
            signature[32..].copy_from_slice(&back);
            prop_assert_eq!(checked(&PeerId::from_bytes(name), EVENT, &message, &Signature::from_bytes(signature)), Err(BadSignature));
        }

        #[test]
        fn any_flipped_bit_spoils_a_signature(message: Vec<u8>, bit in 0_usize..512) {
            let mut bytes = *ana().sign(EVENT, &message).as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(checked(&ana().peer(), EVENT, &message, &Signature::from_bytes(bytes)), Err(BadSignature));
        }
    }
}
