//! Attempts that go on after the program was quit half-way, wherever it was quit.

use node::view::{JoinRefusal, JoinState, Refused, Standing};
use node::{Address, RoomId};
use wire::invite::{Invite, InviteKind};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};

/// Ana's room, and an invite to it for one.
fn invited(people: usize) -> (Pair, RoomId, String) {
    let mut pair = Pair::of(people);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    (pair, room, invite)
}

fn ben_restarts(pair: &mut Pair) {
    pair.stops(BEN);
    pair.run_for(30_000);
    pair.starts(BEN);
}

/// The only attempt that Ben sees.
fn only_attempt(pair: &mut Pair) -> u64 {
    let listed = pair.attempts(BEN);
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed[0].id
}

fn ben_standing(pair: &mut Pair) -> Option<Standing> {
    pair.rooms(BEN).first().map(|row| row.standing)
}

/// Ben is let in: he has the room, and nothing of it yet.
fn until_welcome(pair: &mut Pair, attempt: u64) {
    pair.run_until("he is welcome", |pair| ben_standing(pair) == Some(Standing::Member));
    assert!(matches!(pair.state(BEN, attempt), Some(JoinState::Asked { .. })));
}

/// The attempt goes on, leads into the room, and takes one place there.
fn it_goes_on(pair: &mut Pair, room: RoomId) {
    let attempt = only_attempt(pair);
    pair.until_state(BEN, attempt, &JoinState::Joined { room });
    assert_eq!((ben_standing(pair), pair.row(ANA, room).members), (Some(Standing::Member), 2));
    pair.says(BEN, room, "here I am");
    pair.until_reads(ANA, room, &["here I am"]);
    ben_restarts(pair);
    assert!(pair.attempts(BEN).is_empty(), "what is over does not begin again");
}

#[test]
fn a_join_goes_on_whose_inviter_was_away_all_the_time() {
    let (mut pair, room, invite) = invited(2);
    pair.unplugs(ANA);
    pair.accepts(BEN, &invite);
    pair.run_for(5_000);
    let before = pair.attempts(BEN);
    ben_restarts(&mut pair);
    pair.run_for(5_000);
    let attempt = only_attempt(&mut pair);
    assert!(matches!(pair.state(BEN, attempt), Some(JoinState::Waiting { .. })));
    assert_eq!(pair.attempts(BEN)[0].target, before[0].target, "it is shown as before");
    pair.plugs_in(ANA);
    it_goes_on(&mut pair, room);
}

#[test]
fn a_join_goes_on_that_was_quit_at_once() {
    let (mut pair, room, invite) = invited(2);
    pair.accepts(BEN, &invite);
    ben_restarts(&mut pair);
    it_goes_on(&mut pair, room);
}

#[test]
fn a_join_goes_on_that_was_quit_when_ana_had_been_asked() {
    let (mut pair, room, invite) = invited(2);
    let attempt = pair.accepts(BEN, &invite);
    pair.run_until("she is asked", |pair| matches!(pair.state(BEN, attempt), Some(JoinState::Asked { .. })));
    ben_restarts(&mut pair);
    it_goes_on(&mut pair, room);
}

#[test]
fn a_join_goes_on_that_was_quit_while_the_answer_was_on_its_way() {
    let (mut pair, room, invite) = invited(2);
    pair.accepts(BEN, &invite);
    pair.run_until("ana has let him in", |pair| pair.row(ANA, room).members == 2);
    assert!(pair.rooms(BEN).is_empty());
    ben_restarts(&mut pair);
    it_goes_on(&mut pair, room);
}

#[test]
fn a_join_goes_on_that_was_quit_between_the_welcome_and_the_members() {
    let (mut pair, room, invite) = invited(2);
    let attempt = pair.accepts(BEN, &invite);
    until_welcome(&mut pair, attempt);
    ben_restarts(&mut pair);
    assert_eq!(pair.row(BEN, room).members, 0);
    it_goes_on(&mut pair, room);
}

#[test]
fn a_contact_invite_and_a_typed_address_go_on_too() {
    for by_invite in [true, false] {
        let mut pair = Pair::new();
        let text = if by_invite { pair.invites_to_contact(ANA, 1) } else { pair.address_of(ANA).to_string() };
        pair.unplugs(ANA);
        pair.accepts(BEN, &text);
        pair.run_for(5_000);
        ben_restarts(&mut pair);
        only_attempt(&mut pair);
        pair.plugs_in(ANA);
        if !by_invite {
            pair.run_until("ana is asked", |pair| !pair.requests(ANA).is_empty());
            // From here on it is kept as a request; there is still one attempt.
            ben_restarts(&mut pair);
            only_attempt(&mut pair);
            let ben = pair.id_of(BEN);
            pair.ask(ANA, |core| core.answer_request(ben, true)).expect("she is asked");
        }
        pair.run_until("they are contacts", |pair| pair.is_contact(ANA, BEN) && pair.is_contact(BEN, ANA));
        ben_restarts(&mut pair);
        assert!(pair.attempts(BEN).is_empty());
    }
}

#[test]
fn a_join_that_was_refused_is_forgotten() {
    let (mut pair, _, invite) = invited(3);
    pair.joins(CHI, &invite);
    let attempt = pair.accepts(BEN, &invite);
    pair.until_state(BEN, attempt, &JoinState::Refused(JoinRefusal::UsedUp));
    pair.stops(BEN);
    pair.starts(BEN);
    assert!(pair.attempts(BEN).is_empty());
    pair.run_without("ben dials ana", 60_000, Pair::are_linked);
}

#[test]
fn a_join_that_goes_on_can_be_cancelled_and_then_it_does_not() {
    let (mut pair, room, invite) = invited(2);
    pair.unplugs(ANA);
    pair.accepts(BEN, &invite);
    ben_restarts(&mut pair);
    let attempt = only_attempt(&mut pair);
    pair.ask(BEN, |core| core.cancel_join(attempt));
    assert!(pair.attempts(BEN).is_empty());
    ben_restarts(&mut pair);
    assert!(pair.attempts(BEN).is_empty());
    pair.plugs_in(ANA);
    pair.run_without("ben still dials ana", 120_000, Pair::are_linked);
    assert_eq!((pair.rooms(BEN).len(), pair.row(ANA, room).members), (0, 1));
}

#[test]
fn who_cancels_after_the_welcome_sees_no_room_that_waits_and_may_use_the_invite_again() {
    let (mut pair, room, invite) = invited(2);
    let attempt = pair.accepts(BEN, &invite);
    until_welcome(&mut pair, attempt);
    pair.unplugs(ANA);
    pair.ask(BEN, |core| core.cancel_join(attempt));
    assert_eq!(ben_standing(&mut pair), None);
    pair.plugs_in(ANA);
    assert_eq!(pair.joins(BEN, &invite), room);
    assert_eq!(pair.row(ANA, room).members, 2);
}

#[test]
fn who_had_left_and_cancels_the_way_back_keeps_the_history() {
    let (mut pair, room, invite) = invited(2);
    pair.joins(BEN, &invite);
    pair.says(ANA, room, "hello Ben");
    pair.until_reads(BEN, room, &["hello Ben"]);
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    pair.run_until("ana knows", |pair| pair.row(ANA, room).members == 1);
    let again = pair.invites(ANA, room, 1);
    let attempt = pair.accepts(BEN, &again);
    until_welcome(&mut pair, attempt);
    pair.unplugs(ANA);
    pair.ask(BEN, |core| core.cancel_join(attempt));
    assert_eq!(ben_standing(&mut pair), Some(Standing::Left));
    assert_eq!(pair.texts(BEN, room), ["hello Ben"]);
}

#[test]
fn attempts_that_go_on_are_bounded_and_keep_their_order() {
    let mut pair = Pair::new();
    let nobody = identity::Identity::from_seed(&[99; 32]).peer();
    let invite = |nth: u16| {
        let address: Address = format!("100.64.9.9:{}", 1_000 + nth).parse().expect("an address");
        Invite::new(InviteKind::Contact, nobody, [address]).to_text()
    };
    for nth in 0..32 {
        pair.accepts(BEN, &invite(nth));
        pair.run_for(10);
    }
    let outcome = pair.ask(BEN, |core| core.accept_invite(&invite(32)).map(|attempt| attempt.id));
    assert_eq!(outcome, Err(Refused::Limit));
    let targets = |pair: &mut Pair| pair.attempts(BEN).into_iter().map(|listed| listed.target).collect::<Vec<_>>();
    let before = targets(&mut pair);
    ben_restarts(&mut pair);
    assert_eq!((targets(&mut pair), before.len()), (before, 32));
}
