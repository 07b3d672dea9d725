//! The profile's store, and the thread that makes durable what was written to it.

use store::{Flusher, Mark, Store, StoreError, Urgency};
use tokio::sync::oneshot;
use wire::ids::RoomId;

use super::durability::{Durability, OwnHead};
use crate::view::Refused;

/// The store and its flusher.
pub(crate) struct Disk {
    store: Store,
    flusher: Flusher,
    durability: Durability,
}

impl Disk {
    pub(crate) fn new(store: Store, flusher: Flusher) -> Self {
        Disk { store, flusher, durability: Durability::default() }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What is written now must be durable soon.
    pub(crate) fn sync_soon(&mut self, urgency: Urgency) {
        self.durability.order(urgency);
    }

    /// At the end of a turn: the flusher is told what was ordered in it. To wake its thread takes
    /// as long as to store an event.
    pub(crate) fn tick(&mut self) {
        if let Some(urgency) = self.durability.take_order() {
            self.flusher.soon(urgency);
        }
    }

    /// Own events that were written just now are *saved* once they are durable.
    pub(crate) fn await_own(&mut self, room: RoomId, head: OwnHead) {
        self.durability.await_own(self.store.mark(), room, head);
    }

    /// Has everything written so far made durable at once; the receiver hears how that went.
    pub(crate) fn when_durable(&mut self) -> oneshot::Receiver<Result<(), Refused>> {
        self.durability.when_durable(self.store.mark())
    }

    /// Everything up to this mark is durable. Gives the own events that are.
    pub(crate) fn on_durable(&mut self, mark: Mark) -> Vec<(RoomId, OwnHead)> {
        self.durability.on_durable(mark)
    }

    pub(crate) fn on_failure(&mut self) {
        self.durability.on_failure();
    }

    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        self.tick();
        // Its last flush must come before the store says that it ended in order.
        drop(self.flusher);
        self.store.close()
    }
}
