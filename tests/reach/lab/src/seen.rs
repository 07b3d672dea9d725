//! Who sent to whom over the internet of the lab, read from the frames.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// One sender's packets to one address, of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Who sent.
    pub from: Ipv4Addr,
    /// To whom.
    pub to: Ipv4Addr,
    /// IP's number of it: 6 is TCP, 17 UDP. 0 is a question for the hardware address of somebody
    /// who has none: packets to nobody end so.
    pub protocol: u8,
}

/// What went by, with counts of packets and bytes.
#[derive(Clone, Debug, Default)]
pub struct Seen(pub BTreeMap<Flow, (u64, u64)>);

impl Seen {
    pub(crate) fn count(&mut self, frame: &[u8]) {
        if let Some(flow) = flow(frame) {
            let (packets, bytes) = self.0.entry(flow).or_default();
            *packets += 1;
            *bytes += frame.len() as u64;
        }
    }

    /// Packets and bytes between two addresses, both ways, of one protocol.
    pub fn between(&self, one: Ipv4Addr, other: Ipv4Addr, protocol: u8) -> (u64, u64) {
        let both = [Flow { from: one, to: other, protocol }, Flow { from: other, to: one, protocol }];
        let counts = both.iter().filter_map(|flow| self.0.get(flow));
        counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }

    /// Packets to an address from anybody, of any protocol, questions for it included.
    pub fn to(&self, address: Ipv4Addr) -> u64 {
        self.0.iter().filter(|(flow, _)| flow.to == address).map(|(_, (packets, _))| packets).sum()
    }
}

fn flow(frame: &[u8]) -> Option<Flow> {
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(frame.get(at..at + 4)?).ok()?));
    match frame.get(12..14)? {
        [0x08, 0x00] => Some(Flow { from: address(26)?, to: address(30)?, protocol: *frame.get(23)? }),
        [0x08, 0x06] => Some(Flow { from: address(28)?, to: address(38)?, protocol: 0 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_counts_for_its_two_ends_and_a_question_for_whom_it_asks() {
        let (one, other) = (Ipv4Addr::new(11, 99, 0, 2), Ipv4Addr::new(11, 99, 0, 3));
        let mut packet = [0; 60];
        packet[12..14].copy_from_slice(&[8, 0]);
        packet[23] = 17;
        packet[26..30].copy_from_slice(&one.octets());
        packet[30..34].copy_from_slice(&other.octets());
        let mut question = [0; 42];
        question[12..14].copy_from_slice(&[8, 6]);
        question[28..32].copy_from_slice(&one.octets());
        question[38..42].copy_from_slice(&other.octets());
        let mut seen = Seen::default();
        for frame in [&packet[..], &packet, &question, &packet[..20], &[]] {
            seen.count(frame);
        }
        assert_eq!((seen.between(other, one, 17), seen.between(one, other, 6)), ((2, 120), (0, 0)));
        assert_eq!((seen.to(other), seen.to(one)), (3, 0));
    }
}
