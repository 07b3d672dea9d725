//! Where newcomers with an invite to a room wait a moment, so that many who come at once are let in
//! together.

use gossip::Millis;
use identity::{PeerId, Signature};

/// Shortest time between two openings of the door, in milliseconds. Longer: newcomers wait;
/// shorter: when many come at once, fewer of them share the signature and the one way through the
/// room that every Add needs.
const DOOR_PAUSE: Millis = 100;
/// Newcomers who wait at the door; with so many it opens at once, because strangers may not stay
/// long in the lobby.
const MAX_AT_DOOR: usize = 32;

/// Who showed an invite to a room, and what of it is not checked yet or still needed.
pub(crate) struct Newcomer {
    /// The invite's public key.
    pub(crate) key: [u8; 32],
    pub(crate) hint: [u8; 16],
    pub(crate) name: String,
    pub(crate) pass: Signature,
}

/// Newcomers who showed an invite to a room. They are let in together.
#[derive(Default)]
pub(crate) struct Door {
    waiting: Vec<(PeerId, Newcomer)>,
    opened: Option<Millis>,
}

impl Door {
    /// A peer shows an invite. True if the door opens at once.
    pub(crate) fn knock(&mut self, peer: PeerId, newcomer: Newcomer) -> bool {
        self.waiting.retain(|(waiting, _)| *waiting != peer);
        self.waiting.push((peer, newcomer));
        self.waiting.len() >= MAX_AT_DOOR
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        (!self.waiting.is_empty()).then(|| self.opened.map_or(0, |at| at + DOOR_PAUSE))
    }

    pub(crate) fn is_due(&self, now: Millis) -> bool {
        self.wake().is_some_and(|due| due <= now)
    }

    /// Opens it: all who wait come in.
    pub(crate) fn open(&mut self, now: Millis) -> Vec<(PeerId, Newcomer)> {
        self.opened = Some(now);
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newcomer() -> Newcomer {
        Newcomer { key: [1; 32], hint: [2; 16], name: "Ben".to_owned(), pass: Signature::from_bytes([0; 64]) }
    }

    fn peer(nth: u8) -> PeerId {
        PeerId::from_bytes([nth; 32])
    }

    #[test]
    fn who_comes_first_is_let_in_at_once_and_those_after_them_together() {
        let mut door = Door::default();
        assert_eq!(door.wake(), None);
        door.knock(peer(1), newcomer());
        assert!(door.is_due(1_000));
        assert_eq!(door.open(1_000).len(), 1);
        // Who knocks twice waits once.
        assert!([2, 3, 2].into_iter().all(|nth| !door.knock(peer(nth), newcomer())));
        assert_eq!(door.wake(), Some(1_000 + DOOR_PAUSE));
        assert!(!door.is_due(999 + DOOR_PAUSE));
        assert_eq!(door.open(1_000 + DOOR_PAUSE).len(), 2);
        assert_eq!(door.wake(), None);
    }

    #[test]
    fn a_crowd_at_the_door_does_not_wait() {
        let mut door = Door::default();
        door.open(1_000);
        let opens: Vec<bool> = (1..).take(MAX_AT_DOOR).map(|nth| door.knock(peer(nth), newcomer())).collect();
        assert_eq!(opens.iter().position(|opens| *opens), Some(MAX_AT_DOOR - 1));
    }
}
