//! Invites to rooms, and the attempts to use them.

use node::view::{JoinRefusal, JoinState, Refused, Standing};
use wire::invite::{Invite, InviteFault, InviteKind};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};

const USED_UP: JoinState = JoinState::Refused(JoinRefusal::UsedUp);
const UNKNOWN: JoinState = JoinState::Refused(JoinRefusal::UnknownInvite);

#[test]
fn an_invite_leads_into_its_room() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    assert_eq!(pair.joins(BEN, &invite), room);
    let row = pair.row(BEN, room);
    assert_eq!((row.name.as_str(), row.members, row.standing), ("Kitchen", 2, Standing::Member));
    assert_eq!(pair.row(ANA, room).members, 2);
}

#[test]
fn an_invite_that_ana_never_made_is_refused() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let address: node::Address = pair.address_of(ANA).to_string().parse().expect("an address");
    for kind in [InviteKind::Contact, InviteKind::Room { hint: room.hint() }, InviteKind::Room { hint: [9; 16] }] {
        let made_up = Invite::new(kind, pair.id_of(ANA), [address.clone()]).to_text();
        let attempt = pair.accepts(BEN, &made_up);
        pair.until_state(BEN, attempt, &UNKNOWN);
    }
    assert_eq!((pair.row(ANA, room).members, pair.rooms(BEN).len()), (1, 0));
}

#[test]
fn an_invite_lets_in_as_many_as_it_says() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.joins(BEN, &invite);
    let attempt = pair.accepts(CHI, &invite);
    pair.until_state(CHI, attempt, &USED_UP);
    assert_eq!(pair.row(ANA, room).members, 2);
}

#[test]
fn of_two_who_use_the_last_place_at_once_one_is_let_in() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    let attempts = [BEN, CHI].map(|who| (who, pair.accepts(who, &invite)));
    pair.run_for(2_000);
    let states = attempts.map(|(who, attempt)| pair.state(who, attempt));
    assert!(states.contains(&Some(USED_UP)) && states.contains(&Some(JoinState::Joined { room })), "{states:?}");
    assert_eq!(pair.row(ANA, room).members, 2);
}

#[test]
fn a_member_who_pastes_the_invite_again_is_there_already_and_uses_no_place() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 2);
    pair.joins(BEN, &invite);
    let again = pair.accepts(BEN, &invite);
    assert_eq!(pair.state(BEN, again), Some(JoinState::Joined { room }));
    pair.joins(CHI, &invite);
}

#[test]
fn ones_own_invite_leads_nowhere() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    let outcome = pair.ask(ANA, |core| core.accept_invite(&invite).map(|attempt| attempt.id));
    assert_eq!(outcome, Err(Refused::BadInvite(InviteFault::NotAnInvite)));
    assert!(pair.attempts(ANA).is_empty());
}

#[test]
fn while_ana_is_away_the_attempt_waits_and_is_retried_until_she_is_back() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.unplugs(ANA);
    let attempt = pair.accepts(BEN, &invite);
    pair.run_for(20_000);
    let waited = |state: &&JoinState| matches!(state, JoinState::Waiting { .. });
    let times = pair.states_so_far(BEN, attempt).iter().filter(waited).count();
    assert!((3..30).contains(&times), "it was tried {times} times");
    pair.plugs_in(ANA);
    pair.until_state(BEN, attempt, &JoinState::Joined { room });
}

#[test]
fn an_attempt_that_is_over_is_listed_a_little_longer() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.joins(BEN, &invite);
    pair.run_for(7_000);
    assert_eq!(pair.attempts(BEN).len(), 1);
    pair.run_for(2_000);
    assert!(pair.attempts(BEN).is_empty());
}

#[test]
fn an_attempt_that_ben_has_cancelled_lets_him_in_nowhere() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.unplugs(ANA);
    let attempt = pair.accepts(BEN, &invite);
    pair.run_for(5_000);
    pair.ask(BEN, |core| core.cancel_join(attempt));
    assert!(pair.attempts(BEN).is_empty());
    pair.plugs_in(ANA);
    pair.run_without("ben still dials ana", 120_000, Pair::are_linked);
    assert_eq!((pair.rooms(BEN).len(), pair.row(ANA, room).members), (0, 1));
}
