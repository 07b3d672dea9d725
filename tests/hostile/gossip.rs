//! A neighbour who lies about what there is, asks for everything, and says everything too often.

use std::time::Instant;

use identity::Identity;
use rooms::Event;
use wire::Address;
use wire::ids::{LogId, LogKey};
use wire::limits::{MAX_HEADS, MAX_SHUFFLE};
use wire::message::{Bye, Data, ForwardJoin, HeadOf, Heads, Message, Need, Neighbour, NeighbourReply, PeerRecord, RawEvent, Run, Shuffle};

use crate::member::{Member, live};
use crate::outsider::Outsider;
use crate::pen::random;
use crate::scene::Scene;
use crate::talk::numbered;

fn heads(member: &Member, heads: Vec<HeadOf>) -> Message {
    Message::Heads(Heads { room: member.room, heads })
}

/// A log that nobody has.
fn invented(device: identity::PeerId) -> HeadOf {
    HeadOf { log: LogKey { device, log: LogId(u64::from_be_bytes(random()) >> 24) }, seq: 7, hash: random() }
}

/// Becomes an active and eager neighbour of ana's.
fn become_neighbour(member: &mut Member) {
    let room = member.room;
    let accepts = |message: &Message| matches!(message, Message::NeighbourReply(NeighbourReply { accepted: true, .. })).then_some(());
    member.link.say(&Message::Neighbour(Neighbour { room, urgent: true, degree: 0 }));
    member.link.until("a reply", accepts);
    member.link.say(&Message::Graft(room));
    member.barrier();
}

#[test]
fn mallory_tells_of_events_that_never_come_and_of_ends_that_are_not_there() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let there_is = mallory.heads();
    let lies: Vec<fn(&HeadOf) -> HeadOf> = vec![
        |head| HeadOf { seq: u32::MAX, hash: [1; 8], ..*head },
        |head| HeadOf { seq: head.seq + 1, hash: [2; 8], ..*head },
        |head| HeadOf { hash: [3; 8], ..*head },
        |head| HeadOf { seq: 1, hash: [4; 8], ..*head },
    ];
    for lie in lies {
        // Of ana's own logs, of ben's, of her own, and of one that nobody has.
        let mut told: Vec<HeadOf> = there_is.iter().map(lie).collect();
        told.push(invented(mallory.peer()));
        let told = heads(&mallory, told);
        mallory.is_not_faulted(&scene, "others may know better", &[told]);
        scene.talk("while ana asks for what is not there");
    }
    scene.is_well();
}

#[test]
fn mallory_tells_of_sixty_thousand_logs_and_little_is_kept() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let ben = scene.ben.id().parse().expect("an id");
    let told: Vec<Message> = (0..60)
        .map(|n| {
            let device = if n % 2 == 0 { ben } else { Identity::generate().peer() };
            heads(&mallory, (0..MAX_HEADS).map(|_| invented(device)).collect())
        })
        .collect();
    scene.talk_during("while she tells of logs", move || {
        mallory.link.say_all(&told);
        mallory.barrier();
    });
    scene.is_well();
}

#[test]
fn storms_of_grafts_prunes_and_neighbours_are_counted_and_read_slowly() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    become_neighbour(&mut mallory);
    let room = mallory.room;
    let kinds = [
        Message::Graft(room),
        Message::Prune(room),
        Message::Neighbour(Neighbour { room, urgent: true, degree: 0 }),
        Message::NeighbourReply(NeighbourReply { room, accepted: true, degree: 200 }),
    ];
    // More than is read at once; of the rest each 25th is taken.
    let storm: Vec<Message> = (0..3_000).map(|n: usize| kinds[n % kinds.len()].clone()).collect();
    let who = mallory.peer();
    scene.talk_during("in the storm", move || {
        mallory.link.say_all(&storm);
        mallory.barrier();
    });
    let counted = scene.faults(&who);
    assert!((2..8).contains(&counted), "each 256th request in a row that is ignored is a fault of hers: {counted}");
    scene.is_well();
}

#[test]
fn a_ttl_of_zero_goes_no_further_at_once_and_one_of_255_ends_the_link() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let event = mallory.pen.text("the last hop");
    mallory.link.say(&Message::Run(Run { ttl: 0, room: mallory.room, events: vec![event.raw().clone()] }));
    // Ben learns of it by repair.
    scene.until_others(&["the last hop"]);
    let event = mallory.pen.text("for ever");
    let mut run = live(mallory.room, vec![event.raw().clone()]).encode().to_vec();
    run[1] = 255;
    mallory.link.send(&run);
    assert_eq!(mallory.link.rest().last(), Some(&Message::Bye(Bye::Protocol)));
    scene.until_others(&["the last hop"]);
    scene.is_well();
}

#[test]
fn ana_hears_her_own_words_back_and_says_them_once() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    scene.ana.say_all(&scene.room, &numbered("ana", 20));
    let runs = mallory.fetch_runs(|_| true);
    let before = scene.ana.messages(&scene.room, None).len();
    let mut said: Vec<Message> = Vec::new();
    for events in runs {
        let last = Event::decode(events.last().expect("a run").clone()).expect("ana wrote it");
        let data = Data { room: mallory.room, log: last.log_key(), last: last.header.seq, events: events.clone() };
        said.extend([live(mallory.room, events.clone()), live(mallory.room, events), Message::Data(data)]);
    }
    mallory.is_not_faulted(&scene, "an echo", &said);
    assert_eq!(scene.ana.messages(&scene.room, None).len(), before);
    assert!(scene.ana.snapshot()["alerts"].as_array().is_none_or(Vec::is_empty));
    scene.is_well();
}

#[test]
fn records_that_are_forged_old_copied_or_anas_own_change_nothing() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let mut link = Outsider::dial_as(&scene.ana, mallory.me.clone());
    let own = |message: &Message| if let Message::Records(records) = message { records.first().cloned() } else { None };
    link.name(&[mallory.room]);
    let (anas, _) = link.until("ana's record", own);
    mallory.link = link;
    let people = |scene: &Scene| scene.ana.snapshot()["people"].as_array().map_or(0, Vec::len);
    let before = people(&scene);
    let at = |port: u16| vec![Address::announced(format!("192.0.2.1:{port}"))];
    let record = |who: &Identity, seq: u64, port: u16| PeerRecord::make(who, seq, at(port));
    let stranger = Identity::generate();
    let forged_stranger = PeerRecord { seq: 9, ..record(&stranger, 8, 1) };
    let named = (0..MAX_SHUFFLE).map(|_| Identity::generate().peer()).collect();
    let said = [
        Message::Records(vec![record(&mallory.me, 5, 5); 64]),
        Message::Records(vec![record(&mallory.me, 4, 4), record(&mallory.me, 1, 1)]),
        Message::Records(vec![record(&stranger, u64::MAX, 9), forged_stranger]),
        Message::Records(vec![anas.clone(), anas.clone(), PeerRecord { seq: anas.seq - 1, ..anas.clone() }]),
        Message::Shuffle(Shuffle { room: mallory.room, answer: false, peers: vec![anas.device, mallory.peer(), anas.device] }),
        Message::Shuffle(Shuffle { room: mallory.room, answer: true, peers: named }),
    ];
    mallory.is_not_faulted(&scene, "records that are not taken", &said);
    assert_eq!(people(&scene), before, "nobody was invented");
    let who = serde_json::json!({"peer": mallory.peer().to_string()});
    assert_eq!(scene.ana.call("person", who)["addresses"], serde_json::json!(["192.0.2.1:5"]), "the newest that she signed");
    // One of ben that ben did not sign would be taken, were it right.
    let forged = PeerRecord { device: scene.ben.id().parse().expect("an id"), ..record(&mallory.me, u64::MAX, 7) };
    mallory.link.say(&Message::Records(vec![forged]));
    assert_eq!(mallory.link.rest().last(), Some(&Message::Bye(Bye::Protocol)));
    scene.is_well();
}

#[test]
fn a_flood_of_newcomers_keeps_no_true_one_out() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let room = mallory.room;
    let walks: Vec<Message> =
        (0..1_500).map(|_| Message::ForwardJoin(ForwardJoin { room, ttl: 32, peer: Identity::generate().peer() })).collect();
    mallory.link.say_all(&walks);
    let invite = scene.ana.invite(Some(&scene.room), 1);
    // More than the lobby holds, with invites that nobody made.
    let flood: Vec<Outsider> = (0..80)
        .map(|_| {
            let mut stranger = Outsider::dial(&scene.ana);
            let kind = wire::InviteKind::Room { hint: room.hint() };
            let made_up = wire::Invite::new(kind, mallory.peer(), []).to_text();
            let join = Message::Join(stranger.join_by(&made_up));
            stranger.say_all(&[join.clone(), join]);
            stranger
        })
        .collect();
    scene.talk("in the flood");
    let mut chi = Outsider::dial(&scene.ana);
    let join = Message::Join(chi.join_by(&invite));
    let start = Instant::now();
    chi.say(&join);
    chi.until("a Welcome", |message| matches!(message, Message::Welcome(_)).then_some(()));
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    scene.until_members(&["ana", "ben", "outsider", "outsider"]);
    drop(flood);
    scene.is_well();
}

#[test]
fn a_neighbour_who_passes_nothing_on_holds_nothing_up() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join(&scene));
    become_neighbour(&mut mallory);
    eve.dial(&scene.ben);
    become_neighbour(&mut eve);
    scene.talk("among neighbours who pass nothing on");
    for member in [&mut mallory, &mut eve] {
        member.link.until("a Run, which stays with her", |message| matches!(message, Message::Run(_)).then_some(()));
    }
    let event = mallory.pen.text("I only speak for myself");
    mallory.tell([&event]);
    scene.until_others(&["I only speak for myself"]);
    scene.is_well();
}

#[test]
fn mallory_asks_for_everything_again_and_again_and_is_served_it_slowly() {
    let mut scene = Scene::new();
    scene.ana.say_all(&scene.room, &numbered("history", 400));
    let mut mallory = Member::join(&scene);
    let there_is = mallory.heads();
    let all: u64 = there_is.iter().map(|head| u64::from(head.seq)).sum();
    let room = mallory.room;
    let needs: Vec<Message> = there_is.iter().map(|head| Message::Need(Need { room, log: head.log, from: 1, to: u32::MAX })).collect();
    let start = Instant::now();
    let served = scene.talk_during("while she asks", move || {
        let mut served = 0;
        for _ in 0..400 {
            // One that is dropped has no answer, so there is none to wait for.
            mallory.link.say_all(&needs);
            let answers = mallory.link.settle();
            served +=
                answers.iter().map(|message| if let Message::Data(data) = message { data.events.len() as u64 } else { 0 }).sum::<u64>();
        }
        served
    });
    let allowed = all + 2_000 + 500 * (start.elapsed().as_secs() + 5) + 8_192;
    assert!(served >= all && served <= allowed, "{served} of {all} events, at most {allowed}");
    scene.is_well();
}

#[test]
fn what_nobody_asked_for_is_checked_like_all_else() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let events: Vec<Event> = ["unasked one", "unasked two"].map(|text| mallory.pen.text(text)).into();
    let log = events[0].log_key();
    let data = |log: LogKey, last: u32, events: Vec<RawEvent>| Message::Data(Data { room: mallory.room, log, last, events });
    let good = data(log, 2, events.iter().map(|event| event.raw().clone()).collect());
    let nothing = [data(log, u32::MAX, Vec::new()), data(LogKey { log: LogId(99), ..log }, 0, Vec::new())];
    let garbage = data(log, 3, vec![RawEvent(vec![7; 300].into())]);
    mallory.is_not_faulted(&scene, "good events and empty answers", &[good]);
    mallory.is_not_faulted(&scene, "empty answers", &nothing);
    scene.until_others(&["unasked one", "unasked two"]);
    mallory.dial(&scene.ana);
    let before = scene.faults(&mallory.peer());
    mallory.link.say_all(&vec![garbage; 3]);
    mallory.barrier();
    assert!(scene.faults(&mallory.peer()) > before, "garbage is counted, against her");
    scene.until_others(&["unasked one", "unasked two"]);
    scene.is_well();
}
