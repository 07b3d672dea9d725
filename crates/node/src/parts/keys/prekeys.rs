//! This device's prekeys in one room: when another is published, and when old halves are erased.

use rooms::keys::PrekeySecret;
use store::OwnPrekeyRow;

/// A prekey that was used is replaced when it is older.
const REPLACED_AFTER_MS: u64 = 24 * 3_600_000;
/// The private half goes so long after it was replaced. Higher: who takes the device over reads
/// more of what was said. Lower: who was away for longer has to ask for the keys.
const ERASED_AFTER_MS: u64 = 7 * 24 * 3_600_000;
/// Private halves in one room. One that is replaced every day takes eight.
const MAX_KEPT: usize = 32;

/// One's own prekeys, oldest first.
#[derive(Default)]
pub(crate) struct Prekeys(Vec<OwnPrekeyRow>);

impl Prekeys {
    pub(crate) fn restore(mut rows: Vec<OwnPrekeyRow>) -> Prekeys {
        rows.sort_by_key(|row| (row.made_ms, row.replaced_ms.is_none()));
        Prekeys(rows)
    }

    /// One is to be published: there is none in this round of the membership, or it was used and is
    /// old.
    pub(crate) fn is_due(&self, round: u32, now_ms: u64) -> bool {
        let newest = self.0.iter().rev().find(|row| row.round == round && row.replaced_ms.is_none());
        newest.is_none_or(|row| row.used && now_ms.saturating_sub(row.made_ms) >= REPLACED_AFTER_MS)
    }

    /// Whether there is one in this round.
    pub(crate) fn has(&self, round: u32) -> bool {
        self.0.iter().any(|row| row.round == round)
    }

    /// Takes a new one, which replaces all before. Gives the rows that changed.
    pub(crate) fn add(&mut self, new: OwnPrekeyRow) -> Vec<OwnPrekeyRow> {
        let now = new.made_ms;
        let mut changed = self.replace_all(now);
        changed.push(new.clone());
        self.0.push(new);
        changed
    }

    /// All are replaced, or of no use any more. Gives the rows that changed.
    pub(crate) fn replace_all(&mut self, now_ms: u64) -> Vec<OwnPrekeyRow> {
        let current = self.0.iter_mut().filter(|row| row.replaced_ms.is_none());
        current.map(|row| (row.replaced_ms = Some(now_ms), row.clone()).1).collect()
    }

    /// An epoch that was sealed to one of them was opened. Gives the rows that changed.
    pub(crate) fn note_used(&mut self) -> Option<OwnPrekeyRow> {
        let newest = self.0.iter_mut().rev().find(|row| row.replaced_ms.is_none() && !row.used)?;
        newest.used = true;
        Some(newest.clone())
    }

    /// Those whose private halves are to be erased. They are forgotten here.
    pub(crate) fn take_erased(&mut self, now_ms: u64) -> Vec<[u8; 32]> {
        let too_many = self.0.len().saturating_sub(MAX_KEPT);
        let is_old = |row: &OwnPrekeyRow| row.replaced_ms.is_some_and(|at| now_ms.saturating_sub(at) >= ERASED_AFTER_MS);
        let mut nth = 0_usize;
        let gone = self.0.extract_if(.., |row| {
            nth = nth.saturating_add(1);
            is_old(row) || nth <= too_many
        });
        gone.map(|row| row.key).collect()
    }

    /// The private halves, the newest first.
    pub(crate) fn secrets(&self) -> Vec<PrekeySecret> {
        self.0.iter().rev().map(|row| PrekeySecret::from_bytes(row.secret.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use wire::ids::RoomId;

    use super::*;

    const DAY: u64 = 24 * 3_600_000;

    fn row(nth: u8, round: u32, made_ms: u64) -> OwnPrekeyRow {
        OwnPrekeyRow {
            room: RoomId([1; 32]),
            key: [nth; 32],
            secret: wire::SecretBytes([nth; 32]),
            round,
            made_ms,
            used: false,
            replaced_ms: None,
        }
    }

    #[test]
    fn there_is_one_prekey_in_each_round() {
        let mut prekeys = Prekeys::default();
        assert!(prekeys.is_due(1, 0) && !prekeys.has(1));
        prekeys.add(row(1, 1, 0));
        assert!(!prekeys.is_due(1, 99 * DAY) && prekeys.has(1), "one that nobody used stays");
        assert!(prekeys.is_due(2, 0));
    }

    #[test]
    fn one_that_was_used_is_replaced_when_it_is_a_day_old() {
        let mut prekeys = Prekeys::default();
        prekeys.add(row(1, 1, 1_000));
        assert!(prekeys.note_used().expect("the newest").used);
        assert!(prekeys.note_used().is_none());
        assert!(!prekeys.is_due(1, 1_000 + DAY - 1) && prekeys.is_due(1, 1_000 + DAY));
        let changed = prekeys.add(row(2, 1, 1_000 + DAY));
        assert_eq!(changed.iter().map(|row| (row.key[0], row.replaced_ms)).collect::<Vec<_>>(), [(1, Some(1_000 + DAY)), (2, None)]);
        assert!(!prekeys.is_due(1, 1_000 + DAY));
    }

    #[test]
    fn the_private_half_goes_seven_days_after_it_was_replaced() {
        let mut prekeys = Prekeys::default();
        prekeys.add(row(1, 1, 0));
        prekeys.add(row(2, 1, DAY));
        assert!(prekeys.take_erased(8 * DAY - 1).is_empty());
        assert_eq!(prekeys.take_erased(8 * DAY), [[1; 32]]);
        assert_eq!(prekeys.secrets().len(), 1);
        assert!(prekeys.take_erased(999 * DAY).is_empty(), "the one that counts stays");
        prekeys.replace_all(1_000 * DAY);
        assert_eq!(prekeys.take_erased(1_007 * DAY), [[2; 32]]);
    }

    #[test]
    fn a_clock_that_jumps_does_not_let_them_pile_up() {
        let mut prekeys = Prekeys::restore((0..40).map(|nth| row(nth, 1, 0)).collect());
        assert_eq!(prekeys.take_erased(0).len(), 8);
        assert_eq!(prekeys.secrets().len(), MAX_KEPT);
    }
}
