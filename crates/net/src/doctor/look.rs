//! Gathering beside everything else.

use tokio::sync::mpsc;

use super::gather::gather;
use super::this_system::ThisSystem;
use crate::event::Event;

/// Asks the system, on a thread that may wait, and tells what it says. How often is the asker's
/// business: it takes some milliseconds, or two seconds for each service that hangs.
pub(crate) fn look(events: mpsc::Sender<Event>) {
    tokio::task::spawn_blocking(move || {
        let facts = gather(&ThisSystem);
        // The node may be gone.
        let _ = events.blocking_send(Event::System(Box::new(facts)));
    });
}
