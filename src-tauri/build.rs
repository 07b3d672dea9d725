//! Build script of the desktop program: reads `tauri.conf.json` and the capabilities, and lists the
//! commands that the window may call.

/// The whole surface of the shell towards the page. A command that is not listed here cannot be
/// called, whatever the page runs.
const COMMANDS: &[&str] = &["call", "subscribe", "open_link", "painted", "await_end", "ready_to_end"];

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=icons");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
