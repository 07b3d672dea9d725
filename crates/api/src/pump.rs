//! Carries notices to a client with a screen: at once when little happens, in batches when much
//! does.

use std::time::Duration;

use crate::hub::Notices;
use crate::types::Numbered;

/// Pause after a batch: about one frame of the screen. Longer shows messages late, shorter makes
/// the client work more for the same picture.
const BETWEEN_BATCHES: Duration = Duration::from_millis(16);
/// Notices in one batch. The way to a page has no back-pressure, so a larger batch is cut down to
/// its last notice; the client then sees a gap in the numbers and asks for a snapshot, which costs
/// less than applying a thousand changes.
const MAX_BATCH: usize = 1_000;

/// Hands notices to `send` in batches. Ends when `send` gives false because the client is gone, or
/// when the session is gone.
pub async fn carry(mut notices: Notices, mut send: impl FnMut(Vec<Numbered>) -> bool) {
    while let Some(batch) = notices.next().await {
        if !send(at_most(batch, MAX_BATCH)) {
            tracing::debug!("the client is gone; its notices end");
            return;
        }
        tokio::time::sleep(BETWEEN_BATCHES).await;
    }
}

fn at_most(mut batch: Vec<Numbered>, limit: usize) -> Vec<Numbered> {
    if batch.len() > limit {
        tracing::debug!(notices = batch.len(), "too many at once; the client will ask for a snapshot");
        batch.drain(..batch.len() - 1);
    }
    batch
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;
    use crate::hub::Hub;
    use crate::types::Notice;

    fn notice() -> Notice {
        Notice::NearbyChanged { nearby: Vec::new() }
    }

    fn batch(count: u64) -> Vec<Numbered> {
        (1..=count).map(|seq| Numbered { seq, notice: notice() }).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn one_notice_comes_at_once_and_those_right_after_it_together() {
        let hub = Hub::default();
        let (send, mut batches) = mpsc::channel(4);
        tokio::spawn(carry(hub.subscribe(), move |batch| send.try_send(batch.len()).is_ok()));
        let began = Instant::now();
        hub.publish(vec![notice()]);
        assert_eq!(batches.recv().await, Some(1));
        assert!(began.elapsed().is_zero());
        for _ in 0..3 {
            hub.publish(vec![notice()]);
        }
        assert_eq!(batches.recv().await, Some(3));
        assert!(began.elapsed() >= BETWEEN_BATCHES);
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
