//! sled itself. No panic of it gets out.

use std::io;
use std::ops::Bound::{self, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sled::IVec;

use super::meta::Meta;
use crate::seal::Sealer;

/// Page cache. Raised: faster paging far back in large histories. Lowered: less memory, which a
/// member that talks much can fill. sled keeps a page or two in each of its 256 shards all the
/// same, 16 MB.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// How long a database that was closed a moment ago may stay locked.
pub(super) const FREE_WITHIN: Duration = Duration::from_secs(2);
/// Where the index tells of itself: before all rows.
pub(super) const META: [u8; 1] = [0];

/// Why the database cannot be used or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// The system refuses: rights, space, the device.
    #[error(transparent)]
    Io(io::Error),
    /// Damaged, of another form, of another profile, or sled gave up.
    #[error("{0}")]
    Damaged(String),
}

/// What the database says of itself; none if that makes no sense.
pub(super) fn read_meta(db: &sled::Db, sealer: &Sealer) -> sled::Result<Option<Meta>> {
    let sealed = db.get(META)?;
    Ok(sealed.and_then(|sealed| sealer.unseal(&META, &sealed).ok()).and_then(|plain| Meta::decode(&plain)))
}

/// The last block that begins before a bound.
pub(super) fn block_up_to(db: &sled::Db, bound: Bound<&[u8]>) -> sled::Result<Option<(IVec, IVec)>> {
    let block = db.range::<&[u8], _>((Unbounded, bound)).next_back().transpose()?;
    Ok(block.filter(|(first, _)| **first != META))
}

/// Opens it, waiting a moment if the file is still locked. We hold the profile's own lock, so that
/// can only be the last work of sled's threads for a handle that this process has just dropped.
pub(super) fn open_when_free(dir: &Path) -> Result<sled::Db, Unusable> {
    let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let since = Instant::now();
    loop {
        match guarded(|| config.open()) {
            Err(Unusable::Io(e)) if e.to_string().contains("could not acquire lock") && since.elapsed() < FREE_WITHIN => {
                thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Calls sled. It may panic on damage.
pub(super) fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Unusable> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => outcome.map_err(Unusable::from),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Unusable::Damaged(text.unwrap_or("the database gave up").to_owned()))
        }
    }
}

impl From<sled::Error> for Unusable {
    fn from(error: sled::Error) -> Unusable {
        match error {
            sled::Error::Io(e) if is_about_the_system(&e) => Unusable::Io(e),
            error => Unusable::Damaged(error.to_string()),
        }
    }
}

/// Errors that say more about rights, space or the device than about the content of the files.
fn is_about_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock};
    matches!(error.kind(), PermissionDenied | StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem | NotADirectory | WouldBlock)
        || error.to_string().contains("could not acquire lock")
}
