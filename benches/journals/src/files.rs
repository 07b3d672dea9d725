//! Looking at, copying and damaging a folder's files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rand::RngExt;

/// All files, by name.
pub fn all(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(all(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

/// What they take on the disk.
pub fn bytes(folder: &Path) -> Result<u64> {
    all(folder)?.iter().try_fold(0, |sum, path| Ok(sum + fs::metadata(path)?.blocks() * 512))
}

pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(to);
    for path in all(from)? {
        let new = to.join(path.strip_prefix(from)?);
        fs::create_dir_all(new.parent().unwrap_or(to))?;
        fs::copy(path, new)?;
    }
    Ok(())
}

/// Turns one byte somewhere, each as likely as any other.
pub fn flip(folder: &Path) -> Result<()> {
    let files = all(folder)?;
    let lengths: Vec<u64> = files.iter().map(|path| fs::metadata(path).map(|file| file.len())).collect::<Result<_, _>>()?;
    let mut at = rand::rng().random_range(0..lengths.iter().sum::<u64>().max(1));
    for (path, length) in files.iter().zip(lengths) {
        if at < length {
            let mut bytes = fs::read(path)?;
            bytes[at as usize] ^= rand::rng().random_range(1..=255_u8);
            fs::write(path, bytes)?;
            return Ok(());
        }
        at -= length;
    }
    Ok(())
}

/// Cuts the newest file that rows are in somewhere in its last tenth.
pub fn cut(folder: &Path) -> Result<()> {
    let largest = all(folder)?.into_iter().max_by_key(|path| fs::metadata(path).map_or(0, |file| file.len()));
    let Some(path) = largest else { return Ok(()) };
    let file = fs::OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    Ok(file.set_len(rand::rng().random_range(length * 9 / 10..length))?)
}

/// How many of these are in some file.
pub fn found(folder: &Path, needles: &[Vec<u8>]) -> Result<usize> {
    let mut there = vec![false; needles.len()];
    for path in all(folder)? {
        let bytes = fs::read(path)?;
        for (there, needle) in there.iter_mut().zip(needles) {
            *there |= memchr::memmem::find(&bytes, needle).is_some();
        }
    }
    Ok(there.into_iter().filter(|there| *there).count())
}
