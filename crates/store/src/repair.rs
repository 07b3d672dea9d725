//! Saving what can be read of a damaged database into a new one, and keeping the damaged one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rooms::limits::MAX_RUN_EVENTS;
use rooms::{LogHead, Verified};
use wire::ids::{LogKey, RoomId};
use wire::message::RawEvent;

use crate::carve::{self, Carved};
use crate::disk::{Broken, Change, Disk, UNREADABLE, sync_dir};
use crate::heads::{self, Heads};
use crate::key;
use crate::open::{self, Found, OpenError, Paths, Unfit};
use crate::places::{self, Filing};
use crate::seal::Sealer;
use crate::store::{decode_event, file_event};
use crate::tail::Tail;

/// Small rows in one batch of a repair.
const ROWS_AT_ONCE: usize = 256;

/// What came of it.
pub(crate) enum Mended {
    /// A new database with all that could be read.
    Rebuilt { disk: Disk, heads: Heads, aside: PathBuf },
    /// A new database with nothing.
    Nothing { disk: Disk, aside: PathBuf },
}

/// Rebuilds the database beside the damaged one and lets them change places; the damaged one is kept under a dated name.
pub(crate) fn mend(paths: &Paths, tail: &Tail, sealer: &Arc<Sealer>) -> Result<Mended, OpenError> {
    let rebuilt = rebuilt_path(&paths.profile);
    // Left by a repair that was interrupted; it is made anew from the original.
    remove_tree(&rebuilt)?;
    let carved = carve::carve(&paths.db, tail, sealer)?;
    if let Some(found) = carved.schema.filter(|found| *found > open::SCHEMA) {
        return Err(OpenError::TooNew { found });
    }
    // Rows are there, but none is ours: another key. Then the data is left alone.
    if carved.is_empty() && carved.unproven > 0 {
        return Err(OpenError::WrongKey);
    }
    let saved = !carved.is_empty();
    if saved {
        rebuild(&carved, &rebuilt, sealer)?;
    }
    drop(carved);
    let aside = free_name(&paths.profile);
    fs::rename(&paths.db, &aside)?;
    // What is kept is what was there, not what sled made of it.
    tail.restore(&aside.join("db"))?;
    if saved {
        fs::rename(&rebuilt, &paths.db)?;
    }
    remove_file(&paths.db.with_extension(UNREADABLE))?;
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

/// Whether the last event of each log is there and is the one that its head tells of.
pub(crate) fn check_ends(disk: &Disk, heads: &Heads) -> Result<(), Broken> {
    for (room, log, head) in heads.all().filter(|(_, _, head)| head.head.seq > 0) {
        let key = places::find(disk, &heads::log_name(disk, room, log), head.head.seq);
        let plain = key.and_then(|key| disk.get(&key));
        let event = plain.as_deref().and_then(read_event);
        if event.is_none_or(|event| event.head() != head.head) {
            return Err(Broken::Damaged("the end of a log is missing".to_owned()));
        }
    }
    Ok(())
}

/// Makes a new database of what was found.
fn rebuild(carved: &Carved, to: &Path, sealer: &Arc<Sealer>) -> Result<(), OpenError> {
    let new = Disk::open(to, sealer.clone()).map_err(|e| match e {
        Broken::Io(e) => OpenError::Io(e),
        Broken::Damaged(why) => OpenError::Io(io::Error::other(why)),
    })?;
    open::first_rows(&new)?;
    for space in key::BOOK_SPACES {
        let rows: Vec<(&[u8], &[u8])> = carved.rows(space).collect();
        for some in rows.chunks(ROWS_AT_ONCE) {
            new.apply(some.iter().map(|(key, plain)| Change::Put { key: key.to_vec(), plain: plain.to_vec() }).collect())?;
        }
    }
    rebuild_events(carved, &new)?;
    new.sync()?;
    new.sync_names()?;
    Ok(())
}

/// Events come back log by log from their first on, as far as their chain is whole; what is beyond a hole comes from peers.
fn rebuild_events(carved: &Carved, new: &Disk) -> Result<(), OpenError> {
    let mut logs: BTreeMap<(RoomId, LogKey), BTreeMap<u32, &[u8]>> = BTreeMap::new();
    for (_, plain) in key::EVENT_SPACES.iter().flat_map(|space| carved.rows(*space)) {
        if let Some(event) = read_event(plain) {
            logs.entry((event.header.room, event.log_key())).or_default().insert(event.header.seq, plain);
        }
    }
    let heads = carved.rows(key::HEAD).filter_map(|(_, plain)| heads::decode(plain));
    let closed: BTreeMap<_, _> = heads.filter(|(_, _, head)| head.forked).map(|(room, log, head)| ((room, log), head)).collect();
    let mut saved = Heads::default();
    for (of, events) in &logs {
        let filing = Filing::new(heads::log_name(new, &of.0, &of.1));
        if let Some(head) = rebuild_log(new, filing, closed.get(of), events)? {
            saved.set(of.0, of.1, head);
        }
    }
    // A log that was closed at its very first event stays closed.
    for ((room, log), head) in closed.iter().filter(|(_, head)| head.head.seq == 0) {
        saved.set(*room, *log, *head);
    }
    for some in open::head_rows(new, &saved).chunks(ROWS_AT_ONCE) {
        new.apply(some.to_vec())?;
    }
    Ok(())
}

fn rebuild_log(
    new: &Disk,
    mut filing: Filing,
    closed: Option<&LogHead>,
    events: &BTreeMap<u32, &[u8]>,
) -> Result<Option<LogHead>, OpenError> {
    let last = closed.map_or(u32::MAX, |head| head.head.seq);
    let mut end: Option<LogHead> = None;
    let mut changes = Vec::new();
    for (expected, (seq, plain)) in (1..=last).zip(events) {
        let Some(event) = read_event(plain) else { break };
        if *seq != expected || end.is_some_and(|end| end.head.chain != event.header.prev) {
            break;
        }
        file_event(&event, &mut filing, &mut changes);
        end = Some(LogHead { head: event.head(), hlc: event.header.hlc, forked: closed.is_some_and(|log| log.head.seq == *seq) });
        if changes.len() >= MAX_RUN_EVENTS {
            filing.put(&mut changes);
            new.apply(std::mem::take(&mut changes))?;
        }
    }
    filing.put(&mut changes);
    new.apply(changes)?;
    Ok(end)
}

fn read_event(plain: &[u8]) -> Option<Verified> {
    let (proof, raw) = decode_event(plain)?;
    Verified::from_store(RawEvent(raw.into()), proof).ok()
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
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
}
