//! XChaCha20-Poly1305, for the texts of events and the rows of the store.

use std::sync::Arc;

use chacha20::{R20, hchacha};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::limits::SEAL_BYTES;

/// ChaCha20-Poly1305 under a key and a nonce that HChaCha20 makes of these
/// (draft-irtf-cfrg-xchacha-03, section 2.3). Ring has no XChaCha20, and takes less to begin a text
/// than the library that has. None is a fault of ours: the key has another length.
pub fn xchacha(key: &[u8; 32], nonce: &[u8; 24]) -> Option<(LessSafeKey, Nonce)> {
    let (salt, rest) = nonce.split_first_chunk::<16>()?;
    let subkey = Zeroizing::new(hchacha::<R20>(key.into(), salt.into()).0);
    let key = UnboundKey::new(&CHACHA20_POLY1305, &*subkey).ok()?;
    let mut short = [0; 12];
    short.last_chunk_mut::<8>()?.copy_from_slice(rest);
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(short)))
}

/// `ciphertext ‖ tag`.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(text.len().saturating_add(SEAL_BYTES));
    sealed.extend_from_slice(text);
    // Refused are only texts beyond 256 GiB. Such a one would come out empty, never in the clear.
    let tag = xchacha(key, nonce).and_then(|(cipher, nonce)| cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed).ok());
    match tag {
        Some(tag) => sealed.extend_from_slice(tag.as_ref()),
        None => sealed.clear(),
    }
    sealed
}

/// The text; none if it was not sealed under this key, with this nonce and this beside it.
pub(crate) fn open(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], sealed: &[u8]) -> Option<Arc<[u8]>> {
    let (text, tag) = sealed.split_last_chunk::<SEAL_BYTES>()?;
    let (cipher, nonce) = xchacha(key, nonce)?;
    let mut text: Arc<[u8]> = text.into();
    cipher.open_in_place_separate_tag(nonce, Aad::from(aad), (*tag).into(), Arc::get_mut(&mut text)?, 0..).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead, Payload};
    use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

    use super::*;

    const KEY: [u8; 32] = [1; 32];
    const NONCE: [u8; 24] = [2; 24];

    fn flipped<const N: usize>(bytes: &[u8; N], bit: usize) -> [u8; N] {
        let mut bent = *bytes;
        bent[bit / 8] ^= 1 << (bit % 8);
        bent
    }

    #[test]
    fn a_text_is_sealed_as_others_seal_it() {
        let theirs = XChaCha20Poly1305::new(&KEY.into());
        for length in [0, 1, 63, 64, 65, 400, 32_000] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let sealed = seal(&KEY, &NONCE, b"beside", &text);
            assert_eq!(sealed, theirs.encrypt(&XNonce::from(NONCE), Payload { msg: &text, aad: b"beside" }).expect("short enough"));
            assert_eq!(open(&KEY, &NONCE, b"beside", &sealed).as_deref(), Some(text.as_slice()));
        }
    }

    #[test]
    fn a_text_opens_only_unchanged_with_its_key_its_nonce_and_what_stood_beside_it() {
        let beside = [3; 194];
        let sealed: [u8; 41] = seal(&KEY, &NONCE, &beside, b"what ana said at noon, ok").try_into().expect("25 and 16 bytes");
        assert!(open(&KEY, &NONCE, &beside, &sealed).is_some());
        (0..256).for_each(|bit| assert_eq!(open(&flipped(&KEY, bit), &NONCE, &beside, &sealed), None, "bit {bit} of the key"));
        (0..192).for_each(|bit| assert_eq!(open(&KEY, &flipped(&NONCE, bit), &beside, &sealed), None, "bit {bit} of the nonce"));
        (0..194 * 8).for_each(|bit| assert_eq!(open(&KEY, &NONCE, &flipped(&beside, bit), &sealed), None, "bit {bit} beside"));
        (0..41 * 8).for_each(|bit| assert_eq!(open(&KEY, &NONCE, &beside, &flipped(&sealed, bit)), None, "bit {bit}"));
        (0..41).for_each(|end| assert_eq!(open(&KEY, &NONCE, &beside, &sealed[..end]), None, "cut at {end}"));
    }
}
