//! The time here, what others' clocks show, and what is dated ahead.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;
use rooms::limits::MAX_AHEAD_MS;

use super::ahead::Ahead;
use crate::now::Now;
use crate::view::Time;

/// People whose clocks are remembered. More would not make the judgement better.
const MAX_TOLD: usize = 256;
/// From hearing of a clock to judging it: others say theirs meanwhile, and a peer that says much
/// does not make this device judge more often.
const LOOK_AFTER: Millis = 1_000;
/// Disagreement of wall clock and monotonic clock, in milliseconds, that means that the clock was
/// set or that the machine slept.
const JUMP_MS: u64 = 5_000;
/// Alerts about others' clocks at once.
const MAX_NAMED: usize = 3;

/// The time of this turn, and what is known of others' clocks.
pub(crate) struct Clocks {
    now: Now,
    /// What people said that their clocks show, less this device's monotonic time when they did.
    /// Good until this device's clock is set or the machine sleeps.
    told: BTreeMap<PeerId, i64>,
    look_at: Option<Millis>,
    /// What waits for its time.
    pub(crate) ahead: Ahead,
}

/// The computer's clock was set, or the machine slept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Jump {
    Back,
    Forward,
}

impl Clocks {
    pub(crate) fn new(now: Now) -> Self {
        Clocks { now, told: BTreeMap::new(), look_at: None, ahead: Ahead::default() }
    }

    /// The time of this turn.
    pub(crate) fn now(&self) -> Now {
        self.now
    }

    pub(crate) fn mono(&self) -> Millis {
        self.now.mono
    }

    pub(crate) fn wall(&self) -> Time {
        self.now.wall
    }

    /// A turn begins. If the clock was set since the last one, all others have to be asked anew.
    pub(crate) fn set_now(&mut self, now: Now) -> Option<Jump> {
        let jump = beside(now.wall, now.mono).saturating_sub(beside(self.now.wall, self.now.mono));
        self.now = now;
        (jump.unsigned_abs() > JUMP_MS).then(|| {
            self.told.clear();
            self.look_by(now.mono.saturating_add(2 * LOOK_AFTER));
            if jump < 0 { Jump::Back } else { Jump::Forward }
        })
    }

    fn look_by(&mut self, at: Millis) {
        self.look_at = Some(self.look_at.map_or(at, |other| other.min(at)));
    }

    /// A person says what their clock shows. `alerted`: an alert stands that it may end.
    pub(crate) fn note_told(&mut self, peer: PeerId, shows: Time, is_linked: impl Fn(&PeerId) -> bool, alerted: bool) {
        if self.told.len() >= MAX_TOLD && !self.told.contains_key(&peer) {
            let Some(gone) = self.told.keys().find(|known| !is_linked(known)).copied() else { return };
            self.told.remove(&gone);
        }
        let theirs = beside(shows, self.now.mono);
        self.told.insert(peer, theirs);
        if alerted || is_off(theirs.saturating_sub(self.own())) {
            self.look_by(self.now.mono.saturating_add(LOOK_AFTER));
        }
    }

    fn own(&self) -> i64 {
        beside(self.now.wall, self.now.mono)
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.look_at.into_iter().chain(self.ahead.wake(self.now)).min()
    }

    /// Whether the clocks are to be judged now.
    pub(crate) fn take_due(&mut self) -> bool {
        self.look_at.take_if(|at| *at <= self.now.mono).is_some()
    }

    /// Whose clocks are off, and by how much, as far as those tell who `count`.
    pub(crate) fn judge(&self, count: impl Fn(&PeerId) -> bool) -> Vec<(Off, i64)> {
        let known = self.told.iter().filter(|(peer, _)| count(peer));
        let apart: Vec<(PeerId, i64)> = known.map(|(peer, theirs)| (*peer, theirs.saturating_sub(self.own()))).collect();
        judge(&apart)
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
pub(crate) enum Off {
    Own,
    Theirs(PeerId),
    /// Theirs or one's own: there is nobody else to ask.
    Unclear(PeerId),
}

/// Judges from how far others' clocks are from one's own, in milliseconds, positive if they are
/// ahead: whose are off, and by how much. If most people differ to the same side it is one's own;
/// else, if at least one agrees, it is those who differ.
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

    #[test]
    fn a_clock_that_was_set_is_noticed_and_what_was_told_is_forgotten() {
        let mut clocks = Clocks::new(Now { mono: 0, wall: 1_000_000 });
        clocks.note_told(person(1), 2_000_000, |_| true, false);
        assert_eq!(clocks.wake(), Some(LOOK_AFTER));
        assert_eq!(clocks.set_now(Now { mono: 10, wall: 1_000_010 + JUMP_MS }), None);
        assert_eq!(clocks.set_now(Now { mono: 20, wall: 900_000 }), Some(Jump::Back));
        assert_eq!(clocks.judge(|_| true), []);
        assert_eq!(clocks.set_now(Now { mono: LOOK_AFTER, wall: 2_000_000 }), Some(Jump::Forward));
        assert!(clocks.take_due());
        assert_eq!(clocks.wake(), None);
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
