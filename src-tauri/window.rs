//! The one window.

use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder, Wry};
use tauri_plugin_window_state::StateFlags;

use crate::args::Args;
use crate::profile::Profile;

/// The window's label; the capability names it too.
pub(crate) const MAIN: &str = "main";
/// First size in logical pixels: room for the list of rooms, the conversation, and a side panel.
const FIRST_SIZE: (f64, f64) = (1280.0, 800.0);
/// Smallest size in logical pixels at which the narrow layout still works.
const LEAST_SIZE: (f64, f64) = (480.0, 500.0);

/// Keeps size and place of the window in the profile, so that each person has their own.
pub(crate) fn remember_place(profile: &Profile, args: &Args) -> TauriPlugin<Wry> {
    let kept = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN;
    // An absolute name replaces the common folder that the plugin would put it in.
    let file = profile.folder.join("window.json");
    let plugin = tauri_plugin_window_state::Builder::new().with_state_flags(kept).with_filename(file.to_string_lossy());
    let plugin = if args.place.is_some() { plugin.skip_initial_state(MAIN) } else { plugin };
    plugin.build()
}

/// Opens the window; the page begins to load at once.
pub(crate) fn open(app: &AppHandle, profile: &Profile, args: &Args) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Grapevine")
        .inner_size(FIRST_SIZE.0, FIRST_SIZE.1)
        .min_inner_size(LEAST_SIZE.0, LEAST_SIZE.1)
        // What the webview stores is one person's, like everything else.
        .data_directory(profile.folder.join("webview"))
        .on_navigation(is_own_page);
    let builder = match args.place {
        Some(place) => builder.position(place.x, place.y).inner_size(place.width, place.height),
        None => builder,
    };
    builder.build()?;
    Ok(())
}

/// Brings the window to the front.
pub(crate) fn raise(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    for step in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = step {
            tracing::debug!(%error, "the window cannot be raised");
        }
    }
}

/// Closes the window, which keeps its size and place; the program goes on.
pub(crate) fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.close()
    {
        tracing::debug!(%error, "the window cannot be closed");
    }
}

/// The page must never be replaced by another one, which would inherit its commands.
fn is_own_page(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "tauri" => host == "localhost",
        "http" | "https" => host == "tauri.localhost" || (tauri::is_dev() && host == "localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_on_its_own_page() {
        let allowed = |text: &str| is_own_page(&Url::parse(text).expect("a link"));
        assert!(allowed("tauri://localhost/"));
        assert!(allowed("http://tauri.localhost/index.html"));
        for foreign in
            ["https://example.org/", "file:///etc/passwd", "data:text/html,x", "tauri://example.org/", "http://localhost.example.org/"]
        {
            assert!(!allowed(foreign), "{foreign} was let in");
        }
    }
}
