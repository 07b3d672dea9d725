//! What members may do to a room and to each other, and that all agree on it.

use node::view::{Body, JoinRefusal, JoinState, Refused, Role, Standing};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN, EVE};
use crate::removal::{adds_again, gives_role, members, removes, until_members};

#[test]
fn a_member_can_neither_remove_nor_promote_nor_set_anything() {
    let (mut pair, room) = Pair::in_a_room(3);
    let refused = Err(Refused::NotAllowed);
    for whom in [ANA, BEN, CHI] {
        assert_eq!(removes(&mut pair, BEN, room, whom), refused);
    }
    for whom in [BEN, CHI] {
        assert_eq!(gives_role(&mut pair, BEN, room, whom, Role::Admin), refused);
    }
    assert_eq!(pair.ask(BEN, |core| core.set_room(room, Some("Mine".to_owned()), None, None)), refused);
    assert_eq!(pair.ask(BEN, |core| core.set_room(room, None, None, Some(true))), refused);
    let (row, all, _) = pair.ask(BEN, |core| core.room_details(room)).expect("a room");
    assert_eq!((row.my_role, row.may.add, row.may.rename), (Some(Role::Member), true, false));
    assert!(all.iter().all(|member| !member.may.remove && member.may.set_role.is_empty()));
    pair.run_for(5_000);
    assert_eq!(members(&mut pair, ANA, room), ["Ana", "Ben", "Chi"]);
}

#[test]
fn an_admin_removes_members_but_not_who_made_the_room() {
    let (mut pair, room) = Pair::in_a_room(3);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made the room");
    pair.run_until("it came", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    let (ana, ben, chi) = (pair.id_of(ANA), pair.id_of(BEN), pair.id_of(CHI));
    let (_, all, _) = pair.ask(BEN, |core| core.room_details(room)).expect("a room");
    let of = |peer| all.iter().find(|member| member.peer == peer).expect("a member");
    assert_eq!((of(ana).role, of(ben).role, of(chi).role), (Role::Owner, Role::Admin, Role::Member));
    assert_eq!((of(ana).added_by, of(chi).added_by), (None, Some(ana)));
    assert_eq!((of(ana).may.remove, of(ben).may.remove, of(chi).may.remove), (false, false, true));
    assert_eq!(of(chi).may.set_role, [Role::Admin]);
    assert_eq!(removes(&mut pair, BEN, room, ANA), Err(Refused::NotAllowed));
    removes(&mut pair, BEN, room, CHI).expect("he is an admin");
    until_members(&mut pair, room, &[ANA, BEN], &["Ana", "Ben"]);
    pair.run_until("chi is told", |pair| pair.row(CHI, room).closed.is_some_and(|closed| closed.by == Some(ben)));
}

#[test]
fn who_is_an_admin_no_more_can_do_no_more_than_a_member() {
    let (mut pair, room) = Pair::in_a_room(3);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made the room");
    pair.run_until("it came", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    gives_role(&mut pair, ANA, room, BEN, Role::Member).expect("she made the room");
    pair.run_until("that came too", |pair| pair.row(BEN, room).my_role == Some(Role::Member));
    assert_eq!(removes(&mut pair, BEN, room, CHI), Err(Refused::NotAllowed));
    pair.says(BEN, room, "I still speak");
    pair.until_reads(CHI, room, &["I still speak"]);
    let roles = pair.lines(CHI, room).into_iter().filter_map(|line| match line.body {
        Body::RoleGiven { name, role, .. } => Some((name, role)),
        _ => None,
    });
    assert_eq!(roles.collect::<Vec<_>>(), [("Ben".to_owned(), Role::Admin), ("Ben".to_owned(), Role::Member)]);
}

#[test]
fn name_and_topic_are_set_for_everybody_and_each_is_a_line() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.ask(ANA, |core| core.set_room(room, Some("Garden".to_owned()), Some("what grows".to_owned()), None)).expect("she made it");
    pair.run_until("ben sees it", |pair| {
        let row = pair.row(BEN, room);
        (row.name.as_str(), row.topic.as_str()) == ("Garden", "what grows")
    });
    let lines = pair.lines(BEN, room);
    assert!(lines.iter().any(|line| matches!(&line.body, Body::RoomRenamed { name } if name == "Garden")));
    assert!(lines.iter().any(|line| matches!(&line.body, Body::TopicSet { text } if text == "what grows")));
    pair.ask(ANA, |core| core.set_room(room, Some("Garden".to_owned()), None, None)).expect("it is so already");
    pair.run_for(2_000);
    assert_eq!(pair.lines(BEN, room).len(), lines.len(), "what is so already is not said again");
}

#[test]
fn if_only_admins_add_people_the_invites_of_members_let_nobody_in_and_those_of_admins_do() {
    let mut pair = Pair::of(4);
    let room = pair.makes_a_room(ANA, "Kitchen");
    for who in [BEN, CHI] {
        let invite = pair.invites(ANA, room, 1);
        pair.joins(who, &invite);
    }
    let (of_ben, of_ana) = (pair.invites(BEN, room, 1), pair.invites(ANA, room, 1));
    for who in [ANA, BEN] {
        pair.run_until("all are known", |pair| pair.ask(who, |core| core.room_invites(room)).expect("a room").len() == 4);
    }
    pair.ask(ANA, |core| core.set_room(room, None, None, Some(true))).expect("she made it");
    pair.run_until("ben hears of it", |pair| pair.row(BEN, room).only_admins_add);
    assert!(pair.lines(BEN, room).iter().any(|line| matches!(line.body, Body::OnlyAdminsAdd { on: true })));
    assert!(!pair.row(BEN, room).may.add);
    assert_eq!(pair.ask(BEN, |core| core.create_invite(Some(room), 1)).map(drop), Err(Refused::NotAllowed));
    removes(&mut pair, ANA, room, CHI).expect("she made it");
    until_members(&mut pair, room, &[ANA, BEN], &["Ana", "Ben"]);
    assert_eq!(adds_again(&mut pair, BEN, room, CHI), Err(Refused::NotAllowed));
    let attempt = pair.accepts(DAN, &of_ben);
    pair.until_state(DAN, attempt, &JoinState::Refused(JoinRefusal::UnknownInvite));
    assert_eq!(pair.joins(DAN, &of_ana), room);
    until_members(&mut pair, room, &[ANA, BEN, DAN], &["Ana", "Ben", "Dan"]);
    pair.ask(ANA, |core| core.set_room(room, None, None, Some(false))).expect("she made it");
    pair.run_until("ben hears of it", |pair| pair.row(BEN, room).may.add);
    adds_again(&mut pair, BEN, room, CHI).expect("now he may");
    until_members(&mut pair, room, &[ANA, BEN, CHI, DAN], &["Ana", "Ben", "Chi", "Dan"]);
}

#[test]
fn an_invite_that_was_revoked_lets_nobody_in() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 5);
    pair.joins(BEN, &invite);
    let stands = pair.ask(ANA, |core| core.room_invites(room)).expect("a room");
    let [one] = stands.as_slice() else { panic!("one invite: {stands:?}") };
    assert_eq!((one.author, one.uses, one.used, one.revoked, one.may_revoke), (pair.id_of(ANA), 5, 1, false, true));
    let id = one.id;
    pair.run_until("ben knows of it", |pair| pair.ask(BEN, |core| core.room_invites(room)).expect("a room").len() == 1);
    assert!(!pair.ask(BEN, |core| core.room_invites(room)).expect("a room").iter().any(|invite| invite.may_revoke));
    assert_eq!(pair.ask(BEN, |core| core.revoke_invite(room, id)), Err(Refused::NotAllowed));
    pair.ask(ANA, |core| core.revoke_invite(room, id)).expect("it is hers");
    pair.run_until("ben hears of it", |pair| pair.ask(BEN, |core| core.room_invites(room)).expect("a room").iter().all(|i| i.revoked));
    let attempt = pair.accepts(CHI, &invite);
    pair.until_state(CHI, attempt, &JoinState::Refused(JoinRefusal::UnknownInvite));
    assert_eq!(pair.row(ANA, room).members, 2);
    assert_eq!(pair.row(BEN, room).standing, Standing::Member, "who came in by it stays");
}

#[test]
fn who_was_away_for_ten_changes_and_a_partition_agrees_after_one_repair() {
    let (mut pair, room) = Pair::in_a_room(5);
    pair.run_for(5_000);
    pair.stops(EVE);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("one");
    pair.run_until("it came", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    removes(&mut pair, BEN, room, CHI).expect("two");
    pair.run_for(1_000);
    adds_again(&mut pair, BEN, room, CHI).expect("three");
    until_members(&mut pair, room, &[ANA, BEN, CHI, DAN], &["Ana", "Ben", "Chi", "Dan", "Eve"]);
    pair.part(&[ANA, CHI]);
    pair.ask(ANA, |core| core.set_room(room, Some("Garden".to_owned()), None, None)).expect("four");
    pair.ask(BEN, |core| core.set_room(room, Some("Cellar".to_owned()), None, Some(true))).expect("five and six");
    removes(&mut pair, BEN, room, DAN).expect("seven");
    gives_role(&mut pair, ANA, room, DAN, Role::Admin).expect("eight");
    gives_role(&mut pair, ANA, room, CHI, Role::Admin).expect("nine");
    pair.run_until("it came", |pair| pair.row(CHI, room).my_role == Some(Role::Admin));
    pair.run_for(10_000);
    pair.heal();
    gives_role(&mut pair, ANA, room, BEN, Role::Member).expect("ten");
    pair.run_for(60_000);
    pair.starts(EVE);
    pair.run_for(60_000);
    let seen = |pair: &mut Pair, who| {
        let (row, all, _) = pair.ask(who, |core| core.room_details(room)).expect("a room");
        let roles: Vec<_> = all.into_iter().map(|member| (member.name, member.role)).collect();
        let lines: Vec<_> = pair.lines(who, room).into_iter().map(|line| line.id).collect();
        (row.name, row.only_admins_add, roles, lines)
    };
    let wanted = seen(&mut pair, ANA);
    for who in [BEN, CHI, EVE] {
        assert_eq!(seen(&mut pair, who), wanted, "{who:?}");
    }
}

#[test]
fn a_restart_keeps_roles_settings_removals_and_invites() {
    let (mut pair, room) = Pair::in_a_room(3);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made the room");
    pair.ask(ANA, |core| core.set_room(room, Some("Garden".to_owned()), Some("what grows".to_owned()), Some(true))).expect("hers");
    removes(&mut pair, ANA, room, CHI).expect("she made the room");
    pair.run_until("chi is told", |pair| pair.row(CHI, room).standing == Standing::Removed);
    pair.run_until("ben has it all", |pair| pair.row(BEN, room).members == 2 && pair.row(BEN, room).only_admins_add);
    let seen = |pair: &mut Pair| {
        [ANA, BEN, CHI].map(|who| {
            let (row, all, _) = pair.ask(who, |core| core.room_details(room)).expect("a room");
            let roles: Vec<_> = all.into_iter().map(|member| (member.name, member.role, member.added_by)).collect();
            let lines = pair.lines(who, room).len();
            let invites = pair.ask(who, |core| core.room_invites(room)).expect("a room");
            let set = (row.name, row.topic, row.only_admins_add);
            (set, row.my_role, row.closed, row.standing, roles, lines, invites)
        })
    };
    let before = seen(&mut pair);
    [ANA, BEN, CHI].into_iter().for_each(|who| pair.stops(who));
    [ANA, BEN, CHI].into_iter().for_each(|who| pair.starts(who));
    assert_eq!(seen(&mut pair), before);
    pair.run_for(30_000);
    assert_eq!(seen(&mut pair), before);
    pair.says(BEN, room, "and it goes on");
    pair.until_reads(ANA, room, &["and it goes on"]);
}
