//! What becomes of datagrams beside QUIC. Pure.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;

use super::asked::AskedNodes;
use super::datagram::{ANSWER, Kind, Tag};
use super::echo::Echoes;
use super::limits::DHT_ANSWER;

/// Shared by both sockets of a port.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) echoes: Echoes,
    pub(super) nodes: AskedNodes,
}

/// What to do with a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is quinn's.
    Quic,
    Drop,
    Answer {
        tag: Tag,
        answer: [u8; ANSWER],
    },
    Echoed {
        tag: Tag,
        seen: SocketAddr,
    },
    Dht,
}

impl Beside {
    pub(super) fn on_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: u64) -> Then {
        match Kind::of(bytes) {
            Kind::Question { tag, nonce } => {
                self.echoes.on_question(from, &tag, &nonce, now).map_or(Then::Drop, |answer| Then::Answer { tag, answer })
            }
            Kind::Answer { nonce, masked } => {
                self.echoes.on_answer(from, &nonce, masked, now).map_or(Then::Drop, |(tag, seen)| Then::Echoed { tag, seen })
            }
            Kind::PerhapsDht if bytes.len() <= DHT_ANSWER && self.nodes.may_answer(&from, now) => Then::Dht,
            Kind::PerhapsDht | Kind::Quic => Then::Quic,
            Kind::Nothing => Then::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_an_answer_only_from_where_one_is_wanted() {
        let (node, stranger) = (SocketAddr::from(([192, 0, 2, 1], 1)), SocketAddr::from(([192, 0, 2, 2], 1)));
        let mut beside = Beside::default();
        beside.nodes.ask(node, 0);
        assert_eq!(beside.on_datagram(node, b"d1:t2:aae", 10), Then::Dht);
        assert_eq!(beside.on_datagram(stranger, b"d1:t2:aae", 10), Then::Quic);
        assert_eq!(beside.on_datagram(node, b"d1:t2:aae", 5_001), Then::Quic);
        assert_eq!(beside.on_datagram(node, &[0x41; 40], 10), Then::Quic, "quinn's stays quinn's");
        let long = [&b"d1:t9999:"[..], &[b'a'; DHT_ANSWER], b"e"].concat();
        assert_eq!(beside.on_datagram(node, &long, 10), Then::Quic, "quinn drops it");
    }
}
