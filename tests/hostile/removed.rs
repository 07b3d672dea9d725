//! Dora, who was removed and whose program was changed to take no notice of it.

use std::collections::BTreeSet;
use std::time::Instant;

use identity::PeerId;
use rooms::keys::recipient;
use rooms::{Event, Payload};
use serde_json::json;
use wire::ids::{EventId, RoomId};
use wire::message::Message;

use crate::client::Profile;
use crate::patched::{Haul, Patched, is_this_process};
use crate::peer::{PATIENCE, Peer, text};
use crate::planted::Planted;
use crate::scene::Scene;

const THIS: &str = "removed::a_client_changed_to_ignore_its_removal_reads_shows_and_learns_nothing";
/// Of what is said, or how somebody or something is called, while she is a member.
const BEFORE: [&str; 3] = ["said-before-the-removal", "Dandelions", "topic-before-the-removal"];
/// After it.
const AFTER: [&str; 3] = ["said-after-the-removal", "Chiaroscuro", "topic-after-the-removal"];

fn device(peer: &Peer) -> PeerId {
    peer.id().parse().expect("an id")
}

/// Ids of what a node shows of somebody.
fn shown_of(peer: &Peer, room: &str, who: &PeerId) -> BTreeSet<String> {
    let messages = peer.messages(room, None).into_iter().filter(|message| message["author"] == who.to_string());
    messages.map(|message| text(&message["id"])).collect()
}

/// A newcomer under a name of their own.
fn newcomer(name: &'static str, called: &str, invite: &str) -> Peer {
    let peer = Peer::start(name);
    peer.call("set_name", json!({"name": called}));
    peer.join(invite);
    peer
}

/// She was let in, or told that she is.
fn welcomed(haul: &Haul) -> bool {
    haul.messages().any(|message| matches!(message, Message::Welcome(_)))
}

/// The room's events after the removal of somebody, as an honest member has them on disk.
fn after_removal(events: &[Event], who: &PeerId) -> Vec<Event> {
    let is_removal = |event: &&Event| matches!(Payload::of(event), Ok(Payload::Remove { device, .. }) if device == *who);
    let removal = events.iter().find(is_removal).expect("she was removed");
    events.iter().filter(|event| event.position() > removal.position()).cloned().collect()
}

#[test]
fn a_client_changed_to_ignore_its_removal_reads_shows_and_learns_nothing() {
    if is_this_process() {
        return;
    }
    let mut scene = Scene::new();
    let room = scene.room.clone();
    let of_ben = scene.ben.invite(Some(&room), 20);
    let mut dora = Peer::start("dora");
    dora.join(&of_ben);
    dora.say(&room, "with her own program");
    scene.until_others(&["with her own program"]);
    let (who, room_id): (PeerId, RoomId) = (device(&dora), room.parse().expect("an id"));
    dora.keep_port();
    assert!(dora.stop().success());
    let mut patched = Patched::start(THIS, &dora, &room);
    let began = Instant::now();
    while patched.haul().callers.is_empty() {
        assert!(began.elapsed() < PATIENCE, "nobody came to her door");
        scene.talk("until somebody looks for dora");
    }
    patched.says("before");
    patched.shows(&of_ben);
    patched.visits(&scene.ana);
    patched.visits(&scene.ben);

    // As long as she is a member she gets by the same means all that she must not get later: who
    // came in, a key that was made after she changed her program, words, and her own are shown.
    let dan = newcomer("dan", BEFORE[1], &scene.ana.invite(Some(&room), 1));
    scene.ana.call("set_room", json!({"room": room, "topic": BEFORE[2]}));
    scene.ana.call("remove_member", json!({"room": room, "peer": dan.id()}));
    scene.until_members(&["ana", "ben", "dora"]);
    let dans = device(&dan);
    scene.talk(BEFORE[0]);
    let before = Planted::new(BEFORE);
    let (mut found, mut is_welcome, mut names_dan) = (BTreeSet::new(), false, false);
    while found.len() < BEFORE.len() || !is_welcome || !names_dan {
        let haul = patched.haul();
        found.extend(haul.contents.iter().flat_map(|content| before.found_in(content)));
        is_welcome |= welcomed(&haul);
        names_dan |= haul.names(&dans);
        assert!(began.elapsed() < PATIENCE, "only {found:?}, {is_welcome}, {names_dan}");
        scene.talk("while she is a member");
    }
    for peer in [&scene.ana, &scene.ben] {
        let is_hers = |words: &String| words.starts_with("before") && words.contains("dated back");
        peer.watch("her words are shown", |peer| scene.others(peer).iter().any(is_hers).then_some(()));
    }

    scene.ana.call("remove_member", json!({"room": room, "peer": who.to_string()}));
    scene.until_members(&["ana", "ben"]);
    let hers: BTreeSet<String> = shown_of(&scene.ana, &room, &who);
    scene.ben.watch("both show the same of her", |ben| (shown_of(ben, &room, &who) == hers).then_some(()));
    patched.says("after");
    let told = patched.haul();
    let is_removal =
        |content: &Vec<u8>| matches!(Payload::decode(rooms::kind::REMOVE, content), Ok(Payload::Remove { device, .. }) if device == who);
    assert!(told.contents.iter().any(is_removal), "she was told, and ignores it");

    scene.talk(AFTER[0]);
    scene.ana.call("set_room", json!({"room": room, "topic": AFTER[2]}));
    let by_chi = scene.ben.invite(Some(&room), 2);
    let chi = newcomer("chi", AFTER[1], &by_chi);
    patched.shows(&by_chi);
    chi.say(&room, AFTER[0]);
    scene.until_members(&[AFTER[1], "ana", "ben"]);
    scene.talk(AFTER[0]);
    let (mut patched, haul) = scene.talk_during(AFTER[0], move || {
        let haul = patched.haul();
        (patched, haul)
    });
    let after = Planted::new(AFTER);
    let learnt = |haul: &Haul| {
        let all = haul.records.iter().chain(&haul.contents);
        all.flat_map(|bytes| after.found_in(bytes)).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert!(!haul.records.is_empty(), "she had links");
    assert_eq!((learnt(&haul), welcomed(&haul), haul.names(&device(&chi))), (BTreeSet::new(), false, false));

    // Somebody tells her where the newcomer is.
    patched.visits(&chi);
    let (_patched, more) = scene.talk_during(AFTER[0], move || {
        let haul = patched.haul();
        (patched, haul)
    });
    assert_eq!((learnt(&more), welcomed(&more)), (BTreeSet::new(), false));
    for peer in [&scene.ana, &scene.ben, &chi] {
        peer.until_members(&room, &[AFTER[1], "ana", "ben"]);
        peer.watch("nothing of her is shown but what was", |peer| (shown_of(peer, &room, &who) == hers).then_some(()));
        assert!(!peer.texts(&room).iter().any(|words| words.starts_with("after")), "{} shows her words", peer.name);
    }
    scene.is_well();

    // What the honest have: she was given none of it, has no key to it, and none was sealed to her.
    assert!(scene.ben.stop().success());
    let ben = Profile::open(&scene.ben.profile(), &room_id);
    for (epoch, held) in &ben.secrets {
        ben.store.keyring().put(&room_id, *epoch, held.clone()).expect("it is its secret");
    }
    let events = ben.events(&room_id);
    let later = after_removal(&events, &who);
    let earlier = events.len() - later.len();
    assert!(later.len() > 10 && earlier > 10, "{} of {}", later.len(), events.len());
    let ids: BTreeSet<EventId> = later.iter().map(Event::id).collect();
    assert!([&haul, &more].iter().all(|haul| haul.events().is_disjoint(&ids)));
    let opens = |event: &&Event| event.is_sealed() && more.keyring.can_open(&event.header);
    assert_eq!(later.iter().filter(opens).count(), 0, "she can open nothing of after her removal");
    assert!(events.iter().filter(opens).count() > 10, "her keys open what was said before");
    let to_her = recipient(&room_id, &who, 1);
    let sealed_to_her =
        |event: &Event| matches!(Payload::of(event), Ok(Payload::Epoch(part)) if part.seals.iter().any(|(to, _)| *to == to_her));
    assert!(!later.iter().any(sealed_to_her) && events.iter().any(sealed_to_her));
}
