//! What a reaction may be: one emoji, in one form.

/// The one form of an emoji: as Unicode's emoji-test.txt has it fully qualified, with every U+FE0F
/// that belongs there. None if the text is not exactly one emoji that Unicode recommends for
/// interchange (a flag, a keycap, a family and a skin tone included).
pub fn canonical_emoji(text: &str) -> Option<&'static str> {
    let known = |text: &str| emojis::get(text).map(emojis::Emoji::as_str);
    // Some programs add variation selectors where none belongs, or ask for the black and white
    // form.
    known(text).or_else(|| known(&text.replace(['\u{fe0e}', '\u{fe0f}'], "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_EMOJI_BYTES;

    #[test]
    fn an_emoji_is_kept_in_one_form_however_it_is_written() {
        for (written, kept) in [
            ("👍", "👍"),
            ("👍\u{fe0f}", "👍"),
            ("❤", "❤\u{fe0f}"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("❤\u{fe0e}", "❤\u{fe0f}"),
            ("👍🏽", "👍🏽"),
            ("☝🏽", "☝🏽"),
            ("☝", "☝\u{fe0f}"),
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🇵🇹", "🇵🇹"),
            ("🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"),
            ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
            ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("👩🏽\u{200d}❤\u{200d}💋\u{200d}👨🏿", "👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏿"),
            ("©", "©\u{fe0f}"),
        ] {
            assert_eq!(canonical_emoji(written), Some(kept), "{}", written.escape_unicode());
            assert_eq!(canonical_emoji(kept), Some(kept), "{}", kept.escape_unicode());
        }
    }

    #[test]
    fn what_is_not_exactly_one_emoji_is_none() {
        for text in [
            "",
            " ",
            "hello world",
            "\n",
            "\u{202e}",
            "\u{fe0f}",
            "\u{200d}",
            "👍👍",
            "👍 ",
            "👍\n",
            "\u{202e}👍",
            "👍\u{200b}",
            "a",
            "1",
            "#",
            "🇵",
            "🇵🇹🇵🇹",
            "👩\u{200d}",
            "\u{200d}👩",
            "👩\u{200d}🍇",
            "🏽",
            "🍇🏽",
            "a\u{20e3}",
            "❤\u{301}",
            "\u{e0067}",
        ] {
            assert_eq!(canonical_emoji(text), None, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn every_emoji_has_room_and_is_its_own_form() {
        for emoji in emojis::iter() {
            assert_eq!(canonical_emoji(emoji.as_str()), Some(emoji.as_str()));
            assert!(emoji.as_str().len() <= MAX_EMOJI_BYTES);
        }
    }
}
