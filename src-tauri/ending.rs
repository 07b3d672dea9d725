//! The orderly end: the engine says goodbye and writes everything to disk before the process goes.

use std::sync::Mutex;
use std::time::Duration;

use api::session::Session;
use tauri::{AppHandle, Manager};

use crate::before_end;
use crate::window;

/// How long the engine may take to put everything in order. Peers and disks that are slower than
/// this must not keep a closed program alive; what was shown as saved is on disk anyway.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the program is ending, and whether it was started again meanwhile.
#[derive(Default)]
pub(crate) struct Ending {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    under_way: bool,
    again: Option<Vec<String>>,
}

/// Begins the end; further calls change nothing.
pub(crate) fn begin(app: &AppHandle) {
    let first = with_state(app, |state| !std::mem::replace(&mut state.under_way, true));
    if first {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            before_end::await_page(&app).await;
            window::close(&app);
            put_in_order(&app).await;
            tauri_plugin_single_instance::destroy(&app);
            if let Some(argv) = with_state(&app, |state| state.again.take()) {
                start_again(&argv);
            }
            app.exit(0);
        });
    }
}

async fn put_in_order(app: &AppHandle) {
    let Some(session) = app.try_state::<Session>() else { return };
    match tokio::time::timeout(PATIENCE, session.close()).await {
        Ok(()) => tracing::info!("ended in order"),
        Err(_) => tracing::warn!(seconds = PATIENCE.as_secs(), "the engine did not end in time"),
    }
}

/// The program is ending and answers nothing more.
pub(crate) fn under_way(app: &AppHandle) -> bool {
    with_state(app, |state| state.under_way)
}

/// The program was started while it was ending; it starts afresh once the profile is free.
pub(crate) fn start_again_afterwards(app: &AppHandle, argv: Vec<String>) {
    with_state(app, |state| state.again = Some(argv));
}

fn start_again(argv: &[String]) {
    let started = std::env::current_exe().and_then(|program| std::process::Command::new(program).args(argv.iter().skip(1)).spawn());
    if let Err(error) = started {
        tracing::warn!(%error, "cannot start again");
    }
}

fn with_state<T>(app: &AppHandle, change: impl FnOnce(&mut State) -> T) -> T {
    let ending = app.state::<Ending>();
    let mut state = ending.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    change(&mut state)
}

/// An interrupt or a polite kill ends the program like closing its window.
pub(crate) fn watch_signals(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match told_to_end().await {
            Ok(()) => begin(&app),
            Err(error) => tracing::warn!(%error, "signals cannot be watched"),
        }
    });
}

#[cfg(unix)]
async fn told_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut polite = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = polite.recv() => Ok(()),
        _ = hung_up.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
