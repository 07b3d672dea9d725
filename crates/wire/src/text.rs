//! What a name may be, wherever it comes from.

use crate::limits::{MAX_NAME_BYTES, MAX_NAME_CHARS};

/// Why text cannot be a display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// More than [`MAX_NAME_CHARS`] characters or [`MAX_NAME_BYTES`] bytes.
    #[error("the name is too long")]
    TooLong,
    /// A line break or other control character, or one that changes the direction of the text around the name.
    #[error("the name holds a character that is not for names")]
    Character,
}

/// Accepts a name of a person or a room. Empty is fine on the wire: whoever shows it chooses a stand-in.
pub fn check_name(name: &str) -> Result<(), NameFault> {
    if name.len() > MAX_NAME_BYTES || name.chars().count() > MAX_NAME_CHARS {
        return Err(NameFault::TooLong);
    }
    if name.chars().any(is_unfit) { Err(NameFault::Character) } else { Ok(()) }
}

/// Control characters, and the embeddings, overrides and isolates by which a name could reorder its neighbours on the screen.
/// The plain direction marks that Arabic and Hebrew names need (U+200E, U+200F, U+061C) are fine.
pub(crate) fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
