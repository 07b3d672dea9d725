//! Invites that the system or a second start hands over, kept until the page is there to show them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use api::session::Session;
use tauri::{AppHandle, Manager};

/// Longest link taken from outside, in bytes. Invites are below 1 KiB.
const MAX_LINK_BYTES: usize = 4096;

/// Where links wait. Only the last one does: each opens the same dialog, and nobody follows two at
/// once.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    page_listens: bool,
    waiting: Option<String>,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The link, if the page can show it now; otherwise it waits.
    fn take_in(&self, link: String) -> Option<String> {
        if link.len() > MAX_LINK_BYTES {
            tracing::warn!(bytes = link.len(), "a link was too long and was ignored");
            return None;
        }
        let mut state = self.state();
        if state.page_listens {
            return Some(link);
        }
        state.waiting = Some(link);
        None
    }

    /// The page listens from now on; gives what waited for it.
    fn page_listens(&self) -> Option<String> {
        let mut state = self.state();
        state.page_listens = true;
        state.waiting.take()
    }
}

/// Hands a link to the page, which shows what it is and asks before acting.
pub(crate) fn hand_over(app: &AppHandle, link: String) {
    if let (Some(link), Some(session)) = (app.state::<Inbox>().take_in(link), app.try_state::<Session>()) {
        session.open_invite(link);
    }
}

/// Call once the page has subscribed to notices.
pub(crate) fn page_listens(inbox: &Inbox, session: &Session) {
    if let Some(link) = inbox.page_listens() {
        session.open_invite(link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_from_the_command_line_waits_for_the_page() {
        let inbox = Inbox::default();
        assert_eq!(inbox.take_in("gv1a".to_owned()), None);
        assert_eq!(inbox.page_listens().as_deref(), Some("gv1a"));
        assert_eq!(inbox.page_listens(), None, "a reloaded page must not see it again");
        assert_eq!(inbox.take_in("gv1b".to_owned()).as_deref(), Some("gv1b"));
    }

    #[test]
    fn a_link_that_is_too_long_is_ignored() {
        let inbox = Inbox::default();
        assert_eq!(inbox.take_in("x".repeat(MAX_LINK_BYTES + 1)), None);
        assert_eq!(inbox.page_listens(), None);
    }
}
