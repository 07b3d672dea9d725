//! A headless peer on the same contract as the window: JSON lines in, JSON lines out.
//!
//! *Owns*: the command line, stdin and stdout, and when the process ends. *Never*: knows what a
//! call means or what a line looks like. *Data*: stdin → `api::lines` → `api::session` →
//! `api::lines` → stdout. *Start* at `serve.rs`; `docs/API.md` shows a session.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod args;
mod pipes;
mod serve;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let args = args::Args::parse();
    let config = match args.config() {
        Ok(config) => config,
        Err(why) => {
            eprintln!("grapevine-node: {why}");
            return std::process::ExitCode::FAILURE;
        }
    };
    if let Err(error) = std::fs::create_dir_all(&config.profile) {
        eprintln!("grapevine-node: {}: {error}", config.profile.display());
        return std::process::ExitCode::FAILURE;
    }
    api::logging::start(&config.profile);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("grapevine-node: cannot start: {error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let beginning = args.beginning(&config);
    runtime.block_on(serve::serve(config, beginning));
    // A thread that still waits for a keychain must not keep the process.
    runtime.shutdown_background();
    std::process::ExitCode::SUCCESS
}
