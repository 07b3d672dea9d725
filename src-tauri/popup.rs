//! A pop-up on the desktop when a person writes and the window is not in front.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use api::contract::Reply;
use api::session::Session;
use api::types::{Body, Message, Notice, PositionText, RoomIdText, RoomKind};
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;

use crate::window::MAIN;

/// Older messages come from catching up, if this computer was off or asleep when they were written;
/// nobody wants a hundred pop-ups after waking the machine. Milliseconds.
const FRESH_MS: u64 = 60_000;
/// Disagreement of wall clock and monotonic clock that means sleep, in milliseconds.
const SLEPT_MS: u64 = 5_000;
/// Messages of a room by which it is known that they are not new: an edit or a reaction brings an
/// old one again.
const KNOWN: usize = 256;
/// Least time between two pop-ups of one room, in milliseconds: a lively room must not bury the
/// desktop.
const ROOM_PAUSE_MS: u64 = 5_000;
/// Characters of a message that a pop-up shows; desktops cut longer ones.
const MAX_TEXT_CHARS: usize = 140;

/// What a pop-up is about.
#[derive(Debug, PartialEq)]
struct Popup {
    room: RoomIdText,
    author: String,
    text: String,
}

/// Remembers just enough to show each message once and no room too often.
#[derive(Default)]
struct Popups {
    rooms: BTreeMap<RoomIdText, Told>,
    /// Since when this computer is awake and the program runs, milliseconds since 1970.
    awake_since: u64,
}

/// What was told of one room.
#[derive(Default)]
struct Told {
    /// The newest messages.
    known: BTreeSet<PositionText>,
    /// Up to here it is no longer known which messages were told.
    forgotten: PositionText,
    /// When a pop-up was last shown.
    shown: u64,
}

impl Told {
    /// Whether a message is new here. What came late may stand anywhere.
    fn is_news(&mut self, message: &Message) -> bool {
        if !message.late && message.position <= self.forgotten {
            return false;
        }
        let news = self.known.insert(message.position.clone());
        while self.known.len() > KNOWN {
            self.forgotten = self.known.pop_first().unwrap_or_default().max(std::mem::take(&mut self.forgotten));
        }
        news
    }
}

impl Popups {
    /// What to show for this notice, if anything. `now` in milliseconds since 1970.
    fn consider(&mut self, notice: &Notice, in_front: bool, now: u64) -> Option<Popup> {
        let Notice::Messages { room, messages } = notice else { return None };
        let told = self.rooms.entry(room.clone()).or_default();
        // A sender who was away brings old messages that nobody here could have seen.
        let awake = self.awake_since.min(now.saturating_sub(FRESH_MS));
        // One that waits for its key is news when it opens.
        let open = messages.iter().filter(|message| !matches!(message.body, Body::Waiting { .. }));
        let news = open.filter(|message| told.is_news(message)).filter(|message| message.late || message.at >= awake);
        let popup = news.max_by(|a, b| a.position.cmp(&b.position)).and_then(popup_of)?;
        if in_front || now.saturating_sub(told.shown) < ROOM_PAUSE_MS {
            return None;
        }
        told.shown = now;
        Some(popup)
    }
}

/// Tells by two clocks whether the computer has slept.
struct Awake {
    began: Instant,
    /// The wall clock when the monotonic one was at zero.
    zero: u64,
}

impl Awake {
    fn new() -> Self {
        Awake { began: Instant::now(), zero: now_ms() }
    }

    /// True once after each sleep.
    fn slept(&mut self) -> bool {
        let zero = now_ms().saturating_sub(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        zero > std::mem::replace(&mut self.zero, zero).saturating_add(SLEPT_MS)
    }
}

fn popup_of(message: &Message) -> Option<Popup> {
    match &message.body {
        Body::Text { text, edited: None, .. } if !message.mine => {
            Some(Popup { room: message.room.clone(), author: plain(&message.author_name), text: plain(text) })
        }
        Body::Text { .. }
        | Body::Waiting { .. }
        | Body::Deleted
        | Body::RoomCreated { .. }
        | Body::MemberAdded { .. }
        | Body::MemberLeft
        | Body::HistorySet { .. }
        | Body::MemberRemoved { .. }
        | Body::RoleGiven { .. }
        | Body::RoomRenamed { .. }
        | Body::TopicSet { .. }
        | Body::OnlyAdminsAdd { .. } => None,
    }
}

/// One line without control characters or marks that turn the direction of what follows.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control() && !turns_direction(*c)).take(MAX_TEXT_CHARS).collect()
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Desktops on Linux read a pop-up's text as markup, and text from peers is never that.
fn as_shown(text: &str) -> String {
    if cfg!(target_os = "linux") { text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") } else { text.to_owned() }
}

/// Watches notices until the engine ends.
pub(crate) fn watch(app: &AppHandle) {
    let mut notices = app.state::<Session>().subscribe();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (mut popups, mut awake) = (Popups { awake_since: now_ms(), ..Popups::default() }, Awake::new());
        while let Some(batch) = notices.next().await {
            if !batch.iter().any(|numbered| matches!(numbered.notice, Notice::Messages { .. })) {
                continue;
            }
            if awake.slept() {
                popups.awake_since = now_ms();
            }
            let in_front = app.get_webview_window(MAIN).is_none_or(|window| window.is_focused().unwrap_or(true));
            for numbered in &batch {
                if let Some(popup) = popups.consider(&numbered.notice, in_front, now_ms()) {
                    show(&app, popup).await;
                }
            }
        }
    });
}

async fn show(app: &AppHandle, popup: Popup) {
    let args = serde_json::json!({ "room": popup.room }).to_string();
    let title = match app.state::<Session>().call("room", &args).await {
        Ok(Reply::GetRoom(details)) if details.room.kind == RoomKind::Group => format!("{} · {}", popup.author, plain(&details.room.name)),
        _ => popup.author,
    };
    if let Err(error) = app.notification().builder().title(title).body(as_shown(&popup.text)).show() {
        tracing::debug!(%error, "no pop-up");
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn says(position: &str, text: &str) -> Message {
        Message {
            id: position.to_owned(),
            room: "r".to_owned(),
            position: position.to_owned(),
            author: "b".to_owned(),
            author_name: "ben".to_owned(),
            mine: false,
            at: NOW,
            early: false,
            late: false,
            log: "0".to_owned(),
            seq: 1,
            body: Body::Text { text: text.to_owned(), edited: None, reply: None, reactions: Vec::new() },
        }
    }

    fn notice(messages: Vec<Message>) -> Notice {
        Notice::Messages { room: "r".to_owned(), messages }
    }

    #[test]
    fn a_new_message_pops_up_only_when_the_window_is_not_in_front() {
        assert!(Popups::default().consider(&notice(vec![says("01", "hi")]), true, NOW).is_none());
        let popup = Popups::default().consider(&notice(vec![says("01", "hi")]), false, NOW).expect("a pop-up");
        assert_eq!((popup.author.as_str(), popup.text.as_str()), ("ben", "hi"));
    }

    #[test]
    fn a_reaction_to_a_message_does_not_pop_up_again() {
        let mut popups = Popups::default();
        assert!(popups.consider(&notice(vec![says("01", "hi")]), false, NOW).is_some());
        assert!(popups.consider(&notice(vec![says("01", "hi")]), false, NOW + ROOM_PAUSE_MS).is_none());
    }

    #[test]
    fn a_lively_room_pops_up_once_in_a_while() {
        let mut popups = Popups::default();
        let shown = (0..100u64).filter(|n| {
            let mut message = says(&format!("{n:03}"), "hi");
            message.at = NOW + n * 100;
            popups.consider(&notice(vec![message]), false, NOW + n * 100).is_some()
        });
        assert_eq!(shown.count(), 2);
    }

    #[test]
    fn old_and_own_messages_do_not_pop_up() {
        let old = Message { at: NOW - FRESH_MS - 1, ..says("01", "hi") };
        let own = Message { mine: true, ..says("01", "hi") };
        let left = Message { body: Body::MemberLeft, ..says("01", "") };
        for message in [old, own, left] {
            let mut popups = Popups { awake_since: NOW, ..Popups::default() };
            assert!(popups.consider(&notice(vec![message]), false, NOW).is_none());
        }
    }

    #[test]
    fn a_message_that_waits_for_its_key_pops_up_when_it_opens() {
        let mut popups = Popups::default();
        let waiting = Message { body: Body::Waiting { lost: false }, ..says("01", "") };
        assert_eq!(popups.consider(&notice(vec![waiting]), false, NOW), None);
        assert!(popups.consider(&notice(vec![says("01", "hello")]), false, NOW).is_some());
    }

    #[test]
    fn what_came_late_pops_up_once_wherever_it_stands_and_however_old_it_is() {
        let mut popups = Popups { awake_since: NOW, ..Popups::default() };
        assert!(popups.consider(&notice(vec![says("09", "hi")]), true, NOW).is_none(), "in front");
        let late = Message { late: true, at: NOW - 3_600_000, ..says("01", "from the tunnel") };
        let popup = popups.consider(&notice(vec![late.clone()]), false, NOW).expect("a pop-up");
        assert_eq!(popup.text, "from the tunnel");
        assert!(popups.consider(&notice(vec![late]), false, NOW + ROOM_PAUSE_MS).is_none(), "a reaction brings it again");
    }

    #[test]
    fn what_others_wrote_while_they_were_away_and_this_computer_was_awake_pops_up() {
        let mut popups = Popups { awake_since: NOW - 7_200_000, ..Popups::default() };
        assert!(popups.consider(&notice(vec![says("09", "hi")]), false, NOW).is_some());
        let old = Message { at: NOW - 3_600_000, ..says("01", "from the tunnel") };
        assert!(popups.consider(&notice(vec![old]), false, NOW + ROOM_PAUSE_MS).is_some());
    }

    #[test]
    fn of_a_long_talk_only_the_end_is_remembered() {
        let mut popups = Popups::default();
        for n in 0..2 * KNOWN {
            popups.consider(&notice(vec![says(&format!("{n:04}"), "hi")]), true, NOW);
        }
        assert!(popups.consider(&notice(vec![says("0001", "hi")]), false, NOW).is_none());
        assert_eq!(popups.rooms["r"].known.len(), KNOWN);
    }

    #[test]
    fn text_of_others_stays_one_short_plain_line() {
        assert_eq!(plain("one\ntwo\t\u{202e}three\u{7}"), "one two three");
        assert_eq!(plain(&"x".repeat(1000)).chars().count(), MAX_TEXT_CHARS);
        #[cfg(target_os = "linux")]
        assert_eq!(as_shown("<b>&"), "&lt;b&gt;&amp;");
    }
}
