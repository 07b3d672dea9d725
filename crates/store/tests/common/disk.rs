//! What somebody finds on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

use super::KEY;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it can be listed").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Shows all that somebody sees who has the key, and takes every place in every file for the
/// beginning of something that was sealed.
fn look_with_the_key(profile: &Path, mut look: impl FnMut(&[u8])) {
    let key = blake3::derive_key("grapevine/1 store values", &KEY);
    for path in files(profile) {
        let bytes = fs::read(&path).expect("it can be read");
        look(&bytes);
        // Noise compresses badly, and sled's file is mostly zeros.
        for at in (0..bytes.len().saturating_sub(24)).filter(|at| bytes[*at..at + 24].iter().any(|byte| *byte != 0)) {
            let mut text = bytes[at + 24..bytes.len().min(at + 24 + 1_600)].to_vec();
            let nonce: [u8; 24] = bytes[at..at + 24].try_into().expect("so many");
            let mut cipher = XChaCha20::new((&key).into(), (&nonce).into());
            // The first block makes the key of the tag.
            cipher.seek(64_u32);
            cipher.apply_keystream(&mut text);
            look(&text);
        }
    }
}

/// Which of these words somebody finds who has the key.
pub fn found_with_the_key<'a>(profile: &Path, words: &[&'a str]) -> Vec<&'a str> {
    let found = are_found_with_the_key(profile, words);
    let mut found: Vec<&str> = words.iter().zip(found).filter_map(|(word, is_found)| is_found.then_some(*word)).collect();
    found.sort_unstable();
    found
}

/// Of each of these bytes, whether somebody finds them who has the key.
pub fn are_found_with_the_key(profile: &Path, all: &[impl AsRef<[u8]>]) -> Vec<bool> {
    let mut found = vec![false; all.len()];
    look_with_the_key(profile, |bytes| {
        for (one, found) in all.iter().map(AsRef::as_ref).zip(&mut found).filter(|(_, found)| !**found) {
            *found = bytes.windows(one.len()).any(|window| window == one);
        }
    });
    found
}
