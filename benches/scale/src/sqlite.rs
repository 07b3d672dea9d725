//! The same rows in SQLite: WAL, one index, not sealed.

use std::path::Path;

use rooms::{Position, Verified};
use rusqlite::{Connection, params};

use crate::engine::Engine;

pub struct Sqlite(Connection);

impl Engine for Sqlite {
    fn open(folder: &Path) -> Self {
        let db = Connection::open(folder.join("rows.sqlite")).expect("it opens");
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS events (place BLOB NOT NULL, event BLOB NOT NULL);
             CREATE INDEX IF NOT EXISTS by_place ON events (place);",
        )
        .expect("it is SQL");
        // What opening is for: the first page.
        let _none_yet: Result<Vec<u8>, _> = db.query_row("SELECT event FROM events ORDER BY place DESC LIMIT 1", [], |row| row.get(0));
        Sqlite(db)
    }

    fn append(&self, events: &[Verified]) {
        self.0.execute_batch("BEGIN").expect("it begins");
        let mut insert = self.0.prepare_cached("INSERT INTO events VALUES (?, ?)").expect("it is SQL");
        for event in events {
            insert.execute(params![&event.position().to_key()[..], &*event.raw().0]).expect("the disk has room");
        }
        self.0.execute_batch("COMMIT").expect("the disk has room");
    }

    fn page(&self, around: Position) -> usize {
        let key = around.to_key();
        let read = |sql: &str| {
            let mut rows = self.0.prepare_cached(sql).expect("it is SQL");
            let events = rows.query_map([&key[..]], |row| row.get::<_, Vec<u8>>(0)).expect("it can be read");
            events.filter_map(Result::ok).count()
        };
        read("SELECT event FROM events WHERE place < ? ORDER BY place DESC LIMIT 25")
            + read("SELECT event FROM events WHERE place >= ? ORDER BY place LIMIT 25")
    }

    fn find(&self, event: &Verified) -> bool {
        let key = event.position().to_key();
        self.0.query_row("SELECT 1 FROM events WHERE place = ?", [&key[..]], |_| Ok(())).is_ok()
    }

    fn close(self) {
        self.0.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("the disk works");
    }
}
