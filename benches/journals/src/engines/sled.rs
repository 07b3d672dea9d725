//! `sled`, as the store has it today: a batch of rows, and `fdatasync` of its file by ourselves.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;

use crate::engine::{Engine, row};

pub struct Sled {
    db: sled::Db,
    file: std::fs::File,
}

impl Engine for Sled {
    const NAME: &'static str = "sled";
    const ERASES: bool = false;

    fn open(folder: &Path) -> Result<Self> {
        let db = sled::Config::new().path(folder).cache_capacity(8 << 20).flush_every_ms(None).open()?;
        Ok(Self { db, file: std::fs::File::open(folder.join("db"))? })
    }

    fn next(&self) -> Result<u64> {
        Ok(self.db.last()?.map_or(0, |(key, _)| number(&key) + 1))
    }

    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()> {
        let mut batch = sled::Batch::default();
        rows.for_each(|number| batch.insert(&number.to_be_bytes(), row(number)));
        self.db.apply_batch(batch)?;
        if sync {
            self.db.flush()?;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let found = self.db.range(rows.start.to_be_bytes()..rows.end.to_be_bytes());
        Ok(found.map(|entry| entry.map(|(key, value)| (number(&key), value.to_vec()))).collect::<sled::Result<_>>()?)
    }

    fn erase(&mut self, rows: &[u64]) -> Result<()> {
        let mut batch = sled::Batch::default();
        rows.iter().for_each(|number| batch.remove(&number.to_be_bytes()));
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        Ok(())
    }

    fn close(self) -> Result<()> {
        self.db.flush()?;
        Ok(self.file.sync_all()?)
    }
}

fn number(key: &[u8]) -> u64 {
    key.try_into().map(u64::from_be_bytes).unwrap_or_default()
}
