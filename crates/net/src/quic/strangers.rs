//! Whether somebody who knocks is let in. Pure.

use std::net::IpAddr;

use super::limits::{HANDSHAKES, HANDSHAKES_PER_ADDRESS, HANDSHAKES_UNPROVEN};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Enter,
    /// It must prove that its address is its own.
    Prove,
    /// Not a byte goes back.
    Ignore,
}

/// `waiting`: the addresses of all who are in handshake.
pub(super) fn admit(waiting: impl Iterator<Item = IpAddr> + Clone, from: IpAddr, proven: bool) -> Admission {
    let all = waiting.clone().count();
    let same = waiting.filter(|other| *other == from).count();
    if all >= HANDSHAKES || (same >= HANDSHAKES_PER_ADDRESS && !from.is_loopback()) {
        Admission::Ignore
    } else if all > HANDSHAKES_UNPROVEN && !proven {
        Admission::Prove
    } else {
        Admission::Enter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_enter_then_prove_their_address_then_wait_outside() {
        let ip = |last: u8| IpAddr::from([192, 0, 2, last]);
        let check = |waiting: u8, from: u8, proven: bool, expected: Admission| {
            assert_eq!(admit((0..waiting).map(ip), ip(from), proven), expected, "{waiting} {from} {proven}");
        };
        check(16, 200, false, Admission::Enter);
        check(17, 200, false, Admission::Prove);
        check(17, 200, true, Admission::Enter);
        check(63, 200, true, Admission::Enter);
        check(64, 200, true, Admission::Ignore);
    }

    #[test]
    fn one_address_cannot_keep_all_others_out() {
        let from = IpAddr::from([192, 0, 2, 1]);
        let eight = std::iter::repeat_n(from, 8);
        assert_eq!(admit(eight.clone(), from, true), Admission::Ignore);
        assert_eq!(admit(eight, IpAddr::from([192, 0, 2, 2]), false), Admission::Enter);
        let here = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(admit(std::iter::repeat_n(here, 8), here, false), Admission::Enter);
    }
}
