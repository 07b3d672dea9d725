//! The few words of the DHT's protocol (BEP 5, 42, 43, 44) that go by our own UDP port: asking a
//! node where it sees us, and whether a slot has something new.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{Ipv4Addr, SocketAddrV4};

use super::limits::{MAX_DATAGRAM, MAX_DEPTH};

/// By which an answer is known. Four bytes: some nodes take no other length.
pub(super) type Tag = [u8; 4];

/// Are you there, and where do you see me?
pub(super) fn ping(me: &[u8; 20], tag: Tag) -> Vec<u8> {
    let mut out = b"d1:ad2:id20:".to_vec();
    out.extend_from_slice(me);
    out.extend_from_slice(b"e1:q4:ping");
    end(out, tag)
}

/// What do you have at `target`, if it is newer than number `newer_than`?
pub(super) fn get(me: &[u8; 20], tag: Tag, target: &[u8; 20], newer_than: Option<i64>) -> Vec<u8> {
    let mut out = b"d1:ad2:id20:".to_vec();
    out.extend_from_slice(me);
    if let Some(number) = newer_than {
        out.extend_from_slice(format!("3:seqi{number}e").as_bytes());
    }
    out.extend_from_slice(b"6:target20:");
    out.extend_from_slice(target);
    out.extend_from_slice(b"e1:q3:get");
    end(out, tag)
}

/// `ro`: this device answers nothing, so nodes need not remember it.
fn end(mut out: Vec<u8>, tag: Tag) -> Vec<u8> {
    out.extend_from_slice(b"2:roi1e1:t4:");
    out.extend_from_slice(&tag);
    out.extend_from_slice(b"1:y1:qe");
    out
}

/// What a node answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub(super) tag: Tag,
    /// Where it says that it sees us.
    pub(super) seen: Option<SocketAddrV4>,
    /// The number of what it has at the target, in its own words.
    pub(super) number: Option<i64>,
    /// What it has there, if it is newer.
    pub(super) value: Option<&'a [u8]>,
    /// It said that something is wrong.
    pub(super) refused: bool,
}

/// Reads an answer; none if these bytes are anything else.
pub(super) fn read(bytes: &[u8]) -> Option<Answer<'_>> {
    if bytes.len() > MAX_DATAGRAM {
        return None;
    }
    let (mut tag, mut seen, mut kind, mut number, mut value) = (None, None, None, None, None);
    let mut reader = Reader { rest: bytes };
    reader.dictionary(|key, reader| {
        match key {
            b"t" => tag = Some(Tag::try_from(reader.text()?).ok()?),
            b"y" => kind = Some(reader.text()?),
            b"ip" => seen = address(reader.text()?),
            b"r" => reader.dictionary(|key, reader| {
                match key {
                    b"seq" => number = Some(reader.integer()?),
                    b"v" => value = reader.text_or_skip()?,
                    _ => reader.skip(0)?,
                }
                Some(())
            })?,
            _ => reader.skip(0)?,
        }
        Some(())
    })?;
    let refused = match kind? {
        b"r" => false,
        b"e" => true,
        _ => return None,
    };
    Some(Answer { tag: tag?, seen, number, value, refused })
}

/// BEP 42's compact form. Nodes that see us by IPv6 say 18 bytes; those are not for us.
fn address(bytes: &[u8]) -> Option<SocketAddrV4> {
    let [a, b, c, d, high, low] = *<&[u8; 6]>::try_from(bytes).ok()?;
    let (ip, port) = (Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]));
    let unicast = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast();
    (unicast && port != 0).then(|| SocketAddrV4::new(ip, port))
}

/// Takes bencode apart from the front. Nothing is copied, and nothing is trusted.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Decimal digits up to `end`.
    fn number_until(&mut self, end: u8) -> Option<i64> {
        // The longest i64 has 19 digits and a sign.
        let length = self.rest.iter().take(21).position(|byte| *byte == end)?;
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        self.next()?;
        let first = digits.first()?;
        if !(first.is_ascii_digit() || *first == b'-') {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number_until(b':')?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    fn integer(&mut self) -> Option<i64> {
        (self.next()? == b'i').then_some(())?;
        self.number_until(b'e')
    }

    /// A text, or none if there is something else, which is passed over.
    fn text_or_skip(&mut self) -> Option<Option<&'a [u8]>> {
        if self.peek()?.is_ascii_digit() {
            return self.text().map(Some);
        }
        self.skip(0)?;
        Some(None)
    }

    fn dictionary(&mut self, mut entry: impl FnMut(&'a [u8], &mut Self) -> Option<()>) -> Option<()> {
        (self.next()? == b'd').then_some(())?;
        while self.peek()? != b'e' {
            let key = self.text()?;
            entry(key, self)?;
        }
        self.next().map(drop)
    }

    /// Passes over one item, whatever it is.
    fn skip(&mut self, depth: u8) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'0'..=b'9' => self.text().map(drop),
            b'i' => self.integer().map(drop),
            b'l' | b'd' => {
                self.next()?;
                while self.peek()? != b'e' {
                    self.skip(depth.saturating_add(1))?;
                }
                self.next().map(drop)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PONG: &[u8] = b"d2:ip6:\x0b\x63\x00\x07\x12\x8b1:rd2:id20:aaaaaaaaaaaaaaaaaaaae1:t4:gv011:v4:RS\x00\x051:y1:re";

    #[test]
    fn questions_are_bencode_in_order() {
        let me = [b'm'; 20];
        assert_eq!(ping(&me, *b"gv01"), b"d1:ad2:id20:mmmmmmmmmmmmmmmmmmmme1:q4:ping2:roi1e1:t4:gv011:y1:qe");
        let asked = get(&me, *b"gv02", &[b't'; 20], Some(-5));
        assert_eq!(asked, b"d1:ad2:id20:mmmmmmmmmmmmmmmmmmmm3:seqi-5e6:target20:tttttttttttttttttttte1:q3:get2:roi1e1:t4:gv021:y1:qe");
    }

    #[test]
    fn a_pong_says_where_it_sees_us() {
        let seen = Some("11.99.0.7:4747".parse().expect("an address"));
        assert_eq!(read(PONG), Some(Answer { tag: *b"gv01", seen, number: None, value: None, refused: false }));
    }

    #[test]
    fn what_is_stored_is_found_among_other_words() {
        let bytes = b"d1:rd2:id20:aaaaaaaaaaaaaaaaaaaa1:k3:key5:nodes2:xy3:seqi42e3:sig2:zz5:token1:T1:v5:valuee1:t4:gv011:y1:re";
        let answer = read(bytes).expect("an answer");
        assert_eq!((answer.number, answer.value, answer.seen), (Some(42), Some(&b"value"[..]), None));
        let other = b"d1:rd1:vli1eee1:t4:gv011:y1:re";
        assert_eq!(read(other).map(|answer| answer.value), Some(None), "a value that is no text");
    }

    #[test]
    fn errors_are_answers_and_questions_are_not() {
        let error = b"d1:eli204e14:Method Unknowne1:t4:gv011:y1:ee";
        assert!(read(error).is_some_and(|answer| answer.refused));
        assert_eq!(read(&ping(&[0; 20], *b"gv01")), None);
    }

    #[test]
    fn addresses_that_name_nobody_are_not_taken() {
        for bad in [[0, 0, 0, 0, 1, 1], [224, 0, 0, 1, 1, 1], [255, 255, 255, 255, 1, 1], [10, 0, 0, 1, 0, 0]] {
            assert_eq!(address(&bad), None);
        }
        assert_eq!(address(&[1; 18]), None);
    }

    #[test]
    fn deep_long_and_cut_words_are_refused() {
        let nested = |depth: usize| [b"d1:x".as_slice(), &vec![b'l'; depth], &vec![b'e'; depth], b"1:t4:gv011:y1:re"].concat();
        assert!(read(&nested(3)).is_some());
        assert_eq!(read(&nested(900)), None);
        assert_eq!(read(&[PONG, &vec![b'e'; MAX_DATAGRAM]].concat()), None);
        for cut in 0..PONG.len() {
            assert_eq!(read(&PONG[..cut]), None, "{cut}");
        }
        for bad in [&b"d1:t4:gv01"[..], b"d99999999999999999999:x", b"d-1:xe", b"d1:ti99999999999999999999ee", b"d+1:xe", b""] {
            assert_eq!(read(bad), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..2100)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_pong_with_a_changed_byte_is_read_or_not(at in 0..PONG.len(), byte: u8) {
            let mut bytes = PONG.to_vec();
            bytes[at] = byte;
            let _ = read(&bytes);
        }
    }
}
