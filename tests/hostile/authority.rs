//! Admins who remove each other, and members who act by rights that they do not have.

use std::sync::Arc;

use identity::{Identity, PeerId};
use rooms::authority::Role;
use rooms::{CutList, Event, Hlc, Payload};
use serde_json::json;
use wire::ids::EventId;
use wire::message::Message;

use crate::member::{Member, live};
use crate::peer::Peer;
use crate::pen::{Pen, now_ms};
use crate::scene::Scene;

fn device(peer: &Peer) -> PeerId {
    peer.id().parse().expect("an id")
}

/// Somebody who has no program at all.
fn puppet() -> PeerId {
    Identity::generate().peer()
}

fn remove(by: EventId, device: PeerId, cut: CutList) -> Payload {
    Payload::Remove { by, device, round: 1, cut }
}

fn add(by: EventId, device: PeerId, name: &str) -> Payload {
    Payload::Add { by, device, name: name.to_owned(), round: 1, pass: None }
}

fn set_role(by: EventId, device: PeerId, role: Role) -> Payload {
    Payload::SetRole { by, device, round: 1, turn: 1, role, cut: Vec::new() }
}

/// Role of a member by key; none if they are not in the room.
fn role(peer: &Peer, room: &str, who: &PeerId) -> Option<String> {
    let people = peer.room(room)["people"].clone();
    let found = people.as_array().expect("a list").iter().find(|member| member["peer"] == who.to_string());
    found.map(|member| member["role"].as_str().unwrap_or_default().to_owned())
}

fn until_role(scene: &Scene, who: &PeerId, wanted: Option<&str>) {
    for peer in [&scene.ana, &scene.ben] {
        let what = format!("{} is {wanted:?}", who.short());
        peer.watch(&what, |peer| (role(peer, &scene.room, who).as_deref() == wanted).then_some(()));
    }
}

#[test]
fn two_admins_remove_each_other_and_both_nodes_keep_the_same_one() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join_as_admin(&scene), Member::join_as_admin(&scene));
    // Neither knows of the other's removal, and each is heard first by another node.
    mallory.learn();
    eve.dial(&scene.ben);
    let both = [mallory.peer(), eve.peer()].map(|peer| mallory.told.role(&peer));
    assert_eq!(both, [Some(Role::Admin); 2]);
    let rank = |peer: &PeerId| mallory.told.right(peer).expect("an admin");
    let stays = if rank(&mallory.peer()) > rank(&eve.peer()) { mallory.peer() } else { eve.peer() };
    let goes = if stays == mallory.peer() { eve.peer() } else { mallory.peer() };
    let (by_mallory, by_eve) = (remove(mallory.right(), eve.peer(), Vec::new()), remove(eve.right(), mallory.peer(), Vec::new()));
    let (by_mallory, by_eve) = (mallory.control.write(&by_mallory), eve.control.write(&by_eve));
    mallory.tell([&by_mallory]);
    eve.tell([&by_eve]);
    until_role(&scene, &goes, None);
    until_role(&scene, &stays, Some("admin"));
    scene.is_well();
}

#[test]
fn a_removed_admin_dates_operations_back_and_none_of_them_counts() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join_as_admin(&scene), Member::join(&scene));
    let (by, ben) = (mallory.right(), device(&scene.ben));
    let friend = mallory.control.write(&add(by, puppet(), "friend"));
    let before = friend.header.hlc;
    mallory.tell([&friend]);
    scene.until_members(&["ana", "ben", "friend", "outsider", "outsider"]);
    scene.ana.call("remove_member", json!({"room": scene.room, "peer": mallory.peer().to_string()}));
    scene.until_members(&["ana", "ben", "friend", "outsider"]);
    // All is dated before her removal: in the same log beyond the cut, and in a log of its own.
    let dated = |pen: &mut Pen, payload: &Payload, n: u64| pen.twisted(payload, |header| header.hlc = Hlc(before.0 + n));
    let cut = vec![(mallory.control.log, 0, Vec::new())];
    let late = [
        remove(by, ben, cut.clone()),
        remove(by, device(&scene.ana), cut.clone()),
        add(by, puppet(), "spy"),
        set_role(by, mallory.peer(), Role::Owner),
        Payload::Set { by, version: 1, setting: rooms::authority::Setting::Name("Mine".to_owned()), known: Vec::new() },
        Payload::Add { by, device: mallory.peer(), name: "mallory".to_owned(), round: 2, pass: None },
    ];
    let mut other = mallory.control.control();
    let mut events: Vec<Event> = (1..).zip(&late).map(|(n, payload)| dated(&mut mallory.control, payload, n)).collect();
    events.extend((1..).zip(&late).map(|(n, payload)| dated(&mut other, payload, n)));
    // Her own link is of no use any more; eve brings them.
    let brought: Vec<_> = events.iter().map(|event| live(eve.room, vec![event.raw().clone()])).collect();
    eve.is_not_faulted(&scene, "who brings them did not write them", &brought);
    scene.talk("after her operations");
    scene.until_members(&["ana", "ben", "friend", "outsider"]);
    until_role(&scene, &device(&scene.ana), Some("owner"));
    assert_eq!(scene.ben.row(&scene.room)["name"], "Harbour walk");
    scene.is_well();
}

#[test]
fn mallory_promotes_herself_and_acts_by_the_rights_of_others() {
    let mut scene = Scene::new();
    let (mut mallory, ana, ben) = (Member::join(&scene), device(&scene.ana), device(&scene.ben));
    let own = mallory.right();
    let anas = mallory.told.right(&ana).expect("the owner").right;
    let made_up = EventId([8; 32]);
    let spy = puppet();
    for by in [own, anas, made_up] {
        let tries = [
            set_role(by, mallory.peer(), Role::Owner),
            set_role(by, ben, Role::Member),
            set_role(by, spy, Role::Admin),
            remove(by, ben, Vec::new()),
            Payload::Set { by, version: 1, setting: rooms::authority::Setting::Topic("mine".to_owned()), known: Vec::new() },
            Payload::Create { nonce: [1; 16], name: "Mine".to_owned(), creator: "mallory".to_owned() },
        ];
        let events = tries.map(|payload| live(mallory.room, vec![mallory.control.write(&payload).raw().clone()]));
        mallory.is_not_faulted(&scene, "whether it counts may change with what else is known", &events);
    }
    scene.until_members(&["ana", "ben", "outsider"]);
    until_role(&scene, &mallory.peer(), Some("member"));
    until_role(&scene, &ana, Some("owner"));
    let row = scene.ben.row(&scene.room);
    assert_eq!((&row["name"], &row["topic"]), (&json!("Harbour walk"), &json!("")));
    scene.is_well();
}

#[test]
fn an_admin_and_an_owner_made_by_her_cannot_remove_who_made_the_room() {
    let mut scene = Scene::new();
    let mut mallory = Member::join_as_admin(&scene);
    let ana = device(&scene.ana);
    let cut = vec![(
        mallory.told.members().find_map(|member| (member.peer == ana).then_some(mallory.control.log)).expect("she is"),
        0,
        Vec::new(),
    )];
    for payload in [remove(mallory.right(), ana, cut.clone()), set_role(mallory.right(), ana, Role::Member)] {
        let event = mallory.control.write(&payload);
        mallory.tell([&event]);
    }
    mallory.barrier();
    mallory.becomes(&scene, "owner");
    let event = mallory.control.write(&remove(mallory.right(), ana, cut));
    mallory.tell([&event]);
    mallory.barrier();
    scene.talk("after she tried");
    until_role(&scene, &ana, Some("owner"));
    // The other way round it works.
    scene.ana.call("remove_member", json!({"room": scene.room, "peer": mallory.peer().to_string()}));
    scene.until_members(&["ana", "ben"]);
    scene.is_well();
}

#[test]
fn what_a_removed_member_wrote_counts_up_to_the_cut_and_not_beyond_it() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join_as_admin(&scene));
    let words: Vec<Event> = ["one", "two", "three", "four"].map(|text| mallory.pen.text(text)).into();
    mallory.tell([&words[0]]);
    scene.until_others(&["one"]);
    // Eve knew of two when she removed her; ana and ben learn of it afterwards.
    let removal = remove(eve.right(), mallory.peer(), vec![(mallory.pen.log, 2, Vec::new())]);
    let removal = eve.control.write(&removal);
    eve.tell([&removal]);
    scene.until_members(&["ana", "ben", "outsider"]);
    eve.tell([&words[1], &words[2], &words[3]]);
    let mut fresh = mallory.pen.fresh();
    let fresh = fresh
        .twisted(&Payload::Message { text: "a new log".to_owned(), reply: None }, |header| header.hlc = Hlc::from_ms(now_ms() - 600_000));
    eve.tell([&fresh]);
    eve.barrier();
    scene.until_others(&["one", "two"]);
    scene.talk("after the cut");
    scene.until_others(&["one", "two"]);
    let log = words[0].log_key();
    let served: usize = eve.need(log, 1, u32::MAX).iter().map(Vec::len).sum();
    assert_eq!(served, 2, "what does not count is not passed on");
    // She is told of her removal, and nothing else.
    let mut back = crate::outsider::Outsider::dial_as(&scene.ana, Arc::clone(&mallory.me));
    back.name(&[mallory.room]);
    let heard = back.settle();
    let is_content = |message: &Message| match message {
        Message::Run(_) | Message::Heads(_) => true,
        Message::Data(data) => !data.log.log.is_control(),
        _ => false,
    };
    assert!(!heard.iter().any(is_content), "{heard:?}");
    scene.is_well();
}
