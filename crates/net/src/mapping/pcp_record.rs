//! PCP MAP for an IPv6 pinhole, as bytes (RFC 6887 §7, §11.1). No options.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::Ipv6Addr;

use super::mappings::Transport;
use super::opening::Why;

/// Both directions.
pub(super) const LENGTH: usize = 60;
/// Longest answer that RFC 6887 allows; options may follow, and are not read.
pub(super) const LONGEST: usize = 1100;

const VERSION: u8 = 2;
const MAP: u8 = 1;
const ANSWER: u8 = 0x80;

/// A question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Own address: where it is sent from, too.
    pub(super) client: Ipv6Addr,
    pub(super) transport: Transport,
    pub(super) internal_port: u16,
    /// Wanted.
    pub(super) external_port: u16,
    /// Seconds. 0: close it.
    pub(super) lease: u32,
    pub(super) nonce: [u32; 3],
}

/// An answer that grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) external: Ipv6Addr,
    pub(super) external_port: u16,
    pub(super) lease: u32,
    pub(super) epoch: u32,
}

impl Request {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend([VERSION, MAP, 0, 0]);
        bytes.extend(self.lease.to_be_bytes());
        bytes.extend(self.client.octets());
        bytes.extend(self.nonce.iter().flat_map(|word| word.to_be_bytes()));
        bytes.extend([number(self.transport), 0, 0, 0]);
        bytes.extend(self.internal_port.to_be_bytes());
        let external_port = if self.lease == 0 { 0 } else { self.external_port };
        bytes.extend(external_port.to_be_bytes());
        bytes.extend(Ipv6Addr::UNSPECIFIED.octets());
        bytes
    }

    /// Reads an answer. None: it is not one to this question, and waiting may go on.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<Result<Granted, Why>> {
        let (version, rest) = take::<1>(bytes)?;
        let (operation, rest) = take::<1>(rest)?;
        let (result, rest) = take::<2>(rest)?;
        let [_, result] = result;
        if version == [0] && operation == [ANSWER] || result == 1 {
            // NAT-PMP only, or another version.
            return Some(Err(Why::Refused));
        }
        if version != [VERSION] || operation != [ANSWER | MAP] || bytes.len() > LONGEST {
            return None;
        }
        let (lease, rest) = take::<4>(rest)?;
        let (epoch, rest) = take::<4>(rest)?;
        let (_reserved, rest) = take::<12>(rest)?;
        let (nonce, rest) = take::<12>(rest)?;
        let (protocol, rest) = take::<4>(rest)?;
        let (internal_port, rest) = take::<2>(rest)?;
        let (external_port, rest) = take::<2>(rest)?;
        let (external, _options) = take::<16>(rest)?;
        let own: Vec<u8> = self.nonce.iter().flat_map(|word| word.to_be_bytes()).collect();
        let [protocol, ..] = protocol;
        if own != nonce || protocol != number(self.transport) || u16::from_be_bytes(internal_port) != self.internal_port {
            return None;
        }
        let granted = Granted {
            external: external.into(),
            external_port: u16::from_be_bytes(external_port),
            lease: u32::from_be_bytes(lease),
            epoch: u32::from_be_bytes(epoch),
        };
        Some(refusal(result).map_or(Ok(granted), Err))
    }
}

fn refusal(result: u8) -> Option<Why> {
    match result {
        0 => None,
        2 | 4 | 9 | 10 | 11 => Some(Why::Refused),
        code => Some(Why::Other(format!("error {code}"))),
    }
}

/// IANA's.
fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
    }
}

fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk::<N>().map(|(first, rest)| (*first, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request() -> Request {
        let client = "2a00:99:a::2".parse().expect("an address");
        Request { client, transport: Transport::Tcp, internal_port: 4747, external_port: 4747, lease: 120, nonce: [1, 2, 0x0403_0201] }
    }

    /// As a server answers it.
    fn answer(request: &Request, result: u8) -> Vec<u8> {
        let mut bytes = request.encode();
        bytes[1] |= 0x80;
        bytes[3] = result;
        bytes[8..12].copy_from_slice(&77_u32.to_be_bytes());
        bytes[12..24].fill(0);
        bytes[44..60].copy_from_slice(&request.client.octets());
        bytes
    }

    #[test]
    fn a_request_is_sixty_bytes_in_the_order_of_the_rfc() {
        let bytes = request().encode();
        assert_eq!(bytes.len(), LENGTH);
        assert_eq!(bytes[..8], [2, 1, 0, 0, 0, 0, 0, 120]);
        assert_eq!(bytes[8..24], request().client.octets());
        assert_eq!(bytes[24..36], [0, 0, 0, 1, 0, 0, 0, 2, 4, 3, 2, 1]);
        assert_eq!(bytes[36..44], [6, 0, 0, 0, 0x12, 0x8b, 0x12, 0x8b]);
        assert_eq!(bytes[44..], [0; 16]);
        let closing = Request { lease: 0, transport: Transport::Udp, ..request() }.encode();
        assert_eq!((&closing[4..8], closing[36], &closing[42..44]), (&[0_u8; 4][..], 17, &[0_u8; 2][..]));
    }

    #[test]
    fn an_answer_to_the_question_is_read() {
        let granted = Granted { external: request().client, external_port: 4747, lease: 120, epoch: 77 };
        assert_eq!(request().decode(&answer(&request(), 0)), Some(Ok(granted)));
        let mut with_options = answer(&request(), 0);
        with_options.extend([0; 40]);
        assert_eq!(request().decode(&with_options), Some(Ok(granted)));
        assert_eq!(request().decode(&answer(&request(), 2)), Some(Err(Why::Refused)));
        assert_eq!(request().decode(&answer(&request(), 8)), Some(Err(Why::Other("error 8".to_owned()))));
        assert_eq!(request().decode(&[0, 128, 0, 1, 0, 0, 0, 9]), Some(Err(Why::Refused)), "a NAT-PMP server");
    }

    #[test]
    fn answers_to_other_questions_are_not_believed() {
        let others = [
            Request { nonce: [1, 2, 4], ..request() },
            Request { transport: Transport::Udp, ..request() },
            Request { internal_port: 4748, ..request() },
        ];
        for other in others {
            assert_eq!(request().decode(&answer(&other, 0)), None, "{other:?}");
        }
        assert_eq!(request().decode(&request().encode()), None, "an echo of the question");
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_harm(bytes: Vec<u8>, cut in 0..60_usize) {
            let _ = request().decode(&bytes);
            prop_assert!(!matches!(request().decode(&answer(&request(), 0)[..cut]), Some(Ok(_))));
        }
    }
}
