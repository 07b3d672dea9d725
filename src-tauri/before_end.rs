//! Before the end: the page saves what was typed and is only there, while the engine still takes
//! it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// How long the page may take. A page that hangs must not keep a closed window open; shorter loses
/// words on a busy computer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far the end is, as the page knows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Ending,
    PageReady,
}

/// What the shell and the page tell each other about the end.
pub(crate) struct BeforeEnd {
    phase: watch::Sender<Phase>,
    /// A page has asked to be told; without one there is nobody to wait for.
    page_waits: AtomicBool,
}

impl Default for BeforeEnd {
    fn default() -> BeforeEnd {
        BeforeEnd { phase: watch::Sender::new(Phase::Running), page_waits: AtomicBool::new(false) }
    }
}

impl BeforeEnd {
    /// Comes back when the program is about to end.
    pub(crate) async fn await_end(&self) {
        self.page_waits.store(true, Ordering::Relaxed);
        let mut phase = self.phase.subscribe();
        // The sender lives as long as the program.
        let _lasts = phase.wait_for(|phase| *phase != Phase::Running).await;
    }

    /// The page holds nothing any more that would be lost with it.
    pub(crate) fn page_ready(&self) {
        self.phase.send_replace(Phase::PageReady);
    }

    fn is_page_ready(&self) -> bool {
        *self.phase.borrow() == Phase::PageReady
    }

    /// Tells the page, and waits until it is ready or `patience` is over.
    async fn await_page(&self, patience: Duration) {
        if !self.page_waits.load(Ordering::Relaxed) {
            self.page_ready();
        }
        self.phase.send_if_modified(|phase| {
            let tell = *phase == Phase::Running;
            if tell {
                *phase = Phase::Ending;
            }
            tell
        });
        let mut phase = self.phase.subscribe();
        if tokio::time::timeout(patience, phase.wait_for(|phase| *phase == Phase::PageReady)).await.is_err() {
            tracing::warn!(seconds = patience.as_secs(), "the page was not ready in time");
        }
        self.page_ready();
    }
}

/// Tells the page that the end has come, and waits until it has saved what it holds.
pub(crate) async fn await_page(app: &AppHandle) {
    app.state::<BeforeEnd>().await_page(PATIENCE).await;
}

/// Whether the window may go.
pub(crate) fn is_page_ready(app: &AppHandle) -> bool {
    app.state::<BeforeEnd>().is_page_ready()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_a_page_that_still_writes() {
        let end = Arc::new(BeforeEnd::default());
        let page = tokio::spawn({
            let end = end.clone();
            async move {
                end.await_end().await;
                tokio::time::sleep(PATIENCE / 2).await;
                end.page_ready();
            }
        });
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        end.await_page(PATIENCE).await;
        assert_eq!(began.elapsed(), PATIENCE / 2);
        page.await.expect("the page ends");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_hangs_keeps_the_program_for_a_second_only() {
        let end = BeforeEnd::default();
        end.page_waits.store(true, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        end.await_page(PATIENCE).await;
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_page_nobody_waits() {
        let began = tokio::time::Instant::now();
        BeforeEnd::default().await_page(PATIENCE).await;
        assert!(began.elapsed().is_zero());
    }
}
