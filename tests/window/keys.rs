//! Keys as a keyboard sends them: to the window, for whatever has the focus there.

use fantoccini::actions::{InputSource, KeyAction, KeyActions};

use crate::person::Person;

pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';
pub(crate) const LEFT: char = '\u{e012}';
pub(crate) const UP: char = '\u{e013}';
pub(crate) const DOWN: char = '\u{e015}';
pub(crate) const DELETE: char = '\u{e017}';
pub(crate) const F6: char = '\u{e036}';
const SHIFT: char = '\u{e008}';
const CONTROL: char = '\u{e009}';
const ALT: char = '\u{e00a}';
const FREE: char = '\u{e000}';

/// A key with control held.
pub(crate) fn control(key: char) -> String {
    format!("{CONTROL}{key}{FREE}")
}

pub(crate) fn shift(key: char) -> String {
    format!("{SHIFT}{key}{FREE}")
}

pub(crate) fn control_shift(key: char) -> String {
    format!("{CONTROL}{SHIFT}{key}{FREE}")
}

pub(crate) fn alt(key: char) -> String {
    format!("{ALT}{key}{FREE}")
}

impl Person {
    /// Presses one key after the other without a pause, whatever happens in the window meanwhile.
    pub(crate) async fn keys(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        let mut held = Vec::new();
        for value in keys.chars() {
            match value {
                SHIFT | CONTROL | ALT => {
                    held.push(value);
                    actions = actions.then(KeyAction::Down { value });
                }
                FREE => {
                    for value in held.drain(..).rev() {
                        actions = actions.then(KeyAction::Up { value });
                    }
                }
                _ => actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value }),
            }
        }
        self.client().perform_actions(actions).await.expect("keys can be pressed");
    }
}
