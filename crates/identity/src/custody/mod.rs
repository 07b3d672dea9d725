//! Where a profile's secrets are kept, and how they are made and found again.
//!
//! A profile folder holds `identity.json`, a public marker (`marker.rs`), and only with the
//! passphrase choice also `identity.key` (`key_file.rs`). With the keychain choice nothing else is
//! on disk: seed and store key are one item of the system's keychain (`keychain.rs`). The choice is
//! made once, by the person; nothing here falls back by itself.
//!
//! A screen goes: [`found`] → nothing: [`probe_within`], then [`create_within`]; keychain:
//! [`open_keychain_within`]; key file: [`open_key_file`] with the passphrase. The caller holds the
//! profile's lock, so that two processes never make two identities in one folder.

mod desk;
mod disk;
mod error;
mod key_file;
mod keychain;
mod marker;
mod secrets;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

pub use error::CustodyError;
pub use key_file::{MIN_PASSPHRASE_CHARS, MIN_PASSPHRASE_DISTINCT, passphrase_suffices};
pub use marker::Custody;
pub use secrets::Secrets;

use desk::Desk;
use marker::Marker;

/// What the person chose for a new identity.
pub enum Choice {
    /// Keep the secrets in the system's keychain.
    Keychain,
    /// Keep them in a file sealed under this passphrase.
    KeyFile(Zeroizing<String>),
}

/// What a profile folder says about its identity, without asking the keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No identity has been made here yet.
    Nothing,
    /// A passphrase opens it: [`open_key_file`].
    KeyFile,
    /// The keychain has it: [`open_keychain`].
    Keychain,
}

/// Looks into a profile folder; a folder that does not exist holds nothing.
///
/// A marker that cannot be understood is `InvalidData`, never [`Found::Nothing`]: a new identity
/// must not replace an old one because a file was damaged.
pub fn found(profile_dir: &Path) -> io::Result<Found> {
    Ok(match marker::read(profile_dir)?.map(|marker| marker.custody()) {
        Some(Custody::Keychain) => Found::Keychain,
        Some(Custody::KeyFile) => Found::KeyFile,
        // The key file is written before the marker; after a crash between the two it still holds
        // the identity.
        None if key_file::exists(profile_dir)? => Found::KeyFile,
        None => Found::Nothing,
    })
}

/// Makes an identity and a store key, and gives them into custody. The folder is made if it is
/// missing.
///
/// The marker is written last: on error the profile still holds nothing, and an item already put
/// into the keychain is taken out again. Blocks for as long as the keychain does (see
/// [`create_within`]); a key file takes about 64 MiB and a good part of a second.
pub fn create(profile_dir: &Path, choice: Choice) -> Result<Secrets, CustodyError> {
    refuse_second(profile_dir)?;
    let secrets = Secrets::generate();
    let peer = secrets.identity.peer();
    match choice {
        Choice::KeyFile(passphrase) => {
            key_file::check_strength(&passphrase)?;
            let sealed = key_file::seal(&secrets, &passphrase, key_file::Cost::RECOMMENDED)?;
            let _turn = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
            refuse_second(profile_dir)?;
            key_file::write(profile_dir, &sealed)?;
            marker::write(profile_dir, &Marker::KeyFile { peer })?;
        }
        Choice::Keychain => {
            let item = keychain::Item::open(&keychain::new_token(), &peer)?;
            item.put(&secrets)?;
            let kept = {
                let _turn = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
                refuse_second(profile_dir).and_then(|()| {
                    marker::write(profile_dir, &Marker::Keychain { peer, token: item.token().to_owned() })?;
                    Ok(())
                })
            };
            if let Err(error) = kept {
                item.remove();
                return Err(error);
            }
        }
    }
    tracing::info!(peer = %peer.short(), "identity made");
    Ok(secrets)
}

/// Fetches the secrets of a profile that is [`Found::Keychain`]. Changes nothing.
///
/// Blocks for as long as the keychain does, which may be until a person answers its prompt (see
/// [`open_keychain_within`]).
pub fn open_keychain(profile_dir: &Path) -> Result<Secrets, CustodyError> {
    match marker::read(profile_dir)? {
        Some(Marker::Keychain { peer, token }) => keychain::Item::open(&token, &peer)?.get()?.belonging_to(&peer),
        Some(Marker::KeyFile { .. }) => Err(io::Error::new(io::ErrorKind::InvalidInput, "this identity is in a key file").into()),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "no identity has been made in this profile").into()),
    }
}

/// Unseals the secrets of a profile that is [`Found::KeyFile`]. Takes about 64 MiB and a good part
/// of a second.
///
/// Changes nothing, except that a marker lost to a crash is written again.
pub fn open_key_file(profile_dir: &Path, passphrase: &str) -> Result<Secrets, CustodyError> {
    let marker = marker::read(profile_dir)?;
    if matches!(marker, Some(Marker::Keychain { .. })) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this identity is in the keychain").into());
    }
    let secrets = key_file::unseal(&key_file::read(profile_dir)?, passphrase)?;
    let peer = secrets.identity.peer();
    match marker {
        Some(marker) => secrets.belonging_to(&marker.peer()),
        None => {
            marker::write(profile_dir, &Marker::KeyFile { peer })?;
            Ok(secrets)
        }
    }
}

/// Whether the keychain can be asked now: it is running, answers, and has a place for new items.
///
/// Makes no item and opens no prompt; a locked keychain is a usable one, which will ask when it is
/// needed.
pub fn probe() -> Result<(), CustodyError> {
    keychain::probe()
}

/// [`probe`], or [`CustodyError::Silent`] if there is no answer within `patience`.
pub fn probe_within(patience: Duration) -> Result<(), CustodyError> {
    match ask(patience, Question::Probe, || probe().map(|()| Answer::Usable))? {
        Answer::Usable => Ok(()),
        Answer::Opened(_) => Err(misrouted()),
    }
}

/// [`create`], or [`CustodyError::Silent`] if the keychain has not answered within `patience`.
///
/// Silent does not mean undone: the keychain may still be waiting for a person, and may then
/// finish. Calling again joins the pending attempt. Choosing the key file meanwhile is safe:
/// whichever comes second finds the first, gives its keychain item back, and ends in
/// [`CustodyError::AlreadyExists`].
pub fn create_within(patience: Duration, profile_dir: &Path, choice: Choice) -> Result<Secrets, CustodyError> {
    match choice {
        Choice::KeyFile(_) => create(profile_dir, choice),
        Choice::Keychain => {
            let folder = profile_dir.to_owned();
            secrets_within(patience, Question::Create(folder.clone()), move || create(&folder, Choice::Keychain))
        }
    }
}

/// [`open_keychain`], or [`CustodyError::Silent`] if there is no answer within `patience`; calling
/// again joins the pending question.
pub fn open_keychain_within(patience: Duration, profile_dir: &Path) -> Result<Secrets, CustodyError> {
    let folder = profile_dir.to_owned();
    secrets_within(patience, Question::Open(folder.clone()), move || open_keychain(&folder))
}

/// One process makes one identity at a time. Never held while a keychain is asked.
static WRITES: Mutex<()> = Mutex::new(());

/// All questions with a time limit go over this one desk, so that at most one thread ever hangs in
/// a keychain.
static DESK: Desk<Question, Result<Answer, CustodyError>> = Desk::new();

#[derive(Clone, PartialEq, Eq)]
enum Question {
    Probe,
    Open(PathBuf),
    Create(PathBuf),
}

enum Answer {
    Usable,
    Opened(Box<Secrets>),
}

fn secrets_within(
    patience: Duration,
    question: Question,
    work: impl Fn() -> Result<Secrets, CustodyError> + Clone + Send + 'static,
) -> Result<Secrets, CustodyError> {
    match ask(patience, question, move || work().map(|secrets| Answer::Opened(Box::new(secrets))))? {
        Answer::Opened(secrets) => Ok(*secrets),
        Answer::Usable => Err(misrouted()),
    }
}

fn ask(
    patience: Duration,
    question: Question,
    work: impl Fn() -> Result<Answer, CustodyError> + Clone + Send + 'static,
) -> Result<Answer, CustodyError> {
    // A panic inside a keychain library must end in words on the screen, not in a wait for ever.
    let work = move || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(&work))
            .unwrap_or_else(|_| Err(CustodyError::Absent { detail: "the keychain library failed".to_owned() }))
    };
    DESK.ask(patience, question, work)?.ok_or(CustodyError::Silent { waited: patience })?
}

fn misrouted() -> CustodyError {
    debug_assert!(false, "the desk gave the answer to another question");
    CustodyError::Absent { detail: "the keychain's answer was lost".to_owned() }
}

fn refuse_second(profile_dir: &Path) -> Result<(), CustodyError> {
    match found(profile_dir)? {
        Found::Nothing => Ok(()),
        Found::KeyFile | Found::Keychain => Err(CustodyError::AlreadyExists),
    }
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Choice::Keychain => "Keychain",
            Choice::KeyFile(_) => "KeyFile(…)",
        })
    }
}

#[cfg(test)]
mod tests;
