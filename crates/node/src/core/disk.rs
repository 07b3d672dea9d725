//! What must be on disk before it counts.

use store::{Mark, Setting, Urgency};
use tokio::sync::oneshot;
use wire::ids::LogKey;

use super::Core;
use crate::view::{AlertKind, Refused};

impl Core {
    /// Refuses if the disk has failed for good: nothing that is asked for from now on would be
    /// kept.
    pub fn check_disk(&self) -> Result<(), Refused> {
        if self.disk.store().has_failed() { Err(Refused::Disk) } else { Ok(()) }
    }

    /// How many writes the disk did not take; a full one may take the next.
    pub(crate) fn refused_writes(&self) -> u64 {
        self.disk.store().refused_writes()
    }

    /// Has everything written so far made durable at once; the receiver hears how that went.
    pub(crate) fn when_kept(&mut self) -> oneshot::Receiver<Result<(), Refused>> {
        self.disk.when_durable()
    }

    /// Everything up to this mark is on disk.
    pub(crate) fn on_durable(&mut self, mark: Mark) {
        for (room, head) in self.disk.on_durable(mark) {
            let key = LogKey { device: self.own.peer(), log: head.log };
            let Some(state) = self.rooms.get_mut(&room) else { continue };
            // A fork that was found meanwhile may have cut it.
            if let Some(end) = state.logs.get(&key) {
                let saved = state.saved.entry(head.log).or_insert(0);
                *saved = head.seq.min(end.head.seq).max(*saved);
                self.notices.saved(room, head.log);
            }
        }
    }

    /// The disk failed to take what was stored.
    pub(crate) fn on_disk_failure(&mut self, detail: String) {
        self.disk.on_failure();
        self.alert(AlertKind::DiskFailing, detail);
    }

    /// Settings and rows are conveniences: a failure to keep one is told, and does not stop
    /// anything.
    pub(super) fn keep_setting(&mut self, setting: Setting, value: &str) {
        if let Err(error) = self.disk.store().put_setting(setting, value) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(Urgency::Row);
    }

    pub(super) fn keep<R: store::Row>(&mut self, row: &R) {
        if let Err(error) = self.disk.store().put(row) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(Urgency::Row);
    }

    pub(super) fn forget<R: store::Row>(&mut self, id: &R::Id) {
        if let Err(error) = self.disk.store().remove::<R>(id) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(Urgency::Row);
    }
}
