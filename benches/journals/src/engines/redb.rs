//! `redb`: a copy-on-write B-tree in one file.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::engine::{Engine, row};

const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");

pub struct Redb(Database);

impl Redb {
    fn write(&self, sync: bool, change: impl FnOnce(&mut redb::Table<'_, u64, &'static [u8]>) -> Result<()>) -> Result<()> {
        let mut write = self.0.begin_write()?;
        write.set_durability(if sync { Durability::Immediate } else { Durability::None })?;
        change(&mut write.open_table(ROWS)?)?;
        Ok(write.commit()?)
    }
}

impl Engine for Redb {
    const NAME: &'static str = "redb";

    fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let redb = Self(Builder::new().set_cache_size(8 << 20).create(folder.join("rows.redb"))?);
        redb.write(true, |_| Ok(()))?;
        Ok(redb)
    }

    fn next(&self) -> Result<u64> {
        let last = self.0.begin_read()?.open_table(ROWS)?.last()?.map(|(number, _)| number.value() + 1);
        Ok(last.unwrap_or(0))
    }

    fn append(&mut self, rows: Range<u64>, sync: bool) -> Result<()> {
        self.write(sync, |table| {
            for number in rows {
                table.insert(number, row(number).as_slice())?;
            }
            Ok(())
        })
    }

    fn read(&self, rows: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let table = self.0.begin_read()?.open_table(ROWS)?;
        table.range(rows)?.map(|entry| entry.map(|(number, value)| (number.value(), value.value().to_vec())).map_err(Into::into)).collect()
    }

    fn erase(&mut self, rows: &[u64]) -> Result<()> {
        self.write(true, |table| {
            for number in rows {
                table.remove(number)?;
            }
            Ok(())
        })?;
        while self.0.compact()? {}
        Ok(())
    }

    fn close(self) -> Result<()> {
        self.write(true, |_| Ok(()))
    }
}
