//! How two people become contacts, and how they do not.

use node::view::{JoinRefusal, JoinState, Standing};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};

/// Ben has typed Ana's address, and she is asked.
fn ana_is_asked() -> (Pair, u64) {
    let mut pair = Pair::new();
    let address = pair.address_of(ANA).to_string();
    let attempt = pair.accepts(BEN, &address);
    pair.run_until("ana is asked", |pair| !pair.requests(ANA).is_empty());
    (pair, attempt)
}

fn answer(pair: &mut Pair, accept: bool) {
    let ben = pair.id_of(BEN);
    pair.ask(ANA, |core| core.answer_request(ben, accept)).expect("she is asked");
}

#[test]
fn ana_is_asked_by_address_and_accepting_opens_a_room_of_two() {
    let (mut pair, attempt) = ana_is_asked();
    assert_eq!(pair.requests(ANA)[0].name, "Ben");
    assert_eq!(pair.rooms(BEN)[0].standing, Standing::Requested, "before she has answered nothing can be said");
    answer(&mut pair, true);
    pair.run_until("it has led somewhere", |pair| matches!(pair.state(BEN, attempt), Some(JoinState::Joined { .. })));
    let room = pair.rooms(ANA)[0].id;
    assert_eq!(pair.state(BEN, attempt), Some(JoinState::Joined { room }));
    assert!(pair.is_contact(ANA, BEN) && pair.is_contact(BEN, ANA) && pair.requests(ANA).is_empty());
    pair.says(ANA, room, "hello Ben");
    pair.until_reads(BEN, room, &["hello Ben"]);
}

#[test]
fn a_request_that_ana_declines_is_over_for_both() {
    let (mut pair, attempt) = ana_is_asked();
    answer(&mut pair, false);
    pair.until_state(BEN, attempt, &JoinState::Refused(JoinRefusal::Declined));
    assert!(pair.requests(ANA).is_empty() && pair.rooms(ANA).is_empty() && pair.rooms(BEN).is_empty());
    assert!(!pair.is_contact(ANA, BEN) && !pair.is_contact(BEN, ANA));
}

#[test]
fn whom_ana_has_declined_she_is_not_asked_about_again() {
    let (mut pair, _) = ana_is_asked();
    answer(&mut pair, false);
    let address = pair.address_of(ANA).to_string();
    let again = pair.accepts(BEN, &address);
    pair.until_state(BEN, again, &JoinState::Refused(JoinRefusal::Declined));
    assert!(pair.requests(ANA).is_empty());
}

#[test]
fn when_both_ask_at_once_nobody_has_to_answer() {
    let mut pair = Pair::new();
    let (anas, bens) = (pair.address_of(ANA).to_string(), pair.address_of(BEN).to_string());
    pair.accepts(ANA, &bens);
    pair.accepts(BEN, &anas);
    pair.run_until("they are contacts", |pair| pair.is_contact(ANA, BEN) && pair.is_contact(BEN, ANA));
    assert!(pair.requests(ANA).is_empty() && pair.requests(BEN).is_empty());
    assert_eq!(pair.rooms(ANA)[0].id, pair.rooms(BEN)[0].id);
}

#[test]
fn an_answer_that_is_given_while_ben_is_away_reaches_him_when_he_is_back() {
    let (mut pair, _) = ana_is_asked();
    pair.stops(BEN);
    answer(&mut pair, true);
    pair.run_for(30_000);
    pair.starts(BEN);
    pair.run_until("he knows", |pair| pair.is_contact(BEN, ANA));
    assert_eq!(pair.rooms(BEN)[0].standing, Standing::Member);
}

#[test]
fn a_request_that_ben_takes_back_leaves_nothing_behind_with_him() {
    let (mut pair, attempt) = ana_is_asked();
    pair.ask(BEN, |core| core.cancel_join(attempt));
    pair.run_for(1_000);
    assert!(pair.attempts(BEN).is_empty() && pair.rooms(BEN).is_empty() && !pair.is_contact(BEN, ANA));
}

#[test]
fn a_contact_invite_needs_no_answer_and_is_used_up() {
    let mut pair = Pair::of(3);
    let invite = pair.invites_to_contact(ANA, 1);
    let room = pair.joins(BEN, &invite);
    assert!(pair.is_contact(ANA, BEN) && pair.is_contact(BEN, ANA) && pair.requests(ANA).is_empty());
    assert_eq!(pair.rooms(ANA)[0].id, room);
    let attempt = pair.accepts(CHI, &invite);
    pair.until_state(CHI, attempt, &JoinState::Refused(JoinRefusal::UsedUp));
}

#[test]
fn an_address_where_nobody_answers_is_dialled_again_after_longer_and_longer_pauses() {
    let mut pair = Pair::new();
    pair.stops(ANA);
    let address = pair.address_of(ANA).to_string();
    let attempt = pair.accepts(BEN, &address);
    pair.run_for(100_000);
    let retry_at = |state| if let JoinState::Waiting { retry_at, .. } = state { Some(retry_at) } else { None };
    let times: Vec<u64> = pair.states_so_far(BEN, attempt).into_iter().filter_map(retry_at).collect();
    let pauses: Vec<u64> = times.windows(2).map(|two| (two[1] - two[0]) / 1_000).collect();
    assert_eq!(pauses, [2, 4, 8, 16, 30, 30, 30]);
    pair.starts(ANA);
    pair.run_until("ana is asked", |pair| !pair.requests(ANA).is_empty());
}

#[test]
fn ones_own_address_leads_to_oneself() {
    let mut pair = Pair::new();
    let address = pair.address_of(BEN).to_string();
    let attempt = pair.accepts(BEN, &address);
    pair.until_state(BEN, attempt, &JoinState::Refused(JoinRefusal::Own));
}

#[test]
fn a_member_of_a_common_room_is_asked_by_name() {
    let (mut pair, _) = Pair::in_a_room(2);
    let ana = pair.id_of(ANA);
    let row = pair.ask(BEN, |core| core.open_direct(ana)).expect("a room");
    assert_eq!((row.name.as_str(), row.standing), ("Ana", Standing::Requested));
    pair.run_until("ana is asked", |pair| !pair.requests(ANA).is_empty());
    answer(&mut pair, true);
    pair.run_until("he may write", |pair| pair.row(BEN, row.id).standing == Standing::Member);
}
