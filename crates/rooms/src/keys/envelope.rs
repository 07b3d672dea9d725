//! HPKE (RFC 9180) in the one form that is used: base mode, one shot, DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256, ChaCha20-Poly1305.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

type Suite = X25519HkdfSha256;

/// The private key that RFC 9180 makes of random bytes (`DeriveKeyPair`).
pub(crate) fn derive_secret(random: [u8; 32]) -> [u8; 32] {
    let (secret, _) = Suite::derive_keypair(&*Zeroizing::new(random));
    secret.to_bytes().into()
}

/// The public key of a private one.
pub(crate) fn public(secret: &[u8; 32]) -> [u8; 32] {
    // Only another length is refused; the zero key that stands for it seals nothing.
    private_key(secret).map(|secret| Suite::sk_to_pk(&secret).to_bytes().into()).unwrap_or_default()
}

/// What was made for one sealing, and its result.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) enc: [u8; 32],
    pub(crate) sealed: Vec<u8>,
}

/// Seals to a public key. `random` makes the key that is used this once. None: the key is of small
/// order.
pub(crate) fn seal(key: &[u8; 32], info: &[u8], aad: &[u8], text: &[u8], random: [u8; 32]) -> Option<Envelope> {
    let key = <Suite as Kem>::PublicKey::from_bytes(key).ok()?;
    let mut random = Once(Zeroizing::new(random));
    let sealed = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(&OpModeS::Base, &key, info, text, aad, &mut random);
    sealed.ok().map(|(enc, sealed)| Envelope { enc: enc.to_bytes().into(), sealed })
}

/// The text; none if it was sealed to another key, or with anything else beside it.
pub(crate) fn open(secret: &[u8; 32], info: &[u8], aad: &[u8], enc: &[u8; 32], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let secret = private_key(secret)?;
    let enc = <Suite as Kem>::EncappedKey::from_bytes(enc).ok()?;
    let text = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(&OpModeR::Base, &secret, &enc, info, sealed, aad);
    text.ok().map(Zeroizing::new)
}

fn private_key(secret: &[u8; 32]) -> Option<<Suite as Kem>::PrivateKey> {
    <Suite as Kem>::PrivateKey::from_bytes(secret).ok()
}

/// Random bytes that were handed in, for a library that asks for a source of them. It takes 32 for
/// one sealing.
struct Once(Zeroizing<[u8; 32]>);

impl TryRng for Once {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    /// The first 32 bytes are those that were handed in. Should more be asked for, they are made of
    /// these: nothing is given out twice.
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let next = wire::derive("more chance", &*self.0);
            chunk.iter_mut().zip(self.0.iter()).for_each(|(out, byte)| *out = *byte);
            *self.0 = next;
        }
        Ok(())
    }
}

impl TryCryptoRng for Once {}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hex").try_into().expect("as long as it says")
    }

    /// RFC 9180, appendix A.2.1 and the first text of A.2.1.1.
    #[test]
    fn the_suite_is_the_one_of_the_standard() {
        let info = b"Ode on a Grecian Urn";
        let (aad, text) = (b"Count-0", b"Beauty is truth, truth beauty");
        let key = bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
        let secret = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
        let enc: [u8; 32] = bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
        let sealed: [u8; 45] = bytes("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
        assert_eq!(public(&secret), key);
        assert_eq!(open(&secret, info, aad, &enc, &sealed).as_deref().map(Vec::as_slice), Some(text.as_slice()));

        let random = bytes("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
        let made = seal(&key, info, aad, text, random).expect("a good key");
        assert_eq!((made.enc, made.sealed.as_slice()), (enc, sealed.as_slice()));

        let random = bytes("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
        let derived = derive_secret(random);
        assert_eq!(public(&derived), key);
        assert!(open(&derived, info, aad, &enc, &sealed).is_some());
    }

    #[test]
    fn chance_that_was_handed_in_is_never_given_out_twice() {
        let mut once = Once(Zeroizing::new([7; 32]));
        let (mut first, mut more) = ([0; 32], [0; 70]);
        once.try_fill_bytes(&mut first).expect("cannot fail");
        once.try_fill_bytes(&mut more).expect("cannot fail");
        assert_eq!(first, [7; 32]);
        assert!(more.chunks(32).all(|chunk| chunk != &first[..chunk.len()]));
        assert_ne!(more[..32], more[32..64]);
        let (one, other) = (once.try_next_u64().expect("cannot fail"), once.try_next_u64().expect("cannot fail"));
        assert_ne!(one, other);
        assert_ne!(once.try_next_u32(), once.try_next_u32());
    }

    fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
        let mut bent = bytes.to_vec();
        bent[bit / 8] ^= 1 << (bit % 8);
        bent
    }

    #[test]
    fn an_envelope_opens_only_unchanged_for_its_key_and_with_what_it_was_bound_to() {
        let secret = derive_secret([3; 32]);
        let key = public(&secret);
        let (info, aad) = ([1; 12], [2; 12]);
        let made = seal(&key, &info, &aad, &[4; 32], [5; 32]).expect("a good key");
        let tries = |info: &[u8], aad: &[u8], enc: &[u8], sealed: &[u8]| {
            open(&secret, info, aad, enc.try_into().expect("as long as it was"), sealed).map(|text| text.to_vec())
        };
        assert_eq!(tries(&info, &aad, &made.enc, &made.sealed), Some(vec![4; 32]));
        (0..96).for_each(|bit| assert_eq!(tries(&flipped(&info, bit), &aad, &made.enc, &made.sealed), None, "bit {bit} of info"));
        (0..96).for_each(|bit| assert_eq!(tries(&info, &flipped(&aad, bit), &made.enc, &made.sealed), None, "bit {bit} of aad"));
        (0..256).for_each(|bit| assert_eq!(tries(&info, &aad, &flipped(&made.enc, bit), &made.sealed), None, "bit {bit} of enc"));
        (0..384).for_each(|bit| assert_eq!(tries(&info, &aad, &made.enc, &flipped(&made.sealed, bit)), None, "bit {bit}"));
        assert!(open(&derive_secret([6; 32]), &info, &aad, &made.enc, &made.sealed).is_none(), "another's key");
    }
}
