//! What one person wants of another before the node has told that the two have a room in common:
//! it waits a moment for that word. Otherwise the first try of a newcomer would be in vain.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use identity::PeerId;
use wire::reach::Signal;

use super::limits::{HELD_FOR, MAX_HELD, MAX_HELD_OF_ONE};
use super::links::Links;
use crate::circuit::Leg;

/// Something that only those get who have a room in common.
#[derive(Debug)]
pub(crate) enum Held {
    /// A peer has a signal passed on.
    Request { from: PeerId, signal: Signal },
    /// A helper brings a signal.
    Signal { helper: PeerId, signal: Signal },
    /// A peer asks for a circuit.
    Carry { from: PeerId, to: PeerId, leg: Leg },
    /// A carrier offers a circuit.
    Offer { carrier: PeerId, from: PeerId, leg: Leg },
}

impl Held {
    /// Who brought it, and who must have a room in common with them.
    pub(crate) fn pair(&self) -> (PeerId, PeerId) {
        match self {
            Held::Request { from, signal } => (*from, signal.peer),
            Held::Signal { helper, signal } => (*helper, signal.peer),
            Held::Carry { from, to, .. } => (*from, *to),
            Held::Offer { carrier, from, .. } => (*carrier, *from),
        }
    }
}

/// All that waits.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    held: Vec<(Held, u64)>,
}

impl Waiting {
    /// Keeps it; gives it back if there is no place.
    pub(crate) fn hold(&mut self, held: Held, now: u64) -> Option<Held> {
        let (from, _) = held.pair();
        let of_one = self.held.iter().filter(|(other, _)| other.pair().0 == from).count();
        if self.held.len() >= MAX_HELD || of_one >= MAX_HELD_OF_ONE {
            return Some(held);
        }
        self.held.push((held, now.saturating_add(HELD_FOR)));
        None
    }

    /// What need not wait any more: a common room is known by now, or there seems to be none.
    pub(crate) fn ready(&mut self, links: &Links, now: u64) -> Vec<Held> {
        let ready = |held: &Held, until: u64| {
            let (one, other) = held.pair();
            until <= now || links.share_room(one, other)
        };
        self.held.extract_if(.., |(held, until)| ready(held, *until)).map(|(held, _)| held).collect()
    }

    /// When something has waited long enough.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.held.iter().map(|(_, until)| *until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn signal(from: u8, to: u8) -> Held {
        let signal = Signal { peer: peer(to), session: 1, tcp: None, udp: None, body: Vec::new() };
        Held::Request { from: peer(from), signal }
    }

    #[test]
    fn it_waits_for_a_common_room_or_for_a_moment() {
        let (mut waiting, mut links) = (Waiting::default(), Links::default());
        assert!(waiting.hold(signal(1, 2), 10).is_none() && waiting.hold(signal(1, 3), 20).is_none());
        links.set_common(peer(1), &[7]);
        assert!(waiting.ready(&links, 30).is_empty());
        links.set_common(peer(3), &[7]);
        assert_eq!(waiting.ready(&links, 30).iter().map(Held::pair).collect::<Vec<_>>(), [(peer(1), peer(3))]);
        assert_eq!(waiting.next_due(), Some(10 + HELD_FOR));
        assert_eq!(waiting.ready(&links, 10 + HELD_FOR).iter().map(Held::pair).collect::<Vec<_>>(), [(peer(1), peer(2))]);
        assert_eq!(waiting.next_due(), None);
    }

    #[test]
    fn neither_one_nor_all_take_more_places_than_there_are() {
        let mut waiting = Waiting::default();
        let kept = |waiting: &mut Waiting, from: u8| (0..99).filter(|to| waiting.hold(signal(from, *to), 0).is_none()).count();
        assert_eq!(kept(&mut waiting, 1), MAX_HELD_OF_ONE);
        let others: usize = (2..99).map(|from| kept(&mut waiting, from)).sum();
        assert_eq!(others, MAX_HELD - MAX_HELD_OF_ONE);
    }
}
