//! Keys that are not here: what waits for them is shown as waiting, asked for, and read when they
//! come.

use node::RoomId;
use node::view::Body;

use crate::keys::{holds, last_epoch};
use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN};
use crate::removal::{members, removes, until_members};
use crate::wires::Who;

const DAY: i64 = 24 * 3_600_000;

/// How many entries wait for a key, and how many of these are lost.
fn waiting(pair: &mut Pair, who: Who, room: RoomId) -> (usize, usize) {
    let lines = pair.lines(who, room);
    let waits = |lost| lines.iter().filter(|line| matches!(line.body, Body::Waiting { lost: is } if is == lost)).count();
    (waits(true) + waits(false), waits(true))
}

/// Ana has removed Dan and said something, edited it, and had it liked; Ben cannot open it.
fn ben_lacks_a_key() -> (Pair, RoomId) {
    let (mut pair, room) = Pair::in_a_room(4);
    pair.says(ANA, room, "before");
    pair.until_reads(BEN, room, &["before"]);
    pair.run_for(2_000);
    pair.reads_all(BEN, room);
    pair.running(BEN).hand.erase_prekeys(&room);
    pair.gets_no_keys(BEN);
    removes(&mut pair, ANA, room, DAN).expect("she made the room");
    let said = pair.says(ANA, room, "aftr");
    pair.ask(ANA, |core| core.edit(room, said.id, "after".to_owned())).expect("her own");
    pair.until_reads(CHI, room, &["before", "after"]);
    pair.ask(CHI, |core| core.react(room, said.id, "👍".to_owned(), true)).expect("it is here");
    pair.run_until("it is there", |pair| waiting(pair, BEN, room) == (1, 0));
    pair.run_for(3_000);
    (pair, room)
}

fn until_ben_reads(pair: &mut Pair, room: RoomId) {
    pair.until_reads(BEN, room, &["before", "after"]);
    let liked = |body: &Body| matches!(body, Body::Text { edited: Some(_), reactions, .. } if reactions.len() == 1);
    pair.run_until("all that was said about it is there", |pair| liked(&pair.lines(BEN, room).last().expect("a line").body));
    assert_eq!(waiting(pair, BEN, room), (0, 0));
    assert_eq!(pair.row(BEN, room).unread, 1);
    assert_eq!(pair.row(BEN, room).last.expect("it was said").text, "after");
}

#[test]
fn who_was_away_finds_the_key_in_the_epoch_event_and_needs_nobody_else() {
    let (mut pair, room) = Pair::in_a_room(4);
    pair.stops(BEN);
    removes(&mut pair, ANA, room, DAN).expect("she made the room");
    pair.says(ANA, room, "while he was away");
    pair.until_reads(CHI, room, &["while he was away"]);
    pair.stops(ANA);
    pair.gets_no_keys(BEN);
    pair.starts(BEN);
    pair.until_reads(BEN, room, &["while he was away"]);
}

#[test]
fn a_message_whose_key_lacks_waits_and_is_read_with_all_that_was_said_about_it_when_the_key_comes() {
    let (mut pair, room) = ben_lacks_a_key();
    assert_eq!(pair.texts(BEN, room), ["before"]);
    assert_eq!((pair.row(BEN, room).unread, pair.row(BEN, room).last.expect("a last one").text), (0, "before".to_owned()));
    pair.gets_keys(BEN);
    until_ben_reads(&mut pair, room);
}

#[test]
fn what_waits_goes_on_waiting_after_a_restart_and_is_asked_for_again() {
    let (mut pair, room) = ben_lacks_a_key();
    pair.stops(BEN);
    pair.starts(BEN);
    assert_eq!((waiting(&mut pair, BEN, room), pair.row(BEN, room).unread), ((1, 0), 0));
    pair.run_for(5_000);
    pair.gets_keys(BEN);
    until_ben_reads(&mut pair, room);
    pair.stops(BEN);
    pair.starts(BEN);
    until_ben_reads(&mut pair, room);
}

#[test]
fn a_key_that_does_not_come_for_seven_days_is_said_to_be_lost_and_is_welcome_all_the_same() {
    let (mut pair, room) = ben_lacks_a_key();
    pair.sets_clock(BEN, 7 * DAY - 60_000);
    assert_eq!(waiting(&mut pair, BEN, room), (1, 0));
    pair.sets_clock(BEN, 7 * DAY);
    assert_eq!(waiting(&mut pair, BEN, room), (1, 1));
    pair.sets_clock(BEN, 0);
    pair.gets_keys(BEN);
    until_ben_reads(&mut pair, room);
}

#[test]
fn what_members_did_to_the_room_under_a_key_that_lacks_takes_effect_when_it_comes() {
    let (mut pair, room) = ben_lacks_a_key();
    pair.ask(ANA, |core| core.set_room(room, Some("Garden".to_owned()), None, None)).expect("hers");
    removes(&mut pair, ANA, room, CHI).expect("she made the room");
    pair.run_for(5_000);
    assert_eq!(pair.row(BEN, room).name, "Kitchen");
    assert_eq!(members(&mut pair, BEN, room), ["Ana", "Ben", "Chi"]);
    pair.gets_keys(BEN);
    until_members(&mut pair, room, &[ANA, BEN], &["Ana", "Ben"]);
    pair.run_until("the name is told", |pair| pair.row(BEN, room).name == "Garden");
    pair.stops(BEN);
    pair.starts(BEN);
    assert_eq!(members(&mut pair, BEN, room), ["Ana", "Ben"]);
}

#[test]
fn a_key_comes_from_any_member_who_has_it() {
    let (mut pair, room) = ben_lacks_a_key();
    pair.stops(ANA);
    pair.gets_keys(BEN);
    until_ben_reads(&mut pair, room);
}

#[test]
fn who_is_no_member_is_given_no_keys_however_often_it_asks() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(ANA, room, "before");
    [BEN, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before"]));
    pair.goes_deaf(BEN);
    pair.running(BEN).hand.erase_prekeys(&room);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.says(ANA, room, "without him");
    let epoch = last_epoch(&mut pair, ANA, room);
    pair.until_reads(CHI, room, &["before", "without him"]);
    pair.run_without("he can read it", 10 * 60_000, |pair| holds(pair, BEN, room, epoch));
    assert_eq!(pair.texts(BEN, room), ["before"]);
}
