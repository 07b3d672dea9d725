//! Finds invites in what people paste: a letter, a chat line, a link between brackets, a text that
//! a mail program has wrapped.
//!
//! What an invite says of itself tells how long it is, and its checksum whether it is whole. So
//! whatever stands around it does no harm, and white space inside may be ignored without taking the
//! words behind for a part of it.

use data_encoding::{Encoding, Specification};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use zeroize::Zeroizing;

use super::code::{CHECKSUM, FIXED, FLAG_CONTACT, Invite, InviteFault, LINK, PREFIX, VERSION};
use crate::limits::{MAX_INVITE_CHARS, MAX_INVITES_FOUND, MAX_PASTED_TEXT};
use crate::text::is_ignorable;

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz234567";
/// Characters in a row that make `gv1` look like an invite rather than like a word, inside a text.
const SUSPICIOUS: usize = 16;
/// Characters of the longest invite behind the prefix.
const MAX_CODE: usize = MAX_INVITE_CHARS - PREFIX.len();
/// Set in a [`Tidy`] byte before which there was white space or the like.
const GAP: u8 = 0x80;
/// Stands for any character that is in no invite nor link.
const OTHER: u8 = b'\0';

/// All different invites in a text, in their order; or, if there is none, what is wrong. Upper
/// case, full-width letters, white space, hyphens, marks of quotation and characters that do not
/// show may be anywhere. Takes time in proportion to the text.
pub fn find(text: &str) -> Result<Vec<Invite>, InviteFault> {
    if text.len() > MAX_PASTED_TEXT {
        return Err(InviteFault::TooLong);
    }
    let tidy = Tidy::of(text);
    if tidy.bytes.is_empty() {
        return Err(InviteFault::Empty);
    }
    let (mut found, mut fault): (Vec<Invite>, _) = (Vec::new(), InviteFault::NotAnInvite);
    for candidate in tidy.candidates() {
        match candidate.read() {
            Ok(invite) if found.iter().any(|known| known.is_same(&invite)) => {}
            Ok(invite) if found.len() < MAX_INVITES_FOUND => found.push(invite),
            Ok(_) => break,
            Err(InviteFault::NotAnInvite) => {}
            Err(InviteFault::Damaged) if fault != InviteFault::NotAnInvite => {}
            Err(why) => fault = why,
        }
    }
    if found.is_empty() { Err(fault) } else { Ok(found) }
}

impl Invite {
    /// The first invite in a text; see [`find`].
    pub fn parse(text: &str) -> Result<Self, InviteFault> {
        find(text)?.into_iter().next().ok_or(InviteFault::NotAnInvite)
    }
}

/// A text in small ASCII letters, without what may be anywhere; [`GAP`] says where white space or
/// the like was.
struct Tidy {
    bytes: Zeroizing<Vec<u8>>,
    /// Where the first letter or digit is.
    first_word: usize,
}

impl Tidy {
    fn of(text: &str) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        let (mut gap, mut line_start) = (0, true);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let c = narrow(c);
            match c {
                '\n' | '\r' => (gap, line_start) = (GAP, true),
                _ if !c.is_ascii() && is_ignorable(c) => {}
                // Quoted mail.
                '>' | '|' if line_start => gap = GAP,
                // A line broken by quoted-printable.
                '=' if matches!(chars.peek(), Some('\n' | '\r')) => {}
                _ if c.is_whitespace() => gap = GAP,
                _ if is_dash(c) => (gap, line_start) = (GAP, false),
                _ => {
                    let byte = u8::try_from(c).ok().filter(u8::is_ascii_graphic).map_or(OTHER, |byte| byte.to_ascii_lowercase());
                    bytes.push(byte | gap);
                    (gap, line_start) = (0, false);
                }
            }
        }
        let first_word = bytes.iter().position(|byte| (byte & !GAP).is_ascii_alphanumeric()).unwrap_or(bytes.len());
        Self { bytes, first_word }
    }

    /// Wherever an invite may begin. What they may consist of does not overlap, since the prefix
    /// ends with a character outside the alphabet.
    fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        let starts = self.bytes.windows(PREFIX.len()).enumerate().filter(|(_, three)| {
            three.iter().zip([b'g'..=b'g', b'v'..=b'v', b'1'..=b'9']).all(|(byte, range)| range.contains(&(byte & !GAP)))
        });
        starts.map(|(at, _)| {
            let (before, from) = self.bytes.split_at(at);
            let is_link = before.iter().rev().take(LINK.len()).map(|byte| byte & !GAP).eq(LINK.bytes().rev());
            let link = if is_link { LINK.len() } else { 0 };
            Candidate { before, from, begins_the_text: self.first_word.saturating_add(link) >= at }
        })
    }
}

/// The narrow form of full-width letters, digits and signs.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        _ => c,
    }
}

fn is_dash(c: char) -> bool {
    c == '-'
        || (!c.is_ascii() && (c == '\u{2212}' || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DashPunctuation))
}

/// `gv` and a digit, and what stands around that.
struct Candidate<'a> {
    before: &'a [u8],
    from: &'a [u8],
    begins_the_text: bool,
}

impl Candidate<'_> {
    fn read(&self) -> Result<Invite, InviteFault> {
        let (prefix, code) = self.from.split_at(PREFIX.len());
        let later = prefix.last().is_some_and(|digit| digit & !GAP != b'0' + VERSION);
        let code = code.iter().take_while(|byte| ALPHABET.as_bytes().contains(&(*byte & !GAP))).take(MAX_CODE + 1);
        let gap = code.clone().position(|byte| byte & GAP != 0);
        let code: Zeroizing<String> = Zeroizing::new(code.map(|byte| char::from(byte & !GAP)).collect());
        let mut fault = InviteFault::Damaged;
        // Of one that this version cannot measure, a right checksum still tells that it is whole.
        for end in [length(&code), gap, Some(code.len())].into_iter().flatten().filter(|_| !later) {
            match decode(code.get(..end).unwrap_or_default()).and_then(|bytes| Invite::from_bytes(&bytes)) {
                Ok(invite) => return Ok(invite),
                Err(InviteFault::Damaged) => {}
                Err(why) => fault = why,
            }
        }
        match fault {
            InviteFault::Damaged if !self.looks_like_an_invite(gap.unwrap_or(code.len())) => Err(InviteFault::NotAnInvite),
            InviteFault::Damaged if later => Err(InviteFault::TooNew),
            InviteFault::Damaged if gap.unwrap_or(code.len()) > MAX_CODE => Err(InviteFault::TooLong),
            fault => Err(fault),
        }
    }

    /// Whether this was meant as an invite, if so many characters of one follow in a row.
    fn looks_like_an_invite(&self, in_a_row: usize) -> bool {
        let [g, inside @ ..] = self.from.get(..PREFIX.len()).unwrap_or_default() else { return false };
        let begins_a_word = g & GAP != 0 || self.before.last().is_none_or(|byte| !(byte & !GAP).is_ascii_alphanumeric());
        self.begins_the_text || (begins_a_word && inside.iter().all(|byte| byte & GAP == 0) && in_a_row >= SUSPICIOUS)
    }
}

/// Characters of the invite that begins so, as far as it can be told.
fn length(code: &str) -> Option<usize> {
    // Eight characters are five bytes.
    let left_over = code.len() % 8;
    let bytes = decode(code.get(..code.len().checked_sub(left_over)?)?).ok()?;
    let (version, flags, count) = (*bytes.first()?, *bytes.get(1)?, *bytes.get(FIXED - CHECKSUM - 1)?);
    if version != VERSION || flags & !FLAG_CONTACT != 0 {
        return None;
    }
    let mut end = FIXED - CHECKSUM;
    for _ in 0..count {
        let address = bytes.get(end..)?;
        let len = match *address.first()? {
            4 => 1 + 4 + 2,
            6 => 1 + 16 + 2,
            1 => usize::from(*address.get(1)?).checked_add(1 + 1 + 2)?,
            _ => return None,
        };
        end = end.checked_add(len)?;
    }
    Some(end.checked_add(CHECKSUM)?.checked_mul(8)?.div_ceil(5))
}

fn decode(code: &str) -> Result<Zeroizing<Vec<u8>>, InviteFault> {
    let mut spec = Specification::new();
    spec.symbols.push_str(ALPHABET);
    let base32: Encoding = spec.encoding().map_err(|_| InviteFault::Damaged)?;
    base32.decode(code.as_bytes()).map(Zeroizing::new).map_err(|_| InviteFault::Damaged)
}

#[cfg(test)]
mod tests;
