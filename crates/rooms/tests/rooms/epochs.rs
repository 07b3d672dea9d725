//! The secret of an epoch reaches those whom its minter named, and nobody else.

use std::collections::BTreeSet;

use identity::PeerId;
use proptest::prelude::*;
use rooms::Payload;
use rooms::keys::{EpochPart, EpochSecret, PrekeySecret, SealedSecret, To, gone_digest, mint, open_epoch, prekey_pair, recipient};
use rooms::limits::{MAX_CONTENT_BYTES, MAX_EPOCH_ENDED, MAX_EPOCH_PARTS, MAX_EPOCH_SEALS};
use wire::RoomId;

use crate::keys::{epoch_of, secret};
use crate::people::*;

/// Whose memberships have ended.
pub(crate) fn ended() -> [(PeerId, u32); 3] {
    [(chi().peer(), 2), (ben().peer(), 9), (chi().peer(), 1)]
}

fn parts(payloads: Vec<Payload>) -> Vec<EpochPart> {
    let part = |payload: Payload| {
        payload.check().expect("as the protocol has it");
        assert!(payload.encode().len() <= MAX_CONTENT_BYTES);
        match payload {
            Payload::Epoch(part) => part,
            other => panic!("{other:?}"),
        }
    };
    payloads.into_iter().map(part).collect()
}

fn minted(recipients: &[(To, Option<[u8; 32]>)]) -> Vec<EpochPart> {
    parts(mint(&room(), &ana().peer(), &ended(), &secret(), recipients, [0x2a; 32]))
}

/// Ben's name in the list, his prekey, and the part in which ana seals to it.
fn for_ben() -> (To, PrekeySecret, EpochPart) {
    let to = recipient(&room(), &ben().peer(), 1);
    let (ours, key) = prekey_pair([0xb; 32]);
    (to, ours, minted(&[(to, Some(key))]).remove(0))
}

fn opens(part: &EpochPart, to: To, prekey: &PrekeySecret) -> Option<EpochSecret> {
    open_epoch(&room(), &ana().peer(), part, to, std::slice::from_ref(prekey))
}

#[test]
fn each_recipient_opens_their_own_seal_with_the_prekey_that_was_used() {
    let people = [ana(), ben(), chi()];
    let names: Vec<To> = people.iter().map(|who| recipient(&room(), &who.peer(), 1)).collect();
    let prekeys: Vec<(PrekeySecret, [u8; 32])> = (1..=3).map(|number| prekey_pair([number; 32])).collect();
    let recipients: Vec<_> = names.iter().zip(&prekeys).map(|(to, (_, key))| (*to, Some(*key))).collect();
    let [part] = &minted(&recipients)[..] else { panic!("one part") };
    assert_eq!((part.epoch, part.gone, part.part, part.parts), (epoch_of(&secret()), gone_digest(ended()), 1, 1));
    let ended: BTreeSet<To> = ended().iter().map(|(device, round)| recipient(&room(), device, *round)).collect();
    assert_eq!(part.ended, ended.into_iter().collect::<Vec<_>>(), "sorted");
    for (at, to) in names.iter().enumerate() {
        for (other, (ours, _)) in prekeys.iter().enumerate() {
            assert_eq!(opens(part, *to, ours), (at == other).then(secret));
        }
        let all: Vec<PrekeySecret> = prekeys.iter().map(|(ours, _)| ours.clone()).collect();
        assert_eq!(open_epoch(&room(), &ana().peer(), part, *to, &all), Some(secret()), "old ones are tried as well");
        assert_eq!(open_epoch(&room(), &ana().peer(), part, *to, &[]), None);
    }
    let stranger = recipient(&room(), &ben().peer(), 2);
    assert_eq!(opens(part, stranger, &prekeys[1].0), None, "a later membership is another one");
}

#[test]
fn a_seal_is_worth_nothing_in_another_epoch_room_or_list_nor_under_another_name() {
    let (to, ours, part) = for_ben();
    let with = |change: fn(&mut EpochPart)| {
        let mut part = part.clone();
        change(&mut part);
        opens(&part, to, &ours)
    };
    assert_eq!(with(|_| ()), Some(secret()));
    assert_eq!(with(|part| part.epoch = epoch_of(&EpochSecret::from_bytes([1; 32]))), None, "another epoch");
    assert_eq!(with(|part| part.gone[0] ^= 1), None, "after other removals");
    let ours_alone = std::slice::from_ref(&ours);
    assert_eq!(open_epoch(&RoomId([1; 32]), &ana().peer(), &part, to, ours_alone), None, "another room");
    assert_eq!(open_epoch(&room(), &chi().peer(), &part, to, ours_alone), None, "as minted by somebody else");
    let to_chi = recipient(&room(), &chi().peer(), 1);
    let renamed = EpochPart { seals: vec![(to_chi, part.seals[0].1)], ..part.clone() };
    assert_eq!(opens(&renamed, to_chi, &ours), None, "for somebody else");
    assert_eq!(opens(&renamed, to, &ours), None, "he is not named");
    assert_eq!(opens(&EpochPart { part: 2, parts: 2, ..part }, to, &ours), Some(secret()), "which part says nothing");
}

#[test]
fn a_seal_with_any_bit_changed_does_not_open() {
    let (to, ours, part) = for_ben();
    for bit in 0..640 {
        let mut bent = part.clone();
        bent.seals[0].1.as_mut().expect("sealed").0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opens(&bent, to, &ours), None, "bit {bit}");
    }
}

#[test]
fn who_has_no_prekey_or_a_worthless_one_is_named_without_a_seal() {
    let names = [ana(), ben(), chi()].map(|who| recipient(&room(), &who.peer(), 1));
    let (ours, key) = prekey_pair([0xc; 32]);
    let [part] = &minted(&[(names[0], None), (names[1], Some([0; 32])), (names[2], Some(key))])[..] else { panic!("one part") };
    let sealed: BTreeSet<To> = part.seals.iter().filter(|(_, sealed)| sealed.is_some()).map(|(to, _)| *to).collect();
    assert_eq!(part.seals.iter().map(|(to, _)| *to).collect::<BTreeSet<To>>(), BTreeSet::from(names));
    assert_eq!(sealed, BTreeSet::from([names[2]]));
    assert_eq!(opens(part, names[0], &ours), None);
    assert_eq!(opens(part, names[2], &ours), Some(secret()));
}

#[test]
fn who_is_named_twice_is_listed_once_with_the_first_prekey() {
    let to = recipient(&room(), &ben().peer(), 1);
    let ((first, one), (second, other)) = (prekey_pair([1; 32]), prekey_pair([2; 32]));
    let part = minted(&[(to, None), (to, Some(one)), (to, Some(other))]).remove(0);
    assert_eq!(part.seals.len(), 1);
    assert_eq!((opens(&part, to, &first), opens(&part, to, &second)), (Some(secret()), None));
}

#[test]
fn nothing_is_sealed_alike_twice() {
    let (to, (_, key)) = (recipient(&room(), &ben().peer(), 1), prekey_pair([0xb; 32]));
    let seal = |random: u8| mint(&room(), &ana().peer(), &ended(), &secret(), &[(to, Some(key))], [random; 32]);
    assert_eq!(seal(1), seal(1), "chance is handed in");
    assert_ne!(seal(1), seal(2));
    let part = minted(&[(to, Some(key)), (recipient(&room(), &chi().peer(), 1), Some(key))]).remove(0);
    let enc: BTreeSet<[u8; 32]> =
        part.seals.iter().map(|(_, sealed)| sealed.expect("sealed").0[..32].try_into().expect("32 bytes")).collect();
    assert_eq!(enc.len(), 2, "each seal has a key of its own");
}

fn names(count: usize) -> Vec<(To, Option<[u8; 32]>)> {
    // Not in order.
    (0..count as u64).map(|number| (To((number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes()), None)).collect()
}

#[test]
fn many_recipients_take_several_parts_in_order_each_within_its_limit() {
    let most = MAX_EPOCH_SEALS * usize::from(MAX_EPOCH_PARTS);
    for (count, expected) in [(0, 1), (1, 1), (300, 1), (301, 2), (600, 2), (601, 3), (most, 64), (most + 1, 64)] {
        let parts = minted(&names(count));
        assert_eq!(parts.len(), expected, "{count} recipients");
        for (at, part) in parts.iter().enumerate() {
            assert_eq!((usize::from(part.part), usize::from(part.parts)), (at + 1, expected));
            assert!(part.seals.len() <= MAX_EPOCH_SEALS);
        }
        let listed: Vec<To> = parts.iter().flat_map(|part| part.seals.iter().map(|(to, _)| *to)).collect();
        assert!(listed.is_sorted_by(|one, next| one < next), "each once over all parts");
        let mut all: Vec<To> = names(count).into_iter().map(|(to, _)| to).collect();
        all.sort_unstable();
        all.truncate(most);
        assert_eq!(listed, all);
    }
}

#[test]
fn many_who_have_gone_take_several_parts_as_well() {
    let gone: Vec<(PeerId, u32)> = (1..=2 * MAX_EPOCH_ENDED as u32 + 1).map(|round| (chi().peer(), round)).collect();
    for (recipients, parts_of) in [(0, 3), (301, 3), (901, 4)] {
        let parts = parts(mint(&room(), &ana().peer(), &gone, &secret(), &names(recipients), [0x2a; 32]));
        assert_eq!(parts.len(), parts_of, "{recipients} recipients");
        assert!(parts.iter().all(|part| part.gone == gone_digest(gone.clone())));
        let ended: BTreeSet<To> = parts.iter().flat_map(|part| part.ended.clone()).collect();
        assert_eq!(ended, gone.iter().map(|(device, round)| recipient(&room(), device, *round)).collect());
        assert_eq!(parts.iter().map(|part| part.seals.len()).sum::<usize>(), recipients);
    }
}

#[test]
fn a_full_part_with_all_seals_fits_into_an_event() {
    let sealed = Some(SealedSecret([0xff; 80]));
    let seals = names(MAX_EPOCH_SEALS).into_iter().map(|(to, _)| (to, sealed)).collect::<std::collections::BTreeMap<_, _>>();
    let ended = names(MAX_EPOCH_ENDED).into_iter().map(|(to, _)| to).collect::<BTreeSet<To>>().into_iter().collect();
    let part = EpochPart { epoch: epoch_of(&secret()), gone: [0; 16], part: 64, parts: 64, seals: seals.into_iter().collect(), ended };
    let part = parts(vec![Payload::Epoch(part)]).remove(0);
    assert_eq!((part.seals.len(), part.ended.len()), (MAX_EPOCH_SEALS, MAX_EPOCH_ENDED));
}

#[test]
fn a_digest_of_who_has_gone_tells_memberships_apart_and_not_their_order() {
    let [ana, ben] = [ana(), ben()].map(|who| who.peer());
    let nobody = gone_digest([]);
    assert_eq!(nobody, wire::hash(b"")[..16]);
    assert_eq!(gone_digest([(ana, 1), (ben, 1)]), gone_digest([(ben, 1), (ana, 1), (ben, 1)]));
    let all = [nobody, gone_digest([(ana, 1)]), gone_digest([(ben, 1)]), gone_digest([(ana, 2)]), gone_digest([(ana, 1), (ana, 2)])];
    assert_eq!(BTreeSet::from(all).len(), all.len());
}

#[test]
fn each_membership_has_a_name_of_its_own_in_each_room() {
    let [ana, ben] = [ana(), ben()].map(|who| who.peer());
    let (here, elsewhere) = (room(), RoomId([1; 32]));
    let all = [recipient(&here, &ana, 1), recipient(&here, &ana, 2), recipient(&here, &ben, 1), recipient(&elsewhere, &ana, 1)];
    assert_eq!(BTreeSet::from(all).len(), all.len());
}

proptest! {
    #[test]
    fn garbage_opens_to_nothing(sealed in prop::collection::vec(any::<u8>(), 80), listed in any::<bool>()) {
        let (to, ours, mut part) = for_ben();
        let sealed = SealedSecret(sealed.try_into().expect("80 bytes"));
        part.seals = if listed { vec![(to, Some(sealed))] } else { vec![(to, None)] };
        prop_assert_eq!(opens(&part, to, &ours), None);
    }
}
