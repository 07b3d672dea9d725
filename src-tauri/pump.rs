//! Carries notices from the engine to the page: at once when little happens, in batches when much
//! does.

use std::sync::Mutex;
use std::time::Duration;

use api::session::Notices;
use api::types::Numbered;
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;

/// Pause after a batch: about one frame of the screen. Longer shows messages late, shorter makes
/// the page work more for the same picture.
const BETWEEN_BATCHES: Duration = Duration::from_millis(16);
/// Notices in one batch. The channel has no back-pressure, so a larger batch is cut down to its
/// last notice; the page then sees a gap in the numbers and asks for a snapshot, which costs less
/// than applying a thousand changes.
const MAX_BATCH: usize = 1_000;

/// The running flow of notices, if any. A reloaded page subscribes again and thereby ends the flow
/// into its former channel.
#[derive(Default)]
pub(crate) struct Pump {
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Pump {
    pub(crate) fn start(&self, notices: Notices, channel: Channel<Vec<Numbered>>) {
        let task = tauri::async_runtime::spawn(carry(notices, channel));
        let mut running = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(former) = running.replace(task) {
            former.abort();
        }
    }
}

async fn carry(mut notices: Notices, channel: Channel<Vec<Numbered>>) {
    while let Some(batch) = notices.next().await {
        if channel.send(at_most(batch, MAX_BATCH)).is_err() {
            tracing::debug!("the page is gone; its notices end");
            return;
        }
        tokio::time::sleep(BETWEEN_BATCHES).await;
    }
}

fn at_most(mut batch: Vec<Numbered>, limit: usize) -> Vec<Numbered> {
    if batch.len() > limit {
        tracing::debug!(notices = batch.len(), "too many at once; the page will ask for a snapshot");
        batch.drain(..batch.len() - 1);
    }
    batch
}

#[cfg(test)]
mod tests {
    use api::types::Notice;

    use super::*;

    fn batch(count: u64) -> Vec<Numbered> {
        (1..=count).map(|seq| Numbered { seq, notice: Notice::NearbyChanged { nearby: Vec::new() } }).collect()
    }

    #[test]
    fn a_batch_within_the_limit_is_passed_on_whole() {
        assert_eq!(at_most(batch(3), 3), batch(3));
    }

    #[test]
    fn a_batch_above_the_limit_leaves_a_gap_that_the_page_sees() {
        let cut = at_most(batch(4), 3);
        assert_eq!(cut.iter().map(|numbered| numbered.seq).collect::<Vec<_>>(), [4]);
    }
}
