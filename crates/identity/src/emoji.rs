//! The 64 pictures of a fingerprint.
//!
//! Chosen to differ in shape and colour, to need no skin tone, flag or variation selector, and to
//! be old enough (Unicode 10) for any system's font. Invariant: this list never changes; guarded by
//! `the_lists_have_not_changed` in `fingerprint.rs`.

/// A picture with the plain name that one says aloud and that a screen reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// One Unicode character.
    pub symbol: &'static str,
    /// Lowercase English.
    pub name: &'static str,
}

/// Six bits choose one.
#[rustfmt::skip] // four a line, so that the list fits on a page
pub(crate) const EMOJI: [Emoji; 64] = [
    one("🦊", "fox"), one("🐸", "frog"), one("🐝", "bee"), one("🐌", "snail"),
    one("🦉", "owl"), one("🐳", "whale"), one("🦀", "crab"), one("🐍", "snake"),
    one("🦔", "hedgehog"), one("🐪", "camel"), one("🦒", "giraffe"), one("🐘", "elephant"),
    one("🐧", "penguin"), one("🐢", "turtle"), one("🦋", "butterfly"), one("🐙", "octopus"),
    one("🐞", "ladybug"), one("🌵", "cactus"), one("🌻", "sunflower"), one("🍁", "maple leaf"),
    one("🍄", "mushroom"), one("🌹", "rose"), one("🍀", "clover"), one("🍇", "grapes"),
    one("🍋", "lemon"), one("🍒", "cherries"), one("🍉", "watermelon"), one("🍍", "pineapple"),
    one("🥕", "carrot"), one("🌽", "corn"), one("🥑", "avocado"), one("🍞", "bread"),
    one("🧀", "cheese"), one("🥚", "egg"), one("🍕", "pizza"), one("🍩", "doughnut"),
    one("🍦", "ice cream"), one("☕", "coffee"), one("⛵", "sailboat"), one("🚀", "rocket"),
    one("🚲", "bicycle"), one("🚂", "train"), one("🚁", "helicopter"), one("🎈", "balloon"),
    one("🎁", "gift"), one("🎸", "guitar"), one("🎺", "trumpet"), one("🥁", "drum"),
    one("🎲", "dice"), one("⚽", "football"), one("🏆", "trophy"), one("🔑", "key"),
    one("🔔", "bell"), one("🔨", "hammer"), one("💡", "light bulb"), one("⏰", "alarm clock"),
    one("📷", "camera"), one("📚", "books"), one("👓", "glasses"), one("👑", "crown"),
    one("🎩", "top hat"), one("⚓", "anchor"), one("🌈", "rainbow"), one("🔥", "fire"),
];

const fn one(symbol: &'static str, name: &'static str) -> Emoji {
    Emoji { symbol, name }
}
