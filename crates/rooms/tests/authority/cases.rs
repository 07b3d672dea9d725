//! Single stories, of which each was or could be a fault.

use rooms::authority::{Act, Cut, Kept, Op, Pass, Role, Setting, fold};
use wire::ids::{EventId, LogId};

use crate::world::{Wish, World, device};

/// Everybody hears of each of these at once.
fn told(wishes: &[(u8, Wish)]) -> World {
    let mut world = World::made_by(0);
    world.tell_all(8);
    for (n, (who, wish)) in wishes.iter().enumerate() {
        let op = world.honest(*who, *wish, EventId([10 + n as u8; 32]));
        world.add(op.unwrap_or_else(|| panic!("{who} may {wish:?}")));
        world.tell_all(8);
    }
    world
}

fn role(world: &World, who: u8) -> Option<Role> {
    world.all().role(&device(who))
}

const ADMINS: [(u8, Wish); 4] = [(0, Wish::Add(1)), (0, Wish::Add(2)), (0, Wish::Give(1, Role::Admin)), (0, Wish::Give(2, Role::Admin))];

#[test]
fn of_two_admins_who_remove_each_other_the_higher_one_stays() {
    let mut world = told(&ADMINS);
    let acts = [(1, Wish::Remove(2), 50), (2, Wish::Remove(1), 51)].map(|(who, wish, id)| world.honest(who, wish, EventId([id; 32])));
    let allowed: Vec<Op> = acts.into_iter().flatten().collect();
    assert_eq!(allowed.len(), 1, "the lower one is not let");
    // A patched program writes it all the same.
    let forged = Op {
        id: EventId([52; 32]),
        author: device(2),
        at: (LogId(1), 9),
        by: Some(EventId([13; 32])),
        act: Act::Remove { device: device(1), round: 1, cut: Cut::new() },
    };
    allowed.into_iter().chain([forged]).for_each(|op| world.add(op));
    assert_eq!((role(&world, 1), role(&world, 2)), (Some(Role::Admin), None));
}

#[test]
fn nobody_promotes_themselves_and_a_member_removes_nobody() {
    let mut world = told(&[(0, Wish::Add(1)), (0, Wish::Add(2))]);
    let right = Some(EventId([10; 32]));
    let acts = [
        Act::SetRole { device: device(1), round: 1, turn: 1, role: Role::Owner, cut: Cut::new() },
        Act::SetRole { device: device(2), round: 1, turn: 1, role: Role::Admin, cut: Cut::new() },
        Act::Remove { device: device(2), round: 1, cut: Cut::new() },
        Act::Remove { device: device(0), round: 1, cut: Cut::new() },
    ];
    for (n, act) in (0..).zip(acts) {
        world.add(Op { id: EventId([60 + n; 32]), author: device(1), at: (LogId(1), 1 + u32::from(n)), by: right, act });
    }
    assert_eq!([0, 1, 2].map(|who| role(&world, who)), [Some(Role::Owner), Some(Role::Member), Some(Role::Member)]);
}

#[test]
fn the_last_owner_cannot_be_removed() {
    let mut world = told(&ADMINS);
    for by in [11, 12, 13] {
        let act = Act::Remove { device: device(0), round: 9, cut: Cut::new() };
        world.add(Op { id: EventId([70 + by; 32]), author: device(2), at: (LogId(1), u32::from(by)), by: Some(EventId([by; 32])), act });
    }
    assert_eq!(role(&world, 0), Some(Role::Owner));
}

#[test]
fn whom_a_removed_admin_let_in_before_stays_and_after_does_not() {
    let mut world = told(&[ADMINS.as_slice(), &[(1, Wish::Add(3)), (0, Wish::Remove(1))]].concat());
    let right = Some(EventId([12; 32]));
    world.add(Op {
        id: EventId([80; 32]),
        author: device(1),
        at: (LogId(1), 2),
        by: right,
        act: Act::Add { device: device(4), round: 1, pass: None },
    });
    let puppet = Act::Add { device: device(5), round: 1, pass: None };
    world.add(Op { id: EventId([81; 32]), author: device(4), at: (LogId(1), 1), by: Some(EventId([80; 32])), act: puppet });
    assert_eq!([1, 3, 4, 5].map(|who| role(&world, who)), [None, Some(Role::Member), None, None]);
}

#[test]
fn who_was_removed_or_left_comes_back_as_a_member() {
    let world = told(&[ADMINS.as_slice(), &[(0, Wish::Remove(1)), (2, Wish::Add(1)), (2, Wish::Leave), (0, Wish::Add(2))]].concat());
    assert_eq!([1, 2].map(|who| role(&world, who)), [Some(Role::Member); 2]);
}

#[test]
fn who_was_an_admin_and_is_a_member_does_what_members_do() {
    let mut world = told(&[ADMINS.as_slice(), &[(0, Wish::Give(1, Role::Member)), (1, Wish::Add(3))]].concat());
    assert_eq!([1, 3].map(|who| role(&world, who)), [Some(Role::Member); 2]);
    let act = Act::Remove { device: device(3), round: 1, cut: Cut::new() };
    world.add(Op { id: EventId([90; 32]), author: device(1), at: (LogId(1), 5), by: Some(EventId([12; 32])), act });
    assert_eq!(role(&world, 3), Some(Role::Member), "not by the right that was taken");
}

#[test]
fn where_only_admins_add_members_keep_those_whom_they_added_before() {
    let mut world = told(&[ADMINS.as_slice(), &[(0, Wish::Add(3)), (3, Wish::Add(4)), (0, Wish::AdminsAdd(true))]].concat());
    assert!(world.honest(3, Wish::Add(5), EventId([91; 32])).is_none());
    let late = Act::Add { device: device(5), round: 1, pass: None };
    world.add(Op { id: EventId([92; 32]), author: device(3), at: (LogId(1), 2), by: Some(EventId([14; 32])), act: late });
    assert_eq!([4, 5].map(|who| role(&world, who)), [Some(Role::Member), None]);
    assert!(world.honest(1, Wish::Add(6), EventId([93; 32])).is_some());
}

#[test]
fn who_leaves_takes_nobody_along() {
    let mut world = told(&[(0, Wish::Add(1)), (1, Wish::Add(2)), (2, Wish::Add(3))]);
    // Whatever its leaving says of what counted.
    let leave = Act::Leave { round: 1, cut: Cut::new() };
    world.add(Op { id: EventId([94; 32]), author: device(1), at: (LogId(9), 1), by: Some(EventId([10; 32])), act: leave });
    assert_eq!([1, 2, 3].map(|who| role(&world, who)), [None, Some(Role::Member), Some(Role::Member)]);
}

#[test]
fn what_refers_to_events_that_are_not_here_waits_for_them() {
    let world = told(&ADMINS);
    let without: Vec<&Op> = world.ops.iter().filter(|op| op.id != EventId([10; 32])).collect();
    assert_eq!(fold(without).role(&device(1)), Some(Role::Admin), "a role is enough");
    let without: Vec<&Op> = world.ops.iter().filter(|op| !matches!(op.act, Act::Create)).collect();
    assert_eq!(fold(without).members().count(), 0);
}

// What follows was tried against the rules, and some of it broke earlier ones. Who is who: the
// owner 0 made the room by the event 1, and let in 1 by the event 10 and 2 by the event 11.

fn op(id: u8, author: u8, log: u64, seq: u32, by: u8, act: Act) -> Op {
    Op { id: EventId([id; 32]), author: device(author), at: (LogId(log), seq), by: (by > 0).then_some(EventId([by; 32])), act }
}

fn cut(logs: &[(u64, u32)]) -> Cut {
    logs.iter().map(|(log, last)| (LogId(*log), Kept { last: *last, except: Default::default() })).collect()
}

fn add(who: u8, round: u32) -> Act {
    Act::Add { device: device(who), round, pass: None }
}

fn with_pass(who: u8, round: u32, invite: u8) -> Act {
    Act::Add { device: device(who), round, pass: Some(Pass { invite: EventId([invite; 32]), key: [5; 32], at_ms: 0 }) }
}

fn remove(who: u8, round: u32, logs: &[(u64, u32)]) -> Act {
    Act::Remove { device: device(who), round, cut: cut(logs) }
}

fn give(who: u8, round: u32, turn: u32, role: Role) -> Act {
    Act::SetRole { device: device(who), round, turn, role, cut: Cut::new() }
}

fn invite(uses: u32) -> Act {
    Act::Invite { key: [5; 32], uses, expires: 0 }
}

fn admins_add(only: bool, version: u32, known: &[(u8, &[(u64, u32)])]) -> Act {
    let known = known.iter().map(|(who, logs)| (device(*who), cut(logs))).collect();
    Act::Set { setting: Setting::AdminsAdd(only), version, known }
}

fn roles(more: &[Op], of: &[u8]) -> Vec<Option<Role>> {
    let base = [op(1, 0, 1, 1, 0, Act::Create), op(10, 0, 1, 2, 1, add(1, 1)), op(11, 0, 1, 3, 1, add(2, 1))];
    let all = fold(base.iter().chain(more));
    of.iter().map(|who| all.role(&device(*who))).collect()
}

const IN: Option<Role> = Some(Role::Member);
const ADMIN: Option<Role> = Some(Role::Admin);

/// The same, where the remover's program names what did not count.
fn removed_but(who: u8, logs: &[(u64, u32)], except: &[u32]) -> Act {
    let mut cut = cut(logs);
    cut.values_mut().for_each(|kept| kept.except = except.iter().copied().collect());
    Act::Remove { device: device(who), round: 1, cut }
}

#[test]
fn nothing_that_did_not_count_at_a_removal_counts_later() {
    let sleeping = [op(20, 1, 1, 1, 10, add(7, 3)), op(21, 0, 1, 4, 1, removed_but(1, &[(1, 1)], &[1]))];
    let woken = [op(22, 1, 1, 2, 10, remove(7, 1, &[])), op(23, 1, 1, 3, 10, remove(7, 1, &[]))];
    assert_eq!(roles(&[sleeping.as_slice(), &woken].concat(), &[1, 7]), [None, None]);
    let admin = op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Admin));
    let sleeping = [admin.clone(), op(20, 1, 1, 1, 12, give(7, 1, 3, Role::Admin)), op(21, 0, 1, 5, 1, removed_but(1, &[(1, 1)], &[1]))];
    let woken: Vec<Op> = (0..3).map(|n| op(30 + n, 1, 1, 2 + u32::from(n), 12, give(7, 1, 1, Role::Admin))).collect();
    assert_eq!(roles(&[sleeping.as_slice(), &woken].concat(), &[1, 7]), [None, None]);
    let sleeping = [
        admin,
        op(13, 2, 1, 1, 11, add(3, 1)),
        op(20, 1, 1, 1, 12, admins_add(true, 4, &[])),
        op(21, 0, 1, 5, 1, removed_but(1, &[(1, 1)], &[1])),
    ];
    let woken: Vec<Op> = (0..3).map(|n| op(30 + n, 1, 1, 2 + u32::from(n), 12, admins_add(false, 1, &[]))).collect();
    assert_eq!(roles(&[sleeping.as_slice(), &woken].concat(), &[3]), [IN], "who was let in stays");
}

#[test]
fn a_member_ends_their_own_invite_whatever_the_ids_are() {
    for (made, ended) in [(40, 41), (41, 40)] {
        let revoke = Act::Revoke { invite: EventId([made; 32]), used: Vec::new() };
        let base = [
            op(1, 0, 1, 1, 0, Act::Create),
            op(10, 0, 1, 2, 1, add(1, 1)),
            op(made, 1, 1, 1, 10, invite(1)),
            op(ended, 1, 1, 2, 10, revoke),
        ];
        assert!(fold(&base).counts(&EventId([ended; 32])), "{made} {ended}");
    }
}

#[test]
fn who_is_lowered_has_no_higher_right_from_an_earlier_round() {
    let ops = [
        op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Admin)),
        op(30, 2, 1, 1, 11, remove(1, 1, &[])),
        op(31, 2, 1, 2, 11, add(1, 2)),
        op(32, 0, 1, 5, 1, give(1, 2, 1, Role::Member)),
    ];
    assert_eq!(roles(&ops, &[1]), [IN]);
}

#[test]
fn leaving_after_a_removal_takes_nothing_back() {
    let base = [op(1, 0, 1, 1, 0, Act::Create), op(10, 0, 1, 2, 1, add(1, 1)), op(21, 0, 1, 3, 1, remove(1, 1, &[(1, 1), (50, 100)]))];
    let left = op(22, 1, 1, 2, 10, Act::Leave { round: 1, cut: Cut::new() });
    for all in [fold(&base), fold(base.iter().chain([&left]))] {
        let limit = |log| all.standing(&device(1)).and_then(|standing| standing.limit(LogId(log), 1));
        assert_eq!((limit(50), limit(51)), (Some(100), Some(0)));
    }
}

#[test]
fn who_was_an_owner_and_came_back_as_a_member_can_be_removed() {
    let owner = [op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Owner)), op(13, 0, 1, 5, 1, give(2, 1, 1, Role::Admin))];
    let back = [op(20, 1, 1, 1, 12, Act::Leave { round: 1, cut: cut(&[(1, 1)]) }), op(21, 2, 1, 1, 13, add(1, 2))];
    let so_far = [owner.as_slice(), &back].concat();
    assert_eq!(roles(&so_far, &[1]), [IN]);
    let removed = [so_far, vec![op(22, 2, 1, 2, 13, remove(1, 2, &[]))]].concat();
    assert_eq!(roles(&removed, &[1, 2]), [None, ADMIN]);
    // And acts as an owner no more, in whatever log.
    let ghost = op(23, 1, 2, 1, 12, remove(2, 1, &[]));
    assert_eq!(roles(&[removed, vec![ghost]].concat(), &[2]), [ADMIN]);
}

#[test]
fn a_lower_admin_does_not_cut_deeper_than_the_higher_one_did() {
    let ops = [
        op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Admin)),
        op(13, 0, 1, 5, 1, give(2, 1, 1, Role::Admin)),
        op(14, 1, 1, 1, 12, add(3, 1)),
        op(20, 0, 1, 6, 1, remove(1, 1, &[(1, 1), (50, 9)])),
        op(21, 2, 1, 1, 13, remove(1, 1, &[])),
    ];
    assert_eq!(roles(&ops, &[1, 3]), [None, IN]);
}

#[test]
fn who_was_removed_does_not_come_back_by_an_old_invite() {
    let ops = [
        op(12, 0, 1, 4, 1, admins_add(true, 1, &[])),
        op(13, 0, 1, 5, 1, invite(9)),
        op(14, 1, 1, 1, 10, with_pass(8, 1, 13)),
        op(15, 0, 1, 6, 1, remove(8, 1, &[])),
        op(16, 2, 1, 1, 11, with_pass(8, 2, 13)),
    ];
    assert_eq!((roles(&ops[..3], &[8]), roles(&ops, &[8])), (vec![IN], vec![None]));
}

#[test]
fn an_invite_lets_in_as_many_as_it_says_where_only_admins_add() {
    let ops = [
        op(12, 0, 1, 4, 1, admins_add(true, 1, &[])),
        op(13, 0, 1, 5, 1, invite(1)),
        op(14, 0, 1, 6, 1, with_pass(8, 1, 13)),
        op(15, 1, 1, 1, 10, with_pass(9, 1, 13)),
    ];
    assert_eq!(roles(&ops, &[8, 9]), [IN, None]);
}

#[test]
fn nobody_ends_somebody_elses_invite_by_announcing_it_again() {
    let ops = [
        op(12, 0, 1, 4, 1, give(2, 1, 1, Role::Admin)),
        op(13, 0, 1, 5, 1, admins_add(true, 1, &[])),
        op(40, 2, 1, 1, 12, invite(5)),
        op(39, 0, 1, 6, 1, invite(0)),
        op(45, 1, 1, 1, 10, with_pass(8, 1, 40)),
    ];
    assert_eq!(roles(&ops, &[8]), [IN]);
}

#[test]
fn who_was_an_admin_does_not_throw_out_by_ending_their_old_invite() {
    let ops = [
        op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Admin)),
        op(13, 0, 1, 5, 1, admins_add(true, 1, &[])),
        op(14, 1, 1, 1, 12, invite(9)),
        op(15, 2, 1, 1, 11, with_pass(8, 1, 14)),
        op(16, 0, 1, 6, 1, Act::SetRole { device: device(1), round: 1, turn: 2, role: Role::Member, cut: cut(&[(1, 1)]) }),
        op(17, 1, 1, 2, 10, Act::Revoke { invite: EventId([14; 32]), used: Vec::new() }),
    ];
    assert_eq!(roles(&ops, &[8]), [IN]);
}

#[test]
fn what_did_not_count_while_only_admins_added_does_not_count_afterwards() {
    let void = [op(12, 0, 1, 4, 1, admins_add(true, 1, &[])), op(13, 1, 1, 1, 10, add(8, 1))];
    let mut known = cut(&[(1, 1)]);
    known.values_mut().for_each(|kept| kept.except = [1].into());
    for only in [true, false] {
        let setting = Act::Set { setting: Setting::AdminsAdd(only), version: 2, known: [(device(1), known.clone())].into() };
        let ops = [void.as_slice(), &[op(14, 0, 1, 5, 1, setting), op(15, 1, 1, 2, 10, add(9, 1))]].concat();
        assert_eq!(roles(&ops, &[8, 9]), [None, if only { None } else { IN }]);
    }
}

#[test]
fn nobody_is_put_out_for_all_rounds_to_come() {
    let ops =
        [op(12, 0, 1, 4, 1, give(1, 1, 1, Role::Admin)), op(14, 1, 1, 1, 12, remove(2, u32::MAX, &[])), op(15, 0, 1, 5, 1, add(2, 2))];
    assert_eq!(roles(&ops, &[2]), [IN]);
}

#[test]
fn a_long_way_of_rights_that_lead_nowhere_takes_no_time() {
    let id = |n: u32| {
        let mut id = [9; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        EventId(id)
    };
    let chain = |n: u32| Op { id: id(n), author: device(1), at: (LogId(1), n), by: Some(id(n - 1)), act: add(7, 1) };
    let ops: Vec<Op> = (1..20_000).map(chain).collect();
    assert_eq!(fold(&ops).members().count(), 0);
}
