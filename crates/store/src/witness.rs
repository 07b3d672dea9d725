//! The witness: a few bytes beside the database that say how much of it was durable, so that a lost
//! end is noticed.
//!
//! sled recovers from a torn end of its log by forgetting it, and does not tell. The witness is
//! written after each flush and is therefore never ahead of the disk; it may lag behind after a
//! power cut, which only makes the check weaker.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::seal::Sealer;

const RECORD_BYTES: usize = 17;
const FILE_BYTES: usize = RECORD_BYTES + 32;

/// What was durable at the last flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Testimony {
    /// Events, over all logs.
    pub(crate) events: u64,
    /// Length of the database file in bytes.
    pub(crate) file_bytes: u64,
    /// Whether the process then ended in good order.
    pub(crate) ended: Ended,
}

/// How the last process ended, as far as it could still write it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Orderly,
    NotYet,
}

/// The open file.
pub(crate) struct Witness(File);

impl Witness {
    /// Opens (or makes) the file and reads what it says; none if it is new, torn, or of another
    /// key.
    pub(crate) fn open(path: &Path, sealer: &Sealer) -> io::Result<(Witness, Option<Testimony>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::with_capacity(FILE_BYTES);
        (&mut file).take(FILE_BYTES as u64).read_to_end(&mut bytes)?;
        Ok((Witness(file), decode(&bytes, sealer)))
    }

    /// Replaces what it says. Survives the process at once, a power cut only after
    /// [`Witness::sync`].
    pub(crate) fn write(&mut self, testimony: Testimony, sealer: &Sealer) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(&encode(testimony, sealer))
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

fn encode(testimony: Testimony, sealer: &Sealer) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    bytes.extend_from_slice(&testimony.events.to_be_bytes());
    bytes.extend_from_slice(&testimony.file_bytes.to_be_bytes());
    bytes.push(u8::from(testimony.ended == Ended::Orderly));
    let mac = sealer.mac(&bytes);
    bytes.extend_from_slice(&mac);
    bytes
}

fn decode(bytes: &[u8], sealer: &Sealer) -> Option<Testimony> {
    let (record, mac) = bytes.split_last_chunk::<32>()?;
    if sealer.mac(record) != *mac {
        return None;
    }
    let (events, rest) = record.split_first_chunk::<8>()?;
    let (file_bytes, rest) = rest.split_first_chunk::<8>()?;
    let ended = match rest {
        [1] => Ended::Orderly,
        [0] => Ended::NotYet,
        [..] => return None,
    };
    Some(Testimony { events: u64::from_be_bytes(*events), file_bytes: u64::from_be_bytes(*file_bytes), ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_or_foreign_record_says_nothing() {
        let ours = Sealer::new(&[1; 32]);
        let said = Testimony { events: 7, file_bytes: 1 << 40, ended: Ended::Orderly };
        let bytes = encode(said, &ours);
        assert_eq!(bytes.len(), FILE_BYTES);
        assert_eq!(decode(&bytes, &ours), Some(said));
        assert_eq!(decode(&bytes, &Sealer::new(&[2; 32])), None);
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 0x10;
            assert_eq!(decode(&bent, &ours), None);
            assert_eq!(decode(&bytes[..at], &ours), None);
        }
    }
}
