//! Invites that are over, that are not the bearer's, and that are used more often than they may.

use rooms::{Payload, ShownPass};
use serde_json::{Value, json};
use wire::message::{Join, JoinRefused, Message};
use wire::{Invite, InviteKind, Naming};

use crate::member::Member;
use crate::outsider::Outsider;
use crate::peer::text;
use crate::pen::{now_ms, random};
use crate::scene::Scene;

/// What the door answers to this Join on a new link.
fn answer(scene: &Scene, make: impl FnOnce(&Outsider) -> Join) -> Result<(), JoinRefused> {
    let mut chi = Outsider::dial(&scene.ana);
    let join = Message::Join(make(&chi));
    chi.say(&join);
    let heard = |message: &Message| match message {
        Message::Welcome(_) => Some(Ok(())),
        Message::JoinRefused(why) => Some(Err(*why)),
        _ => None,
    };
    chi.until("an answer", heard).0
}

/// The id of the invite that lets in so many.
fn id_of(scene: &Scene, uses: u32) -> String {
    let invites = scene.ana.call("room_invites", json!({"room": scene.room}));
    let found = invites.as_array().expect("a list").iter().find(|invite| invite["uses"] == uses);
    text(&found.unwrap_or(&Value::Null)["id"])
}

#[test]
fn an_expired_a_revoked_and_a_replayed_invite_let_nobody_in() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    // An invite that was over before it was announced, and one that ends in a moment.
    let hint = mallory.room.hint();
    let expired = Invite::new(InviteKind::Room { hint }, mallory.peer(), []);
    let announce = Payload::Invite { by: mallory.right(), key: *expired.keys().peer().as_bytes(), uses: 9, expires: now_ms() - 1 };
    let announce = mallory.control.write(&announce);
    mallory.tell([&announce]);
    mallory.barrier();
    assert_eq!(answer(&scene, |chi| chi.join_by(&expired.to_text())), Err(JoinRefused::UnknownInvite), "expired");

    let revoked = scene.ana.invite(Some(&scene.room), 7);
    scene.ana.call("revoke_invite", json!({"room": scene.room, "id": id_of(&scene, 7)}));
    assert_eq!(answer(&scene, |chi| chi.join_by(&revoked)), Err(JoinRefused::UnknownInvite), "revoked");

    // What chi showed on her link, dan shows on his: the proof names chi's link and chi.
    let good = scene.ana.invite(Some(&scene.room), 5);
    let mut chi = Outsider::dial(&scene.ana);
    let shown = chi.join_by(&good);
    let mut dan = Outsider::dial(&scene.ana);
    dan.say(&Message::Join(shown.clone()));
    dan.settle();
    scene.ana.watch("the theft is counted against dan", |_| (scene.faults(&dan.me.peer()) == 1).then_some(()));
    chi.say(&Message::Join(shown.clone()));
    chi.until("a Welcome", |message| matches!(message, Message::Welcome(_)).then_some(()));
    drop(chi);
    let mut again = Outsider::dial(&scene.ana);
    again.say(&Message::Join(shown));
    again.settle();
    scene.ana.watch("and the replay too", |_| (scene.faults(&again.me.peer()) == 1).then_some(()));
    scene.until_members(&["ana", "ben", "outsider", "outsider"]);
    scene.is_well();
}

#[test]
fn an_invite_for_one_that_is_used_in_two_halves_lets_in_one_at_both() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join(&scene));
    let invite = scene.ana.invite(Some(&scene.room), 1);
    let invite = Invite::parse(&invite).expect("an invite");
    // Only a pass lets in now, whoever writes the Add.
    scene.ana.call("set_room", json!({"room": scene.room, "only_admins_add": true}));
    scene.ben.watch("it is set", |ben| (ben.row(&scene.room)["only_admins_add"] == true).then_some(()));
    mallory.learn();
    eve.learn();
    let key = *invite.keys().peer().as_bytes();
    let (announced, _) = mallory.told.invites_with(&key).next().expect("it is announced");
    let let_in = |member: &mut Member, name: &str| {
        let device = identity::Identity::generate().peer();
        let sealed = member.link.seal().seal(Naming::Join, random(), name);
        let pass = Join::make(&invite.keys(), invite.hint(), sealed, &[0; 32], &device).pass;
        let pass = Some(ShownPass { invite: announced, key, proof: pass });
        let by = member.right();
        (member.control.write(&Payload::Add { by, device, name: name.to_owned(), round: 1, pass }), pass)
    };
    let ((chi, pass), (dan, _)) = (let_in(&mut mallory, "chi"), let_in(&mut eve, "dan"));
    eve.dial(&scene.ben);
    mallory.tell([&chi]);
    eve.tell([&dan]);
    // A pass that was made for chi is none for somebody else.
    let by = mallory.right();
    let thief = Payload::Add { by, device: identity::Identity::generate().peer(), name: "thief".to_owned(), round: 1, pass };
    let thief = mallory.control.write(&thief);
    mallory.tell([&thief]);
    mallory.barrier();
    eve.barrier();
    scene.talk("when both halves know of both");
    let names = |peer: &crate::peer::Peer| peer.members(&scene.room);
    scene.ben.watch("both agree on one", |ben| (names(ben).len() == 5 && names(ben) == names(&scene.ana)).then_some(()));
    let lets_in = names(&scene.ana);
    assert!(lets_in.contains(&"chi".to_owned()) != lets_in.contains(&"dan".to_owned()), "{lets_in:?}");
    // The door knows that it is used up.
    assert_eq!(answer(&scene, |chi| chi.join_by(&invite.to_text())), Err(JoinRefused::UsedUp));
    scene.is_well();
}
