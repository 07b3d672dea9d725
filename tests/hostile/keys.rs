//! Epochs for the wrong people, secrets that are none, and whoever asks for keys without a right to
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::{Identity, PeerId};
use rooms::keys::{EpochPart, EpochSecret, SealedSecret, To, mint, recipient};
use rooms::{Event, Payload, kind};
use serde_json::json;
use wire::SecretBytes;
use wire::ids::EpochId;
use wire::message::{EpochKey, KeyRequest, Keys, Message};

use crate::member::{Member, live};
use crate::outsider::Outsider;
use crate::peer::Peer;
use crate::pen::random;
use crate::scene::Scene;

/// Epochs under which anybody but her wrote messages.
fn used_by_others(member: &mut Member) -> BTreeSet<EpochId> {
    let me = member.peer();
    let events = member.fetch(|log| !log.is_control());
    let messages = events.iter().filter(|event| event.header.kind == kind::MESSAGE && event.header.device != me);
    messages.map(|event| EpochId(event.header.epoch)).collect()
}

/// The newest prekey of each member.
type Prekeys = BTreeMap<PeerId, [u8; 32]>;

/// A secret, and how it is announced to these.
fn minted(member: &Member, prekeys: &Prekeys, ended: &[(PeerId, u32)], who: &[(PeerId, u32)]) -> (EpochSecret, EpochId, Vec<EpochPart>) {
    let secret = EpochSecret::from_bytes(random());
    let to: Vec<_> = who.iter().map(|(peer, round)| (recipient(&member.room, peer, *round), prekeys.get(peer).copied())).collect();
    let parts = mint(&member.room, &member.peer(), ended, &secret, &to, random());
    let parts = parts.into_iter().filter_map(|part| if let Payload::Epoch(part) = part { Some(part) } else { None });
    let epoch = secret.control().id(&member.room);
    (secret, epoch, parts.collect())
}

fn members(member: &Member) -> Vec<(PeerId, u32)> {
    member.told.members().map(|member| (member.peer, member.round)).collect()
}

fn announce(member: &mut Member, parts: Vec<EpochPart>) {
    let mut log = member.pen.fresh();
    let events: Vec<Event> = parts.into_iter().map(|part| log.write(&Payload::Epoch(part))).collect();
    member.tell(&events);
    member.barrier();
}

/// Messages that a node cannot read yet.
fn waiting(peer: &Peer, room: &str) -> usize {
    peer.messages(room, None).iter().filter(|message| message["body"]["kind"] == "waiting").count()
}

/// The epochs of the next request for keys.
fn asked(link: &mut Outsider) -> Vec<EpochId> {
    let request =
        |message: &Message| if let Message::KeyRequest(KeyRequest { epochs, .. }) = message { Some(epochs.clone()) } else { None };
    link.until("a request for keys", request).0
}

fn give(member: &mut Member, epoch: EpochId, secret: [u8; 32]) {
    let keys = vec![EpochKey { whole: true, epoch, secret: SecretBytes(secret), ended: None }];
    member.link.say(&Message::Keys(Keys { room: member.room, keys }));
}

#[test]
fn an_epoch_for_a_stranger_or_somebody_removed_is_used_by_nobody() {
    let mut scene = Scene::new();
    let (mut mallory, dan) = (Member::join(&scene), Member::join(&scene));
    // Hers is the newest that all may use: it is what the two write under.
    mallory.learn();
    let (prekeys, gone, all) = (mallory.prekeys(), mallory.told.ended(), members(&mallory));
    let (_, good, parts) = minted(&mallory, &prekeys, &gone, &all);
    announce(&mut mallory, parts);
    scene.talk("under an epoch of mallory's");
    assert!(used_by_others(&mut mallory).contains(&good), "else the following would prove nothing");
    scene.ana.call("remove_member", json!({"room": scene.room, "peer": dan.peer().to_string()}));
    scene.until_members(&["ana", "ben", "outsider"]);
    mallory.learn();
    let (prekeys, gone, all) = (mallory.prekeys(), mallory.told.ended(), members(&mallory));
    let with = |peer: PeerId| [all.clone(), vec![(peer, 1)]].concat();
    let stranger = Identity::generate().peer();
    let (other, mut bad) = ([gone.clone(), vec![(stranger, 1)]].concat(), Vec::new());
    for (gone, who) in [(&gone, with(stranger)), (&gone, with(dan.peer())), (&other, all.clone()), (&gone, Vec::new())] {
        let (_, epoch, parts) = minted(&mallory, &prekeys, gone, &who);
        announce(&mut mallory, parts);
        bad.push(epoch);
        scene.talk("beside epochs for others");
    }
    let used = used_by_others(&mut mallory);
    assert!(bad[..3].iter().all(|epoch| !used.contains(epoch)), "{bad:?} of {used:?}");
    assert!(!used.is_empty());
    scene.is_well();
}

#[test]
fn seals_of_garbage_and_keys_of_garbage_open_nothing_and_the_true_key_does() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let (prekeys, gone, all) = (mallory.prekeys(), mallory.told.ended(), members(&mallory));
    let (secret, epoch, mut parts) = minted(&mallory, &prekeys, &gone, &all);
    for (_, seal) in parts.iter_mut().flat_map(|part| part.seals.iter_mut()) {
        *seal = Some(SealedSecret([7; 80]));
    }
    announce(&mut mallory, parts);
    let mut pen = mallory.pen.under(epoch, &secret);
    let words = pen.text("can you read me?");
    mallory.tell([&words]);
    assert_eq!(asked(&mut mallory.link), [epoch]);
    give(&mut mallory, epoch, random());
    scene.talk("while mallory's words wait");
    for peer in [&scene.ana, &scene.ben] {
        peer.watch("her words wait", |peer| (waiting(peer, &scene.room) == 1).then_some(()));
    }
    assert_eq!(asked(&mut mallory.link), [epoch], "what was given was none, so it is asked for again");
    give(&mut mallory, epoch, secret.to_bytes());
    scene.until_others(&["can you read me?"]);
    scene.is_well();
}

#[test]
fn one_id_has_one_secret_whoever_claims_another() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join(&scene));
    mallory.learn();
    let (prekeys, gone, all) = (mallory.prekeys(), mallory.told.ended(), members(&mallory));
    let ben: PeerId = scene.ben.id().parse().expect("an id");
    let to_ben = recipient(&mallory.room, &ben, 1);
    let (secret, epoch, mut parts) = minted(&mallory, &prekeys, &gone, &all);
    let (other, _, others) = minted(&mallory, &prekeys, &gone, &all);
    // Ben's seal holds the other secret.
    let swap = |to: To| others.iter().flat_map(|part| &part.seals).find(|(of, _)| *of == to).and_then(|(_, seal)| *seal);
    for (to, seal) in parts.iter_mut().flat_map(|part| part.seals.iter_mut()) {
        if *to == to_ben {
            *seal = swap(to_ben);
        }
    }
    announce(&mut mallory, parts);
    // Eve claims the id for herself, and for nobody else.
    let seals = vec![(recipient(&eve.room, &eve.peer(), 1), None)];
    let claim = EpochPart { epoch, gone: mallory.told.gone(), part: 1, parts: 1, seals, ended: Vec::new() };
    announce(&mut eve, vec![claim]);
    give(&mut eve, epoch, other.to_bytes());
    let mut pen = mallory.pen.under(epoch, &secret);
    let words = pen.text("one secret");
    mallory.tell([&words]);
    let mut pen = mallory.pen.under(epoch, &other);
    let lie = pen.text("another secret");
    mallory.is_not_faulted(&scene, "what does not open says nothing", &[live(mallory.room, vec![lie.raw().clone()])]);
    scene.until_others(&["one secret"]);
    scene.talk("under one id");
    scene.until_others(&["one secret"]);
    scene.is_well();
}

#[test]
fn words_under_an_epoch_that_nobody_has_wait_and_hold_up_nothing() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let unknown: Vec<Event> = (0..100)
        .map(|n| {
            let secret = EpochSecret::from_bytes(random());
            mallory.pen.under(EpochId(random()), &secret).text(&format!("unreadable {n}"))
        })
        .collect();
    let said: Vec<Message> = unknown.iter().map(|event| live(mallory.room, vec![event.raw().clone()])).collect();
    mallory.is_not_faulted(&scene, "a key may come later", &said);
    scene.ana.watch("they wait", |ana| (waiting(ana, &scene.room) == 100).then_some(()));
    mallory.link.say(&Message::Keys(Keys { room: mallory.room, keys: Vec::new() }));
    scene.talk("while words wait for keys");
    let mut readable = mallory.pen.text("readable");
    mallory.tell([&readable]);
    readable = mallory.pen.text("and so is this");
    mallory.tell([&readable]);
    scene.until_others(&["readable", "and so is this"]);
    scene.is_well();
}

#[test]
fn a_hundred_epochs_at_once_do_no_harm() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join(&scene));
    mallory.learn();
    eve.learn();
    for member in [&mut mallory, &mut eve] {
        let (prekeys, gone, all) = (member.prekeys(), member.told.ended(), members(member));
        let parts: Vec<EpochPart> = (0..50).flat_map(|_| minted(member, &prekeys, &gone, &all).2).collect();
        let mut log = member.pen.fresh();
        let said: Vec<Message> =
            parts.into_iter().map(|part| live(member.room, vec![log.write(&Payload::Epoch(part)).raw().clone()])).collect();
        member.link.say_all(&said);
    }
    scene.talk("among a hundred epochs");
    mallory.barrier();
    eve.barrier();
    scene.talk("after a hundred epochs");
    let used = used_by_others(&mut mallory);
    assert!(used.len() < 10, "the two do not make one for each: {used:?}");
    let words = mallory.pen.text("still here");
    mallory.tell([&words]);
    scene.until_others(&["still here"]);
    scene.is_well();
}

#[test]
fn prekeys_of_others_and_of_small_order_keep_nobody_from_reading() {
    let mut scene = Scene::new();
    let (mut mallory, dan) = (Member::join(&scene), Member::join(&scene));
    let ben: PeerId = scene.ben.id().parse().expect("an id");
    let bens = *mallory.prekeys().get(&ben).expect("ben published one");
    let mut log = mallory.pen.fresh();
    for key in [[0; 32], bens] {
        let event = log.write(&Payload::Prekey { key });
        mallory.tell([&event]);
    }
    // In the name of ben, with a key of mallory's; and from somebody who is no member.
    let forged = mallory.pen.fresh().twisted(&Payload::Prekey { key: random() }, |header| header.device = ben);
    mallory.is_faulted(&scene, "a prekey for another", &live(mallory.room, vec![forged.raw().clone()]));
    let foreign = mallory.pen.by(&Arc::new(Identity::generate())).write(&Payload::Prekey { key: random() });
    mallory.is_not_faulted(&scene, "a prekey of nobody", &[live(mallory.room, vec![foreign.raw().clone()])]);
    // With the removal a new epoch is made, and sealed to what is known of everybody.
    scene.ana.call("remove_member", json!({"room": scene.room, "peer": dan.peer().to_string()}));
    scene.until_members(&["ana", "ben", "outsider"]);
    scene.talk("under the epoch of a removal");
    assert_eq!([&scene.ana, &scene.ben].map(|peer| waiting(peer, &scene.room)), [0, 0]);
    scene.is_well();
}

#[test]
fn a_stranger_and_somebody_removed_ask_for_keys_and_get_none() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let epochs: Vec<EpochId> = used_by_others(&mut mallory).into_iter().collect();
    assert!(!epochs.is_empty());
    scene.ana.call("remove_member", json!({"room": scene.room, "peer": mallory.peer().to_string()}));
    scene.until_members(&["ana", "ben"]);
    scene.talk("without mallory");
    for who in [Arc::new(Identity::generate()), mallory.me.clone()] {
        let before = scene.faults(&who.peer());
        let mut link = Outsider::dial_as(&scene.ana, who.clone());
        link.name(&[mallory.room]);
        link.say(&Message::KeyRequest(KeyRequest { room: mallory.room, epochs: epochs.clone() }));
        let keys = |message: &Message| if let Message::Keys(Keys { keys, .. }) = message { Some(keys.len()) } else { None };
        assert_eq!(link.until("an answer", keys).0, 0, "none, whatever they ask for");
        assert_eq!(scene.faults(&who.peer()), before + 1, "it is counted, against them");
        // Of the room nothing else is said to them but, to mallory, that she was removed.
        let heard = link.settle();
        let is_told = |message: &Message| match message {
            Message::Run(_) | Message::Heads(_) => true,
            Message::Data(data) => who.peer() != mallory.peer() || !data.log.log.is_control(),
            _ => false,
        };
        assert!(!heard.iter().any(is_told), "{heard:?}");
    }
    scene.is_well();
}
