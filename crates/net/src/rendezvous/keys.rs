//! The slots of a meeting: two for each day, one for each side (an invite has four for joiners).

use identity::Identity;
use wire::derive;
use zeroize::Zeroizing;

use super::limits::JOINER_SEATS;
use super::meeting::{Seat, Side};

/// Milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;
/// Around midnight (UTC) both days are looked at: a partner's clock may be wrong by so much.
const AROUND_MIDNIGHT: u64 = 2 * 60 * 60 * 1000;

/// The keys of one seat on one day. Whoever lacks the secret cannot tell two of them from two
/// random keys.
#[derive(Clone)]
pub(super) struct Slot {
    /// Of the Ed25519 key that signs what is stored.
    pub(super) seed: Zeroizing<[u8; 32]>,
    /// Its public half, whose SHA-1 is where DHT nodes keep it.
    pub(super) public: [u8; 32],
    /// Of XChaCha20-Poly1305.
    pub(super) seal: Zeroizing<[u8; 32]>,
}

impl Slot {
    pub(super) fn of(secret: &[u8; 32], day: u64, seat: Seat) -> Self {
        let mut material = Zeroizing::new(Vec::with_capacity(41));
        material.extend_from_slice(secret);
        material.extend_from_slice(&day.to_le_bytes());
        material.push(seat_byte(seat));
        let seed = Zeroizing::new(derive("rendezvous slot", &material));
        let public = *Identity::from_seed(&seed).peer().as_bytes();
        Self { seed, public, seal: Zeroizing::new(derive("rendezvous seal", &material)) }
    }
}

pub(super) fn seat_byte(seat: Seat) -> u8 {
    match seat {
        Seat::Inviter => 0,
        Seat::Smaller => 1,
        Seat::Greater => 2,
        Seat::Joiner(number) => 16_u8.saturating_add(number % JOINER_SEATS),
    }
}

/// Where a side writes; `number` tells joiners apart.
pub(super) fn seat_of(side: Side, number: u8) -> Seat {
    match side {
        Side::Inviter => Seat::Inviter,
        Side::Joiner => Seat::Joiner(number % JOINER_SEATS),
        Side::Smaller => Seat::Smaller,
        Side::Greater => Seat::Greater,
    }
}

/// Where the partners of a side write.
pub(super) fn partners_of(side: Side) -> Vec<Seat> {
    match side {
        Side::Inviter => (0..JOINER_SEATS).map(Seat::Joiner).collect(),
        Side::Joiner => vec![Seat::Inviter],
        Side::Smaller => vec![Seat::Greater],
        Side::Greater => vec![Seat::Smaller],
    }
}

/// The day on which this device writes: whole days since 1970, UTC.
pub(super) fn day_of(wall: u64) -> u64 {
    wall / DAY
}

/// The other day on which a partner may write now, if there is one.
pub(super) fn other_day(wall: u64) -> Option<u64> {
    let today = day_of(wall);
    let (before, after) = (wall.saturating_sub(AROUND_MIDNIGHT), wall.saturating_add(AROUND_MIDNIGHT));
    [day_of(before), day_of(after)].into_iter().find(|day| *day != today)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;

    #[test]
    fn seats_days_and_secrets_have_keys_of_their_own() {
        let seats = [Seat::Inviter, Seat::Joiner(0), Seat::Joiner(1), Seat::Joiner(2), Seat::Joiner(3), Seat::Smaller, Seat::Greater];
        let mut keys = Vec::new();
        for secret in [[1; 32], [2; 32]] {
            for day in [20_000, 20_001] {
                for seat in seats {
                    let slot = Slot::of(&secret, day, seat);
                    keys.extend([*slot.seed, slot.public, *slot.seal]);
                }
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn both_sides_look_where_the_other_writes() {
        for (one, other) in [(Side::Inviter, Side::Joiner), (Side::Smaller, Side::Greater)] {
            for number in 0..=255 {
                assert!(partners_of(one).contains(&seat_of(other, number)));
                assert!(partners_of(other).contains(&seat_of(one, number)));
            }
        }
    }

    #[test]
    fn clocks_that_differ_by_two_hours_at_most_share_a_day() {
        let day = 20_000 * DAY;
        for minutes in 0..24 * 60 {
            let one = day + minutes * 60_000;
            for apart in [0, HOUR, 2 * HOUR] {
                let looked = [Some(day_of(one)), other_day(one)];
                assert!(looked.contains(&Some(day_of(one + apart))), "{minutes} {apart}");
                assert!(looked.contains(&Some(day_of(one - apart))), "{minutes} {apart}");
            }
        }
    }

    #[test]
    fn far_from_midnight_one_day_is_enough() {
        assert_eq!(other_day(20_000 * DAY + 12 * HOUR), None);
        assert_eq!(other_day(20_000 * DAY + HOUR), Some(19_999));
        assert_eq!(other_day(20_000 * DAY + 23 * HOUR), Some(20_001));
        assert_eq!(other_day(0), None, "1970 has no day before");
    }
}
