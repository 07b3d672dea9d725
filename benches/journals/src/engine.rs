//! What a journal must be able to do, and how a row looks.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Bytes of a sealed row: a short message, its header, and its share of a signature.
pub const ROW: usize = 270;
/// Rows that are written together, all or none.
pub const BATCH: u64 = 64;

/// One library or file format. Rows are numbered from 0 without gaps.
pub trait Engine: Sized {
    /// On the command line.
    const NAME: &'static str;
    /// Whether it has a way to remove a row while others stay, bytes and all.
    const ERASES: bool = true;

    /// Opens or makes it.
    fn open(folder: &Path) -> Result<Self>;
    /// Rows that are there, erased ones included: the number of the next one.
    fn next(&self) -> Result<u64>;
    /// All or, after a crash, none of these; `sync`: they survive a power cut when this returns.
    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()>;
    /// The rows of a range that can be read, with their numbers.
    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>>;
    /// Removes these rows, their bytes on disk too if it can.
    fn erase(&mut self, rows: &[u64]) -> Result<()>;
    /// An orderly end.
    fn close(self) -> Result<()>;
}

/// What is sealed cannot be told from chance.
pub fn row(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; ROW];
    StdRng::seed_from_u64(number).fill_bytes(&mut bytes);
    bytes
}
