//! Invites: who may announce and end them, whom they let in, and how often.

use identity::{Identity, PeerId};
use rooms::authority::{Role, Setting};
use rooms::{InviteState, Membership, Payload, ShownPass, Verified, What};

use crate::members::{after, with_ben};
use crate::people::*;

fn invite() -> Identity {
    Identity::from_seed(&[0x11; 32])
}

fn key(invite: &Identity) -> [u8; 32] {
    *invite.peer().as_bytes()
}

fn number(n: u8) -> Identity {
    Identity::from_seed(&[n; 32])
}

fn state(room: &Membership, offer: &Verified) -> InviteState {
    room.invite(&offer.id()).expect("known")
}

#[test]
fn an_invite_counts_its_uses_and_ends_by_number_time_or_word() {
    let (mut a, mut b, events) = with_ben();
    let mut room = after(&events);
    let offer = a.invites(&invite(), 2, NOON + 10);
    assert_eq!(room.invite(&offer.id()), None);
    assert!(room.apply(&offer).invites);
    let fresh = InviteState { key: key(&invite()), author: ana().peer(), uses: 2, used: 0, expires: NOON + 10, revoked: false };
    assert_eq!(state(&room, &offer), fresh);
    assert!(fresh.is_usable(NOON + 9) && !fresh.is_usable(NOON + 10));

    assert!(room.apply(&a.lets_in(&offer, &invite(), &number(1), "One")).invites);
    // Ben lets chi in, and so does ana on the other side of a partition: that is one use.
    room.apply(&b.lets_in(&offer, &invite(), &chi(), "Chi"));
    assert!(!room.apply(&a.lets_in(&offer, &invite(), &chi(), "Chi")).invites);
    assert_eq!((state(&room, &offer).used, state(&room, &offer).is_usable(NOON)), (2, false));
    assert!(room.lines().iter().any(|line| matches!(line.what, What::Added { invited: true, .. })));
    let mut used = [(number(1).peer(), 1), (chi().peer(), 1)];
    used.sort();
    assert_eq!(room.used(&offer.id()), used);

    // Across a partition a third came in; they stay, and the count tells.
    room.apply(&b.lets_in(&offer, &invite(), &number(2), "Two"));
    assert_eq!((state(&room, &offer).used, room.member_count()), (3, 5));
    assert!(room.apply(&a.revokes(&offer, &room.used(&offer.id()))).invites);
    assert!(state(&room, &offer).revoked);
    assert_eq!((room.invites().count(), room.member_count()), (1, 5));
}

#[test]
fn an_invite_without_an_end_does_not_expire() {
    let endless = InviteState { key: key(&invite()), author: ana().peer(), uses: 1, used: 0, expires: 0, revoked: false };
    assert!(endless.is_usable(u64::MAX));
}

#[test]
fn strangers_neither_offer_nor_revoke_invites() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let create = a.write(&create());
    let added = a.adds(&ben(), "Ben", 1);
    b.acts_by(&added);
    let offer = b.invites(&number(3), 9, 0);
    let mut room = after(&[create, offer.clone()]);
    assert_eq!((room.invite(&offer.id()), room.invites().count()), (None, 0));
    room.apply(&b.revokes(&offer, &[]));
    assert!(room.apply(&added).invites, "now ben's words count");
    assert!(state(&room, &offer).revoked);
}

#[test]
fn an_invite_is_ended_by_whoever_announced_it_or_by_an_admin() {
    let (mut a, mut b, events) = with_ben();
    let of_ana = a.invites(&invite(), 1, 0);
    let mut room = after(&[events, vec![of_ana.clone()]].concat());
    assert!(room.apply(&b.revokes(&of_ana, &[])).is_empty(), "that one is ana's");
    // Many keys, so that events by one right come in both orders by their ids.
    for n in 0..16 {
        let offer = b.invites(&number(0x40 + n), 1, 0);
        let end = b.revokes(&offer, &[]);
        let (mut early, mut late) = (room.clone(), room.clone());
        early.apply(&offer);
        assert!(early.would_count(ben().peer(), (end.header.log, end.header.seq), &Payload::of(&end).expect("as written")));
        early.apply(&end);
        late.apply(&end);
        late.apply(&offer);
        assert!([&early, &late].iter().all(|room| state(room, &offer).revoked));
    }
    let of_ben = b.invites(&number(0x60), 1, 0);
    let end = a.revokes(&of_ben, &[]);
    assert!(room.apply(&of_ben).invites);
    assert!(room.would_count(ana().peer(), (end.header.log, end.header.seq), &Payload::of(&end).expect("as written")));
    assert!(room.apply(&end).invites && state(&room, &of_ben).revoked, "ana made the room");
    room.apply(&a.gives(&ben(), 1, Role::Admin, vec![]));
    b.acts_by(&a.gives(&ben(), 2, Role::Admin, vec![]));
    room.apply(&b.revokes(&of_ana, &[]));
    assert!(!state(&room, &of_ana).revoked, "by a right that is not here");
}

#[test]
fn whoever_announces_the_invite_of_another_ends_and_uses_only_their_own() {
    let (mut a, mut b, events) = with_ben();
    let (offer, again) = (a.invites(&invite(), 1, 0), b.invites(&invite(), 0, 1));
    let mut room = after(&[events, vec![offer.clone(), again.clone()]].concat());
    assert_eq!(room.invites_with(&key(&invite())).count(), 2);
    room.apply(&b.revokes(&again, &[]));
    assert!(state(&room, &again).revoked && state(&room, &offer).is_usable(NOON));
    // By a key of his own ben lets nobody use up that of ana.
    let own = Some(pass(offer.id(), &number(9), &chi().peer()));
    room.apply(&b.write(&Payload::Add { by: b.right, device: chi().peer(), name: "Chi".into(), round: 1, pass: own }));
    assert_eq!((state(&room, &offer).used, room.used(&offer.id()).len()), (0, 0));
}

/// A room where only admins add, with an invite of ana's, and ben and dan in it.
fn restricted(uses: u32, expires: u64) -> (Device, Device, Verified, Membership) {
    let (mut a, b, events) = with_ben();
    let offer = a.invites(&invite(), uses, expires);
    let more = vec![offer.clone(), a.sets(1, Setting::AdminsAdd(true))];
    (a, b, offer, after(&[events, more].concat()))
}

fn would_let_in(room: &Membership, b: &Device, whom: &PeerId, pass: Option<ShownPass>) -> bool {
    let add = Payload::Add { by: b.right, device: *whom, name: "x".into(), round: 1, pass };
    // After what ben did by then.
    room.would_count(b.identity.peer(), (wire::LogId(wire::LogId::CONTROL), 99), &add)
}

#[test]
fn where_only_admins_add_a_member_lets_in_whoever_shows_an_invite() {
    let (mut a, mut b, offer, mut room) = restricted(1, NOON + 10);
    let chi_of_invite = pass(offer.id(), &invite(), &chi().peer());
    assert!(!would_let_in(&room, &b, &chi().peer(), None));
    assert!(would_let_in(&room, &b, &chi().peer(), Some(chi_of_invite)));
    assert!(!would_let_in(&room, &b, &ana().peer(), Some(chi_of_invite)), "made for somebody else");
    assert!(room.apply(&b.adds(&chi(), "Chi", 1)).is_empty());
    assert!(room.apply(&b.lets_in(&offer, &invite(), &chi(), "Chi")).members.contains(&chi().peer()));
    // One use it had.
    assert!(!would_let_in(&room, &b, &number(2).peer(), Some(pass(offer.id(), &invite(), &number(2).peer()))));
    assert!(room.apply(&a.adds(&number(3), "Three", 1)).members.contains(&number(3).peer()), "ana made the room");
}

#[test]
fn who_came_in_before_an_invite_was_ended_stays_and_nobody_else_comes() {
    let (mut a, mut b, offer, mut room) = restricted(9, 0);
    let (one, two) = (b.lets_in(&offer, &invite(), &number(1), "One"), b.lets_in(&offer, &invite(), &number(2), "Two"));
    room.apply(&one);
    room.apply(&a.revokes(&offer, &room.used(&offer.id())));
    room.apply(&two);
    assert!(room.is_member(&number(1).peer()) && !room.is_member(&number(2).peer()));
    assert!(!would_let_in(&room, &b, &number(3).peer(), Some(pass(offer.id(), &invite(), &number(3).peer()))));
}

#[test]
fn who_stands_above_ends_an_invite_also_for_those_whom_members_let_in() {
    let (mut a, mut b, events) = with_ben();
    let admin = a.gives(&ben(), 1, Role::Admin, vec![]);
    b.acts_by(&admin);
    let (mut c, added, offer) = (Device::new(chi()), a.adds(&chi(), "Chi", 1), b.invites(&invite(), 9, 0));
    c.acts_by(&added);
    let only = a.sets(1, Setting::AdminsAdd(true));
    let mut room = after(&[events, vec![admin, added, offer.clone(), only, c.lets_in(&offer, &invite(), &number(1), "One")]].concat());
    assert!(room.is_member(&number(1).peer()));
    room.apply(&a.revokes(&offer, &room.used(&offer.id())));
    room.apply(&c.lets_in(&offer, &invite(), &number(2), "Two"));
    assert!(room.is_member(&number(1).peer()) && !room.is_member(&number(2).peer()));
}

#[test]
fn an_invite_lets_nobody_in_after_its_time() {
    let (_, mut b, offer, mut room) = restricted(9, NOON + 10);
    b.now = NOON + 10;
    let late: Verified = b.lets_in(&offer, &invite(), &chi(), "Chi");
    assert!(room.apply(&late).is_empty());
}

#[test]
fn a_pass_that_nobody_signed_for_the_newcomer_is_none() {
    let (mut a, _, events) = with_ben();
    let offer = a.invites(&invite(), 1, 0);
    let forged = ShownPass { key: key(&invite()), ..pass(offer.id(), &number(9), &chi().peer()) };
    let payload = Payload::Add { by: a.right, device: chi().peer(), name: "Chi".into(), round: 1, pass: Some(forged) };
    let room = after(&[events, vec![offer.clone(), a.write(&payload)]].concat());
    assert!(room.is_member(&chi().peer()), "a member may add");
    assert_eq!(state(&room, &offer).used, 0);
    assert!(!room.lines().iter().any(|line| matches!(line.what, What::Added { invited: true, .. })));
}
