//! Who is given which keys, and how often.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;

use super::epochs::Key;

/// Requests of one peer in one room that are answered at once, and from one to the next after
/// that. Higher: a greedy peer costs more. Lower: who lacks many keys waits longer.
const BURST: u32 = 8;
const EVERY_MS: Millis = 1_000;
/// Peers whose requests are remembered. Links are fewer.
const MAX_PEERS: usize = 1_024;

/// How the minter of an epoch saw a member, by the lists of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Whose memberships had ended is not known here.
    Unknown,
    /// The epoch was minted for them.
    Recipient,
    /// The minter knew them neither as a member nor as somebody whose membership ended.
    NotEnded,
    /// The minter knew that their membership had ended. That is not known here.
    Ended,
}

/// What of an epoch's key somebody may have.
///
/// `history`: newcomers may read what was said before.
pub(crate) fn grant(held: Key, named: Named, history: bool) -> Key {
    match named {
        Named::Recipient => held,
        Named::NotEnded if history => held,
        Named::NotEnded => held.min(Key::Control),
        Named::Ended | Named::Unknown => Key::None,
    }
}

/// How often each peer asked lately.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// By when the last of theirs is paid for.
    paid_at: BTreeMap<PeerId, Millis>,
}

impl Requests {
    /// Whether a request is answered.
    pub(crate) fn take(&mut self, peer: PeerId, now: Millis) -> bool {
        if self.paid_at.len() >= MAX_PEERS {
            self.paid_at.retain(|_, at| *at > now);
        }
        if self.paid_at.len() >= MAX_PEERS && !self.paid_at.contains_key(&peer) {
            return false;
        }
        let at = self.paid_at.entry(peer).or_insert(now);
        let next = (*at).max(now).saturating_add(EVERY_MS);
        if next.saturating_sub(now) > EVERY_MS.saturating_mul(BURST.into()) {
            return false;
        }
        *at = next;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_to_whom_it_was_minted_for_and_with_history_to_newcomers() {
        use Key::{Control, None, Whole};
        let all = [None, Control, Whole];
        let granted = |named, history| all.map(|held| grant(held, named, history));
        for history in [false, true] {
            assert_eq!(granted(Named::Recipient, history), all);
            assert_eq!(granted(Named::NotEnded, history), [None, Control, if history { Whole } else { Control }]);
            assert_eq!(granted(Named::Ended, history), [None; 3], "whose removal the minter knew");
            assert_eq!(granted(Named::Unknown, history), [None; 3]);
        }
    }

    #[test]
    fn eight_requests_are_answered_at_once_and_then_one_a_second() {
        let (mut requests, ben) = (Requests::default(), PeerId::from_bytes([2; 32]));
        let answered = |requests: &mut Requests, now| (0..20).filter(|_| requests.take(ben, now)).count();
        assert_eq!(answered(&mut requests, 5_000), 8);
        assert_eq!(answered(&mut requests, 5_999), 0);
        assert_eq!(answered(&mut requests, 6_000), 1);
        assert_eq!(answered(&mut requests, 8_500), 2);
        assert_eq!(answered(&mut requests, 60_000), 8);
        assert!(requests.take(PeerId::from_bytes([3; 32]), 60_000), "others are not delayed by that");
    }

    #[test]
    fn those_who_asked_are_forgotten_and_never_too_many() {
        let mut requests = Requests::default();
        let peer = |nth: u32| PeerId::from_bytes(std::array::from_fn(|at| nth.to_be_bytes()[at % 4]));
        assert_eq!((0..5_000).filter(|nth| requests.take(peer(*nth), 0)).count(), MAX_PEERS);
        assert!(requests.take(peer(6_000), 10_000));
        assert!(requests.paid_at.len() <= MAX_PEERS);
    }
}
