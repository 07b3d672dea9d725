//! The desktop shell: one window around the page in `ui/`, and one door between that page and the
//! engine.
//!
//! *Owns*: the window, pop-ups, deep links, one process per profile, the orderly end. *Never*:
//! decides anything about chat, keeps chat data, or knows more of the contract than it must pass
//! on. *Data*: page → `bridge` → `api::session`; notices → `api::pump` → `flow` → page, and →
//! `popup` → desktop. *Start* at [`run`]; the whole surface towards the page is `bridge.rs`.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod args;
mod before_end;
mod bridge;
mod ending;
mod flow;
mod inbox;
mod links;
mod popup;
mod profile;
mod startup;
mod window;

use std::process::ExitCode;

use clap::Parser;
use tauri::{AppHandle, Manager, RunEvent, WindowEvent};

use api::session::{Config, Session};
use args::Args;
use inbox::Inbox;
use profile::Profile;
use startup::Startup;

/// Runs the program until its window is closed.
pub fn run() -> ExitCode {
    let startup = Startup::now();
    let args = Args::parse();
    // Parts of the window read the command line as text, and panic if it is none.
    if let Some(argument) = std::env::args_os().find(|argument| argument.to_str().is_none()) {
        eprintln!("grapevine: an argument must be UTF-8: {}", argument.display());
        return ExitCode::FAILURE;
    }
    match start(startup, args) {
        Ok(app) => {
            app.run(on_event);
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "cannot start");
            eprintln!("grapevine: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(startup: Startup, args: Args) -> Result<tauri::App, Box<dyn std::error::Error>> {
    let profile = Profile::prepare(args.profile.as_deref())?;
    api::logging::start(&profile.folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("grapevine").build()?;
    tauri::async_runtime::set(runtime.handle().clone());
    // The process ends inside the event loop, so nothing is left to shut the runtime down in order;
    // `ending` does that for the engine.
    std::mem::forget(runtime);

    let mut context = tauri::generate_context!();
    profile.mark(context.config_mut());
    let app = tauri::Builder::default()
        .plugin(links::single_instance(&profile))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(window::remember_place(&profile, &args))
        .invoke_handler(tauri::generate_handler![
            bridge::call,
            bridge::subscribe,
            bridge::open_link,
            bridge::painted,
            bridge::await_end,
            bridge::ready_to_end
        ])
        .manage(startup)
        .manage(flow::Flow::default())
        .manage(Inbox::default())
        .manage(ending::Ending::default())
        .manage(before_end::BeforeEnd::default())
        .setup(move |app| {
            app.manage(open_session(&profile, &args));
            if let Some(link) = args.link.clone() {
                inbox::hand_over(app.handle(), link);
            }
            window::open(app.handle(), &profile, &args)?;
            links::listen(app.handle(), &profile);
            popup::watch(app.handle());
            ending::watch_signals(app.handle());
            Ok(())
        })
        .build(context)?;
    Ok(app)
}

/// Begins to open the profile; the page shows how it goes.
fn open_session(profile: &Profile, args: &Args) -> Session {
    let config = Config { profile: profile.folder.clone(), listen: args.listen.clone(), nearby: !args.no_nearby, ..Config::default() };
    let runtime = tauri::async_runtime::handle();
    let _inside = runtime.inner().enter();
    Session::open(config)
}

fn on_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The page goes with the window: first it saves what it holds.
        RunEvent::WindowEvent { event: WindowEvent::CloseRequested { api, .. }, .. } if !before_end::is_page_ready(app) => {
            api.prevent_close();
            ending::begin(app);
        }
        // A code means that the end was asked for by `ending`, which has already put everything in
        // order.
        RunEvent::ExitRequested { code: None, api, .. } => {
            api.prevent_exit();
            ending::begin(app);
        }
        _ => {}
    }
}
