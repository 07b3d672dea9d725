//! The system's keychain: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Every question opens the store anew. `keyring`'s own constructor opens it once per process and
//! remembers a failure, so a keyring started later would never be seen; its [`keyring::Entry`] is
//! used around an item of our own store.

use zeroize::Zeroizing;

use super::{CustodyError, Secrets};
use crate::peer::PeerId;

/// Attribute `service` of every item of ours: `secret-tool search service Grapevine` lists them.
const SERVICE: &str = "Grapevine";

/// The `user` (attribute `username`) of a new profile's item.
///
/// Random rather than made from the folder's path: a profile that was moved away must not lose its
/// item to a new profile in its old place.
pub(super) fn new_token() -> String {
    let mut token = [0; 8];
    rand::fill(&mut token);
    format!("profile-{}", data_encoding::HEXLOWER.encode(&token))
}

/// One profile's item, which may or may not exist yet.
pub(super) struct Item {
    entry: keyring::Entry,
    token: String,
}

impl Item {
    /// Connects to the keychain. Needs no permission yet.
    pub(super) fn open(token: &str, peer: &PeerId) -> Result<Self, CustodyError> {
        let label = format!("Grapevine identity ({})", peer.short());
        let inner = platform::entry(token, &label).map_err(|error| absent(&error))?;
        Ok(Self { entry: keyring::Entry { inner }, token: token.to_owned() })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Stores the secrets, and makes sure that the keychain gives the same ones back. On error
    /// there is no item.
    pub(super) fn put(&self, secrets: &Secrets) -> Result<(), CustodyError> {
        self.entry.set_secret(&*secrets.to_kept()).map_err(platform::explain)?;
        let kept = self.get().and_then(|back| back.belonging_to(&secrets.identity.peer()));
        match kept {
            Ok(back) if back.store_key == secrets.store_key => Ok(()),
            Ok(_) | Err(CustodyError::WrongIdentity | CustodyError::Wiped) => {
                self.remove();
                Err(CustodyError::Denied { detail: "it did not keep what it was given".to_owned() })
            }
            Err(error) => {
                self.remove();
                Err(error)
            }
        }
    }

    pub(super) fn get(&self) -> Result<Secrets, CustodyError> {
        let kept = self.entry.get_secret().map(Zeroizing::new).map_err(platform::explain)?;
        Secrets::from_kept(&kept).ok_or_else(|| {
            tracing::warn!(entry = %self.token, length = kept.len(), "the keychain item does not hold an identity");
            CustodyError::WrongIdentity
        })
    }

    /// Takes the item out again, as far as the keychain lets us.
    pub(super) fn remove(&self) {
        if let Err(error) = self.entry.delete_credential() {
            tracing::warn!(entry = %self.token, error = %platform::explain(error), "an unused keychain item stays behind");
        }
    }
}

pub(super) fn probe() -> Result<(), CustodyError> {
    platform::probe()
}

/// The store could not even be opened.
fn absent(error: &keyring::Error) -> CustodyError {
    CustodyError::Absent { detail: error.to_string() }
}

/// What the kinds of keychain have in common; `refused` decides the two that they do not.
fn explain(error: keyring::Error, refused: impl FnOnce(keyring::Error) -> CustodyError) -> CustodyError {
    use keyring::Error;
    match error {
        Error::NoEntry => CustodyError::Wiped,
        Error::NoStorageAccess(_) | Error::PlatformFailure(_) => refused(error),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => CustodyError::WrongIdentity,
        Error::Ambiguous(items) => CustodyError::Denied { detail: format!("{} items claim to be this identity", items.len()) },
        // The rest means that this is no keychain that we can use. The library's list may grow.
        other => absent(&other),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
mod platform {
    use std::collections::HashMap;
    use std::error::Error as _;

    use keyring_core::api::CredentialStoreApi;
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error as Cause};
    use zbus_secret_service_keyring_store::Store;

    use super::{CustodyError, SERVICE, absent};

    pub(super) fn entry(token: &str, label: &str) -> keyring::Result<keyring_core::Entry> {
        Store::new()?.build(SERVICE, token, Some(&HashMap::from([("label", label)])))
    }

    /// The store's search would unlock, so the service itself is asked.
    pub(super) fn probe() -> Result<(), CustodyError> {
        let service = SecretService::connect(EncryptionType::Dh).map_err(|cause| because(&cause))?;
        service.get_default_collection().map(drop).map_err(|cause| because(&cause))
    }

    pub(super) fn explain(error: keyring::Error) -> CustodyError {
        super::explain(error, |error| match error.source().and_then(|source| source.downcast_ref::<Cause>()) {
            Some(cause) => because(cause),
            None => absent(&error),
        })
    }

    fn because(cause: &Cause) -> CustodyError {
        match cause {
            Cause::Locked | Cause::Prompt | Cause::PromptDisconnected => CustodyError::Denied { detail: cause.to_string() },
            // The default collection is the only thing that we ask for by name.
            Cause::NoResult => CustodyError::Absent { detail: "it has no default keyring yet".to_owned() },
            _ => CustodyError::Absent { detail: cause.to_string() },
        }
    }
}

#[cfg(any(target_os = "macos", target_os = "windows"))]
mod platform {
    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    use keyring_core::api::CredentialStoreApi;
    #[cfg(target_os = "windows")]
    use windows_native_keyring_store::Store;

    use super::{CustodyError, SERVICE, absent};

    /// This store has no labels: Keychain Access shows the service's name.
    #[cfg(target_os = "macos")]
    pub(super) fn entry(token: &str, _label: &str) -> keyring::Result<keyring_core::Entry> {
        Store::new()?.build(SERVICE, token, None)
    }

    /// No labels here either. A device's key stays on the device: the default would roam with a
    /// company account.
    #[cfg(target_os = "windows")]
    pub(super) fn entry(token: &str, _label: &str) -> keyring::Result<keyring_core::Entry> {
        Store::new()?.build(SERVICE, token, Some(&std::collections::HashMap::from([("persistence", "Local")])))
    }

    /// Asks for an item that never exists.
    pub(super) fn probe() -> Result<(), CustodyError> {
        let entry = Store::new().and_then(|store| store.build(SERVICE, "probe", None)).map_err(|error| absent(&error))?;
        match entry.get_secret() {
            Ok(_) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(explain(error)),
        }
    }

    /// Both systems always have a keychain, so a failure after opening it is a refusal.
    pub(super) fn explain(error: keyring::Error) -> CustodyError {
        super::explain(error, |error| CustodyError::Denied { detail: error.to_string() })
    }
}
