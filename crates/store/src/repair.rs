//! Saving what can be read from a damaged database, on copies, and keeping the original.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Bound::{Excluded, Included};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rooms::limits::MAX_RUN_EVENTS;
use rooms::{LogHead, Verified};
use wire::ids::{LogKey, RoomId};
use wire::message::RawEvent;

use crate::disk::{Broken, Change, Disk, sync_dir};
use crate::heads::{self, Heads};
use crate::key;
use crate::open::{self, Found, OpenError, Paths, Unfit};
use crate::seal::Sealer;
use crate::store::{decode_event, event_rows};

/// Steps over unreadable pages before a key space is given up. Each is four times as wide as the one before, so these reach its end.
const MAX_JUMPS: u32 = 100;

/// First step over an unreadable page: one second of hybrid time.
const FIRST_JUMP: u128 = 1000 << 16;

/// What came of it.
pub(crate) enum Mended {
    /// A new database with all that could be read.
    Rebuilt { disk: Disk, heads: Heads, aside: PathBuf },
    /// A new database with nothing.
    Nothing { disk: Disk, aside: PathBuf },
}

/// Rebuilds the database beside the damaged one and lets them change places; the damaged one is kept under a dated name.
pub(crate) fn mend(paths: &Paths, sealer: &Arc<Sealer>) -> Result<Mended, OpenError> {
    let (copy, rebuilt) = (paths.profile.join("store.copy"), rebuilt_path(&paths.profile));
    // Left by a repair that was interrupted; both are made anew from the original.
    remove_tree(&copy)?;
    remove_tree(&rebuilt)?;
    let mut saved = false;
    for snapshot in [Snapshot::Drop, Snapshot::Keep] {
        copy_tree(&paths.db, &copy, snapshot)?;
        saved = salvage(&copy, &rebuilt, sealer)?;
        remove_tree(&copy)?;
        if saved {
            break;
        }
        remove_tree(&rebuilt)?;
    }
    let aside = free_name(&paths.profile);
    fs::rename(&paths.db, &aside)?;
    if saved {
        fs::rename(&rebuilt, &paths.db)?;
    }
    sync_dir(&paths.profile)?;
    tracing::warn!(aside = %aside.display(), saved, "the damaged store was set aside");
    match open::examine(&paths.db, sealer) {
        Ok(Found::Sound(disk, heads)) => Ok(Mended::Rebuilt { disk, heads, aside }),
        Ok(Found::Empty(disk)) => Ok(Mended::Nothing { disk, aside }),
        Err(Unfit::Io(e)) => Err(OpenError::Io(e)),
        Err(Unfit::TooNew(found)) => Err(OpenError::TooNew { found }),
        Err(Unfit::WrongKey) => Err(OpenError::WrongKey),
        Err(Unfit::Damaged(why)) => Err(OpenError::Io(io::Error::other(format!("a new store is damaged: {why}")))),
    }
}

/// If a repair was interrupted between the two renames, only the second is missing.
pub(crate) fn finish_interrupted(paths: &Paths) -> io::Result<()> {
    let rebuilt = rebuilt_path(&paths.profile);
    if !paths.db.exists() && rebuilt.exists() {
        fs::rename(rebuilt, &paths.db)?;
        sync_dir(&paths.profile)?;
    }
    Ok(())
}

/// Keeps a copy of the database under a dated name before something irreversible happens to it.
pub(crate) fn keep_copy(paths: &Paths) -> io::Result<PathBuf> {
    let aside = free_name(&paths.profile);
    copy_tree(&paths.db, &aside, Snapshot::Keep)?;
    Ok(aside)
}

/// Whether the last event of each log is there and is the one that its head tells of.
pub(crate) fn check_ends(disk: &Disk, heads: &Heads) -> Result<(), Broken> {
    for (room, log, head) in heads.all().filter(|(_, _, head)| head.head.seq > 0) {
        let (room, device) = heads::names(disk, room, &log.device);
        let location = disk.get(&key::log(&room, &device, log.log.0, head.head.seq));
        let plain = location.and_then(|location| disk.get(&key::of_location(&room, &location)?));
        let event = plain.as_deref().and_then(read_event);
        if event.is_none_or(|event| event.head() != head.head) {
            return Err(Broken::Damaged("the end of a log is missing".to_owned()));
        }
    }
    Ok(())
}

/// Copies what can be read of one database into a new one; false if that is nothing.
fn salvage(from: &Path, to: &Path, sealer: &Arc<Sealer>) -> Result<bool, OpenError> {
    let Ok(old) = Disk::open(from, sealer.clone()) else { return Ok(false) };
    // Under another key all would look damaged; then the data is left alone.
    if let Ok(Some(proof)) = old.get_raw(key::PROOF)
        && sealer.unseal(key::PROOF, &proof).is_err()
    {
        return Err(OpenError::WrongKey);
    }
    let new = Disk::open(to, sealer.clone()).map_err(|e| match e {
        Broken::Io(e) => OpenError::Io(e),
        Broken::Damaged(why) => OpenError::Io(io::Error::other(why)),
    })?;
    let rows = salvage_book(&old, &new)?;
    let events = salvage_events(&old, &new)?;
    if rows + events == 0 {
        return Ok(false);
    }
    open::first_rows(&new)?;
    new.sync()?;
    new.sync_names()?;
    tracing::warn!(rows, events, "saved from a damaged store");
    Ok(true)
}

fn salvage_book(old: &Disk, new: &Disk) -> Result<u64, OpenError> {
    let mut changes = Vec::new();
    for space in key::BOOK_SPACES {
        readable_rows(old, space, |key, plain| changes.push(Change::Put { key: key.to_vec(), plain }));
    }
    let rows = changes.len() as u64;
    new.apply(changes)?;
    Ok(rows)
}

/// Events come back log by log from their first on, as far as their chain is whole; what is beyond a hole comes from peers.
fn salvage_events(old: &Disk, new: &Disk) -> Result<u64, OpenError> {
    let mut logs: BTreeMap<(RoomId, LogKey), BTreeMap<u32, Vec<u8>>> = BTreeMap::new();
    for space in key::EVENT_SPACES {
        readable_rows(old, space, |key, plain| {
            if let Some(event) = read_event(&plain) {
                logs.entry((event.header.room, event.log_key())).or_default().insert(event.header.seq, key.to_vec());
            }
        });
    }
    let mut closed = BTreeMap::new();
    readable_rows(old, key::HEAD, |_, plain| {
        if let Some((room, log, head)) = heads::decode(&plain)
            && head.forked
        {
            closed.insert((room, log), head);
        }
    });
    let mut saved = Heads::default();
    for ((room, log), keys) in logs {
        if let Some(head) = salvage_log(old, new, closed.get(&(room, log)), &keys)? {
            saved.set(room, log, head);
        }
    }
    // A closed log stays closed also if nothing of it was left.
    for ((room, log), head) in closed {
        if saved.get(&room, &log).is_none() && head.head.seq == 0 {
            saved.set(room, log, head);
        }
    }
    new.apply(open::head_rows(new, &saved))?;
    Ok(saved.events())
}

fn salvage_log(old: &Disk, new: &Disk, closed: Option<&LogHead>, keys: &BTreeMap<u32, Vec<u8>>) -> Result<Option<LogHead>, OpenError> {
    let last = closed.map_or(u32::MAX, |head| head.head.seq);
    let mut end: Option<LogHead> = None;
    let mut changes = Vec::new();
    for (expected, (seq, key)) in (1..=last).zip(keys) {
        let Some(event) = old.get(key).as_deref().and_then(read_event) else { break };
        if *seq != expected || end.is_some_and(|end| end.head.chain != event.header.prev) {
            break;
        }
        event_rows(new, &event, &mut changes);
        end = Some(LogHead { head: event.head(), hlc: event.header.hlc, forked: closed.is_some() && *seq == last });
        if changes.len() >= 2 * MAX_RUN_EVENTS {
            new.apply(std::mem::take(&mut changes))?;
        }
    }
    new.apply(changes)?;
    Ok(end)
}

/// Calls `each` with every row of a key space that can be read, stepping over pages that cannot.
fn readable_rows(disk: &Disk, space: u8, mut each: impl FnMut(&[u8], Vec<u8>)) {
    let (mut from, end) = (vec![space], vec![space.saturating_add(1)]);
    let (mut jump, mut jumps) = (FIRST_JUMP, 0);
    loop {
        let unreadable = disk.unreadable();
        for (key, value) in disk.scan(Included(from.clone()), Excluded(end.clone())) {
            if let Ok(plain) = disk.sealer().unseal(&key, &value) {
                each(&key, plain);
            }
            (jump, jumps) = (FIRST_JUMP, 0);
            from = key.to_vec();
        }
        if disk.unreadable() == unreadable || jumps == MAX_JUMPS {
            return;
        }
        let Some(next) = beyond(&from, jump) else { return };
        (from, jump, jumps) = (next, jump.saturating_mul(4), jumps + 1);
    }
}

/// A key `jump` further on, counting bytes 1 to 24 (a room and a time, or the like) as one number.
fn beyond(key: &[u8], jump: u128) -> Option<Vec<u8>> {
    let mut wide = key.to_vec();
    wide.resize(25, 0);
    let (space, rest) = wide.split_first()?;
    let (high, low) = (u64::from_be_bytes(*rest.first_chunk()?), u128::from_be_bytes(*rest.last_chunk()?));
    let (low, carry) = low.overflowing_add(jump);
    let high = high.checked_add(u64::from(carry))?;
    let mut next = vec![*space];
    next.extend_from_slice(&high.to_be_bytes());
    next.extend_from_slice(&low.to_be_bytes());
    Some(next)
}

fn read_event(plain: &[u8]) -> Option<Verified> {
    let (proof, raw) = decode_event(plain)?;
    Verified::from_store(RawEvent(raw.into()), proof).ok()
}

/// Whether sled's snapshot goes along. Without one it reads its whole log, which helps if the snapshot is what is damaged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Snapshot {
    Keep,
    Drop,
}

fn copy_tree(from: &Path, to: &Path, snapshot: Snapshot) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target, snapshot)?;
        } else if snapshot == Snapshot::Keep || !entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn rebuilt_path(profile: &Path) -> PathBuf {
    profile.join("store.rebuilt")
}

/// `store.damaged-20260131-235959`, with a number if that is taken.
fn free_name(profile: &Path) -> PathBuf {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let base = format!("store.damaged-{}", date(seconds));
    let names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
    names.map(|name| profile.join(name)).find(|path| !path.exists()).unwrap_or_else(|| profile.join(base))
}

/// `yyyymmdd-hhmmss` UTC, by the proleptic Gregorian calendar (Howard Hinnant's days-to-civil).
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        assert_eq!(date(0), "19700101-000000");
        assert_eq!(date(951_782_399), "20000228-235959");
        assert_eq!(date(951_782_400), "20000229-000000");
        assert_eq!(date(1_767_225_599), "20251231-235959");
    }

    #[test]
    fn jumps_move_on_and_carry() {
        let key = [&[b'E'][..], &[0xff; 8], &[0; 16]].concat();
        assert!(beyond(&key, FIRST_JUMP).expect("there is room").as_slice() > key.as_slice());
        let full = [&[b'E'][..], &[1; 8], &[0xff; 16]].concat();
        assert_eq!(beyond(&full, 1).map(|k| k[8]), Some(2));
        assert_eq!(beyond(&[&[b'E'][..], &[0xff; 24]].concat(), 1), None);
    }
}
