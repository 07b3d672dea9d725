//! Who comes into a room and who leaves it, and what newcomers get.

use node::view::{Body, JoinRefusal, JoinState, Refused, Standing};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|nth| format!("message {nth}")).collect()
}

/// Ana has said so much, and Ben holds an invite.
fn much_said(count: usize) -> (Pair, node::RoomId, String) {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    for text in numbered(count) {
        pair.says(ANA, room, &text);
    }
    let invite = pair.invites(ANA, room, 1);
    (pair, room, invite)
}

#[test]
fn late_joiner_gets_history_in_order() {
    let (mut pair, room, invite) = much_said(300);
    pair.joins(BEN, &invite);
    pair.run_until("ben has it all", |pair| pair.texts(BEN, room).len() == 300);
    assert_eq!(pair.texts(BEN, room), numbered(300));
    assert_eq!(pair.row(BEN, room).lacking, 0);
}

#[test]
fn a_link_that_breaks_while_ben_is_served_costs_nothing_but_time() {
    let (mut pair, room, invite) = much_said(800);
    pair.accepts(BEN, &invite);
    pair.run_until("ben has a part", |pair| !pair.texts(BEN, room).is_empty());
    pair.unplugs(BEN);
    let before = pair.texts(BEN, room).len();
    assert!(before < 800, "it broke in the middle");
    pair.plugs_in(BEN);
    pair.run_until("ben has it all", |pair| pair.texts(BEN, room).len() == 800);
    assert_eq!(pair.texts(BEN, room), numbered(800));
}

#[test]
fn history_comes_from_any_member_while_the_inviter_is_away() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(ANA, room, "the key is under the mat");
    pair.until_reads(CHI, room, &["the key is under the mat"]);
    pair.stops(ANA);
    pair.stops(BEN);
    pair.says(CHI, room, "and Chi has eaten the cake");
    pair.starts(BEN);
    pair.until_reads(BEN, room, &["the key is under the mat", "and Chi has eaten the cake"]);
}

#[test]
fn ben_leaves_keeps_the_history_and_writes_no_more() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.says(ANA, room, "hello");
    pair.until_reads(BEN, room, &["hello"]);
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    assert_eq!(pair.row(BEN, room).standing, Standing::Left);
    assert_eq!(pair.tries_to_say(BEN, room, "bye").map(|_| ()), Err(Refused::NotMember));
    pair.run_until("ana sees it", |pair| pair.row(ANA, room).members == 1);
    assert!(matches!(pair.lines(ANA, room).last().map(|line| line.body.clone()), Some(Body::MemberLeft)));
    pair.says(ANA, room, "he is gone");
    pair.run_for(5_000);
    assert_eq!(pair.texts(BEN, room), ["hello"]);
}

#[test]
fn a_second_invite_brings_ben_back_and_he_gets_what_he_missed() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    pair.run_until("ana sees it", |pair| pair.row(ANA, room).members == 1);
    pair.says(ANA, room, "while he was gone");
    let invite = pair.invites(ANA, room, 1);
    assert_eq!(pair.joins(BEN, &invite), room);
    pair.until_reads(BEN, room, &["while he was gone"]);
    pair.says(BEN, room, "back");
    pair.until_reads(ANA, room, &["while he was gone", "back"]);
}

#[test]
fn an_invite_of_a_room_that_its_maker_has_left_opens_nothing() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.ask(ANA, |core| core.leave_room(room)).expect("she is a member");
    let attempt = pair.accepts(BEN, &invite);
    pair.until_state(BEN, attempt, &JoinState::Refused(JoinRefusal::UnknownInvite));
}
