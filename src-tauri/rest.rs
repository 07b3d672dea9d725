//! Before the end: the page hands over what was typed and is only there, while the engine still
//! takes it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// How long the page may take. A page that hangs must not keep a closed window open; shorter loses
/// words on a busy computer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far the page is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Ending,
    Rested,
}

/// What the shell and the page tell each other about the end.
pub(crate) struct Rest {
    phase: watch::Sender<Phase>,
    /// A page has asked to be told; without one there is nobody to wait for.
    heard: AtomicBool,
}

impl Default for Rest {
    fn default() -> Rest {
        Rest { phase: watch::Sender::new(Phase::Running), heard: AtomicBool::new(false) }
    }
}

impl Rest {
    /// Comes back when the program is about to end.
    pub(crate) async fn await_end(&self) {
        self.heard.store(true, Ordering::Relaxed);
        let mut phase = self.phase.subscribe();
        // The sender lives as long as the program.
        let _lasts = phase.wait_for(|phase| *phase != Phase::Running).await;
    }

    pub(crate) fn rested(&self) {
        self.phase.send_replace(Phase::Rested);
    }

    fn is_over(&self) -> bool {
        *self.phase.borrow() == Phase::Rested
    }

    /// Tells the page, and waits until it holds nothing any more or `patience` is over.
    async fn put_down(&self, patience: Duration) {
        if !self.heard.load(Ordering::Relaxed) {
            self.rested();
        }
        self.phase.send_if_modified(|phase| {
            let tell = *phase == Phase::Running;
            if tell {
                *phase = Phase::Ending;
            }
            tell
        });
        let mut phase = self.phase.subscribe();
        if tokio::time::timeout(patience, phase.wait_for(|phase| *phase == Phase::Rested)).await.is_err() {
            tracing::warn!(seconds = patience.as_secs(), "the page did not rest in time");
        }
        self.rested();
    }
}

/// Has the page put down what it holds.
pub(crate) async fn put_down(app: &AppHandle) {
    app.state::<Rest>().put_down(PATIENCE).await;
}

/// Whether the window may go.
pub(crate) fn is_over(app: &AppHandle) -> bool {
    app.state::<Rest>().is_over()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_a_page_that_still_writes() {
        let rest = Arc::new(Rest::default());
        let page = tokio::spawn({
            let rest = rest.clone();
            async move {
                rest.await_end().await;
                tokio::time::sleep(PATIENCE / 2).await;
                rest.rested();
            }
        });
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        rest.put_down(PATIENCE).await;
        assert_eq!(began.elapsed(), PATIENCE / 2);
        page.await.expect("the page ends");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_hangs_keeps_the_program_for_a_second_only() {
        let rest = Rest::default();
        rest.heard.store(true, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        rest.put_down(PATIENCE).await;
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_page_nobody_waits() {
        let began = tokio::time::Instant::now();
        Rest::default().put_down(PATIENCE).await;
        assert!(began.elapsed().is_zero());
    }
}
