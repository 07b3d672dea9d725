//! What is sent when, from what both sides know of their routers. Pure.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;
use std::time::Duration;

use wire::reach::NatClass;

use super::limits::{
    LEAD, PROBE_OFTEN, PROBE_SELDOM, PROBES_OFTEN, QUIC_DIAL_EVERY, QUIC_DIALS, TCP_AGAIN, TCP_REST, TCP_WINDOW, TCP_WINDOWS,
};
use super::tried::Tried;

/// One punch. Packets go to its addresses alone, and for the birthday method to ports of them.
#[derive(Clone, Debug)]
pub(crate) struct PunchPlan {
    /// The same on both sides, and known to no one else but the helper.
    pub(crate) session: u64,
    /// Where the peer's TCP connections come from.
    pub(crate) tcp: Option<SocketAddr>,
    /// Where the peer's UDP port is seen.
    pub(crate) udp: Option<SocketAddr>,
    pub(crate) mine: NatClass,
    pub(crate) theirs: NatClass,
    /// The other side may not have begun: nothing may reach its router before it has.
    pub(crate) low_ttl: bool,
    pub(crate) birthday: Option<BirthdaySide>,
    /// This side has the smaller `PeerId`.
    pub(crate) first: bool,
}

/// What this side does in the birthday method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BirthdaySide {
    /// It opens many sockets: its router takes another port for each of them.
    Sockets,
    /// It looks for one of those ports.
    Ports,
}

/// Which part of a QUIC connection this side takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuicPart {
    /// It dials.
    Dial,
    /// It opens its mapping, and the dial comes in at its UDP port.
    Await,
}

impl PunchPlan {
    /// None if UDP can bring nothing. Where one side's port is not known beforehand, only that side
    /// can dial.
    pub(super) fn quic_part(&self) -> Option<QuicPart> {
        let dials = match (self.mine, self.theirs) {
            (NatClass::Blocked, _) | (_, NatClass::Blocked) | (NatClass::Hard, NatClass::Hard) => return None,
            (NatClass::Hard, NatClass::Unknown | NatClass::Open | NatClass::Easy) => true,
            (NatClass::Unknown | NatClass::Open | NatClass::Easy, NatClass::Hard) => false,
            (NatClass::Unknown | NatClass::Open | NatClass::Easy, NatClass::Unknown | NatClass::Open | NatClass::Easy) => self.first,
        };
        Some(if dials { QuicPart::Dial } else { QuicPart::Await })
    }

    /// How long datagrams go out with few hops after the begin. With `low_ttl` the other side is
    /// known to have begun before; with no router there, there is nothing to spoil.
    pub(super) fn lead(&self) -> Duration {
        if self.low_ttl || self.theirs == NatClass::Open { Duration::ZERO } else { LEAD }
    }
}

/// When the raw datagram after `count` others goes out, from the begin.
pub(super) fn probe_at(count: u32) -> Duration {
    let often = PROBE_OFTEN.saturating_mul(count.min(PROBES_OFTEN));
    often.saturating_add(PROBE_SELDOM.saturating_mul(count.saturating_sub(PROBES_OFTEN)))
}

/// When the dial after `count` others begins, from the begin.
pub(super) fn dial_at(count: u32) -> Duration {
    let place = usize::try_from(count).unwrap_or(usize::MAX);
    if let Some(at) = QUIC_DIALS.get(place) {
        return *at;
    }
    let later = place.saturating_sub(QUIC_DIALS.len()).saturating_add(1);
    let last = QUIC_DIALS.last().copied().unwrap_or_default();
    last.saturating_add(QUIC_DIAL_EVERY.saturating_mul(u32::try_from(later).unwrap_or(u32::MAX)))
}

/// When a TCP attempt that begins now is given up, both from the begin. None: there are no more.
pub(super) fn tcp_until(now: Duration) -> Option<Duration> {
    (1..=TCP_WINDOWS).map(|window| TCP_WINDOW.saturating_mul(window)).find(|end| now < *end)
}

/// The rest after a TCP attempt that ended so.
pub(super) fn tcp_rest(ended: Tried) -> Duration {
    match ended {
        Tried::Silent => Duration::ZERO,
        Tried::Refused => TCP_AGAIN,
        Tried::Not | Tried::Awaited | Tried::Failed(_) => TCP_REST,
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    fn plan(mine: NatClass, theirs: NatClass, first: bool) -> PunchPlan {
        PunchPlan { session: 1, tcp: None, udp: None, mine, theirs, low_ttl: false, birthday: None, first }
    }

    #[test]
    fn a_router_is_spared_until_its_own_side_has_surely_begun() {
        for class in [NatClass::Unknown, NatClass::Easy, NatClass::Hard] {
            assert_eq!(plan(NatClass::Easy, class, true).lead(), LEAD, "{class:?}");
            assert_eq!(PunchPlan { low_ttl: true, ..plan(NatClass::Easy, class, true) }.lead(), Duration::ZERO, "{class:?}");
        }
        assert_eq!(plan(NatClass::Hard, NatClass::Open, true).lead(), Duration::ZERO);
    }

    #[test]
    fn of_two_sides_one_dials_and_it_is_the_one_whose_port_is_not_known() {
        let part = |mine, theirs, first| plan(mine, theirs, first).quic_part();
        let known = [NatClass::Unknown, NatClass::Open, NatClass::Easy];
        for (mine, theirs) in known.into_iter().flat_map(|mine| known.map(|theirs| (mine, theirs))) {
            assert_eq!(part(mine, theirs, true), Some(QuicPart::Dial));
            assert_eq!(part(theirs, mine, false), Some(QuicPart::Await));
        }
        for (other, first) in known.into_iter().flat_map(|other| [(other, true), (other, false)]) {
            assert_eq!(part(NatClass::Hard, other, first), Some(QuicPart::Dial));
            assert_eq!(part(other, NatClass::Hard, !first), Some(QuicPart::Await));
        }
    }

    #[test]
    fn no_datagram_goes_where_none_can_arrive() {
        for (mine, theirs) in [(NatClass::Hard, NatClass::Hard), (NatClass::Blocked, NatClass::Open), (NatClass::Easy, NatClass::Blocked)] {
            for first in [true, false] {
                assert_eq!(plan(mine, theirs, first).quic_part(), None, "{mine:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn probes_are_close_for_a_second_and_then_four_a_second() {
        let millis: Vec<_> = [0, 1, 19, 20, 21, 24].map(|count| probe_at(count).as_millis()).into();
        assert_eq!(millis, [0, 50, 950, 1_000, 1_250, 2_000]);
        let all = (0..).take_while(|count| probe_at(*count) < super::super::limits::PUNCH).count();
        assert_eq!(all, 56, "bounded in one punch");
    }

    #[test]
    fn dials_follow_each_other_closely_and_never_are_too_many_under_way() {
        let millis: Vec<_> = [0, 1, 2, 3, 4, 5, 9].map(|count| dial_at(count).as_millis()).into();
        assert_eq!(millis, [0, 250, 500, 1_000, 2_000, 3_000, 7_000]);
        for begins in (0..12).map(dial_at) {
            let under_way = (0..12).map(dial_at).filter(|at| *at <= begins && begins < *at + super::super::limits::QUIC_DIAL).count();
            assert!(under_way <= 6, "{under_way} at {begins:?}");
        }
    }

    #[test]
    fn tcp_has_three_windows_and_repeats_a_refused_attempt_at_once() {
        let check = |now: u64, end: Option<u64>| {
            assert_eq!(tcp_until(Duration::from_millis(now)), end.map(Duration::from_millis), "at {now}");
        };
        check(0, Some(1_500));
        check(1_499, Some(1_500));
        check(1_500, Some(3_000));
        check(4_499, Some(4_500));
        check(4_500, None);
        assert_eq!(tcp_rest(Tried::Refused), Duration::from_millis(20));
        assert_eq!(tcp_rest(Tried::Silent), Duration::ZERO, "the window itself was the rest");
        assert!(tcp_rest(Tried::Failed(ErrorKind::NetworkUnreachable)) >= Duration::from_millis(100));
    }
}
