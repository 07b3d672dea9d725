//! Members who are put out of a room: what of their words counts, what they are told, and how they
//! come back.

use node::RoomId;
use node::view::{Body, ClosedWhy, JoinRefusal, JoinState, Refused, Role, Standing};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN};
use crate::wires::Who;

/// Who is in the room, as somebody sees it.
pub(crate) fn members(pair: &mut Pair, who: Who, room: RoomId) -> Vec<String> {
    let (_, members, _) = pair.ask(who, |core| core.room_details(room)).expect("a room");
    members.into_iter().map(|member| member.name).collect()
}

/// Waits until all of these see just these people in the room.
pub(crate) fn until_members(pair: &mut Pair, room: RoomId, all: &[Who], names: &[&str]) {
    pair.run_until(&format!("{names:?} are in"), |pair| all.iter().all(|who| members(pair, *who, room) == names));
}

pub(crate) fn removes(pair: &mut Pair, who: Who, room: RoomId, whom: Who) -> Result<(), Refused> {
    let peer = pair.id_of(whom);
    pair.ask(who, |core| core.remove_member(room, peer))
}

pub(crate) fn gives_role(pair: &mut Pair, who: Who, room: RoomId, whom: Who, role: Role) -> Result<(), Refused> {
    let peer = pair.id_of(whom);
    pair.ask(who, |core| core.set_role(room, peer, role))
}

pub(crate) fn adds_again(pair: &mut Pair, who: Who, room: RoomId, whom: Who) -> Result<(), Refused> {
    let peer = pair.id_of(whom);
    pair.ask(who, |core| core.add_member(room, peer))
}

fn sees_removal(pair: &mut Pair, who: Who, room: RoomId, whom: Who) -> bool {
    let gone = pair.id_of(whom);
    pair.lines(who, room).iter().any(|line| matches!(&line.body, Body::MemberRemoved { peer, .. } if *peer == gone))
}

fn is_removed(pair: &mut Pair, who: Who, room: RoomId) -> bool {
    pair.row(who, room).standing == Standing::Removed
}

#[test]
fn when_ana_removes_ben_everybody_sees_a_line_and_what_he_had_said_stays() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(BEN, room, "before");
    pair.until_reads(CHI, room, &["before"]);
    pair.until_reads(ANA, room, &["before"]);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    until_members(&mut pair, room, &[ANA, CHI], &["Ana", "Chi"]);
    for who in [ANA, BEN, CHI] {
        pair.run_until("there is a line", |pair| sees_removal(pair, who, room, BEN));
        assert_eq!(pair.texts(who, room), ["before"]);
    }
}

#[test]
fn ben_is_told_who_removed_him_and_when_and_writes_no_more() {
    let (mut pair, room) = Pair::in_a_room(2);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| is_removed(pair, BEN, room));
    let (ana, row) = (pair.id_of(ANA), pair.row(BEN, room));
    let closed = row.closed.expect("nothing more can be said");
    let at = pair.lines(BEN, room).last().expect("a line").position.hlc.ms();
    assert_eq!((closed.why, closed.by, closed.by_name.as_str(), closed.at_ms), (ClosedWhy::Removed, Some(ana), "Ana", at));
    assert_eq!((row.my_role, row.may.add), (None, false));
    assert_eq!(pair.tries_to_say(BEN, room, "still here").map(drop), Err(Refused::NotMember));
    pair.says(ANA, room, "he is gone");
    pair.run_for(60_000);
    assert_eq!(pair.texts(BEN, room), [""; 0]);
}

#[test]
fn who_was_away_when_he_was_removed_is_told_when_he_is_back() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.stops(BEN);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    until_members(&mut pair, room, &[ANA, CHI], &["Ana", "Chi"]);
    pair.stops(ANA);
    pair.starts(BEN);
    pair.run_until("ben is told", |pair| is_removed(pair, BEN, room));
}

#[test]
fn what_ben_said_while_ana_removed_him_elsewhere_is_shown_and_counted_nowhere() {
    let (mut pair, room) = Pair::in_a_room(4);
    pair.says(BEN, room, "before");
    pair.until_reads(DAN, room, &["before"]);
    pair.says(DAN, room, "hello");
    let all = [ANA, BEN, CHI, DAN];
    all.iter().for_each(|who| pair.until_reads(*who, room, &["before", "hello"]));
    let hello = pair.lines(DAN, room).last().expect("just said").id;
    pair.reads_all(DAN, room);
    pair.part(&[BEN, DAN]);
    pair.says(BEN, room, "behind her back");
    pair.ask(BEN, |core| core.react(room, hello, "👍".to_owned(), true)).expect("it is here");
    pair.until_reads(DAN, room, &["before", "hello", "behind her back"]);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    assert_eq!(pair.row(DAN, room).unread, 1);
    pair.heal();
    for who in all {
        pair.run_until("all see it", |pair| sees_removal(pair, who, room, BEN));
        pair.run_for(5_000);
        assert_eq!(pair.texts(who, room), ["before", "hello"], "{who:?}");
        assert_eq!(pair.row(who, room).last.expect("a last message").text, "hello", "{who:?}");
        let quiet = |body: &Body| !matches!(body, Body::Text { reactions, .. } if !reactions.is_empty());
        assert!(pair.lines(who, room).iter().all(|line| quiet(&line.body)), "{who:?}");
    }
    assert_eq!(pair.row(DAN, room).unread, 0);
    pair.stops(DAN);
    pair.starts(DAN);
    assert_eq!(pair.texts(DAN, room), ["before", "hello"]);
}

#[test]
fn what_a_changed_program_of_somebody_removed_goes_on_to_say_is_shown_nowhere() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(BEN, room, "before");
    [ANA, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before"]));
    pair.goes_deaf(BEN);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    until_members(&mut pair, room, &[ANA, CHI], &["Ana", "Chi"]);
    for nth in 0..20 {
        pair.says(BEN, room, &format!("still here {nth}"));
        pair.run_for(1_000);
    }
    pair.run_without("somebody reads that", 120_000, |pair| [ANA, CHI].iter().any(|who| pair.texts(*who, room).len() > 1));
    pair.says(CHI, room, "how quiet");
    pair.until_reads(ANA, room, &["before", "how quiet"]);
    pair.hears_again(BEN);
    pair.run_until("ben is told", |pair| is_removed(pair, BEN, room));
    assert_eq!(pair.texts(BEN, room).first().map(String::as_str), Some("before"));
    assert!(!pair.texts(BEN, room).iter().any(|text| text.starts_with("still")));
}

#[test]
fn who_is_removed_while_he_is_served_gets_nothing_more_of_what_he_asked_for() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.unplugs(BEN);
    for nth in 0..800 {
        pair.says(ANA, room, &format!("message {nth}"));
    }
    pair.goes_deaf(BEN);
    pair.plugs_in(BEN);
    pair.run_until("they are linked", Pair::are_linked);
    // Beside talk, who catches up is served little by little.
    pair.says(ANA, room, "here he is");
    pair.run_until("ben has a part", |pair| pair.texts(BEN, room).len() > 1);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_for(60_000);
    assert!(pair.texts(BEN, room).len() < 800, "the rest is not for him");
}

#[test]
fn by_no_invite_does_anybody_come_back_who_was_removed_or_come_in_whom_he_had_invited() {
    let (mut pair, room) = Pair::in_a_room(3);
    for who in [BEN, CHI] {
        pair.invites(who, room, 5);
    }
    let of_chi = pair.invites(CHI, room, 4);
    pair.run_until("ana knows of them", |pair| {
        let known = pair.ask(ANA, |core| core.room_invites(room)).expect("a room");
        known.iter().filter(|invite| invite.uses == 5).count() == 2
    });
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| is_removed(pair, BEN, room));
    let ben = pair.id_of(BEN);
    let ended = pair.ask(ANA, |core| core.room_invites(room)).expect("a room");
    assert!(ended.iter().filter(|invite| invite.uses == 5).all(|invite| invite.revoked == (invite.author == ben)));
    until_members(&mut pair, room, &[CHI], &["Ana", "Chi"]);
    let attempt = pair.accepts(BEN, &of_chi);
    pair.until_state(BEN, attempt, &JoinState::Refused(JoinRefusal::UnknownInvite));
    assert_eq!(members(&mut pair, CHI, room), ["Ana", "Chi"]);
}

#[test]
fn ben_is_added_again_and_writes_and_is_heard_and_gets_what_he_missed() {
    let (mut pair, room) = Pair::in_a_room(3);
    pair.says(BEN, room, "before");
    [ANA, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before"]));
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| is_removed(pair, BEN, room));
    until_members(&mut pair, room, &[CHI], &["Ana", "Chi"]);
    pair.says(CHI, room, "while he was out");
    pair.run_for(180_000);
    adds_again(&mut pair, CHI, room, BEN).expect("everybody may add people");
    pair.run_until("ben is in", |pair| pair.row(BEN, room).standing == Standing::Member);
    assert_eq!(pair.row(BEN, room).closed, None);
    pair.until_reads(BEN, room, &["before", "while he was out"]);
    pair.says(BEN, room, "back");
    [ANA, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["before", "while he was out", "back"]));
    pair.stops(BEN);
    pair.starts(BEN);
    pair.says(BEN, room, "and here");
    pair.until_reads(ANA, room, &["before", "while he was out", "back", "and here"]);
}

#[test]
fn who_left_is_added_again_without_an_invite() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    pair.run_until("ana sees it", |pair| pair.row(ANA, room).members == 1);
    assert_eq!(pair.row(BEN, room).closed.expect("closed").why, ClosedWhy::Left);
    pair.run_for(180_000);
    assert!(!pair.are_linked(), "neither has a use for the other");
    adds_again(&mut pair, ANA, room, BEN).expect("he was a member");
    pair.run_until("ben is in", |pair| pair.row(BEN, room).standing == Standing::Member);
    pair.says(BEN, room, "back");
    pair.until_reads(ANA, room, &["back"]);
}

#[test]
fn a_removal_that_turns_out_not_to_count_gives_back_what_it_took() {
    let (mut pair, room) = Pair::in_a_room(4);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made the room");
    pair.run_until("ben is an admin", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    pair.says(DAN, room, "one");
    [ANA, BEN, CHI].iter().for_each(|who| pair.until_reads(*who, room, &["one"]));
    // Ben removes Dan, and Chi hears of it. Ana has removed Ben, and neither knows.
    pair.part(&[BEN, CHI]);
    pair.run_for(1_000);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.says(DAN, room, "two");
    pair.until_reads(ANA, room, &["one", "two"]);
    removes(&mut pair, BEN, room, DAN).expect("he is an admin");
    pair.run_until("chi sees it", |pair| sees_removal(pair, CHI, room, DAN));
    pair.heal();
    until_members(&mut pair, room, &[ANA, CHI, DAN], &["Ana", "Chi", "Dan"]);
    pair.says(DAN, room, "three");
    for who in [ANA, CHI, DAN] {
        pair.until_reads(who, room, &["one", "two", "three"]);
        assert!(!sees_removal(&mut pair, who, room, DAN));
    }
}

#[test]
fn what_is_kept_of_somebody_removed_is_served_to_newcomers_though_it_came_as_part_of_more() {
    let mut pair = Pair::of(4);
    let room = pair.makes_a_room(ANA, "Kitchen");
    for who in [BEN, CHI] {
        let invite = pair.invites(ANA, room, 1);
        pair.joins(who, &invite);
    }
    pair.run_for(1_000);
    pair.stops(CHI);
    let said = ["one", "two", "three", "four", "five"];
    for text in &said[..3] {
        pair.says(BEN, room, text);
        pair.run_for(100);
    }
    pair.until_reads(ANA, room, &said[..3]);
    pair.part(&[BEN, CHI]);
    for text in &said[3..] {
        pair.says(BEN, room, text);
        pair.run_for(100);
    }
    // All of it at once, of which only the last event is known to be signed.
    pair.starts(CHI);
    pair.until_reads(CHI, room, &said);
    pair.stops(BEN);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.heal();
    pair.until_reads(CHI, room, &said[..3]);
    pair.run_for(5_000);
    pair.stops(ANA);
    let invite = pair.invites(CHI, room, 1);
    pair.joins(DAN, &invite);
    pair.until_reads(DAN, room, &said[..3]);
}

#[test]
fn two_admins_who_remove_each_other_in_a_partition_are_agreed_on_when_it_is_over() {
    let (mut pair, room) = Pair::in_a_room(4);
    for admin in [BEN, CHI] {
        gives_role(&mut pair, ANA, room, admin, Role::Admin).expect("she made the room");
        pair.run_until("it came", |pair| pair.row(admin, room).my_role == Some(Role::Admin));
    }
    pair.run_for(2_000);
    // Of two who were made admins one stands higher. The other is made an owner elsewhere.
    let (ben, chi) = (pair.id_of(BEN), pair.id_of(CHI));
    let (_, all, _) = pair.ask(BEN, |core| core.room_details(room)).expect("a room");
    let ben_is_higher = all.iter().any(|member| member.peer == chi && member.may.remove);
    let (high, low) = if ben_is_higher { (BEN, CHI) } else { (CHI, BEN) };
    pair.part(&[high, DAN]);
    pair.run_for(1_000);
    gives_role(&mut pair, ANA, room, low, Role::Owner).expect("she made the room");
    pair.run_until("it came", |pair| pair.row(low, room).my_role == Some(Role::Owner));
    removes(&mut pair, high, room, low).expect("as far as he knows they are both admins");
    removes(&mut pair, low, room, high).expect("an owner");
    pair.run_until("dan sees the one", |pair| sees_removal(pair, DAN, room, low));
    pair.run_until("ana sees the other", |pair| sees_removal(pair, ANA, room, high));
    pair.heal();
    let mut left = vec!["Ana", if ben_is_higher { "Chi" } else { "Ben" }, "Dan"];
    left.sort_unstable();
    until_members(&mut pair, room, &[ANA, BEN, CHI, DAN], &left);
    let gone = if ben_is_higher { ben } else { chi };
    assert!(pair.row(high, room).closed.is_some_and(|closed| closed.by.is_some_and(|by| by != gone)));
    pair.says(low, room, "so be it");
    [ANA, DAN].iter().for_each(|who| pair.until_reads(*who, room, &["so be it"]));
}
