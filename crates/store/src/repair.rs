//! Repair: saves what can be read of a damaged database into a new one, and keeps the damaged one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rooms::limits::{MAX_BRANCHES, MAX_RUN_EVENTS};
use rooms::{Branch, Hlc, LogHead};
use wire::ids::{ChainHash, Head, LogKey, RoomId};

use crate::disk::{Disk, UNREADABLE};
use crate::error::{Broken, OpenError};
use crate::event_row::{self, file_event};
use crate::examine::{self, Found, Unfit};
use crate::files::sync_dir;
use crate::heads::{self, Filed, Heads};
use crate::key::{self, SCHEMA};
use crate::log_index::Filing;
use crate::newest_segments::NewestSegments;
use crate::paths::{Paths, free_name, rebuilt_path};
use crate::row::Change;
use crate::salvage::{self, Salvaged};
use crate::seal::Sealer;

/// Small rows in one batch of a repair.
const ROWS_AT_ONCE: usize = 256;

/// The outcome of a repair.
pub(crate) enum Mended {
    /// A new database with all that could be read.
    Rebuilt { disk: Disk, heads: Heads, aside: PathBuf },
    /// A new database with nothing.
    Nothing { disk: Disk, aside: PathBuf },
}

/// Rebuilds the database beside the damaged one and swaps the two. The damaged one is kept under a
/// dated name.
pub(crate) fn mend(paths: &Paths, newest: &NewestSegments, sealer: &Arc<Sealer>) -> Result<Mended, OpenError> {
    let rebuilt = rebuilt_path(&paths.profile);
    // Left by a repair that was interrupted; it is made anew from the original.
    remove_tree(&rebuilt)?;
    let salvaged = salvage::salvage(&paths.db, newest, sealer)?;
    if let Some(found) = salvaged.schema.filter(|found| *found > SCHEMA) {
        return Err(OpenError::TooNew { found });
    }
    // Rows are there, but none is ours: another key. Then the data is left alone.
    if salvaged.is_empty() && salvaged.unproven > 0 {
        return Err(OpenError::WrongKey);
    }
    let saved = !salvaged.is_empty();
    if saved {
        rebuild(&salvaged, &rebuilt, sealer)?;
    }
    drop(salvaged);
    let aside = free_name(&paths.profile);
    fs::rename(&paths.db, &aside)?;
    // What is kept is what was there, not what sled made of it.
    newest.restore(&aside.join("db"))?;
    if saved {
        fs::rename(&rebuilt, &paths.db)?;
    }
    remove_file(&paths.db.with_extension(UNREADABLE))?;
    sync_dir(&paths.profile)?;
    tracing::warn!(aside = %aside.display(), saved, "the damaged store was set aside");
    match examine::examine(&paths.db, sealer) {
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

/// Makes a new database of what was found.
fn rebuild(salvaged: &Salvaged, to: &Path, sealer: &Arc<Sealer>) -> Result<(), OpenError> {
    let new = Disk::open(to, sealer.clone()).map_err(|e| match e {
        Broken::Io(e) => OpenError::Io(e),
        Broken::Damaged(why) => OpenError::Io(io::Error::other(why)),
    })?;
    examine::first_rows(&new)?;
    for space in key::RECORD_SPACES {
        let rows: Vec<(&[u8], &[u8])> = salvaged.rows(space).collect();
        for some in rows.chunks(ROWS_AT_ONCE) {
            new.apply(some.iter().map(|(key, plain)| Change::Put { key: key.to_vec(), plain: plain.to_vec() }).collect())?;
        }
    }
    rebuild_events(salvaged, &new)?;
    new.sync()?;
    new.sync_names()?;
    Ok(())
}

/// Restores events log by log, from the first on, as far as the chain is whole. What lies beyond a
/// hole comes from peers. Logs are cut where the saved events fork; of forks that are no longer
/// seen peers will tell.
fn rebuild_events(salvaged: &Salvaged, new: &Disk) -> Result<(), OpenError> {
    let mut logs: BTreeMap<(RoomId, LogKey), Tree<'_>> = BTreeMap::new();
    for (_, plain) in key::EVENT_SPACES.iter().flat_map(|space| salvaged.rows(*space)) {
        if let Some(event) = event_row::read(plain) {
            let before = event.header.seq.saturating_sub(1);
            let after = if before == 0 { START } else { Head { seq: before, chain: event.header.prev } };
            logs.entry((event.header.room, event.log_key())).or_default().entry(after).or_default().insert(event.chain(), plain);
        }
    }
    let heads = salvaged.rows(key::HEAD).filter_map(|(_, plain)| heads::decode(plain));
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
    for some in head_rows(new, &saved).chunks(ROWS_AT_ONCE) {
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
            let Some(event) = plain.and_then(|plain| event_row::read(plain)) else { break };
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

/// The row of a head, for databases made during a repair.
fn head_rows(disk: &Disk, heads: &Heads) -> Vec<Change> {
    heads.all().map(|(room, log, filed)| heads::row(disk, room, log, filed)).collect()
}
