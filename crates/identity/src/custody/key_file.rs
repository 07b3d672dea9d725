//! `identity.key`: the secrets sealed under a passphrase.
//!
//! ```text
//! magic[8] ‖ version u8 ‖ memory_kib u32 ‖ passes u32 ‖ lanes u32
//!   ‖ salt[16] ‖ nonce[24] ‖ sealed[65 + 16] ‖ checksum[32]
//! key    = Argon2id(passphrase, salt; memory_kib, passes, lanes)        numbers are big endian
//! sealed = XChaCha20-Poly1305(key, nonce, kept secrets; aad = everything before it)
//! ```
//! The checksum (BLAKE3 of everything before it) is what tells a damaged file from a wrong
//! passphrase. It is no secret and no seal: a forger of it gets "wrong passphrase" too.

use std::io;
use std::path::Path;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, Zeroizing};

use super::secrets::{KEPT_LEN, Secrets};
use super::{CustodyError, disk};

const NAME: &str = "identity.key";
const MAGIC: &[u8; 8] = b"gv-ident";
const VERSION: u8 = 1;

const HEAD_LEN: usize = 8 + 1 + 3 * 4 + 16 + 24;
const SEALED_LEN: usize = KEPT_LEN + 16;
const CHECKSUM_LEN: usize = 32;
const FILE_LEN: usize = HEAD_LEN + SEALED_LEN + CHECKSUM_LEN;

/// KiB. A file asking for more than 1 GiB is damaged or hostile; no version of ours writes that.
const MAX_MEMORY_KIB: u32 = 1 << 20;
/// Passes. Sixteen times our own time at most, so that a hostile file cannot stop the program for
/// hours.
const MAX_PASSES: u32 = 48;
/// Lanes. RFC 9106 recommends four at most.
const MAX_LANES: u32 = 4;

/// Characters. Ten that are not all alike, under Argon2id with 64 MiB, cost a guesser more than
/// this identity is worth.
pub const MIN_PASSPHRASE_CHARS: usize = 10;
/// Different characters. Refuses "aaaaaaaaaa" and "1212121212".
pub const MIN_PASSPHRASE_DISTINCT: usize = 5;

/// Whether a passphrase may protect a new key file; for telling the person while they type.
pub fn passphrase_suffices(passphrase: &str) -> bool {
    let distinct: std::collections::BTreeSet<char> = passphrase.chars().collect();
    passphrase.chars().count() >= MIN_PASSPHRASE_CHARS && distinct.len() >= MIN_PASSPHRASE_DISTINCT
}

pub(super) fn check_strength(passphrase: &str) -> Result<(), CustodyError> {
    if passphrase_suffices(passphrase) { Ok(()) } else { Err(CustodyError::WeakPassphrase) }
}

/// What one guess at the passphrase costs. Written into the file, so that it can be raised later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    /// RFC 9106's second recommendation, with one lane because we compute with one thread.
    pub(super) const RECOMMENDED: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
}

/// So that tests may seal thousands of files.
#[cfg(test)]
pub(super) const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

pub(super) fn exists(profile_dir: &Path) -> io::Result<bool> {
    profile_dir.join(NAME).try_exists()
}

pub(super) fn read(profile_dir: &Path) -> Result<Vec<u8>, CustodyError> {
    disk::read_whole(profile_dir, NAME, FILE_LEN)?.ok_or(CustodyError::Wiped)
}

pub(super) fn write(profile_dir: &Path, sealed: &[u8]) -> io::Result<()> {
    disk::write_whole(profile_dir, NAME, sealed)
}

/// The whole file, sealed under a fresh salt and nonce.
pub(super) fn seal(secrets: &Secrets, passphrase: &str, cost: Cost) -> Result<Vec<u8>, CustodyError> {
    let (mut salt, mut nonce) = ([0; 16], [0; 24]);
    rand::fill(&mut salt);
    rand::fill(&mut nonce);

    let mut file = Vec::with_capacity(FILE_LEN);
    file.extend_from_slice(MAGIC);
    file.push(VERSION);
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        file.extend_from_slice(&number.to_be_bytes());
    }
    file.extend_from_slice(&salt);
    file.extend_from_slice(&nonce);

    let key = stretch(passphrase, &salt, cost)?;
    let kept = secrets.to_kept();
    let sealed = XChaCha20Poly1305::new((&*key).into())
        .encrypt(&XNonce::from(nonce), Payload { msg: &*kept, aad: &file })
        .map_err(|_| CustodyError::Io(io::Error::other("sealing failed")))?;
    file.extend_from_slice(&sealed);
    let checksum = blake3::hash(&file);
    file.extend_from_slice(checksum.as_bytes());
    Ok(file)
}

/// Opens a whole file.
pub(super) fn unseal(file: &[u8], passphrase: &str) -> Result<Secrets, CustodyError> {
    let parts = Parts::of(file)?;
    let key = stretch(passphrase, parts.salt, parts.cost)?;
    let kept = XChaCha20Poly1305::new((&*key).into())
        .decrypt(&XNonce::from(*parts.nonce), Payload { msg: parts.sealed, aad: parts.head })
        .map(Zeroizing::new)
        .map_err(|_| CustodyError::WrongPassphrase)?;
    Secrets::from_kept(&kept).ok_or_else(|| damaged("its content is of an unknown version"))
}

/// A file whose checksum and numbers are right, taken apart.
struct Parts<'a> {
    head: &'a [u8],
    cost: Cost,
    salt: &'a [u8; 16],
    nonce: &'a [u8; 24],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(file: &'a [u8]) -> Result<Self, CustodyError> {
        // The version is judged before the length and the checksum, which a newer one may have
        // changed.
        let rest = file.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin as a key file does"))?;
        let (&version, rest) = rest.split_first().ok_or_else(|| damaged("it is cut short"))?;
        let (body, checksum) = file.split_last_chunk::<CHECKSUM_LEN>().ok_or_else(|| damaged("it is cut short"))?;
        if blake3::hash(body) != *checksum {
            return Err(damaged("its checksum is wrong"));
        }
        if version != VERSION {
            return Err(damaged(&format!("version {version} is not known here")));
        }
        Self::taken_apart(file, body, rest).ok_or_else(|| damaged("it has the wrong length"))?.bounded()
    }

    fn taken_apart(file: &'a [u8], body: &'a [u8], rest: &'a [u8]) -> Option<Self> {
        let (memory_kib, rest) = rest.split_first_chunk::<4>()?;
        let (passes, rest) = rest.split_first_chunk::<4>()?;
        let (lanes, rest) = rest.split_first_chunk::<4>()?;
        let (salt, rest) = rest.split_first_chunk::<16>()?;
        let (nonce, _) = rest.split_first_chunk::<24>()?;
        let (head, sealed) = body.split_at_checked(HEAD_LEN)?;
        let cost =
            Cost { memory_kib: u32::from_be_bytes(*memory_kib), passes: u32::from_be_bytes(*passes), lanes: u32::from_be_bytes(*lanes) };
        (file.len() == FILE_LEN).then_some(Self { head, cost, salt, nonce, sealed })
    }

    fn bounded(self) -> Result<Self, CustodyError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
            return Err(damaged("it asks for more memory or time than any version of ours"));
        }
        Ok(self)
    }
}

fn stretch(passphrase: &str, salt: &[u8; 16], cost: Cost) -> Result<Zeroizing<[u8; 32]>, CustodyError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|error| damaged(&error.to_string()))?;
    let mut blocks: Vec<Block> = Vec::new();
    let count = params.block_count();
    blocks.try_reserve_exact(count).map_err(|_| CustodyError::Io(io::ErrorKind::OutOfMemory.into()))?;
    blocks.resize(count, Block::new());

    let mut key = Zeroizing::new([0; 32]);
    let stretched = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        passphrase.as_bytes(),
        salt,
        &mut *key,
        &mut blocks,
    );
    // From the last pass one could guess at passphrases without the cost of the others.
    blocks.iter_mut().for_each(Zeroize::zeroize);
    stretched.map_err(|error| CustodyError::Io(io::Error::other(error.to_string())))?;
    Ok(key)
}

fn damaged(what: &str) -> CustodyError {
    CustodyError::DamagedFile { detail: format!("{NAME}: {what}") }
}

#[cfg(test)]
#[path = "key_file_tests.rs"]
mod tests;
