//! Logs with gaps, with two histories, and too many of them.

use rooms::{Event, Payload};
use wire::message::{Data, Message, Need};

use crate::member::{Member, live};
use crate::outsider::Outsider;
use crate::peer::Peer;
use crate::scene::Scene;

/// People who signed two histories, as a node tells its user.
fn flagged(peer: &Peer) -> Vec<String> {
    let alerts = peer.snapshot()["alerts"].clone();
    let forks = alerts.as_array().expect("a list").iter().filter(|alert| alert["kind"] == "fork");
    forks.map(|alert| alert["fork"]["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn until_flagged(peer: &Peer) {
    peer.watch("mallory is flagged", |peer| (flagged(peer) == ["outsider"]).then_some(()));
}

fn tell(link: &mut Outsider, member: &Member, event: &Event) {
    link.say(&live(member.room, vec![event.raw().clone()]));
}

#[test]
fn mallory_leaves_a_gap_and_is_asked_for_what_is_missing() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let events: Vec<Event> = (1..=5).map(|n| mallory.pen.text(&format!("number {n}"))).collect();
    mallory.is_not_faulted(
        &scene,
        "a gap",
        &[live(mallory.room, vec![events[0].raw().clone()]), live(mallory.room, vec![events[4].raw().clone()])],
    );
    let log = events[0].log_key();
    let asked = |message: &Message| if let Message::Need(need) = message { Some(*need) } else { None };
    let (need, _) = mallory.link.until("a Need", asked);
    assert_eq!(need, Need { room: mallory.room, log, from: 2, to: 5 });
    scene.talk("while a gap is open");
    scene.until_others(&["number 1"]);
    let rest = events[1..].iter().map(|event| event.raw().clone()).collect();
    mallory.link.say(&Message::Data(Data { room: mallory.room, log, last: 5, events: rest }));
    scene.until_others(&["number 1", "number 2", "number 3", "number 4", "number 5"]);
    scene.is_well();
}

#[test]
fn mallory_uses_a_number_twice_with_the_same_content_and_with_another() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let first = mallory.pen.text("one");
    let mut other = mallory.pen.clone();
    let same = live(mallory.room, vec![first.raw().clone()]);
    mallory.is_not_faulted(&scene, "a copy", &vec![same; 50]);
    scene.until_others(&["one"]);
    assert!(flagged(&scene.ana).is_empty());
    let (here, there) = (mallory.pen.text("two, as I say here"), other.text("two, as I say there"));
    mallory.tell([&here, &there]);
    // Of content both histories are kept: they may be a restored backup's.
    scene.until_others(&["one", "two, as I say here", "two, as I say there"]);
    let (here, there) = (mallory.pen.text("three here"), other.text("three there"));
    mallory.tell([&there, &here]);
    scene.until_others(&["one", "two, as I say here", "two, as I say there", "three here", "three there"]);
    scene.is_well();
}

#[test]
fn mallory_shows_one_history_to_ana_and_another_to_ben() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let mut to_ben = mallory.another_link(&scene.ben);
    let first = mallory.pen.text("one");
    mallory.tell([&first]);
    scene.until_others(&["one"]);
    let mut other = mallory.pen.clone();
    let (here, there) = (mallory.pen.text("yes, to ana"), other.text("no, to ben"));
    mallory.tell([&here]);
    tell(&mut to_ben, &mallory, &there);
    scene.until_others(&["one", "yes, to ana", "no, to ben"]);
    // Of a control log nothing counts from the fork on, whichever half saw what.
    let (add, mut lie) = (
        |name: &str| Payload::Add {
            by: mallory.right(),
            device: identity::Identity::generate().peer(),
            name: name.to_owned(),
            round: 1,
            pass: None,
        },
        mallory.control.clone(),
    );
    let (friend, foe) = (add("friend"), add("foe"));
    let (friend, foe) = (mallory.control.write(&friend), lie.write(&foe));
    mallory.tell([&friend]);
    tell(&mut to_ben, &mallory, &foe);
    for peer in [&scene.ana, &scene.ben] {
        until_flagged(peer);
    }
    scene.until_members(&["ana", "ben", "outsider"]);
    scene.is_well();
}

#[test]
fn mallory_begins_five_hundred_logs_and_then_as_many_again() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let events: Vec<Event> = (0..1_100).map(|n| mallory.pen.lone_text(&format!("log {n}"), |_| {})).collect();
    let said: Vec<Message> = events.iter().map(|event| live(mallory.room, vec![event.raw().clone()])).collect();
    let (mut mallory, more) = scene.talk_during("while logs begin", move || {
        let (some, more) = said.split_at(500);
        mallory.link.say_all(some);
        mallory.barrier();
        (mallory, more.to_vec())
    });
    scene.ben.watch("five hundred logs are there", |ben| (scene.others(ben).len() == 500).then_some(()));
    mallory.link.say_all(&more);
    mallory.barrier();
    // A device has 1 024 logs in a room at most. One of hers tells the key of all others.
    let held = scene.others(&scene.ana).len();
    assert_eq!(held, 1_023, "what is beyond is not stored");
    scene.is_well();
}
