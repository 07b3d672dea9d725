//! Calls that promise to keep something wait here for the disk's word.

use std::collections::VecDeque;

use store::{Mark, Urgency};
use tokio::sync::oneshot;

use super::Core;
use crate::view::Refused;

/// Who waits until everything up to a mark is on disk. Only calls of this device's own clients
/// wait.
#[derive(Default)]
pub(crate) struct Waiting(VecDeque<(Mark, oneshot::Sender<Result<(), Refused>>)>);

impl Core {
    /// Refuses if a write has failed: nothing that is asked for from now on would be kept.
    pub fn check_disk(&self) -> Result<(), Refused> {
        if self.store.has_failed() { Err(Refused::Disk) } else { Ok(()) }
    }

    /// Has everything written so far made durable at once; the receiver hears how that went.
    pub(crate) fn when_kept(&mut self) -> oneshot::Receiver<Result<(), Refused>> {
        let (done, outcome) = oneshot::channel();
        self.waiting.0.push_back((self.store.mark(), done));
        self.sync_soon(Urgency::Own);
        outcome
    }

    pub(crate) fn tell_kept(&mut self, durable: Mark) {
        while self.waiting.0.front().is_some_and(|(mark, _)| *mark <= durable) {
            if let Some((_, done)) = self.waiting.0.pop_front() {
                let _asker_gone = done.send(Ok(()));
            }
        }
    }

    pub(crate) fn tell_not_kept(&mut self) {
        for (_, done) in self.waiting.0.drain(..) {
            let _asker_gone = done.send(Err(Refused::Disk));
        }
    }
}
