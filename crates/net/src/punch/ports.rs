//! The birthday method in numbers: the tag by which a hit is known, and the ports to look at. Pure.
//!
//! ```text
//! tagged probe  05 ‖ tag[16]     the bit 0x40 of the first byte is clear: no QUIC packet
//! tag           derive("birthday", session u64 big-endian)[..16]
//! ```

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use rand::Rng;
use rand::seq::index::sample;
use wire::derive;

use super::limits::PORTS;
use crate::quic::PROBE;

pub(super) const TAGGED: usize = 17;

/// Routers give out ports from here on.
const FIRST_PORT: u16 = 1_024;

/// What the side that looks for a port sends, in this session alone.
pub(super) fn tagged(session: u64) -> [u8; TAGGED] {
    let tag = derive("birthday", &session.to_be_bytes());
    let mut bytes = [0; TAGGED];
    bytes.iter_mut().zip(PROBE.iter().take(1).chain(&tag)).for_each(|(to, from)| *to = *from);
    bytes
}

/// Ports in an order that nobody can foresee, none of them twice.
pub(super) fn ports(chance: &mut impl Rng) -> Vec<u16> {
    let span = usize::from(u16::MAX.saturating_sub(FIRST_PORT)).saturating_add(1);
    let offsets = sample(chance, span, PORTS);
    offsets.into_iter().filter_map(|offset| u16::try_from(offset).ok()?.checked_add(FIRST_PORT)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_hit_is_known_by_its_session_and_cannot_be_a_quic_packet() {
        assert_eq!(tagged(1), tagged(1));
        assert_ne!(tagged(1), tagged(2));
        assert_eq!(tagged(1)[0] & 0xc0, 0);
        const { assert!(TAGGED <= 21, "a longer one could be answered by a stateless reset") }
    }

    #[test]
    fn no_port_is_tried_twice_and_none_that_no_router_gives_out() {
        let mut highest = 0;
        for seed in 0..64 {
            let ports = ports(&mut StdRng::seed_from_u64(seed));
            let different: BTreeSet<_> = ports.iter().copied().collect();
            assert_eq!((ports.len(), different.len()), (PORTS, PORTS), "seed {seed}");
            assert!(different.iter().all(|port| *port >= FIRST_PORT), "seed {seed}");
            highest = highest.max(different.last().copied().unwrap_or_default());
        }
        assert!(highest > 65_500, "up to the last one");
    }

    /// What the numbers in `limits.rs` promise, where each socket has a port by chance.
    #[test]
    fn nine_in_ten_birthdays_hit_within_six_seconds() {
        let mut chance = StdRng::seed_from_u64(7);
        let hits = (0..200).filter(|_| {
            let sockets: BTreeSet<usize> = sample(&mut chance, 64_512, super::super::limits::SOCKETS).into_iter().collect();
            let tried = ports(&mut chance);
            tried.iter().take(600).any(|port| sockets.contains(&usize::from(port - FIRST_PORT)))
        });
        let hits = hits.count();
        assert!(hits >= 170, "{hits} of 200");
    }
}
