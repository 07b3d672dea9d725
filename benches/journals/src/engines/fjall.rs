//! `fjall`: a log-structured merge tree with a journal of its own.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use fjall::config::CompressionPolicy;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::engine::{Engine, row};

pub struct Fjall {
    database: Database,
    rows: Keyspace,
}

impl Engine for Fjall {
    const NAME: &'static str = "fjall";

    fn open(folder: &Path) -> Result<Self> {
        let database = Database::builder(folder).cache_size(8 << 20).journal_compression(CompressionType::None).open()?;
        let options =
            || KeyspaceCreateOptions::default().data_block_compression_policy(CompressionPolicy::disabled()).max_memtable_size(8 << 20);
        let rows = database.keyspace("rows", options)?;
        Ok(Self { database, rows })
    }

    fn next(&self) -> Result<u64> {
        let last = self.rows.last_key_value().map(fjall::Guard::key).transpose()?;
        Ok(last.map_or(0, |key| number(&key) + 1))
    }

    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()> {
        let mut batch = self.database.batch();
        rows.for_each(|number| batch.insert(&self.rows, number.to_be_bytes(), row(number)));
        batch.commit()?;
        if sync {
            self.database.persist(PersistMode::SyncData)?;
        }
        Ok(())
    }

    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let range = rows.start.to_be_bytes()..rows.end.to_be_bytes();
        let found = self.rows.range(range).map(|guard| guard.into_inner().map(|(key, value)| (number(&key), value.to_vec())));
        Ok(found.collect::<fjall::Result<_>>()?)
    }

    fn erase(&mut self, rows: &[u64]) -> Result<()> {
        let mut batch = self.database.batch();
        rows.iter().for_each(|number| batch.remove(&self.rows, number.to_be_bytes()));
        batch.commit()?;
        self.rows.rotate_memtable_and_wait()?;
        self.rows.major_compact()?;
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    fn close(self) -> Result<()> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}

fn number(key: &[u8]) -> u64 {
    key.try_into().map(u64::from_be_bytes).unwrap_or_default()
}
