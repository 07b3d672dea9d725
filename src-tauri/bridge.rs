//! The only door between the page and the rest: six commands, of which one carries the whole
//! contract.

use api::contract::Reply;
use api::session::Session;
use api::types::{Numbered, Refusal};
use tauri::State;
use tauri::ipc::Channel;

use crate::before_end::BeforeEnd;
use crate::flow::Flow;
use crate::inbox::{self, Inbox};
use crate::links;
use crate::startup::Startup;

/// Carries one call of the contract. `args` is JSON text; the reply is the bare reply type of the
/// call.
#[tauri::command]
pub(crate) async fn call(session: State<'_, Session>, call: String, args: String) -> Result<Reply, Refusal> {
    session.call(&call, &args).await
}

/// Starts the flow of notices into `channel`; an earlier flow ends. Notices from this moment on are
/// in it, so that a snapshot asked for afterwards leaves no gap.
#[tauri::command]
pub(crate) fn subscribe(session: State<'_, Session>, flow: State<'_, Flow>, inbox: State<'_, Inbox>, channel: Channel<Vec<Numbered>>) {
    flow.start(session.subscribe(), channel);
    inbox::page_listens(&inbox, &session);
}

/// Opens a web or mail link outside. Anything else is refused: a link in a message must not start
/// programs or open files.
#[tauri::command]
pub(crate) fn open_link(url: String) -> Result<(), Refusal> {
    links::open_outside(&url)
}

/// The page has drawn its first frame.
#[tauri::command]
pub(crate) fn painted(startup: State<'_, Startup>) {
    startup.painted();
}

/// Answers when the program is about to end. The page calls this at its start.
#[tauri::command]
pub(crate) async fn await_end(end: State<'_, BeforeEnd>) -> Result<(), Refusal> {
    end.await_end().await;
    Ok(())
}

/// The page holds nothing any more that would be lost with it.
#[tauri::command]
pub(crate) fn ready_to_end(end: State<'_, BeforeEnd>) {
    end.page_ready();
}
