//! Keys of a room's own: what is said is sealed, and under which key.

use identity::PeerId;
use node::RoomId;
use rooms::keys::{EpochId, EpochSecret, mint, recipient};
use rooms::{Event, Payload, SealedSecret, kind};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN, EVE};
use crate::removal::{adds_again, removes, until_members};
use crate::wires::Who;

/// The epoch of the last thing said in a room, as somebody has it.
pub(crate) fn last_epoch(pair: &mut Pair, who: Who, room: RoomId) -> EpochId {
    let last = pair.lines(who, room).last().expect("something was said").id;
    pair.running(who).hand.epoch_of(&room, &last).expect("it is here")
}

pub(crate) fn holds(pair: &mut Pair, who: Who, room: RoomId, epoch: EpochId) -> bool {
    pair.running(who).hand.holds_epoch(&room, &epoch)
}

/// Lets somebody write in the clear, as a changed program could.
fn writes_in_the_clear(pair: &mut Pair, who: Who, room: RoomId, payload: Payload) {
    pair.running(who).hand.write_in_the_clear(room, &[payload]);
    pair.run_for(1);
}

#[test]
fn all_that_is_said_and_done_in_a_room_is_sealed_and_only_prekeys_and_epochs_are_not() {
    let (mut pair, room) = Pair::in_a_room(3);
    let said = pair.says(BEN, room, "planted words");
    pair.ask(BEN, |core| core.edit(room, said.id, "planted again".to_owned())).expect("his own");
    pair.ask(BEN, |core| core.react(room, said.id, "👍".to_owned(), true)).expect("it is here");
    pair.ask(ANA, |core| core.set_room(room, None, Some("planted topic".to_owned()), None)).expect("hers");
    removes(&mut pair, ANA, room, CHI).expect("she made the room");
    until_members(&mut pair, room, &[ANA, BEN], &["Ana", "Ben"]);
    for who in [ANA, BEN] {
        pair.until_reads(who, room, &["planted again"]);
        let events = pair.running(who).hand.raw_events(&room);
        assert!(events.len() > 8);
        for raw in events {
            let has = |word: &str| raw.0.windows(word.len()).any(|bytes| bytes == word.as_bytes());
            assert!(!["planted", "Kitchen", "Ben"].into_iter().any(has));
            let event = Event::decode(raw).expect("it is stored");
            assert_eq!(event.is_sealed(), !kind::is_clear(event.header.kind), "kind {}", event.header.kind);
        }
    }
}

#[test]
fn what_a_changed_program_says_in_the_clear_is_taken_by_nobody() {
    let (mut pair, room) = Pair::in_a_room(3);
    let words = Payload::Message { text: "in the clear".to_owned(), reply: None };
    writes_in_the_clear(&mut pair, BEN, room, words);
    pair.run_without("somebody reads that", 60_000, |pair| [ANA, CHI].iter().any(|who| !pair.texts(*who, room).is_empty()));
}

#[test]
fn who_removes_somebody_mints_at_once_and_what_is_said_then_he_cannot_read() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(BEN, room, "before");
    [ANA, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before"]));
    let before = pair.running(ANA).hand.newest_epoch(&room);
    // His program goes on as if nothing had happened, and asks for whatever it lacks.
    pair.goes_deaf(BEN);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    let minted = pair.running(ANA).hand.newest_epoch(&room);
    assert_ne!(minted, before, "before anything is said");
    until_members(&mut pair, room, &[ANA, CHI], &["Ana", "Chi"]);
    pair.run_for(1_000);
    pair.says(CHI, room, "he is gone");
    pair.until_reads(ANA, room, &["before", "he is gone"]);
    let epoch = last_epoch(&mut pair, CHI, room);
    assert_eq!(Some(epoch), minted, "chi uses what ana minted");
    pair.run_without("ben can read that", 120_000, |pair| holds(pair, BEN, room, epoch) || pair.texts(BEN, room).len() > 1);
}

#[test]
fn an_epoch_that_somebody_holds_who_was_removed_is_used_by_nobody_who_knows_it() {
    let (mut pair, room) = Pair::in_a_room(4);
    pair.part(&[BEN, DAN]);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    // Dan does not know: what he says Ben can read, and what he mints is for Ben too.
    pair.says(DAN, room, "to all");
    pair.until_reads(BEN, room, &["to all"]);
    pair.heal();
    until_members(&mut pair, room, &[ANA, CHI, DAN], &["Ana", "Chi", "Dan"]);
    for who in [ANA, CHI, DAN] {
        let text = format!("from {}", who.0);
        pair.says(who, room, &text);
        let epoch = last_epoch(&mut pair, who, room);
        pair.run_for(5_000);
        assert!(!holds(&mut pair, BEN, room, epoch), "{who:?}");
    }
    [ANA, CHI, DAN].iter().for_each(|who| pair.until_reads(*who, room, &["to all", "from 0", "from 2", "from 3"]));
}

#[test]
fn when_all_mint_at_once_each_reads_the_others_and_then_they_use_one() {
    let (mut pair, room) = Pair::in_a_room(5);
    let all = [ANA, BEN, CHI, DAN, EVE];
    // Nobody has an epoch that counts after this.
    let gone = removes(&mut pair, ANA, room, EVE);
    gone.expect("she made the room");
    let rest = [ANA, BEN, CHI, DAN];
    until_members(&mut pair, room, &rest, &["Ana", "Ben", "Chi", "Dan"]);
    all.iter().for_each(|who| pair.unplugs(*who));
    pair.run_for(8 * 24 * 3_600_000);
    for who in rest {
        pair.says(who, room, &format!("from {}", who.0));
    }
    all.iter().for_each(|who| pair.plugs_in(*who));
    rest.iter().for_each(|who| pair.run_until("all is read", |pair| pair.texts(*who, room).len() == 4));
    let mut used = std::collections::BTreeSet::new();
    for who in rest {
        pair.says(who, room, "and now");
        used.insert(last_epoch(&mut pair, who, room));
        pair.run_for(2_000);
    }
    assert_eq!(used.len(), 1, "the newest");
}

#[test]
fn an_epoch_is_used_for_seven_days_and_between_two_people_for_one() {
    let day = 24 * 3_600_000;
    let (mut pair, room) = Pair::in_a_room(2);
    let says = |pair: &mut Pair, room| {
        pair.says(ANA, room, "x");
        last_epoch(pair, ANA, room)
    };
    pair.stops(BEN);
    let first = says(&mut pair, room);
    pair.run_for(6 * day);
    assert_eq!(says(&mut pair, room), first);
    pair.run_for(day);
    assert_ne!(says(&mut pair, room), first);
}

#[test]
fn who_comes_back_reads_what_is_said_from_then_on() {
    let (mut pair, room) = Pair::in_a_room(3);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    until_members(&mut pair, room, &[ANA, CHI], &["Ana", "Chi"]);
    pair.says(ANA, room, "without him");
    adds_again(&mut pair, ANA, room, BEN).expect("she may");
    until_members(&mut pair, room, &[ANA, BEN, CHI], &["Ana", "Ben", "Chi"]);
    pair.says(CHI, room, "welcome");
    pair.run_until("ben reads it", |pair| pair.texts(BEN, room).last().is_some_and(|text| text == "welcome"));
    pair.says(BEN, room, "thanks");
    pair.run_until("ana reads it", |pair| pair.texts(ANA, room).last().is_some_and(|text| text == "thanks"));
}

/// An epoch of Ben's for Ana, Ben and Chi, of which the seals are garbage.
fn garbage(room: RoomId, people: &[PeerId], secret: &EpochSecret) -> Vec<Payload> {
    let recipients: Vec<_> = people.iter().map(|peer| (recipient(&room, peer, 1), None)).collect();
    let mut parts = mint(&room, &people[1], &[], secret, &recipients, [9; 32]);
    for part in &mut parts {
        if let Payload::Epoch(part) = part {
            part.seals.iter_mut().for_each(|(_, sealed)| *sealed = Some(SealedSecret([7; 80])));
        }
    }
    parts
}

#[test]
fn an_epoch_with_garbage_for_seals_is_asked_for_of_those_who_hold_it() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(ANA, room, "before");
    [BEN, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before"]));
    let people: Vec<PeerId> = [ANA, BEN, CHI].iter().map(|who| pair.id_of(*who)).collect();
    let secret = EpochSecret::from_bytes([5; 32]);
    let epoch = secret.control().id(&room);
    let parts = garbage(room, &people, &secret);
    let hand = &mut pair.running(BEN).hand;
    hand.learn_secret(room, epoch, secret);
    hand.write_in_the_clear(room, &parts);
    pair.says(BEN, room, "can you read this");
    assert_eq!(last_epoch(&mut pair, BEN, room), epoch);
    [ANA, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before", "can you read this"]));
}
