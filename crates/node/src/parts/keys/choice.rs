//! Under which epoch this device writes.

use std::collections::BTreeSet;

use rooms::To;
use rooms::keys::EpochId;
use store::ClaimRow;

use super::epochs::{Epoch, Epochs, Key};

/// How long an epoch is written under, in milliseconds. Higher: who gets hold of one key reads
/// more. Lower: more of them are made and kept.
const MAX_AGE_MS: u64 = 7 * 24 * 3_600_000;
/// The same between two people, where making one costs nothing.
const MAX_AGE_DIRECT_MS: u64 = 24 * 3_600_000;
/// Own events under one epoch.
const MAX_WRITTEN: u32 = 100_000;
/// So many epochs are looked at, the newest first; then one is minted.
const MAX_LOOKED_AT: usize = 16;

/// What the choice depends on, besides the epochs.
pub(crate) struct Circumstances<'a> {
    /// Digest of the memberships that have ended.
    pub(crate) gone: [u8; 16],
    /// Memberships that stand.
    pub(crate) members: &'a BTreeSet<To>,
    /// Newcomers may read what was said before.
    pub(crate) history: bool,
    pub(crate) is_direct: bool,
    pub(crate) wall: u64,
}

impl Circumstances<'_> {
    fn max_age(&self) -> u64 {
        if self.is_direct { MAX_AGE_DIRECT_MS } else { MAX_AGE_MS }
    }

    /// All but who its recipients are.
    fn may_be_usable(&self, known: &Epoch, claim: &ClaimRow) -> bool {
        known.key == Key::Whole
            && claim.gone == self.gone
            && is_fresh(claim.hlc.ms(), self.max_age(), self.wall)
            && known.written < MAX_WRITTEN
    }

    fn fits(&self, recipients: &BTreeSet<To>) -> bool {
        recipients.is_subset(self.members) && (self.history || self.members.is_subset(recipients))
    }
}

/// One that is dated in the future has no age.
fn is_fresh(made_ms: u64, max_age: u64, wall: u64) -> bool {
    wall.saturating_sub(made_ms) < max_age
}

/// The epoch to write under; none: one has to be minted. `recipients` reads who they are.
pub(crate) fn choose(
    epochs: &Epochs,
    now: &Circumstances<'_>,
    mut recipients: impl FnMut(&EpochId, &ClaimRow) -> BTreeSet<To>,
) -> Option<EpochId> {
    let newest = epochs.newest(|known| known.whole_claim().is_some_and(|claim| now.may_be_usable(known, claim)));
    newest.into_iter().take(MAX_LOOKED_AT).find(|epoch| {
        let claim = epochs.get(epoch).and_then(Epoch::whole_claim);
        claim.is_some_and(|claim| now.fits(&recipients(epoch, claim)))
    })
}

/// An epoch that was chosen before, while neither members nor epochs have changed.
pub(crate) fn is_still_good(known: &Epoch, is_direct: bool, wall: u64) -> bool {
    let max_age = if is_direct { MAX_AGE_DIRECT_MS } else { MAX_AGE_MS };
    known.written < MAX_WRITTEN && known.whole_claim().is_some_and(|claim| is_fresh(claim.hlc.ms(), max_age, wall))
}

#[cfg(test)]
mod tests {
    use identity::PeerId;
    use rooms::Hlc;

    use super::super::epochs::Part;
    use super::*;

    const NOON: u64 = 1_760_000_000_000;
    const DAY: u64 = 24 * 3_600_000;
    const GONE: [u8; 16] = [4; 16];

    fn to(nth: u8) -> To {
        To([nth; 8])
    }

    fn tos(all: &[u8]) -> BTreeSet<To> {
        all.iter().map(|nth| to(*nth)).collect()
    }

    fn id(nth: u8) -> EpochId {
        EpochId([nth; 16])
    }

    /// Of one epoch that could be used, with a change.
    fn with(change: impl FnOnce(&mut Part)) -> Epochs {
        let mut epochs = Epochs::default();
        add(&mut epochs, 1, change);
        epochs
    }

    fn add(epochs: &mut Epochs, nth: u8, change: impl FnOnce(&mut Part)) {
        let minter = PeerId::from_bytes([1; 32]);
        let mut part = Part { epoch: id(nth), minter, gone: GONE, hlc: Hlc::from_ms(NOON), part: 1, parts: 1, for_me: true };
        change(&mut part);
        epochs.note_part(&part);
        epochs.note_key(id(nth), Key::Whole);
    }

    fn chosen(epochs: &Epochs, members: &[u8], recipients: &[u8], history: bool, wall: u64) -> Option<EpochId> {
        let now = Circumstances { gone: GONE, members: &tos(members), history, is_direct: false, wall };
        choose(epochs, &now, |_, _| tos(recipients))
    }

    #[test]
    fn an_epoch_is_used_while_all_its_recipients_are_members() {
        let epochs = with(|_| {});
        assert_eq!(chosen(&epochs, &[1, 2], &[1, 2], false, NOON), Some(id(1)));
        assert_eq!(chosen(&epochs, &[1, 2], &[1, 2, 3], true, NOON), None, "one that includes somebody else is never used");
    }

    #[test]
    fn a_newcomer_may_be_missing_among_its_recipients_only_if_newcomers_see_history() {
        let epochs = with(|_| {});
        assert_eq!(chosen(&epochs, &[1, 2, 3], &[1, 2], true, NOON), Some(id(1)));
        assert_eq!(chosen(&epochs, &[1, 2, 3], &[1, 2], false, NOON), None);
    }

    #[test]
    fn an_epoch_of_before_a_removal_is_not_used() {
        assert_eq!(chosen(&with(|part| part.gone = [5; 16]), &[1], &[1], true, NOON), None);
    }

    #[test]
    fn an_epoch_is_used_for_seven_days_between_two_people_for_one() {
        let epochs = with(|_| {});
        assert!(chosen(&epochs, &[1], &[1], true, NOON + 7 * DAY - 1).is_some());
        assert!(chosen(&epochs, &[1], &[1], true, NOON + 7 * DAY).is_none());
        assert!(chosen(&epochs, &[1], &[1], true, NOON - 30 * DAY).is_some(), "dated in the future it has no age");
        let direct = |wall| {
            choose(&epochs, &Circumstances { gone: GONE, members: &tos(&[1]), history: true, is_direct: true, wall }, |_, _| tos(&[1]))
        };
        assert!(direct(NOON + DAY - 1).is_some() && direct(NOON + DAY).is_none());
    }

    #[test]
    fn an_epoch_is_used_for_a_hundred_thousand_events() {
        let mut epochs = with(|_| {});
        epochs.get_mut(&id(1)).expect("known").written = MAX_WRITTEN - 1;
        assert!(chosen(&epochs, &[1], &[1], true, NOON).is_some());
        epochs.get_mut(&id(1)).expect("known").written = MAX_WRITTEN;
        assert!(chosen(&epochs, &[1], &[1], true, NOON).is_none());
    }

    #[test]
    fn one_that_is_not_complete_or_not_held_whole_is_not_used() {
        assert_eq!(chosen(&with(|part| part.parts = 2), &[1], &[1], true, NOON), None);
        let mut epochs = Epochs::default();
        let minter = PeerId::from_bytes([1; 32]);
        epochs.note_part(&Part { epoch: id(1), minter, gone: GONE, hlc: Hlc::from_ms(NOON), part: 1, parts: 1, for_me: true });
        epochs.note_key(id(1), Key::Control);
        assert_eq!(chosen(&epochs, &[1], &[1], true, NOON), None);
    }

    #[test]
    fn of_a_hundred_minted_at_once_all_members_use_the_newest_one() {
        let mut epochs = Epochs::default();
        for nth in 1..=100 {
            add(&mut epochs, nth, |part| part.hlc = Hlc(Hlc::from_ms(NOON).0 + u64::from(nth / 50)));
        }
        assert_eq!(chosen(&epochs, &[1], &[1], true, NOON), Some(id(100)), "by time, then by id");
    }

    #[test]
    fn what_was_chosen_is_looked_at_again_when_it_is_old_or_worn_out() {
        let mut epochs = with(|_| {});
        let known = epochs.get_mut(&id(1)).expect("known");
        assert!(is_still_good(known, false, NOON + DAY) && !is_still_good(known, true, NOON + DAY));
        known.written = MAX_WRITTEN;
        assert!(!is_still_good(known, false, NOON));
    }
}
