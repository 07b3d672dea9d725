//! When a punch may send with full strength, and when it is over.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::limits::{LOW_WAIT, PUNCH};

/// Every way of a punch has a copy.
#[derive(Clone)]
pub(super) struct Clock {
    pub(super) start: Instant,
    /// Turns true when the other side has begun; none: it has.
    go: Option<watch::Receiver<bool>>,
}

impl Clock {
    pub(super) fn start(go: Option<watch::Receiver<bool>>) -> Self {
        Self { start: Instant::now(), go }
    }

    /// Waits for the begin, which it returns.
    pub(super) async fn begun(&self) -> Instant {
        let Some(mut go) = self.go.clone() else { return self.start };
        if *go.borrow() {
            return self.start;
        }
        let begun = go.wait_for(|go| *go).await.is_ok();
        if !begun {
            // Nobody is left to say so.
            pending::<()>().await;
        }
        Instant::now()
    }

    /// Waits until the other side has surely begun, `lead` after this one may, and returns that.
    pub(super) async fn earnest(&self, lead: Duration) -> Instant {
        let earnest = later(self.begun().await, lead);
        sleep_until(earnest).await;
        earnest
    }

    /// Waits for the end.
    pub(super) async fn over(&self) {
        if let Ok(begin) = timeout_at(later(self.start, LOW_WAIT), self.begun()).await {
            sleep_until(later(begin, PUNCH)).await;
        }
    }
}

/// A moment that no clock can hold is now.
pub(super) fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}
