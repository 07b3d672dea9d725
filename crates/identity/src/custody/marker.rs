//! `identity.json`: public, says which identity a profile has and where it is kept.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;
use crate::peer::PeerId;

const NAME: &str = "identity.json";

/// Bytes. What we write is below 250; the rest is room for a person who edits it.
const MAX_BYTES: usize = 4096;

/// Raised when an older program could misread the file.
const VERSION: u32 = 1;

/// How a profile's secrets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// As one item of the system's keychain.
    Keychain,
    /// In `identity.key`, sealed under a passphrase.
    KeyFile,
}

/// The marker's content, once understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Keychain { peer: PeerId, token: String },
    KeyFile { peer: PeerId },
}

impl Marker {
    pub(super) fn custody(&self) -> Custody {
        match self {
            Marker::Keychain { .. } => Custody::Keychain,
            Marker::KeyFile { .. } => Custody::KeyFile,
        }
    }

    pub(super) fn peer(&self) -> PeerId {
        match self {
            Marker::Keychain { peer, .. } | Marker::KeyFile { peer } => *peer,
        }
    }
}

/// The marker as JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    custody: Custody,
    peer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keychain_entry: Option<String>,
}

/// None if the folder has no marker; `InvalidData` if it has one that this version does not
/// understand.
pub(super) fn read(profile_dir: &Path) -> io::Result<Option<Marker>> {
    disk::read_whole(profile_dir, NAME, MAX_BYTES)?.map(|bytes| parse(&bytes)).transpose()
}

pub(super) fn write(profile_dir: &Path, marker: &Marker) -> io::Result<()> {
    let keychain_entry = match marker {
        Marker::Keychain { token, .. } => Some(token.clone()),
        Marker::KeyFile { .. } => None,
    };
    let written = Written { version: VERSION, custody: marker.custody(), peer: marker.peer().to_string(), keychain_entry };
    let mut text = serde_json::to_vec_pretty(&written)?;
    text.push(b'\n');
    disk::write_whole(profile_dir, NAME, &text)
}

fn parse(bytes: &[u8]) -> io::Result<Marker> {
    let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{NAME}: {what}"));
    let written: Written = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    if written.version != VERSION {
        return Err(bad(format!("version {} is not known here", written.version)));
    }
    let peer = written.peer.parse().map_err(|error| bad(format!("{error}")))?;
    match (written.custody, written.keychain_entry) {
        (Custody::KeyFile, None) => Ok(Marker::KeyFile { peer }),
        (Custody::Keychain, Some(token)) if !token.is_empty() => Ok(Marker::Keychain { peer, token }),
        (Custody::KeyFile, Some(_)) | (Custody::Keychain, _) => Err(bad("custody and keychain entry do not fit".to_owned())),
    }
}
