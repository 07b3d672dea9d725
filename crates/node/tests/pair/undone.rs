//! Memberships that turn out not to count, or ended in a moment that was lost: nobody goes on as if
//! they were members, and nothing is left over of what they said.

use node::RoomId;
use node::manual::store::{RoomRow, Standing as KeptStanding, open_in_memory};
use node::view::{Body, ClosedWhy, Refused, Standing};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN, ROOT_KEY};
use crate::removal::{adds_again, removes};

const LIMIT: usize = rooms::limits::MAX_CONTROL_EVENTS_PER_MEMBER;

/// Ben lets Dan in, while Ana removes Ben and neither knows. Chi is with them.
fn dan_comes_in_by_ben() -> (Pair, RoomId) {
    let mut pair = Pair::of(4);
    let room = pair.makes_a_room(ANA, "Kitchen");
    for who in [BEN, CHI] {
        let invite = pair.invites(ANA, room, 1);
        pair.joins(who, &invite);
    }
    // Ben can let others in once he knows who has the keys.
    pair.run_for(10_000);
    pair.part(&[BEN, CHI, DAN]);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    let invite = pair.invites(BEN, room, 1);
    pair.joins(DAN, &invite);
    pair.run_until("chi sees him", |pair| pair.row(CHI, room).members == 4);
    (pair, room)
}

#[test]
fn who_was_let_in_by_somebody_already_removed_is_told_that_he_is_out_and_comes_in_by_another() {
    let (mut pair, room) = dan_comes_in_by_ben();
    pair.says(DAN, room, "hello");
    pair.until_reads(CHI, room, &["hello"]);
    pair.heal();
    pair.run_until("dan is told", |pair| pair.row(DAN, room).standing == Standing::Removed);
    let told = |pair: &mut Pair| pair.row(DAN, room).closed.map(|closed| (closed.why, closed.by, closed.at_ms));
    assert_eq!(told(&mut pair), Some((ClosedWhy::Removed, None, 0)));
    assert_eq!(pair.tries_to_say(DAN, room, "anybody?").map(drop), Err(Refused::NotMember));
    pair.until_reads(CHI, room, &[]);
    pair.stops(DAN);
    pair.starts(DAN);
    assert_eq!(told(&mut pair), Some((ClosedWhy::Removed, None, 0)));
    let invite = pair.invites(ANA, room, 1);
    pair.joins(DAN, &invite);
    pair.says(DAN, room, "here I am");
    for who in [ANA, CHI, DAN] {
        pair.until_reads(who, room, &["hello", "here I am"]);
    }
}

#[test]
fn of_somebody_who_turns_out_not_to_be_a_member_nothing_stays_unread_and_nothing_is_quoted() {
    let (mut pair, room) = dan_comes_in_by_ben();
    pair.unplugs(DAN);
    pair.says(DAN, room, "from the cellar");
    pair.run_for(1_000);
    pair.says(BEN, room, "where is dan");
    pair.until_reads(CHI, room, &["where is dan"]);
    pair.reads_all(CHI, room);
    pair.plugs_in(DAN);
    pair.until_reads(CHI, room, &["from the cellar", "where is dan"]);
    assert_eq!(pair.row(CHI, room).late.map(|late| late.count), Some(1));
    pair.says(DAN, room, "I am here");
    pair.run_until("chi reads that", |pair| pair.texts(CHI, room).len() == 3);
    pair.answers(CHI, room, "so I see");
    pair.heal();
    pair.until_reads(CHI, room, &["so I see"]);
    let row = pair.row(CHI, room);
    assert_eq!((row.unread, row.late), (0, None));
    let lines = pair.lines(CHI, room);
    let quote = lines.iter().find_map(|line| if let Body::Text { reply, .. } = &line.body { reply.clone() } else { None });
    assert_eq!(quote.expect("an answer").text, "");
}

#[test]
fn a_removal_whose_end_was_lost_in_a_crash_holds_after_the_next_start() {
    let (mut pair, room) = Pair::in_a_room(2);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| pair.row(BEN, room).standing == Standing::Removed);
    let closed = pair.row(BEN, room).closed;
    pair.stops(BEN);
    // The event is on the disk, and what the room's row said of it is not.
    let store = open_in_memory(&pair.person(BEN).medium, &ROOT_KEY).expect("memory opens").store;
    let row = store.get::<RoomRow>(&room).expect("his room");
    store.put(&RoomRow { standing: KeptStanding::Member, ..row }).expect("memory takes it");
    drop(store);
    pair.starts(BEN);
    assert_eq!((pair.row(BEN, room).standing, pair.row(BEN, room).closed), (Standing::Removed, closed));
    assert_eq!(pair.tries_to_say(BEN, room, "still here").map(drop), Err(Refused::NotMember));
}

#[test]
fn who_was_added_again_while_linked_and_removed_once_more_keeps_no_link() {
    let (mut pair, room) = Pair::in_a_room(2);
    for standing in [Standing::Removed, Standing::Member, Standing::Removed] {
        match standing {
            Standing::Removed => removes(&mut pair, ANA, room, BEN).expect("she made the room"),
            _ => adds_again(&mut pair, ANA, room, BEN).expect("he was a member"),
        }
        pair.run_until("ben is told", |pair| pair.row(BEN, room).standing == standing);
    }
    pair.run_for(120_000);
    pair.run_without("they are linked", 3_600_000, Pair::are_linked);
}

#[test]
fn nobody_does_more_to_a_room_than_others_would_keep_but_leave_it() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.unplugs(BEN);
    let made = |pair: &mut Pair| pair.ask(BEN, |core| core.create_invite(Some(room), 1)).map(drop);
    let done = (0..LIMIT).take_while(|_| made(&mut pair) == Ok(())).count();
    assert_eq!(done, LIMIT - 1);
    assert_eq!(made(&mut pair), Err(Refused::Limit));
    pair.ask(BEN, |core| core.leave_room(room)).expect("that is always kept");
    pair.plugs_in(BEN);
    pair.run_until("ana sees it", |pair| pair.row(ANA, room).members == 1);
}
