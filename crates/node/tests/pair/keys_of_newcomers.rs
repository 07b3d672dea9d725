//! What newcomers may read of what was said before they came.

use crate::keys::{holds, last_epoch};
use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};
use crate::removal::until_members;
use node::RoomId;
use node::view::Body;

/// Ana and Ben have talked; who comes now sees that, or not.
fn talked(history: bool) -> (Pair, RoomId, String) {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 2);
    pair.joins(BEN, &invite);
    pair.run_for(1_000);
    pair.ask(ANA, |core| core.set_history(room, history)).expect("hers");
    pair.says(ANA, room, "before");
    pair.until_reads(BEN, room, &["before"]);
    pair.says(BEN, room, "and so on");
    pair.until_reads(ANA, room, &["before", "and so on"]);
    (pair, room, invite)
}

#[test]
fn a_newcomer_reads_all_that_was_said_where_newcomers_see_history() {
    let (mut pair, room, invite) = talked(true);
    pair.joins(CHI, &invite);
    pair.until_reads(CHI, room, &["before", "and so on"]);
    let before = last_epoch(&mut pair, ANA, room);
    pair.says(CHI, room, "hello");
    pair.until_reads(BEN, room, &["before", "and so on", "hello"]);
    assert_eq!(last_epoch(&mut pair, CHI, room), before, "nothing has to be minted for her");
}

#[test]
fn a_newcomer_sees_nothing_of_before_where_history_is_off_and_is_told_of_no_waiting() {
    let (mut pair, room, invite) = talked(false);
    let before = last_epoch(&mut pair, ANA, room);
    pair.joins(CHI, &invite);
    until_members(&mut pair, room, &[ANA, BEN, CHI], &["Ana", "Ben", "Chi"]);
    pair.run_for(10_000);
    pair.says(BEN, room, "hello chi");
    pair.until_reads(CHI, room, &["hello chi"]);
    assert_eq!(pair.row(CHI, room).unread, 1);
    assert!(!pair.lines(CHI, room).iter().any(|line| matches!(line.body, Body::Waiting { .. })));
    assert_ne!(last_epoch(&mut pair, BEN, room), before);
    assert!(!holds(&mut pair, CHI, room, before));
    pair.stops(CHI);
    pair.starts(CHI);
    assert_eq!(pair.texts(CHI, room), ["hello chi"]);
    pair.until_reads(ANA, room, &["before", "and so on", "hello chi"]);
}

#[test]
fn when_history_is_turned_on_later_the_newcomer_reads_what_was_said_before() {
    let (mut pair, room, invite) = talked(false);
    pair.joins(CHI, &invite);
    pair.run_for(10_000);
    assert_eq!(pair.texts(CHI, room), [""; 0]);
    pair.ask(ANA, |core| core.set_history(room, true)).expect("hers");
    pair.until_reads(CHI, room, &["before", "and so on"]);
}

#[test]
fn two_people_talk_under_keys_of_their_own() {
    let mut pair = Pair::new();
    let invite = pair.invites_to_contact(ANA, 1);
    pair.accepts(BEN, &invite);
    pair.run_until("they are contacts", |pair| pair.is_contact(ANA, BEN) && pair.is_contact(BEN, ANA));
    let ben = pair.id_of(BEN);
    let room = pair.ask(ANA, |core| core.open_direct(ben)).expect("a contact").id;
    pair.says(ANA, room, "hello");
    pair.until_reads(BEN, room, &["hello"]);
    pair.says(BEN, room, "hi");
    pair.until_reads(ANA, room, &["hello", "hi"]);
    let epoch = last_epoch(&mut pair, ANA, room);
    assert!(epoch.0 != [0; 16] && holds(&mut pair, BEN, room, epoch));
}
