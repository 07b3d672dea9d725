//! Links in both directions: invites that the system or a second start hands over, and web links
//! that the page wants opened.

use api::types::{Code, Refusal};
use clap::Parser;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Url, Wry};
use tauri_plugin_deep_link::DeepLinkExt;

use crate::args::Args;
use crate::ending;
use crate::inbox;
use crate::profile::Profile;
use crate::window;

/// What a link in a message may start: a browser or a mail program, nothing else.
const OUTSIDE_SCHEMES: [&str; 3] = ["http", "https", "mailto"];
/// Longest link that is opened outside, in bytes; browsers cut longer ones anyway.
const MAX_OUTSIDE_BYTES: usize = 8 * 1024;

/// One process per profile: a second start hands its command line to the first and ends.
pub(crate) fn single_instance(profile: &Profile) -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::Builder::new()
        .callback(|app, argv, _folder| second_start(app, argv))
        .dbus_id(format!("chat.grapevine.{}", profile.token))
        .build()
}

fn second_start(app: &AppHandle, argv: Vec<String>) {
    if ending::under_way(app) {
        ending::start_again_afterwards(app, argv);
        return;
    }
    window::raise(app);
    // The other process has already told its user about a command line that cannot be read.
    if let Ok(Args { link: Some(link), .. }) = Args::try_parse_from(argv) {
        inbox::hand_over(app, link);
    }
}

/// Takes links that the system delivers to the running program, and makes this program the one that
/// opens them.
pub(crate) fn listen(app: &AppHandle, profile: &Profile) {
    // Elsewhere the link comes on the command line, here or through `second_start`.
    if cfg!(target_os = "macos") {
        let handle = app.clone();
        app.deep_link().on_open_url(move |event| {
            window::raise(&handle);
            for url in event.urls() {
                inbox::hand_over(&handle, url.into());
            }
        });
        return;
    }
    if profile.usual && !installed() {
        let app = app.clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(error) = app.deep_link().register_all() {
                tracing::info!(%error, "grapevine:// links will not open this program");
            }
        });
    }
}

/// A package has put the program in place, and with it what the system needs to know about links.
fn installed() -> bool {
    std::env::current_exe().is_ok_and(|program| program.starts_with("/usr") || program.starts_with("/opt"))
}

/// Opens a link in the browser or the mail program.
pub(crate) fn open_outside(text: &str) -> Result<(), Refusal> {
    let url = outside_url(text).ok_or_else(|| refusal("only http, https and mailto links are opened"))?;
    tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| refusal(&error.to_string()))
}

fn refusal(message: &str) -> Refusal {
    Refusal { code: Code::BadArguments, message: message.to_owned() }
}

fn outside_url(text: &str) -> Option<Url> {
    let url = if text.len() <= MAX_OUTSIDE_BYTES { Url::parse(text).ok()? } else { return None };
    OUTSIDE_SCHEMES.contains(&url.scheme()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_links_leave_the_program() {
        for good in ["https://example.org/a?b=c", "http://example.org", "mailto:ana@example.org"] {
            assert!(outside_url(good).is_some(), "{good} was refused");
        }
        for bad in ["file:///etc/passwd", "javascript:alert(1)", "grapevine://join/gv1", "smb://host/share", "/bin/sh", "", "--help"] {
            assert!(outside_url(bad).is_none(), "{bad} was let through");
        }
    }

    #[test]
    fn a_link_that_is_too_long_is_refused() {
        let long = format!("https://example.org/{}", "a".repeat(MAX_OUTSIDE_BYTES));
        assert!(outside_url(&long).is_none());
    }

    #[test]
    fn spaces_and_quotes_leave_the_program_encoded() {
        let url = outside_url("https://example.org/\"; rm -rf ~").expect("a web link");
        assert!(!url.as_str().contains([' ', '"']), "{url}");
    }
}
