//! What is said: that it comes, in order and once, what its author learns, and what is unread.

use node::view::AlertKind;

use crate::pair::Pair;
use crate::person::{ANA, BEN};

#[test]
fn what_both_say_comes_to_both_in_one_order() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.says(ANA, room, "one");
    pair.until_reads(BEN, room, &["one"]);
    pair.says(BEN, room, "two");
    pair.until_reads(ANA, room, &["one", "two"]);
    let of_both = [ANA, BEN].map(|who| pair.lines(who, room).into_iter().map(|line| line.id).collect::<Vec<_>>());
    assert_eq!(of_both[0], of_both[1]);
}

#[test]
fn ones_own_message_is_saved_and_then_delivered() {
    let (mut pair, room) = Pair::in_a_room(2);
    let ben = pair.id_of(BEN);
    pair.unplugs(BEN);
    let said = pair.says(ANA, room, "hello");
    let delivery = |pair: &mut Pair| pair.ask(ANA, |core| core.room_details(room)).expect("a room").2;
    pair.run_until("it is on disk", |pair| delivery(pair).saved.contains(&(said.log, said.seq)));
    pair.run_for(10_000);
    assert!(!delivery(&mut pair).acks.contains(&(ben, said.log, said.seq)), "ben has not got it");
    pair.plugs_in(BEN);
    pair.run_until("ben has got it", |pair| delivery(pair).acks.contains(&(ben, said.log, said.seq)));
    assert_eq!(pair.texts(BEN, room), ["hello"]);
}

#[test]
fn words_said_while_ben_does_not_run_come_when_he_does() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.stops(BEN);
    pair.says(ANA, room, "one");
    pair.says(ANA, room, "two");
    pair.run_for(60_000);
    pair.starts(BEN);
    pair.until_reads(BEN, room, &["one", "two"]);
}

#[test]
fn words_of_others_are_unread_until_they_are_read_and_ones_own_never() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.says(ANA, room, "one");
    pair.says(ANA, room, "two");
    pair.until_reads(BEN, room, &["one", "two"]);
    assert_eq!((pair.row(ANA, room).unread, pair.row(BEN, room).unread), (0, 2));
    pair.reads_all(BEN, room);
    assert_eq!(pair.row(BEN, room).unread, 0);
    pair.says(ANA, room, "three");
    pair.run_until("ben has one more to read", |pair| pair.row(BEN, room).unread == 1);
    pair.stops(BEN);
    pair.starts(BEN);
    assert_eq!(pair.row(BEN, room).unread, 1);
}

#[test]
fn words_of_the_future_wait_for_their_time_and_their_author_is_told() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.sets_clock(BEN, 10 * 60_000);
    pair.says(BEN, room, "from the future");
    pair.run_for(60_000);
    assert_eq!((pair.texts(ANA, room).len(), pair.row(ANA, room).unread), (0, 0));
    pair.sets_clock(BEN, 0);
    assert!(pair.lines(BEN, room).last().is_some_and(|line| line.early));
    pair.until_reads(ANA, room, &["from the future"]);
    assert_eq!(pair.row(ANA, room).unread, 1);
}

#[test]
fn a_clock_that_is_off_is_told_to_both() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.sets_clock(BEN, 10 * 60_000);
    pair.says(BEN, room, "late already?");
    pair.run_until("ana is told", |pair| pair.is_alerted(ANA, AlertKind::ClockOff));
}
