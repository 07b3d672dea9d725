//! Whose clock is off, and what is written after one's own was put right.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;
use rooms::limits::MAX_AHEAD_MS;
use rooms::{Hlc, Payload, kind};
use store::Anchor;
use wire::ids::RoomId;
use wire::message::{Message, Time};

use super::{Core, Now};
use crate::view::{Alert, AlertKind, ClockOff, Whose};

/// People whose clocks are remembered. More would not make the judgement better.
const MAX_TOLD: usize = 256;
/// From hearing of a clock to judging it: others say theirs meanwhile, and nobody who says much
/// makes this device judge more often.
const LOOK_AFTER: Millis = 1_000;
/// Disagreement of wall clock and monotonic clock, in milliseconds, that means that the clock was
/// set or that the machine slept.
const JUMP_MS: u64 = 5_000;
/// Alerts about others' clocks at once.
const MAX_NAMED: usize = 3;

/// What is known of others' clocks.
#[derive(Default)]
pub(crate) struct Clocks {
    /// What people said that their clocks show, less this device's monotonic time when they did.
    /// Good until this device's clock is set or the machine sleeps.
    told: BTreeMap<PeerId, i64>,
    look_at: Option<Millis>,
}

impl Clocks {
    pub(crate) fn wake(&self) -> Option<Millis> {
        self.look_at
    }

    fn look_by(&mut self, at: Millis) {
        self.look_at = Some(self.look_at.map_or(at, |other| other.min(at)));
    }
}

impl Core {
    /// Notes the time. If the computer's clock was set meanwhile, what depended on it is drawn
    /// anew.
    pub(crate) fn set_now(&mut self, now: Now) {
        let jump = beside(now.wall, now.mono).saturating_sub(beside(self.now.wall, self.now.mono));
        self.now = now;
        if jump.unsigned_abs() > JUMP_MS {
            self.on_clock_set(jump < 0);
        }
    }

    fn on_clock_set(&mut self, back: bool) {
        tracing::info!(back, "the clock was set, or the machine slept");
        // Set forward, what waited for its time comes by itself.
        if back {
            for room in self.rooms.keys().copied().collect::<Vec<_>>() {
                self.put_clock_right(room);
                let own = self.find_ahead(room);
                self.changed.stale.extend(own.into_iter().map(|place| (room, place)));
                self.count_unread(room);
                self.find_last(room);
                self.changed.room(room);
            }
        }
        self.clocks.told.clear();
        self.links.peers().iter().for_each(|peer| self.tell_time(peer, true));
        self.clocks.look_by(self.now.mono.saturating_add(2 * LOOK_AFTER));
    }

    /// Before something is written: it stands after all that its author was shown, and a future
    /// that the computer's clock no longer backs is left behind, with the log that reaches into it.
    pub(crate) fn keep_time(&mut self, room: RoomId, control: bool, payloads: &[Payload]) {
        let wall = self.now.wall;
        let Some(state) = self.rooms.get(&room) else { return };
        let author = if control { &state.control } else { &state.content };
        let log_is_ahead = author.as_ref().is_some_and(|author| author.last_hlc().is_ahead(wall));
        if state.clock.is_ahead(wall) {
            self.put_clock_right(room);
        }
        if log_is_ahead {
            tracing::warn!(%room, "an own log is ahead of the clock; a new one begins");
            self.leave_log(room, control);
        }
        for payload in payloads {
            let (target, kind) = match payload {
                Payload::Message { reply: Some(target), .. } | Payload::Delete { target } => (target, None),
                Payload::Edit { target, .. } => (target, Some(kind::EDIT)),
                Payload::Reaction { target, .. } => (target, Some(kind::REACTION)),
                _ => continue,
            };
            let said = kind.and_then(|kind| self.own_last_on(room, target, kind));
            let Some(state) = self.rooms.get_mut(&room) else { return };
            state.clock.observe(target.hlc, wall);
            // Of what is said about a message the last word counts, at once and whatever its date:
            // it must come after one's own last one.
            said.into_iter().for_each(|said| state.clock.follow(said));
        }
    }

    fn own_last_on(&self, room: RoomId, target: &rooms::Target, kind: u8) -> Option<Hlc> {
        let own =
            self.store.relations_of(&room, target).into_iter().filter(|said| said.header.device == self.peer && said.header.kind == kind);
        own.map(|said| said.header.hlc).max()
    }

    /// The clock of a room follows what is shown there now.
    fn put_clock_right(&mut self, room: RoomId) {
        let newest = self.store.page(&room, Anchor::Latest, 1, self.latest_shown()).entries;
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let heads = state.logs.iter().map(|(_, log)| log.hlc);
        state.clock.put_right(self.now.wall, heads.chain(newest.iter().map(|event| event.header.hlc)));
    }

    /// Says what this device's clock shows.
    pub(crate) fn tell_time(&mut self, peer: &PeerId, ask: bool) {
        self.tell(peer, &Message::Time(Time { now_ms: self.now.wall, ask }));
    }

    /// Somebody says what their clock shows. Only people who belong here are listened to, and all
    /// that it can ever do is make words.
    pub(crate) fn on_time_told(&mut self, peer: PeerId, time: Time) {
        if self.links.get(&peer).is_none_or(|link| !link.welcome) {
            return;
        }
        if time.ask {
            self.tell_time(&peer, false);
        }
        let told = &mut self.clocks.told;
        if told.len() >= MAX_TOLD && !told.contains_key(&peer) {
            let gone = told.keys().find(|known| self.links.get(known).is_none()).copied();
            let Some(gone) = gone else { return };
            told.remove(&gone);
        }
        let theirs = beside(time.now_ms, self.now.mono);
        told.insert(peer, theirs);
        let apart = theirs.saturating_sub(beside(self.now.wall, self.now.mono));
        if is_off(apart) || self.alerts.iter().any(|alert| alert.kind == AlertKind::ClockOff) {
            self.clocks.look_by(self.now.mono.saturating_add(LOOK_AFTER));
        }
    }

    /// Judges the clocks, if there is news of one. Alerts come and go with their reasons.
    pub(crate) fn look_at_clocks(&mut self) {
        if self.clocks.look_at.is_none_or(|at| at > self.now.mono) {
            return;
        }
        self.clocks.look_at = None;
        let own = beside(self.now.wall, self.now.mono);
        let known = self.clocks.told.iter().filter(|(peer, _)| self.is_contact(peer) || self.is_co_member(peer));
        let apart: Vec<(PeerId, i64)> = known.map(|(peer, theirs)| (*peer, theirs.saturating_sub(own))).collect();
        let found: Vec<Alert> = judge(&apart).into_iter().map(|verdict| self.clock_alert(verdict)).collect();
        let before: Vec<Alert> = self.alerts.extract_if(.., |alert| alert.kind == AlertKind::ClockOff).collect();
        let gone = before.iter().filter(|old| found.iter().all(|new| new.detail != old.detail));
        self.changed.alerts_gone.extend(gone.cloned());
        for alert in found {
            match before.contains(&alert) {
                true => self.alerts.push(alert),
                false => self.raise(alert),
            }
        }
    }

    fn clock_alert(&self, (whose, ms): (Off, i64)) -> Alert {
        let named = |peer| (peer, self.name_of(&peer));
        let (whose, detail) = match whose {
            Off::Own => (Whose::Own, String::new()),
            Off::Theirs(peer) => (Whose::Theirs(named(peer)), peer.to_string()),
            Off::Unclear(peer) => (Whose::Unclear(named(peer)), peer.to_string()),
        };
        let minutes = u32::try_from(ms.unsigned_abs().saturating_add(30_000) / 60_000).unwrap_or(u32::MAX);
        Alert { kind: AlertKind::ClockOff, detail, clock: Some(ClockOff { whose, fast: ms > 0, minutes }) }
    }
}

/// Milliseconds since 1970 beside the monotonic ones: what two clocks are compared by.
fn beside(wall: u64, mono: Millis) -> i64 {
    i64::try_from(wall).unwrap_or(i64::MAX).saturating_sub(i64::try_from(mono).unwrap_or(i64::MAX))
}

/// Words that far ahead are held back.
fn is_off(ms: i64) -> bool {
    ms.unsigned_abs() > MAX_AHEAD_MS
}

/// Whose clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Off {
    Own,
    Theirs(PeerId),
    /// Theirs or one's own: there is nobody else to ask.
    Unclear(PeerId),
}

/// Judges from how far others' clocks are from one's own, in milliseconds, positive if they are
/// ahead: whose are off, and by how much. If most people differ to the same side it is one's own;
/// else, if somebody agrees, it is those who differ.
fn judge(apart: &[(PeerId, i64)]) -> Vec<(Off, i64)> {
    let off: Vec<(PeerId, i64)> = apart.iter().copied().filter(|(_, ms)| is_off(*ms)).collect();
    for ahead in [true, false] {
        let mut side: Vec<i64> = off.iter().map(|(_, ms)| *ms).filter(|ms| (*ms > 0) == ahead).collect();
        side.sort_unstable();
        if side.len() > 1 && 2 * side.len() > apart.len() {
            let median = side.get(side.len() / 2).copied().unwrap_or_default();
            return vec![(Off::Own, median.saturating_neg())];
        }
    }
    let agrees = off.len() < apart.len();
    let verdict = |(peer, ms)| (if agrees { Off::Theirs(peer) } else { Off::Unclear(peer) }, ms);
    off.into_iter().map(verdict).take(MAX_NAMED).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn person(nth: u8) -> PeerId {
        PeerId::from_bytes([nth; 32])
    }

    fn check(minutes: &[i64], expected: &[(Off, i64)]) {
        let apart: Vec<(PeerId, i64)> = (1..).zip(minutes).map(|(nth, minutes)| (person(nth), minutes * MINUTE)).collect();
        let expected: Vec<(Off, i64)> = expected.iter().map(|(whose, minutes)| (*whose, minutes * MINUTE)).collect();
        assert_eq!(judge(&apart), expected, "{minutes:?}");
    }

    #[test]
    fn the_clock_that_most_others_differ_from_is_named() {
        check(&[], &[]);
        check(&[0, 2, -2], &[]);
        check(&[3], &[(Off::Unclear(person(1)), 3)]);
        check(&[-3, -3], &[(Off::Own, 3)]);
        check(&[30, 31, 0], &[(Off::Own, -31)]);
        check(&[3, 0], &[(Off::Theirs(person(1)), 3)]);
        check(&[0, 0, -43_200], &[(Off::Theirs(person(3)), -43_200)]);
        check(&[3, -3], &[(Off::Unclear(person(1)), 3), (Off::Unclear(person(2)), -3)]);
        check(&[3, 3, 0, 0], &[(Off::Theirs(person(1)), 3), (Off::Theirs(person(2)), 3)]);
    }

    proptest! {
        /// Whatever others say, it comes to a few words.
        #[test]
        fn any_clocks_make_a_few_words(apart in prop::collection::vec(any::<i64>(), 0..40)) {
            let apart: Vec<(PeerId, i64)> = (1..).zip(apart).map(|(nth, ms)| (person(nth), ms)).collect();
            let found = judge(&apart);
            prop_assert!(found.len() <= MAX_NAMED);
            prop_assert!(found.iter().all(|(_, ms)| is_off(*ms)));
        }
    }
}
