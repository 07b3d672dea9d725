//! `raft-engine`: the log of TiKV. Entries of one log are removed from the front only.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use raft_engine::{Config, LogBatch, MessageExt, ReadableSize, RecoveryMode};
use raft_proto::eraftpb::Entry;

use crate::engine::{Engine, row};

const LOG: u64 = 1;

pub struct Raft(raft_engine::Engine);

#[derive(Clone)]
struct Kind;

impl MessageExt for Kind {
    type Entry = Entry;

    fn index(entry: &Entry) -> u64 {
        entry.index
    }
}

impl Engine for Raft {
    const NAME: &'static str = "raft-engine";
    const ERASES: bool = false;

    fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let config = Config {
            dir: folder.to_string_lossy().into_owned(),
            batch_compression_threshold: ReadableSize::kb(0),
            target_file_size: ReadableSize::mb(64),
            recovery_mode: RecoveryMode::TolerateAnyCorruption,
            enable_log_recycle: false,
            ..Config::default()
        };
        Ok(Self(raft_engine::Engine::open(config)?))
    }

    fn next(&self) -> Result<u64> {
        Ok(self.0.last_index(LOG).map_or(0, |index| index + 1))
    }

    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()> {
        let entries: Vec<Entry> = rows.map(|number| Entry { index: number, data: row(number).into(), ..Entry::default() }).collect();
        let mut batch = LogBatch::with_capacity(1);
        batch.add_entries::<Kind>(LOG, &entries)?;
        self.0.write(&mut batch, sync)?;
        Ok(())
    }

    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut entries = Vec::new();
        self.0.fetch_entries_to::<Kind>(LOG, rows.start, rows.end, None, &mut entries)?;
        Ok(entries.into_iter().map(|entry| (entry.index, entry.data.to_vec())).collect())
    }

    fn erase(&mut self, _rows: &[u64]) -> Result<()> {
        self.0.purge_expired_files()?;
        Ok(())
    }

    fn close(self) -> Result<()> {
        Ok(self.0.sync()?)
    }
}
