//! Attempts to join a room, to become contacts, or to reach an address.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;
use wire::Address;
use wire::invite::{Invite, InviteKind};

use super::join_trouble::{APART_AFTER, NOT_HEARD_AFTER, SILENT_AFTER};
use crate::now::Now;
use crate::view::{JoinState, JoinTrouble, Joining, LinkReason, Time};

/// Attempts under way or just over.
const MAX_ATTEMPTS: usize = 32;
/// How long a finished attempt stays listed, in milliseconds.
const SHOWN_AFTER_END: Millis = 8_000;
/// First and longest pause between two rounds of dialling a typed address, in milliseconds.
const REDIAL_FIRST: Millis = 1_000;
const REDIAL_LONGEST: Millis = 30_000;

/// An attempt.
pub(crate) struct Attempt {
    id: u64,
    pub(crate) target: String,
    state: JoinState,
    trouble: Option<JoinTrouble>,
    began: Millis,
    /// Why the last round of dialling failed.
    failed: Option<LinkReason>,
    pub(crate) way: Way,
    /// When it is tried again, or when it is no longer listed.
    due: Option<Millis>,
    /// Before the next round of dialling a typed address.
    pause: Millis,
}

/// How it is to succeed.
pub(crate) enum Way {
    /// By an invite: its maker is dialled until they answer.
    Invite(Box<Invite>),
    /// By an address: the peer that answers is asked to become a contact. Its name may be known
    /// from nearby.
    Address { address: Address, name: String },
    /// A person known by key is asked to become a contact.
    Peer(PeerId),
}

/// What became of an attempt that was to take a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// It stands as before, or is over already.
    None,
    Taken,
    /// With this step it is over.
    Last,
}

/// What is to be done for an attempt whose time has come.
#[derive(Debug, PartialEq)]
pub(crate) enum Due {
    /// Dial this address again.
    Redial(u64, Address),
    /// It was shown long enough after its end, and is gone.
    Gone(u64),
}

impl Attempt {
    fn is_over(&self) -> bool {
        matches!(self.state, JoinState::Joined { .. } | JoinState::Refused(_))
    }

    fn is_with(&self, peer: &PeerId) -> bool {
        match &self.way {
            Way::Invite(invite) => invite.inviter() == *peer,
            Way::Peer(asked) => asked == peer,
            Way::Address { .. } => false,
        }
    }

    /// The invite by which it goes.
    pub(crate) fn invite(&self) -> Option<&Invite> {
        match &self.way {
            Way::Invite(invite) => Some(invite),
            Way::Address { .. } | Way::Peer(_) => None,
        }
    }

    /// By what it begins again after a restart: an invite, or an address. A person who is asked is
    /// kept as one.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.way {
            Way::Invite(invite) => Some(invite.to_text()),
            Way::Address { address, .. } => Some(address.to_string()),
            Way::Peer(_) => None,
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Nobody has been reached yet.
    pub(crate) fn is_under_way(&self) -> bool {
        match self.state {
            JoinState::Connecting { .. } | JoinState::Waiting { .. } => true,
            JoinState::Asked { .. } | JoinState::Joined { .. } | JoinState::Refused(_) => false,
        }
    }

    pub(crate) fn waited(&self, now: Millis) -> Millis {
        now.saturating_sub(self.began)
    }

    /// Why the last round failed.
    pub(crate) fn failed(&self) -> Option<LinkReason> {
        self.failed
    }

    /// Whom it is to reach, if that is known.
    pub(crate) fn peer(&self) -> Option<PeerId> {
        match &self.way {
            Way::Invite(invite) => Some(invite.inviter()),
            Way::Peer(peer) => Some(*peer),
            Way::Address { .. } => None,
        }
    }

    pub(crate) fn row(&self) -> Joining {
        let trouble = self.trouble.clone().filter(|_| self.is_under_way());
        Joining { id: self.id, target: self.target.clone(), state: self.state.clone(), trouble }
    }
}

/// All attempts that are listed.
pub(crate) struct Attempts {
    all: BTreeMap<u64, Attempt>,
    next: u64,
    /// When those that take long are looked at.
    look_at: Vec<Millis>,
}

impl Default for Attempts {
    fn default() -> Self {
        Attempts { all: BTreeMap::new(), next: 1, look_at: Vec::new() }
    }
}

impl Attempts {
    /// Gives its id; none if there are too many.
    pub(crate) fn add(&mut self, target: String, state: JoinState, way: Way, now: Millis) -> Option<u64> {
        if self.all.len() >= MAX_ATTEMPTS {
            return None;
        }
        let id = self.next;
        self.next += 1;
        self.look_at.extend([SILENT_AFTER, NOT_HEARD_AFTER, APART_AFTER].map(|wait| now + wait));
        self.all.insert(id, Attempt { id, target, state, trouble: None, began: now, failed: None, way, due: None, pause: REDIAL_FIRST });
        Some(id)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Attempt> {
        self.all.get(&id)
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Attempt> {
        self.all.remove(&id)
    }

    pub(crate) fn rows(&self) -> Vec<Joining> {
        self.all.values().map(Attempt::row).collect()
    }

    pub(crate) fn listed(&self) -> impl Iterator<Item = &Attempt> {
        self.all.values()
    }

    /// Invites by which this device tries to get in.
    pub(crate) fn invites(&self) -> impl Iterator<Item = &Invite> {
        self.running().filter_map(Attempt::invite)
    }

    /// True if that is new.
    pub(crate) fn set_trouble(&mut self, id: u64, trouble: Option<JoinTrouble>) -> bool {
        let Some(attempt) = self.all.get_mut(&id).filter(|attempt| attempt.trouble != trouble) else { return false };
        attempt.trouble = trouble;
        true
    }

    /// Whether those that take long are to be looked at now.
    pub(crate) fn take_look(&mut self, now: Millis) -> bool {
        let before = self.look_at.len();
        self.look_at.retain(|at| *at > now);
        self.look_at.len() < before
    }

    fn running(&self) -> impl Iterator<Item = &Attempt> {
        self.all.values().filter(|attempt| !attempt.is_over())
    }

    /// Whom the network has to reach for them.
    pub(crate) fn inviters(&self) -> impl Iterator<Item = PeerId> {
        self.running().filter_map(|attempt| attempt.invite().map(Invite::inviter))
    }

    /// Those under way with this peer.
    pub(crate) fn with(&self, peer: &PeerId) -> Vec<u64> {
        self.running().filter(|attempt| attempt.is_with(peer)).map(|attempt| attempt.id).collect()
    }

    /// The one under way by this very invite.
    pub(crate) fn by_invite(&self, invite: &Invite) -> Option<&Attempt> {
        self.running().find(|attempt| attempt.invite() == Some(invite))
    }

    /// The one under way to reach a person, or an address.
    pub(crate) fn reaching(&self, peer: Option<PeerId>, address: &Address) -> Option<u64> {
        let same = |attempt: &&Attempt| match &attempt.way {
            Way::Address { address: tried, .. } => tried == address,
            Way::Peer(asked) => Some(*asked) == peer,
            Way::Invite(_) => false,
        };
        self.running().find(same).map(|attempt| attempt.id)
    }

    /// Whom it is shown to that this device has an invite to the room with this hint.
    pub(crate) fn hosts(&self, hint: &[u8; 16]) -> Vec<PeerId> {
        self.invites().filter(|invite| invite.kind() == InviteKind::Room { hint: *hint }).map(Invite::inviter).collect()
    }

    /// Those by an invite of this kind, over or not.
    pub(crate) fn of_kind(&self, kind: InviteKind) -> Vec<u64> {
        let led_there = |attempt: &&Attempt| attempt.invite().is_some_and(|invite| invite.kind() == kind);
        self.all.values().filter(led_there).map(|attempt| attempt.id).collect()
    }

    /// The peer at its address has answered: from now on it is about that person.
    pub(crate) fn goes_on_with(&mut self, id: u64, peer: PeerId) {
        if let Some(attempt) = self.all.get_mut(&id) {
            attempt.way = Way::Peer(peer);
        }
    }

    pub(crate) fn set_state(&mut self, id: u64, state: JoinState, now: Millis) -> Step {
        let Some(attempt) = self.all.get_mut(&id) else { return Step::None };
        if attempt.is_over() || attempt.state == state {
            return Step::None;
        }
        if let JoinState::Waiting { reason, .. } = &state {
            attempt.failed = Some(*reason);
        }
        attempt.state = state;
        if attempt.is_over() {
            self.end_later(id, now);
            return Step::Last;
        }
        Step::Taken
    }

    /// A round of dialling its address failed. Gives when it is dialled again.
    pub(crate) fn back_off(&mut self, id: u64, now: Now, reason: LinkReason) -> Step {
        let Some(attempt) = self.all.get_mut(&id) else { return Step::None };
        let wait = attempt.pause;
        attempt.pause = (wait * 2).min(REDIAL_LONGEST);
        attempt.due = Some(now.mono + wait);
        let retry_at: Time = now.wall + wait;
        self.set_state(id, JoinState::Waiting { retry_at, reason }, now.mono)
    }

    /// It is over, and shown for a moment.
    pub(crate) fn end_later(&mut self, id: u64, now: Millis) {
        if let Some(attempt) = self.all.get_mut(&id) {
            attempt.due = Some(now + SHOWN_AFTER_END);
        }
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        let due = self.all.values().filter_map(|attempt| attempt.due);
        due.chain(self.look_at.iter().copied()).min()
    }

    /// What is to be done for those whose time has come.
    pub(crate) fn take_due(&mut self, now: Millis) -> Vec<Due> {
        let mut due = Vec::new();
        for attempt in self.all.values_mut().filter(|attempt| attempt.due.is_some_and(|at| at <= now)) {
            attempt.due = None;
            match &attempt.way {
                _ if attempt.is_over() => due.push(Due::Gone(attempt.id)),
                Way::Address { address, .. } => due.push(Due::Redial(attempt.id, address.clone())),
                Way::Invite(_) | Way::Peer(_) => {}
            }
        }
        for gone in &due {
            if let Due::Gone(id) = gone {
                self.all.remove(id);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::JoinRefusal;

    fn host() -> Address {
        "10.0.0.1:4000".parse().expect("an address")
    }

    fn connecting() -> JoinState {
        JoinState::Connecting { address: host().to_string() }
    }

    fn dialling() -> (Attempts, u64) {
        let mut attempts = Attempts::default();
        let way = Way::Address { address: host(), name: String::new() };
        let id = attempts.add(host().to_string(), connecting(), way, 0).expect("there is room");
        // These tests are about dialling again.
        assert!(attempts.take_look(APART_AFTER));
        (attempts, id)
    }

    fn at(mono: Millis) -> Now {
        Now { mono, wall: 1_000_000 + mono }
    }

    #[test]
    fn a_typed_address_is_dialled_again_after_pauses_that_grow_to_a_bound() {
        let (mut attempts, id) = dialling();
        let mut now = 0;
        for pause in [1, 2, 4, 8, 16, 30, 30].map(|seconds| seconds * 1_000) {
            assert_eq!(attempts.back_off(id, at(now), LinkReason::TimedOut), Step::Taken);
            let retry_at = 1_000_000 + now + pause;
            assert_eq!(attempts.get(id).map(|a| &a.state), Some(&JoinState::Waiting { retry_at, reason: LinkReason::TimedOut }));
            assert_eq!(attempts.wake(), Some(now + pause));
            assert_eq!(attempts.take_due(now + pause - 1), []);
            now += pause;
            assert_eq!(attempts.take_due(now), [Due::Redial(id, host())]);
            assert_eq!(attempts.wake(), None);
        }
    }

    #[test]
    fn an_attempt_that_is_over_stays_so_is_shown_for_a_moment_and_goes() {
        let (mut attempts, id) = dialling();
        let refused = JoinState::Refused(JoinRefusal::Own);
        assert_eq!(attempts.set_state(id, refused.clone(), 50), Step::Last);
        assert_eq!(attempts.set_state(id, connecting(), 60), Step::None);
        assert_eq!(attempts.get(id).map(|a| &a.state), Some(&refused));
        assert_eq!(attempts.reaching(None, &host()), None, "another one may begin");
        assert_eq!(attempts.wake(), Some(50 + SHOWN_AFTER_END));
        assert_eq!(attempts.take_due(50 + SHOWN_AFTER_END), [Due::Gone(id)]);
        assert!(attempts.get(id).is_none() && attempts.wake().is_none());
    }

    #[test]
    fn once_its_peer_has_answered_an_attempt_is_about_that_person() {
        let (mut attempts, id) = dialling();
        let ben = PeerId::from_bytes([2; 32]);
        assert!(attempts.with(&ben).is_empty());
        attempts.goes_on_with(id, ben);
        assert_eq!(attempts.with(&ben), [id]);
        assert_eq!(attempts.reaching(Some(ben), &"elsewhere:1".parse().expect("an address")), Some(id));
        attempts.back_off(id, at(0), LinkReason::TimedOut);
        assert_eq!(attempts.take_due(REDIAL_FIRST), [], "it is the network that dials a person");
    }

    #[test]
    fn attempts_are_bounded_and_have_ids_of_their_own() {
        let mut attempts = Attempts::default();
        let mut add =
            || attempts.add(String::new(), JoinState::Connecting { address: String::new() }, Way::Peer(PeerId::from_bytes([2; 32])), 0);
        let ids: Vec<u64> = std::iter::from_fn(&mut add).collect();
        assert_eq!(ids, (1..=32).collect::<Vec<u64>>());
    }
}
