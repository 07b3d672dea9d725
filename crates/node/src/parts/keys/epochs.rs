//! What is known of the epochs of one room.
//!
//! An epoch is told by its minter's Epoch events. Nothing in its id says who that is, so anybody
//! can publish events about an epoch of somebody else, with recipients of their own choice: such a
//! *claim* is believed if this device opened the minter's seal, or if it is the only one.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::Hlc;
use rooms::keys::EpochId;
use store::{ClaimRow, EpochRow, KeyRow};
use wire::ids::RoomId;

/// Epochs of one room that are known. Some 200 bytes each; people who speak make one in a week.
pub(crate) const MAX_EPOCHS: usize = 16_384;
/// Those of them that one device claims to have minted: one after each removal that it may write,
/// and some.
pub(crate) const MAX_EPOCHS_OF_DEVICE: usize = 2_048;
/// Claims about one epoch. More than one is an attack.
const MAX_CLAIMS: usize = 4;
/// Own events under an epoch are counted on disk in steps of so many: a crash loses count of fewer.
const WRITTEN_STEP: u32 = 256;

/// What of its key is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    #[default]
    None,
    /// Control events can be read.
    Control,
    Whole,
}

/// An epoch of the room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Epoch {
    pub(crate) key: Key,
    /// Whose seal was opened here; or this device, which minted it.
    pub(crate) proven: Option<PeerId>,
    /// Own events under it.
    pub(crate) written: u32,
    pub(super) claims: Vec<ClaimRow>,
}

/// One part of what a minter says of an epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) epoch: EpochId,
    pub(crate) minter: PeerId,
    pub(crate) gone: [u8; 16],
    pub(crate) hlc: Hlc,
    pub(crate) part: u8,
    pub(crate) parts: u8,
    /// One of its recipients is a membership of this device.
    pub(crate) for_me: bool,
}

/// Whether all parts are here.
pub(crate) fn is_complete(claim: &ClaimRow) -> bool {
    claim.here.count_ones() == u32::from(claim.parts)
}

impl Epoch {
    /// What is believed of it.
    pub(crate) fn claim(&self) -> Option<&ClaimRow> {
        match self.proven {
            Some(minter) => self.claims.iter().find(|claim| claim.minter == minter),
            None if self.claims.len() == 1 => self.claims.first(),
            None => None,
        }
    }

    /// The same, once it is all here.
    pub(crate) fn whole_claim(&self) -> Option<&ClaimRow> {
        self.claim().filter(|claim| is_complete(claim))
    }

    /// All that is said of it, as far as that is all here.
    pub(crate) fn whole_claims(&self) -> impl Iterator<Item = &ClaimRow> {
        self.claims.iter().filter(|claim| is_complete(claim))
    }

    /// Its content is for others: it was minted for those who were members then, without this
    /// device.
    pub(crate) fn is_for_others(&self) -> bool {
        self.key != Key::Whole && self.whole_claim().is_some_and(|claim| !claim.for_me)
    }

    /// The row to keep. The secret is elsewhere in memory.
    pub(crate) fn row(&self, room: RoomId, epoch: EpochId, key: KeyRow) -> EpochRow {
        let written = self.written.div_ceil(WRITTEN_STEP).saturating_mul(WRITTEN_STEP);
        EpochRow { room, epoch, key, proven: self.proven, written, claims: self.claims.clone() }
    }

    /// Counts own events under it. True if the row is to be written: one more step is begun.
    pub(crate) fn note_written(&mut self, events: u32) -> bool {
        let steps = |written: u32| written.div_ceil(WRITTEN_STEP);
        let before = steps(self.written);
        self.written = self.written.saturating_add(events);
        steps(self.written) != before
    }
}

/// All epochs of a room.
#[derive(Debug, Default)]
pub(crate) struct Epochs {
    all: BTreeMap<EpochId, Epoch>,
    /// How many each device claims.
    claimed: BTreeMap<PeerId, usize>,
    /// Those that made room for others, with what was claimed of them.
    evicted: Vec<(EpochId, Vec<ClaimRow>)>,
}

impl Epochs {
    pub(crate) fn restore(rows: impl IntoIterator<Item = EpochRow>) -> Epochs {
        let mut epochs = Epochs::default();
        for row in rows {
            for claim in &row.claims {
                *epochs.claimed.entry(claim.minter).or_default() += 1;
            }
            let key = match row.key {
                KeyRow::None => Key::None,
                KeyRow::Control(_) => Key::Control,
                KeyRow::Whole(_) => Key::Whole,
            };
            let EpochRow { proven, written, claims, .. } = row;
            epochs.all.insert(row.epoch, Epoch { key, proven, written, claims });
        }
        epochs
    }

    pub(crate) fn get(&self, epoch: &EpochId) -> Option<&Epoch> {
        self.all.get(epoch)
    }

    pub(crate) fn get_mut(&mut self, epoch: &EpochId) -> Option<&mut Epoch> {
        self.all.get_mut(epoch)
    }

    pub(crate) fn key(&self, epoch: &EpochId) -> Key {
        self.get(epoch).map_or(Key::None, |known| known.key)
    }

    /// What comes unasked is to leave room for what will be needed.
    pub(crate) fn is_half_full(&self) -> bool {
        self.all.len() >= MAX_EPOCHS / 2
    }

    /// Takes one part. True if it is new.
    pub(crate) fn note_part(&mut self, part: &Part) -> bool {
        let has_bit = (1..=64).contains(&part.part) && part.part <= part.parts;
        if !has_bit || !self.make_room(&part.epoch, Some(&part.minter)) {
            return false;
        }
        let of_minter = self.claimed.entry(part.minter).or_default();
        let claims = match self.all.get_mut(&part.epoch) {
            Some(known) => &mut known.claims,
            None if *of_minter >= MAX_EPOCHS_OF_DEVICE => return false,
            None => &mut self.all.entry(part.epoch).or_default().claims,
        };
        let at = claims.iter().position(|claim| claim.minter == part.minter);
        if at.is_none() && (claims.len() >= MAX_CLAIMS || *of_minter >= MAX_EPOCHS_OF_DEVICE) {
            return false;
        }
        let new = || ClaimRow { minter: part.minter, gone: part.gone, hlc: part.hlc, parts: part.parts, here: 0, for_me: false };
        if at.is_none() {
            *of_minter += 1;
            claims.push(new());
        }
        let claim = match at {
            Some(at) => claims.get_mut(at),
            None => claims.last_mut(),
        };
        let Some(claim) = claim.filter(|claim| (claim.gone, claim.parts) == (part.gone, part.parts)) else { return false };
        let bit = 1_u64 << (part.part - 1);
        if claim.here & bit != 0 {
            return false;
        }
        claim.here |= bit;
        claim.for_me |= part.for_me;
        // The first part says when.
        if part.part == 1 {
            claim.hlc = part.hlc;
        }
        true
    }

    /// A key is held. False if there is no room for another epoch.
    pub(crate) fn note_key(&mut self, epoch: EpochId, key: Key) -> bool {
        if !self.make_room(&epoch, None) {
            return false;
        }
        let known = self.all.entry(epoch).or_default();
        known.key = known.key.max(key);
        true
    }

    /// Makes room for another epoch, if need be: the oldest one of whoever claims most goes. So
    /// nobody takes the place of those who mint few. False: the minter is that one.
    fn make_room(&mut self, epoch: &EpochId, minter: Option<&PeerId>) -> bool {
        if self.all.len() < MAX_EPOCHS || self.all.contains_key(epoch) {
            return true;
        }
        let Some((most, count)) = self.claimed.iter().max_by_key(|(_, count)| **count).map(|(device, count)| (*device, *count)) else {
            return false;
        };
        if minter.is_some_and(|minter| self.claimed.get(minter).is_some_and(|own| *own >= count)) {
            return false;
        }
        let when = |known: &Epoch| known.claims.iter().find(|claim| claim.minter == most).map(|claim| claim.hlc);
        let oldest = self.all.iter().filter_map(|(epoch, known)| Some((when(known)?, *epoch))).min();
        let Some(gone) = oldest.and_then(|(_, epoch)| Some((epoch, self.all.remove(&epoch)?.claims))) else { return false };
        for claim in &gone.1 {
            if let Some(count) = self.claimed.get_mut(&claim.minter) {
                *count = count.saturating_sub(1);
            }
        }
        self.evicted.push(gone);
        true
    }

    /// Those whose rows are to be forgotten.
    pub(crate) fn take_evicted(&mut self) -> Vec<(EpochId, Vec<ClaimRow>)> {
        std::mem::take(&mut self.evicted)
    }

    /// Those that are held, and pass, the newest first. One that nothing is known of comes last.
    pub(crate) fn newest(&self, pass: impl Fn(&Epoch) -> bool) -> Vec<EpochId> {
        let when = |known: &Epoch| known.claim().map(|claim| claim.hlc);
        let held = self.all.iter().filter(|(_, known)| known.key > Key::None && pass(known));
        let mut held: Vec<(Option<Hlc>, EpochId)> = held.map(|(epoch, known)| (when(known), *epoch)).collect();
        held.sort_unstable_by(|one, other| other.cmp(one));
        held.into_iter().map(|(_, epoch)| epoch).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: PeerId = PeerId::from_bytes([1; 32]);
    const BEN: PeerId = PeerId::from_bytes([2; 32]);

    fn part(epoch: u8, minter: PeerId, part: u8, parts: u8) -> Part {
        let hlc = Hlc::from_ms(1_000 + u64::from(part));
        Part { epoch: EpochId([epoch; 16]), minter, gone: [0; 16], hlc, part, parts, for_me: false }
    }

    fn known(epochs: &Epochs, epoch: u8) -> &Epoch {
        epochs.get(&EpochId([epoch; 16])).expect("it is known")
    }

    #[test]
    fn an_epoch_is_complete_when_all_parts_are_here_in_any_order() {
        let mut epochs = Epochs::default();
        for nth in [3, 1] {
            assert!(epochs.note_part(&part(1, ANA, nth, 3)));
            assert!(!epochs.note_part(&part(1, ANA, nth, 3)), "a second copy is nothing new");
            assert!(known(&epochs, 1).whole_claim().is_none());
        }
        assert!(epochs.note_part(&part(1, ANA, 2, 3)));
        assert_eq!(known(&epochs, 1).whole_claim().expect("all are here").hlc, Hlc::from_ms(1_001), "the first part says when");
    }

    #[test]
    fn parts_that_contradict_each_other_are_not_taken_together() {
        let mut epochs = Epochs::default();
        assert!(epochs.note_part(&part(1, ANA, 1, 2)));
        assert!(!epochs.note_part(&part(1, ANA, 2, 3)));
        assert!(!epochs.note_part(&Part { gone: [9; 16], ..part(1, ANA, 2, 2) }));
        for (nth, of) in [(0, 2), (3, 2), (65, 65), (200, 255)] {
            assert!(!epochs.note_part(&part(2, ANA, nth, of)), "{nth} of {of}");
        }
    }

    #[test]
    fn ben_who_claims_anas_epoch_is_not_believed_by_who_opened_her_seal() {
        let mut epochs = Epochs::default();
        epochs.note_part(&part(1, ANA, 1, 1));
        epochs.note_part(&Part { for_me: true, ..part(1, BEN, 1, 1) });
        assert!(known(&epochs, 1).claim().is_none(), "one of them lies");
        let epoch = EpochId([1; 16]);
        epochs.note_key(epoch, Key::Whole);
        epochs.get_mut(&epoch).expect("known").proven = Some(ANA);
        assert_eq!(known(&epochs, 1).claim().map(|claim| claim.minter), Some(ANA));
        for nth in 3..9 {
            epochs.note_part(&part(1, PeerId::from_bytes([nth; 32]), 1, 1));
        }
        assert_eq!(known(&epochs, 1).claims.len(), MAX_CLAIMS);
    }

    #[test]
    fn one_device_cannot_fill_the_room_with_epochs() {
        let mut epochs = Epochs::default();
        let nth = |nth: usize, minter| Part { epoch: EpochId((nth as u128).to_be_bytes()), ..part(0, minter, 1, 1) };
        let taken = (0..MAX_EPOCHS_OF_DEVICE + 9).filter(|n| epochs.note_part(&nth(*n, BEN))).count();
        assert_eq!(taken, MAX_EPOCHS_OF_DEVICE);
        assert!(epochs.note_part(&nth(1 << 20, ANA)));
        assert!(epochs.all.len() <= MAX_EPOCHS_OF_DEVICE + 1, "what was refused left nothing behind");
    }

    #[test]
    fn many_who_fill_the_room_with_epochs_take_no_place_from_who_mints_few() {
        let mut epochs = Epochs::default();
        let id = |nth: u32| EpochId(u128::from(nth + 1).to_be_bytes());
        let puppet = |nth: u32| PeerId::from_bytes([u8::try_from(10 + nth % 8).expect("few"); 32]);
        let claim = |nth: u32, minter| Part { epoch: id(nth), hlc: Hlc::from_ms(nth.into()), ..part(0, minter, 1, 1) };
        let all = u32::try_from(MAX_EPOCHS).expect("a number");
        assert!((0..all).all(|nth| epochs.note_part(&claim(nth, puppet(nth)))));
        assert!(!epochs.note_part(&claim(all, puppet(0))), "those who have most get no more");
        assert!(epochs.note_part(&claim(all, ANA)) && epochs.note_key(id(all + 1), Key::Whole));
        let evicted = epochs.take_evicted();
        assert!(evicted.len() == 2 && evicted.iter().all(|(_, claims)| claims[0].hlc < Hlc::from_ms(16)), "the oldest");
        assert!(epochs.get(&id(all)).is_some() && epochs.all.len() == MAX_EPOCHS);
    }

    #[test]
    fn a_key_never_becomes_less_and_rows_bring_all_back() {
        let mut epochs = Epochs::default();
        let (room, epoch) = (RoomId([3; 32]), EpochId([1; 16]));
        epochs.note_part(&part(1, ANA, 1, 1));
        epochs.note_key(epoch, Key::Whole);
        epochs.note_key(epoch, Key::Control);
        assert_eq!(epochs.key(&epoch), Key::Whole);
        let known = epochs.get_mut(&epoch).expect("known");
        assert!(known.note_written(1) && !known.note_written(200) && known.note_written(100));
        let again = Epochs::restore([known.row(room, epoch, KeyRow::Whole(wire::SecretBytes([5; 32])))]);
        assert_eq!((again.key(&epoch), again.claimed.get(&ANA)), (Key::Whole, Some(&1)));
        let again = again.get(&epoch).expect("known");
        assert_eq!(again.written, 512, "never too few");
        assert_eq!(again.whole_claim(), epochs.get(&epoch).and_then(Epoch::whole_claim));
    }

    #[test]
    fn the_newest_held_come_first() {
        let mut epochs = Epochs::default();
        for nth in 1..=3 {
            epochs.note_part(&Part { hlc: Hlc::from_ms(u64::from(10 - nth)), ..part(nth, ANA, 1, 1) });
            epochs.note_key(EpochId([nth; 16]), Key::Control);
        }
        epochs.note_part(&part(4, ANA, 1, 1));
        epochs.note_key(EpochId([5; 16]), Key::Whole);
        assert_eq!(epochs.newest(|_| true), [1, 2, 3, 5].map(|nth| EpochId([nth; 16])));
        assert_eq!(epochs.newest(|known| known.key == Key::Whole), [EpochId([5; 16])]);
    }
}
