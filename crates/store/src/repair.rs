//! Saving what can be read of a damaged database into a new one, and keeping the damaged one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rooms::limits::{MAX_BRANCHES, MAX_RUN_EVENTS};
use rooms::{Branch, Hlc, LogHead, Verified};
use wire::ids::{ChainHash, Head, LogKey, RoomId};
use wire::message::RawEvent;

use crate::carve::{self, Carved};
use crate::disk::{Broken, Change, Disk, UNREADABLE, sync_dir};
use crate::heads::{self, Filed, Heads};
use crate::key;
use crate::log_index::{self, Filing};
use crate::open::{self, Found, OpenError, Paths, Unfit};
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

/// Rebuilds the database beside the damaged one and lets them change places; the damaged one is
/// kept under a dated name.
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
    for (room, log, filed) in heads.all().filter(|(_, _, filed)| filed.end.head.seq > 0) {
        let key = log_index::find(disk, &heads.name(disk, room, log), filed.end.head.seq);
        let plain = key.and_then(|key| disk.get(&key));
        let event = plain.as_deref().and_then(read_event);
        if event.is_none_or(|event| event.head() != filed.end.head) {
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

/// Events come back log by log from their first on, as far as their chain is whole; what is beyond
/// a hole comes from peers. Logs are cut where what was saved forks: of a fork that is no longer
/// seen peers will tell.
fn rebuild_events(carved: &Carved, new: &Disk) -> Result<(), OpenError> {
    let mut logs: BTreeMap<(RoomId, LogKey), Tree<'_>> = BTreeMap::new();
    for (_, plain) in key::EVENT_SPACES.iter().flat_map(|space| carved.rows(*space)) {
        if let Some(event) = read_event(plain) {
            let before = event.header.seq.saturating_sub(1);
            let after = if before == 0 { START } else { Head { seq: before, chain: event.header.prev } };
            logs.entry((event.header.room, event.log_key())).or_default().entry(after).or_default().insert(event.chain(), plain);
        }
    }
    let heads = carved.rows(key::HEAD).filter_map(|(_, plain)| heads::decode(plain));
    let closed = heads.filter(|(_, log, filed)| filed.end.forked && log.log.is_control());
    let closed: BTreeMap<_, _> = closed.map(|(room, log, filed)| ((room, log), filed.end)).collect();
    let mut saved = Heads::default();
    for (of, tree) in &logs {
        for (log, end) in rebuild_log(new, of, closed.get(of), tree)? {
            saved.file(of.0, log, Filed { end, under: log.log });
        }
    }
    // A log that was closed at its very first event stays closed.
    for ((room, log), end) in closed.iter().filter(|(_, end)| end.head.seq == 0) {
        saved.file(*room, *log, Filed { end: *end, under: log.log });
    }
    for some in open::head_rows(new, &saved).chunks(ROWS_AT_ONCE) {
        new.apply(some.to_vec())?;
    }
    Ok(())
}

/// The events of a log by what they follow on.
type Tree<'a> = BTreeMap<Head, BTreeMap<ChainHash, &'a [u8]>>;

/// What a first event follows on.
const START: Head = Head { seq: 0, chain: ChainHash([0; 32]) };

/// The log and its branches, each up to where it forks or ends.
fn rebuild_log(new: &Disk, of: &(RoomId, LogKey), closed: Option<&LogHead>, tree: &Tree<'_>) -> Result<Vec<(LogKey, LogHead)>, OpenError> {
    let (room, trunk) = of;
    let last = closed.map_or(u32::MAX, |end| end.head.seq);
    let nothing = LogHead { head: START, hlc: Hlc::default(), forked: false, branch: None };
    let mut parts = Vec::new();
    let mut waiting = vec![(*trunk, nothing)];
    while let Some((log, begun)) = waiting.pop() {
        let mut filing = Filing::new(heads::log_name(new, room, &log));
        let (mut end, mut changes) = (begun, Vec::new());
        let mut next = begun.branch.map(|branch| branch.first);
        while end.head.seq < last {
            let Some(follow) = tree.get(&end.head) else { break };
            if next.is_none() && follow.len() > 1 && !trunk.log.is_control() {
                end.forked = true;
                let branches = follow.keys().take(MAX_BRANCHES).map(|first| Branch { of: trunk.log, after: end.head, first: *first });
                waiting.extend(branches.map(|branch| (branch.key(trunk.device), LogHead { forked: false, branch: Some(branch), ..end })));
                break;
            }
            let plain = next.take().map_or_else(|| follow.values().next(), |first| follow.get(&first));
            let Some(event) = plain.and_then(|plain| read_event(plain)) else { break };
            file_event(&event, &mut filing, &mut changes);
            end = LogHead { head: event.head(), hlc: event.header.hlc, ..end };
            if changes.len() >= MAX_RUN_EVENTS {
                filing.put(&mut changes);
                new.apply(std::mem::take(&mut changes))?;
            }
        }
        filing.put(&mut changes);
        new.apply(changes)?;
        end.forked |= closed.is_some_and(|closed| closed.head.seq == end.head.seq);
        if !end.is_empty() || end.forked {
            parts.push((log, end));
        }
    }
    Ok(parts)
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
