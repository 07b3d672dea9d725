//! Words that a test plants, and looking for them in bytes, however they may be written there.

use std::collections::BTreeSet;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// Bytes of a text.
type Letters = fn(&str) -> Vec<u8>;
/// Bytes as they may stand in a file.
type Coding = fn(&[u8]) -> Vec<u8>;

const LETTERS: [(&str, Letters); 6] = [
    ("UTF-8", |text| text.into()),
    ("UTF-8 in lower case", |text| text.to_lowercase().into()),
    ("UTF-16LE", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16LE in lower case", |text| text.to_lowercase().encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16BE", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("UTF-16BE in lower case", |text| text.to_lowercase().encode_utf16().flat_map(u16::to_be_bytes).collect()),
];
const CODINGS: [(&str, Coding); 5] = [
    ("bare", |bytes| bytes.into()),
    ("hex", |bytes| HEXLOWER.encode(bytes).into()),
    ("upper-case hex", |bytes| HEXUPPER.encode(bytes).into()),
    ("base64", |bytes| BASE64_NOPAD.encode(bytes).into()),
    ("base64url", |bytes| BASE64URL_NOPAD.encode(bytes).into()),
];

/// A whole text, in every way in which a word of it is looked for.
pub(crate) fn written(text: &str) -> Vec<(String, Vec<u8>)> {
    let ways = LETTERS.iter().flat_map(|letters| CODINGS.iter().map(move |coding| (letters, coding)));
    ways.map(|((letters, bytes), (coding, encode))| (format!("{letters}, {coding}"), encode(&bytes(text)))).collect()
}

/// What stands in a text that holds this word, wherever it begins there.
fn forms(word: &str) -> BTreeSet<Vec<u8>> {
    let of = |letters: &Letters, (name, encode): &(&str, Coding)| {
        let bytes = letters(word);
        let form = |before: usize| {
            let whole = encode(&[vec![0; before], bytes.clone()].concat());
            // The first and the last characters also hold bits of what is beside the word.
            let end = whole.len() - usize::from(!(before + bytes.len()).is_multiple_of(3));
            whole[(before * 8).div_ceil(6)..end].to_vec()
        };
        if name.starts_with("base64") { (0..3).map(form).collect() } else { vec![encode(&bytes)] }
    };
    LETTERS.iter().flat_map(|(_, letters)| CODINGS.iter().flat_map(move |coding| of(letters, coding))).collect()
}

/// The words that were planted.
pub(crate) struct Planted {
    /// How a word may stand there, and which word it is.
    forms: Vec<(Vec<u8>, String)>,
    /// Forms by their first two bytes: few places of a file are looked at twice.
    by_start: Vec<Vec<usize>>,
}

impl Planted {
    /// They are long enough that none is in random bytes by chance.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Planted {
        let forms = words.into_iter().flat_map(|word| forms(word).into_iter().map(move |form| (form, word.to_owned())));
        let forms: Vec<(Vec<u8>, String)> = forms.collect();
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (at, (form, word)) in forms.iter().enumerate() {
            assert!(form.len() >= 8, "{word} is too short");
            by_start[start(form)].push(at);
        }
        Planted { forms, by_start }
    }

    /// Those that these bytes hold.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, pair) in bytes.windows(2).enumerate() {
            let here = self.by_start[start(pair)].iter().map(|form| &self.forms[*form]);
            found.extend(here.filter(|(form, _)| bytes[at..].starts_with(form)).map(|(_, word)| word.as_str()));
        }
        found
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}
