//! What two people compare in person or on the phone to know that they hold each other's real key.

use crate::emoji::{EMOJI, Emoji};
use crate::peer::PeerId;
use crate::words::WORDS;

/// A public key as eight words and as eight pictures.
///
/// The words compare 80 bits of the key's hash and the pictures another 48: comparing either row
/// finds an accident or a casual impostor, the words alone hold against an attacker who makes keys
/// by the billion to find one that looks alike, and both rows together compare 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Ten bits each, in the order in which to read them.
    pub words: [&'static str; 8],
    /// Six bits each, from other bits of the same hash.
    pub emoji: [Emoji; 8],
}

impl Fingerprint {
    /// The fingerprint of this key; the same for ever and on every device.
    pub fn of(peer: &PeerId) -> Self {
        let hash = blake3::derive_key("grapevine/1 fingerprint", peer.as_bytes());
        let mut bits = Bits { bytes: &hash, taken: 0 };
        Self { words: std::array::from_fn(|_| WORDS[bits.take(10)]), emoji: std::array::from_fn(|_| EMOJI[bits.take(6)]) }
    }
}

/// Reads a hash as numbers of a few bits, most significant bit first.
struct Bits<'a> {
    bytes: &'a [u8; 32],
    taken: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        let mut number = 0;
        for at in self.taken..self.taken + count {
            number = number << 1 | usize::from(self.bytes[at / 8] >> (7 - at % 8) & 1);
        }
        self.taken += count;
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::keys::Identity;

    fn shown(seed: u8) -> (String, String) {
        let print = Fingerprint::of(&Identity::from_seed(&[seed; 32]).peer());
        (print.words.join(" "), print.emoji.map(|e| e.symbol).concat())
    }

    #[test]
    fn the_lists_have_not_changed() {
        let emoji: Vec<String> = EMOJI.iter().map(|e| format!("{} {}", e.symbol, e.name)).collect();
        assert_eq!(
            blake3::hash(WORDS.join(" ").as_bytes()).to_hex().as_str(),
            "420bc8ab9870777fa661b6f7ba8f70ae6644b6f685598b7055bf9d28424d78f7"
        );
        assert_eq!(
            blake3::hash(emoji.join("\n").as_bytes()).to_hex().as_str(),
            "742e5d4cc60fabd326eac534ee253758d4f688091b02ca82900aa26ec749a2bb"
        );
    }

    #[test]
    fn known_keys_keep_their_fingerprints() {
        let [ana, ben] = [shown(1), shown(2)];
        assert_eq!(ana, ("prize kitten wool vacuum violet captain sapphire cheese".to_owned(), "👓🍁⏰🍞📷🥁🎩🐘".to_owned()));
        assert_eq!(ben, ("monarch stapler photo city beluga ivy bamboo juggler".to_owned(), "👑🎈📚👓🐸🍋🐌🚀".to_owned()));
    }

    #[test]
    fn bits_are_read_from_the_front() {
        let mut bytes = [0; 32];
        bytes[..3].copy_from_slice(&[0b1000_0000, 0b0110_0000, 0b0100_0000]);
        let mut bits = Bits { bytes: &bytes, taken: 0 };
        assert_eq!([bits.take(10), bits.take(6), bits.take(2)], [0b10_0000_0001, 0b10_0000, 0b01]);
    }

    #[test]
    fn no_word_and_no_picture_appears_twice() {
        let words: BTreeSet<_> = WORDS.iter().collect();
        let symbols: BTreeSet<_> = EMOJI.iter().map(|e| e.symbol).collect();
        let names: BTreeSet<_> = EMOJI.iter().map(|e| e.name).collect();
        assert_eq!((words.len(), symbols.len(), names.len()), (1024, 64, 64));
    }

    #[test]
    fn words_are_short_and_hard_to_confuse() {
        let starts: BTreeSet<_> = WORDS.iter().map(|w| w.chars().take(4).collect::<String>()).collect();
        assert_eq!(starts.len(), WORDS.len(), "two words begin alike");
        for (i, a) in WORDS.iter().enumerate() {
            assert!((3..=9).contains(&a.len()) && a.bytes().all(|b| b.is_ascii_lowercase()), "{a}");
            for b in &WORDS[i + 1..] {
                assert!(!b.starts_with(a) && !one_letter_apart(a, b), "{a} and {b}");
            }
        }
    }

    #[test]
    fn every_emoji_is_one_character() {
        for emoji in EMOJI {
            assert_eq!(emoji.symbol.chars().count(), 1, "{}", emoji.name);
        }
    }

    fn one_letter_apart(a: &str, b: &str) -> bool {
        let front = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
        let back = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
        let longest = a.len().max(b.len());
        a.len().abs_diff(b.len()) <= 1 && front + back + 1 >= longest
    }
}
