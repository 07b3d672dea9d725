//! Roles, removal and settings, scene by scene, and what the history shows of them.

use rooms::authority::{Role, Setting};
use rooms::{Admission, Membership, Payload, What};
use wire::{LogId, LogKey};

use crate::members::{after, shown, sorted, who, with_ben};
use crate::people::*;

fn dan() -> identity::Identity {
    identity::Identity::from_seed(&[0xd; 32])
}

fn may(room: &Membership, device: &Device, payload: &Payload) -> bool {
    room.would_count(device.identity.peer(), (LogId(LogId::CONTROL | 0x99), 1), payload)
}

fn what(room: &Membership) -> What {
    shown(room).pop().expect("a line").1
}

/// Ana's room, in which ben is an admin and chi a member that he added.
fn with_admin() -> (Device, Device, Device, Membership) {
    let (mut a, mut b, mut events) = with_ben();
    events.push(a.gives(&ben(), 1, Role::Admin, vec![]));
    b.acts_by(&events[2]);
    let mut c = Device::new(chi());
    events.push(b.adds(&chi(), "Chi", 1));
    c.acts_by(&events[3]);
    c.now += 2;
    (a, b, c, after(&events))
}

#[test]
fn an_admin_removes_a_member_and_the_line_says_who_did_it() {
    let (_, mut b, mut c, mut room) = with_admin();
    b.now += 9;
    let (before, after) = (c.says("good morning"), c.says("still here"));
    let remove = b.removes(&chi(), 1, cut(&[&before]));
    assert!(may(&room, &b, &Payload::of(&remove).expect("as written")));
    let changed = room.apply(&remove);
    assert_eq!((changed.members.len(), changed.known.len(), changed.shown.len()), (1, 1, 1));
    assert_eq!((room.is_member(&chi().peer()), room.was_member(&chi().peer()), room.member_count()), (false, true, 2));
    assert_eq!(shown(&room).last(), Some(&(ben().peer(), What::Removed { peer: chi().peer() })));
    assert_eq!(room.line(&remove).map(|line| line.author), Some(ben().peer()));
    let log = before.header.log;
    assert_eq!((room.limit(&chi().peer(), log, log), after.header.seq), (Some(before.header.seq), before.header.seq + 1));
}

#[test]
fn what_a_cut_names_bounds_each_log_and_branch_by_itself() {
    let (mut a, mut b, _, mut room) = with_admin();
    let limit = |room: &Membership, log: u64, part: u64| room.limit(&chi().peer(), LogId(log), LogId(part));
    assert_eq!((limit(&room, 5, 5), limit(&room, 5, 77)), (None, None));
    room.apply(&b.removes(&chi(), 1, vec![(LogId(5), 30, vec![]), (LogId(77), 40, vec![])]));
    assert_eq!([limit(&room, 5, 5), limit(&room, 5, 77), limit(&room, 6, 6)], [Some(30), Some(40), Some(0)]);
    let later = LogId::in_round(2, false, 5);
    assert_eq!(room.limit(&chi().peer(), later, later), Some(0), "not until chi is back");
    let back = b.adds(&chi(), "Chi", 2);
    assert!(room.apply(&back).known.contains(&chi().peer()));
    assert_eq!((room.limit(&chi().peer(), later, later), limit(&room, 5, 5)), (None, Some(30)));
    // Of two removals the higher one says what counts, and of one's own the first.
    room.apply(&b.removes(&chi(), 1, vec![(LogId(5), 20, vec![])]));
    assert_eq!([limit(&room, 5, 5), limit(&room, 5, 77)], [Some(30), Some(40)]);
    assert!(room.apply(&a.removes(&chi(), 1, vec![(LogId(5), 35, vec![])])).known.contains(&chi().peer()));
    assert_eq!([limit(&room, 5, 5), limit(&room, 5, 77)], [Some(35), Some(0)]);
    let nobody = LogKey { device: dan().peer(), log: LogId(5) };
    assert_eq!(room.limit(&nobody.device, nobody.log, nobody.log), Some(0));
    assert_eq!(Membership::direct(ana().peer(), ben().peer()).limit(&ana().peer(), LogId(5), LogId(5)), None);
}

#[test]
fn whom_somebody_let_in_after_their_removal_is_no_member_and_never_was() {
    let (mut a, mut b, _, mut room) = with_admin();
    let (in_time, late) = (b.adds(&dan(), "Dan", 1), b.adds(&identity::Identity::from_seed(&[0xe; 32]), "Eve", 1));
    let eve = identity::Identity::from_seed(&[0xe; 32]).peer();
    room.apply(&in_time);
    assert!(room.apply(&late).known.contains(&eve));
    let changed = room.apply(&a.removes(&ben(), 1, cut(&[&in_time])));
    assert!(changed.known.contains(&eve) && changed.members.contains(&eve) && changed.hidden.contains(&late.position()));
    assert_eq!((room.was_member(&eve), room.is_member(&dan().peer())), (false, true));
    let mut e = Device::new(identity::Identity::from_seed(&[0xe; 32]));
    assert_eq!(room.admits(&received(&[e.says("hello")])), Admission::Refused);
}

#[test]
fn what_did_not_count_when_somebody_was_removed_is_named_and_does_not_count_later() {
    let (mut a, mut b, mut c, mut room) = with_admin();
    let (waits, done) = (b.adds(&chi(), "Chi", 2), b.adds(&dan(), "Dan", 1));
    room.apply(&waits);
    room.apply(&done);
    let (ben, log) = (ben().peer(), waits.header.log);
    assert_eq!(room.without_effect(&ben, log, done.header.seq), [waits.header.seq]);
    assert_eq!(room.without_effect(&ben, log, waits.header.seq - 1), Vec::<u32>::new());
    let cut = vec![(log, done.header.seq, room.without_effect(&ben, log, done.header.seq))];
    room.apply(&a.removes(&self::ben(), 1, cut));
    assert!(room.was_removed(&ben) && !room.was_removed(&chi().peer()));
    // Now there is a second round of chi's; that wakes nothing.
    room.apply(&c.leaves(1, vec![]));
    assert_eq!(who(&room), sorted(&[&ana(), &dan()]));
}

#[test]
fn members_remove_nobody_and_an_admin_removes_neither_owner_nor_themselves() {
    let (mut a, mut b, mut c, mut room) = with_admin();
    for event in [c.removes(&ben(), 1, vec![]), b.removes(&ana(), 1, vec![]), b.removes(&ben(), 1, vec![])] {
        assert!(!room.would_count(event.header.device, (event.header.log, event.header.seq), &Payload::of(&event).expect("as written")));
        assert!(room.apply(&event).is_empty());
    }
    room.apply(&a.removes(&ben(), 1, vec![]));
    assert_eq!(who(&room), [ana().peer()], "with chi, whom ben had let in");
}

#[test]
fn a_role_is_given_and_taken_and_each_is_a_line() {
    let (mut a, mut b, _, mut room) = with_admin();
    assert_eq!((room.role(&ben().peer()), room.role(&ana().peer())), (Some(Role::Admin), Some(Role::Owner)));
    assert_eq!((room.next_turn(&ben().peer(), 1), room.next_turn(&chi().peer(), 1)), (2, 1));
    let roles: Vec<Role> = room.members().map(|member| member.role).collect();
    assert_eq!(roles.len(), 3);
    let did = b.adds(&dan(), "Dan", 1);
    room.apply(&did);
    a.now += 9;
    let lowered = room.apply(&a.gives(&ben(), 2, Role::Member, cut(&[&did])));
    assert!(lowered.members.contains(&ben().peer()) && lowered.known.is_empty(), "what ben says counts as before");
    assert_eq!(room.role(&ben().peer()), Some(Role::Member));
    assert_eq!(what(&room), What::Role { peer: ben().peer(), role: Role::Member });
    assert!(room.is_member(&dan().peer()));
    assert!(room.apply(&b.adds(&identity::Identity::from_seed(&[0xe; 32]), "Eve", 1)).is_empty(), "by the right that was taken");
    assert!(room.apply(&a.gives(&ben(), 9, Role::Owner, vec![])).is_empty(), "a turn that is not next");
}

#[test]
fn a_member_acts_by_the_right_that_was_left_to_them() {
    let (mut a, mut b, events) = with_ben();
    let added = events[1].clone();
    let mut room = after(&events);
    let admin = a.gives(&ben(), 1, Role::Admin, vec![]);
    room.apply(&admin);
    assert_eq!(room.right(&ben().peer()).map(|rank| rank.right), Some(admin.id()));
    b.acts_by(&added);
    assert!(room.apply(&b.adds(&chi(), "Chi", 1)).members.contains(&chi().peer()), "a lower right counts as well");
    let member = a.gives(&ben(), 2, Role::Member, vec![]);
    room.apply(&member);
    assert!(room.right(&ben().peer()).is_some_and(|rank| [added.id(), member.id()].contains(&rank.right)));
    assert!(may(&room, &b, &add_by(&b, &dan())));
}

fn add_by(device: &Device, whom: &identity::Identity) -> Payload {
    Payload::Add { by: device.right, device: whom.peer(), name: "x".into(), round: 1, pass: None }
}

#[test]
fn admins_set_name_and_topic_and_the_last_version_stands() {
    let (mut a, mut b, mut c, mut room) = with_admin();
    assert!(room.apply(&c.sets(1, Setting::Name("Mine".into()))).is_empty());
    let changed = room.apply(&b.sets(1, Setting::Name("Bus".into())));
    assert!(changed.name && changed.members.is_empty());
    assert_eq!((room.name(), room.next_version(&Setting::Name("x".into()))), (Some("Bus"), 3));
    assert_eq!(room.next_version(&Setting::Topic("x".into())), 1);
    room.apply(&a.sets(3, Setting::Name("Garden".into())));
    assert!(!room.apply(&b.sets(2, Setting::Name("Bus again".into()))).name, "an earlier version");
    assert_eq!(room.name(), Some("Garden"));
    assert!(room.apply(&b.sets(1, Setting::Topic("beds and benches".into()))).name);
    let settings: Vec<Setting> = room.settings().cloned().collect();
    assert_eq!(settings, [Setting::Name("Garden".into()), Setting::Topic("beds and benches".into())]);
    assert!(shown(&room).contains(&(ben().peer(), What::Set(Setting::Name("Bus again".into())))));
}

#[test]
fn where_only_admins_add_what_members_did_before_still_counts() {
    let (mut a, _, mut c, mut room) = with_admin();
    let before = c.adds(&dan(), "Dan", 1);
    let eve = identity::Identity::from_seed(&[0xe; 32]);
    let known = vec![(chi().peer(), cut(&[&before]))];
    let set = a.write(&Payload::Set { by: a.right, version: 1, setting: Setting::AdminsAdd(true), known });
    room.apply(&set);
    assert!(!may(&room, &c, &add_by(&c, &eve)));
    assert!(room.apply(&c.adds(&eve, "Eve", 1)).is_empty());
    assert!(room.apply(&before).members.contains(&dan().peer()), "although it comes later");
    assert!(!may(&room, &c, &Payload::Invite { by: c.right, key: [1; 32], uses: 1, expires: 0 }));
    assert!(may(&room, &a, &Payload::Invite { by: a.right, key: [1; 32], uses: 1, expires: 0 }));
    let again = room.apply(&a.sets(2, Setting::AdminsAdd(false)));
    assert!(again.name && again.members.contains(&eve.peer()), "then everything counts");
}

#[test]
fn whoever_made_the_room_stands_there_as_such_whatever_others_say() {
    let (_, mut b, events) = with_ben();
    b.now = NOON - 1_000;
    b.clock = rooms::Clock::new();
    let mut early = Device::new(ben());
    (early.now, early.right) = (NOON - 1_000, b.right);
    let room = after(&[events, vec![early.adds(&ana(), "Nobody", 1)]].concat());
    assert_eq!(room.name_of(&ana().peer()), Some("Ana"));
    assert!(shown(&room).contains(&(ana().peer(), What::Created { name: "Allotment".into() })));
}

/// The same, and what keeps all that ben did.
fn with_admin_and_cut() -> (Device, Device, rooms::CutList, Membership) {
    let (mut a, mut b, mut events) = with_ben();
    events.push(a.gives(&ben(), 1, Role::Admin, vec![]));
    b.acts_by(&events[2]);
    events.push(b.adds(&chi(), "Chi", 1));
    (a, b, cut(&[&events[3]]), after(&events))
}

#[test]
fn an_end_is_told_whether_it_counts_or_not() {
    let (mut a, mut b, kept, mut room) = with_admin_and_cut();
    let [ben, chi] = [ben(), chi()].map(|who| who.peer());
    assert!(room.ended().is_empty() && !room.end_is_told(&ben, 1) && !room.end_is_told(&chi, 1));
    room.apply(&b.removes(&crate::people::chi(), 1, vec![]));
    assert_eq!(room.ended(), [(chi, 1)]);
    assert!(room.end_is_told(&chi, 1) && !room.end_is_told(&chi, 2));
    // Ana removes ben, with a cut before that.
    room.apply(&a.removes(&crate::people::ben(), 1, kept));
    assert!(room.is_member(&chi));
    assert_eq!(room.ended(), [(ben, 1)]);
    assert!(room.end_is_told(&chi, 1) && room.end_is_told(&ben, 1));
    assert_eq!(room.gone(), rooms::keys::gone_digest([(ben, 1)]));
}
