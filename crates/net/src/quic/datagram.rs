//! What a datagram is, by its bytes, and the layout of our own.
//!
//! Every QUIC packet that quinn sends has the bit 0x40 of its first byte set (RFC 9000 §17). Our
//! own have it clear. DHT nodes speak bencoded dictionaries, which begin with `d`; that could be
//! QUIC too, so they count only if they come from where one was asked for.
//!
//! ```text
//! probe     05 ‖ anything                                             to open mappings; dropped
//! question  06 ‖ tag[16] ‖ nonce[8] ‖ padding[≥ 7]                    ≥ 32 bytes
//! answer    07 ‖ nonce[8] ‖ (address[16] ‖ port u16 big-endian) ⊕ tag tag     27 bytes
//! ```
//!
//! An answer is shorter than its question, so nobody is hit harder by questions in their name. The
//! address (IPv4 as `::ffff:a.b.c.d`) is masked with the tag: some routers rewrite addresses that
//! they see in the clear.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Names a link to whoever answers, and to nobody else.
pub(crate) type Tag = [u8; 16];
/// Tells answers apart, and proves that whoever answers got the question.
pub(super) type Nonce = [u8; 8];

/// What opens a mapping and says nothing.
pub(crate) const PROBE: [u8; 8] = [PROBE_BYTE, 0, 0, 0, 0, 0, 0, 0];

const PROBE_BYTE: u8 = 0x05;
const QUESTION_BYTE: u8 = 0x06;
const ANSWER_BYTE: u8 = 0x07;
const QUIC_BIT: u8 = 0x40;

pub(super) const QUESTION: usize = 32;
pub(super) const ANSWER: usize = 27;

const SEEN: usize = 18;

/// For whom a datagram is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Question {
        tag: Tag,
        nonce: Nonce,
    },
    Answer {
        nonce: Nonce,
        masked: [u8; SEEN],
    },
    /// A bencoded dictionary, or a QUIC packet that looks like one.
    PerhapsDht,
    Quic,
    /// For nobody.
    Nothing,
}

impl Kind {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.split_first() {
            Some((&QUESTION_BYTE, rest)) if bytes.len() >= QUESTION => Self::question(rest).unwrap_or(Self::Nothing),
            Some((&ANSWER_BYTE, rest)) if bytes.len() == ANSWER => Self::answer(rest).unwrap_or(Self::Nothing),
            // The keys of a dictionary are strings, which begin with their length.
            Some((b'd', [next, .., b'e'])) if next.is_ascii_digit() => Self::PerhapsDht,
            Some((first, _)) if first & QUIC_BIT != 0 => Self::Quic,
            Some(_) | None => Self::Nothing,
        }
    }

    fn question(rest: &[u8]) -> Option<Self> {
        let (tag, rest) = rest.split_first_chunk()?;
        let (nonce, _) = rest.split_first_chunk()?;
        Some(Self::Question { tag: *tag, nonce: *nonce })
    }

    fn answer(rest: &[u8]) -> Option<Self> {
        let (nonce, rest) = rest.split_first_chunk()?;
        let (masked, _) = rest.split_first_chunk()?;
        Some(Self::Answer { nonce: *nonce, masked: *masked })
    }
}

pub(super) fn question(tag: &Tag, nonce: &Nonce) -> [u8; QUESTION] {
    let mut bytes = [0; QUESTION];
    fill(&mut bytes, [QUESTION_BYTE].iter().chain(tag).chain(nonce));
    bytes
}

pub(super) fn answer(tag: &Tag, nonce: &Nonce, seen: SocketAddr) -> [u8; ANSWER] {
    let ip = match seen.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut address = [0; SEEN];
    fill(&mut address, ip.octets().iter().chain(&seen.port().to_be_bytes()));
    let mut bytes = [0; ANSWER];
    fill(&mut bytes, [ANSWER_BYTE].iter().chain(nonce).chain(&mask(address, tag)));
    bytes
}

/// The address in an answer, if it is one.
pub(super) fn unmask(masked: [u8; SEEN], tag: &Tag) -> Option<SocketAddr> {
    let seen = mask(masked, tag);
    let (ip, rest) = seen.split_first_chunk::<16>()?;
    let (port, _) = rest.split_first_chunk()?;
    let seen = SocketAddr::new(Ipv6Addr::from(*ip).to_canonical(), u16::from_be_bytes(*port));
    let means_nothing = seen.port() == 0 || seen.ip().is_unspecified() || seen.ip().is_multicast();
    (!means_nothing).then_some(seen)
}

/// An address as all of this crate writes it.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        // An IPv6 address keeps its scope: without it a link-local one leads nowhere.
        IpAddr::V6(_) => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

/// Keeps of a buffer with one or more datagrams of `stride` bytes (the last may be shorter) those
/// that `take` does not take, in order; their length together.
pub(super) fn keep(buffer: &mut [u8], len: usize, stride: usize, mut take: impl FnMut(&[u8]) -> bool) -> usize {
    let (mut at, mut kept) = (0_usize, 0_usize);
    while at < len {
        let end = at.saturating_add(stride.max(1)).min(len);
        let Some(datagram) = buffer.get(at..end) else { break };
        if !take(datagram) {
            buffer.copy_within(at..end, kept);
            kept = kept.saturating_add(end.saturating_sub(at));
        }
        at = end;
    }
    kept
}

fn mask(mut bytes: [u8; SEEN], tag: &Tag) -> [u8; SEEN] {
    bytes.iter_mut().zip(tag.iter().cycle()).for_each(|(byte, tag)| *byte ^= tag);
    bytes
}

fn fill<'a>(into: &mut [u8], bytes: impl Iterator<Item = &'a u8>) {
    into.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const TAG: Tag = *b"0123456789abcdef";
    const NONCE: Nonce = *b"nonce-00";

    #[test]
    fn an_answer_holds_the_address_masked_and_is_shorter_than_its_question() {
        for text in ["192.0.2.7:4747", "[2001:db8::7]:1"] {
            let seen: SocketAddr = text.parse().expect("an address");
            let bytes = answer(&TAG, &NONCE, seen);
            let Kind::Answer { nonce: NONCE, masked } = Kind::of(&bytes) else { panic!("{bytes:?}") };
            assert_eq!(unmask(masked, &TAG), Some(seen));
            assert!(!bytes.windows(4).any(|four| four == [192, 0, 2, 7]), "not in the clear");
        }
        const { assert!(ANSWER <= QUESTION) }
    }

    #[test]
    fn an_answer_that_names_no_address_is_none() {
        for text in ["0.0.0.0:1", "192.0.2.7:0", "[::]:1", "224.0.0.1:5"] {
            let bytes = answer(&TAG, &NONCE, text.parse().expect("an address"));
            let Kind::Answer { masked, .. } = Kind::of(&bytes) else { panic!("{bytes:?}") };
            assert_eq!(unmask(masked, &TAG), None, "{text}");
        }
    }

    #[test]
    fn datagrams_are_told_apart_by_their_bytes() {
        assert_eq!(Kind::of(&question(&TAG, &NONCE)), Kind::Question { tag: TAG, nonce: NONCE });
        assert_eq!(Kind::of(&question(&TAG, &NONCE)[..31]), Kind::Nothing, "shorter than it must be");
        assert_eq!(Kind::of(&answer(&TAG, &NONCE, "192.0.2.7:1".parse().expect("an address"))[..26]), Kind::Nothing);
        assert_eq!(Kind::of(b"d1:ad2:id20:aaaaaaaaaaaaaaaaaaaaee"), Kind::PerhapsDht);
        assert_eq!(Kind::of(b"drop it"), Kind::Quic);
        assert_eq!(Kind::of(&[0xc0; 1200]), Kind::Quic);
        assert_eq!(Kind::of(&[0x43; 30]), Kind::Quic);
        for junk in [&[][..], &PROBE, &[0; 1200], &[0x80; 1200], &[0x3f; 20], &[ANSWER_BYTE], &[QUESTION_BYTE; 31]] {
            assert_eq!(Kind::of(junk), Kind::Nothing, "{junk:?}");
        }
    }

    #[test]
    fn what_is_not_taken_stays_in_order() {
        let mut buffer = *b"aaabbbcccdd.....";
        let mut seen = Vec::new();
        let kept = keep(&mut buffer, 11, 3, |datagram| {
            seen.push(datagram.to_vec());
            datagram.starts_with(b"b")
        });
        assert_eq!((&buffer[..kept], seen.len()), (&b"aaacccdd"[..], 4));
        assert_eq!(keep(&mut buffer, kept, 3, |_| true), 0);
        assert_eq!(keep(&mut buffer, 5, 0, |_| false), 5, "a stride of none is no endless loop");
    }

    #[test]
    fn a_mapped_address_comes_out_canonical_and_a_scope_stays() {
        let check = |text: &str, expected: &str| {
            assert_eq!(canonical(text.parse().expect("an address")), expected.parse().expect("an address"));
        };
        check("[::ffff:192.0.2.7]:5", "192.0.2.7:5");
        check("[fe80::1%3]:5", "[fe80::1%3]:5");
        check("192.0.2.7:5", "192.0.2.7:5");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..64), tag in any::<Tag>()) {
            if let Kind::Answer { masked, .. } = Kind::of(&bytes) {
                let _ = unmask(masked, &tag);
            }
        }

        #[test]
        fn whatever_is_asked_and_answered_is_understood(tag in any::<Tag>(), nonce in any::<Nonce>(), ip in any::<[u8; 4]>(), port: u16) {
            prop_assert_eq!(Kind::of(&question(&tag, &nonce)), Kind::Question { tag, nonce });
            let seen = SocketAddr::new(Ipv4Addr::from(ip).into(), port);
            let Kind::Answer { nonce: told, masked } = Kind::of(&answer(&tag, &nonce, seen)) else { panic!("an answer") };
            prop_assert_eq!(told, nonce);
            if let Some(unmasked) = unmask(masked, &tag) {
                prop_assert_eq!(unmasked, seen);
            } else {
                prop_assert!(port == 0 || seen.ip().is_unspecified() || seen.ip().is_multicast());
            }
        }

        #[test]
        fn what_is_kept_are_the_datagrams_that_are_not_taken(datagrams in proptest::collection::vec(any::<bool>(), 0..20), stride in 1_usize..50, last in 1_usize..50) {
            let mut buffer = Vec::new();
            let mut expected = Vec::new();
            for (at, ours) in datagrams.iter().enumerate() {
                let len = if at + 1 == datagrams.len() { last.min(stride) } else { stride };
                let datagram = vec![at as u8 * 2 + u8::from(*ours); len];
                buffer.extend(&datagram);
                expected.extend(datagram.into_iter().filter(|_| !ours));
            }
            let len = buffer.len();
            let kept = keep(&mut buffer, len, stride, |datagram| datagram[0] % 2 == 1);
            prop_assert_eq!(&buffer[..kept], &expected[..]);
        }
    }
}
