//! The flow of notices into the page.

use std::sync::{Mutex, PoisonError};

use api::session::Notices;
use api::types::Numbered;
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;

/// The running flow of notices, if any. A reloaded page subscribes again and thereby ends the flow
/// into its former channel.
#[derive(Default)]
pub(crate) struct Flow {
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Flow {
    pub(crate) fn start(&self, notices: Notices, channel: Channel<Vec<Numbered>>) {
        let task = tauri::async_runtime::spawn(api::pump::carry(notices, move |batch| channel.send(batch).is_ok()));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(former) = running.replace(task) {
            former.abort();
        }
    }
}
