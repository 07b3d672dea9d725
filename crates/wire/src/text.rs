//! What names and texts may be, wherever they come from. What shows and what does not is looked up
//! in Unicode's data.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, Ideographic, JoiningType, NoncharacterCodePoint,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::limits::{MAX_NAME_BYTES, MAX_NAME_CHARS};

/// Bytes beyond which a text is no name, however much of it does not show.
const MAX_RAW_NAME_BYTES: usize = 8 * MAX_NAME_BYTES;

/// Why text cannot be a display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// More than [`MAX_NAME_CHARS`] characters or [`MAX_NAME_BYTES`] bytes.
    #[error("the name is too long")]
    TooLong,
    /// A line break or other control character, or one that changes the direction of the text
    /// around the name.
    #[error("the name holds a character that is not for names")]
    Character,
    /// Nothing in it shows.
    #[error("a name has at least one character that shows")]
    Blank,
}

/// Accepts a name of a person or a room.
pub fn check_name(name: &str) -> Result<(), NameFault> {
    if !has_length_of_name(name) {
        return Err(NameFault::TooLong);
    }
    if name.chars().any(is_unfit) {
        return Err(NameFault::Character);
    }
    if shows(name) { Ok(()) } else { Err(NameFault::Blank) }
}

fn has_length_of_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES && name.chars().count() <= MAX_NAME_CHARS
}

/// Control characters, and the embeddings, overrides and isolates by which a name could reorder its
/// neighbours on the screen. The plain direction marks that Arabic and Hebrew names need (U+200E,
/// U+200F, U+061C) are fine.
pub fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether anything of a text can be seen. Characters that Unicode has not assigned yet count:
/// another program may know them.
pub fn shows(text: &str) -> bool {
    text.chars().any(|c| !is_invisible(c))
}

fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_graphic();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Separator.contains(category)
        || matches!(category, GeneralCategory::Control | GeneralCategory::Format)
        || is_ignorable(c)
        || is_blank(c)
}

/// What is drawn as nothing although its category says symbol: the braille pattern without dots,
/// the null note head, and the stand-in for an object that is not there.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fffc}')
}

/// Has no look of its own, and may be left out without changing what is read. Some have a use
/// between certain neighbours.
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// The one form in which a name is kept and compared: composed (NFC), without white space around it
/// and without what does not show. Joiners, variation selectors and direction marks stay where
/// scripts and emoji need them.
pub fn tidy_name(name: &str) -> String {
    if name.is_ascii() {
        return name.trim().to_owned();
    }
    if name.len() > MAX_RAW_NAME_BYTES {
        return name.to_owned();
    }
    let mut kept: Vec<char> = Vec::with_capacity(name.len().min(MAX_NAME_BYTES));
    let mut tag_sequence = false;
    let leftwards = name.chars().any(is_leftward);
    for (at, c) in name.char_indices() {
        tag_sequence = c == '\u{1f3f4}' || (tag_sequence && is_tag(c));
        let needed = || match c {
            '\u{200c}' | '\u{200d}' => joins(&kept, c, rest(name, at, c)),
            '\u{200e}' | '\u{200f}' | '\u{61c}' => leftwards,
            _ => (tag_sequence && is_tag(c)) || selects(kept.last().copied(), c, rest(name, at, c)),
        };
        if !is_ignorable(c) || needed() {
            kept.push(c);
        }
    }
    let kept: String = kept.into_iter().collect();
    let kept = kept.trim_matches(|c: char| c.is_whitespace() || is_blank(c));
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(kept);
    // A few characters become longer; no name is to be refused for that.
    if has_length_of_name(&composed) || !has_length_of_name(kept) { composed.into_owned() } else { kept.to_owned() }
}

/// What follows the character `c` at `at`.
fn rest(name: &str, at: usize, c: char) -> impl Iterator<Item = char> {
    name.get(at.saturating_add(c.len_utf8())..).unwrap_or_default().chars()
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

fn is_leftward(c: char) -> bool {
    matches!(CodePointMapData::<BidiClass>::new().get(c), BidiClass::RightToLeft | BidiClass::ArabicLetter)
}

/// Whether a joiner has an effect here: after a virama, between letters that join (RFC 5892,
/// appendix A), or between two emoji.
fn joins(before: &[char], joiner: char, mut after: impl Iterator<Item = char>) -> bool {
    let Some(last) = before.last().copied() else { return false };
    if CodePointMapData::<CanonicalCombiningClass>::new().get(last) == CanonicalCombiningClass::Virama {
        return true;
    }
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let passed = |c: &char| joining(c) == JoiningType::Transparent || is_ignorable(*c);
    if joiner == '\u{200d}' {
        let picture = |c: char| CodePointSetData::new::<ExtendedPictographic>().contains(c);
        let ends_emoji = picture(last) || last == '\u{fe0f}' || CodePointSetData::new::<EmojiModifier>().contains(last);
        // Between letters it asks for the form that they have anyway.
        return ends_emoji && after.next().is_some_and(picture);
    }
    let left = before.iter().rev().find(|c| !passed(c)).map(joining);
    let right = after.find(|c| !passed(c)).map(|c| joining(&c));
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Whether a variation selector chooses a look of what stands before it.
fn selects(before: Option<char>, selector: char, mut after: impl Iterator<Item = char>) -> bool {
    let Some(before) = before else { return false };
    match selector {
        '\u{fe0e}' | '\u{fe0f}' if before.is_ascii() => selector == '\u{fe0f}' && after.next() == Some('\u{20e3}'),
        '\u{fe0e}' | '\u{fe0f}' => CodePointSetData::new::<Emoji>().contains(before),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => CodePointSetData::new::<Ideographic>().contains(before),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        _ => false,
    }
}

/// How a name looks, for comparing: the skeletons of UTS 39, as it is written and in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness([String; 2]);

impl Likeness {
    /// How this name looks.
    pub fn of(name: &str) -> Self {
        let skeleton = |text: &str| {
            let skeleton: String = unicode_security::skeleton(text).collect();
            skeleton.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let name = tidy_name(name);
        Self([skeleton(&name), skeleton(&name.to_lowercase())])
    }

    /// Whether a reader can take the one name for the other.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, two)| one == two)
    }
}

#[cfg(test)]
mod tests;
