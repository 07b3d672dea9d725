//! How long the program took to show something.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Prints the figure as a JSON line when set; `./bench` reads it.
const PROBE: &str = "GRAPEVINE_STARTUP_PROBE";

/// The moment the program began, and whether the first frame has been reported.
pub(crate) struct Startup {
    began: Instant,
    reported: AtomicBool,
}

impl Startup {
    pub(crate) fn now() -> Startup {
        Startup { began: Instant::now(), reported: AtomicBool::new(false) }
    }

    /// Reports once; a reloaded page paints again, which says nothing about the start.
    pub(crate) fn painted(&self) {
        if self.reported.swap(true, Ordering::Relaxed) {
            return;
        }
        let painted_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(painted_ms, "first frame");
        if std::env::var_os(PROBE).is_some() {
            println!("{}", serde_json::json!({ "painted_ms": painted_ms }));
        }
    }
}
