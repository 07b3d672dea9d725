//! Our store.

use std::path::Path;

use rooms::{Hlc, Position, Verified};
use store::{Anchor, Store};

use crate::engine::Engine;
use crate::trial::ROOM;

pub struct Ours(Store);

impl Engine for Ours {
    fn open(folder: &Path) -> Self {
        Ours(store::open(folder, &[3; 32]).unwrap_or_else(|error| panic!("{error}")).store)
    }

    fn append(&self, events: &[Verified]) {
        self.0.append(events).expect("the disk has room");
    }

    fn page(&self, around: Position) -> usize {
        self.0.page(&ROOM, Anchor::Around(around), 50, Hlc(u64::MAX)).entries.len()
    }

    fn find(&self, event: &Verified) -> bool {
        self.0.find(&ROOM, &event.id()).is_some()
    }

    fn close(self) {
        self.0.close().expect("the disk works");
    }
}
