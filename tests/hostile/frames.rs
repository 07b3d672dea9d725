//! Sockets and frames at a real node: too many of them, none that are read, and none that are
//! right.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rooms::Payload;
use wire::Naming;
use wire::message::{Bye, Message, Neighbour};

use crate::member::{Member, live};
use crate::outsider::Outsider;
use crate::peer::PATIENCE;
use crate::pen::{random, text_bytes};
use crate::scene::Scene;

/// Sockets that say nothing. A node keeps 64 of them.
const HALF_OPEN: usize = 5_000;

#[test]
fn five_thousand_half_open_sockets_keep_nobody_apart() {
    let mut scene = Scene::new();
    let address: SocketAddr = scene.ana.address().parse().expect("an address");
    let sockets = scene.talk_during("while sockets open", move || {
        (0..HALF_OPEN).filter_map(|_| TcpStream::connect_timeout(&address, PATIENCE).ok()).collect::<Vec<_>>()
    });
    assert!(sockets.len() > HALF_OPEN / 2, "{} were taken", sockets.len());
    scene.talk("while they are open");
    let mut ended = 0;
    for mut socket in sockets {
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        ended += usize::from(matches!(socket.read(&mut [0; 16]), Ok(0) | Err(_)));
    }
    assert!(ended > HALF_OPEN / 2);
    Member::join(&scene);
    scene.is_well();
}

#[test]
fn readers_who_read_nothing_or_a_byte_now_and_then_delay_nobody() {
    let mut scene = Scene::new();
    let (mut mallory, mut eve) = (Member::join(&scene), Member::join(&scene));
    for member in [&mut mallory, &mut eve] {
        let room = member.room;
        member.link.say_all(&[Message::Neighbour(Neighbour { room, urgent: true, degree: 0 }), Message::Graft(room)]);
        member.barrier();
    }
    // Eve takes a byte now and then, mallory nothing at all.
    let sips = thread::spawn(move || {
        let until = Instant::now() + Duration::from_secs(4);
        while Instant::now() < until && eve.link.sip() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    // Far more than sockets hold.
    let long = "word ".repeat(3_000);
    let words: Vec<String> = (0..600).map(|n| format!("{n} {long}")).collect();
    for part in words.chunks(100) {
        scene.ana.say_all(&scene.room, part);
        scene.talk("while they do not read");
    }
    scene.ben.watch("nothing is missing", |ben| (scene.others(ben).len() == words.len()).then_some(()));
    sips.join().expect("she does not panic");
    drop(mallory);
    scene.is_well();
}

/// A record that a member says on a link of its own; it ends that link.
fn ends_the_link(scene: &Scene, member: &mut Member, what: &str, record: &[u8]) {
    member.dial(&scene.ana);
    member.link.send(record);
    let mut last = None;
    while let Some(message) = member.link.next() {
        last = Some(message);
    }
    assert_eq!(last, Some(Message::Bye(Bye::Protocol)), "{what}");
}

#[test]
fn records_that_are_none_end_the_link_of_whoever_sends_them() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let huge = [&[0x10, 1][..], mallory.room.as_bytes(), &[253, 0, 0, 0, 0, 0, 0, 0, 0x80]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no such type", vec![0x33]),
        ("a Ping without its token", vec![0x02]),
        ("a Ping with more than its token", vec![0x02, 1, 1]),
        ("a length of 2^63", huge),
        ("a varint that is longer than it needs to be", vec![0x02, 251, 1, 0]),
        ("an address that is not UTF-8", vec![0x80, 2, 0xff, 0xfe, 0, 0]),
        ("a bool of 2", [&[0x22][..], mallory.room.as_bytes(), &[2, 0]].concat()),
        ("a reason that there is not", vec![0x04, 99]),
    ];
    for (what, record) in cases {
        ends_the_link(&scene, &mut mallory, what, &record);
        scene.talk(what);
    }
    scene.is_well();
}

#[test]
fn names_that_are_none_are_counted_and_change_nothing() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let name = |link: &Outsider, name: &str| Message::Name(link.seal().seal(Naming::Name, random(), name));
    for (what, bad) in [
        ("a NUL", "ma\0llory".to_owned()),
        ("a name that turns the line around", "\u{202e}anA".to_owned()),
        ("150 combining marks", "o\u{0335}\u{0336}".repeat(50)),
        ("ten giant graphemes", "👩‍👩‍👧‍👧".repeat(10)),
        ("a name that shows nothing", "\u{200b}".to_owned()),
    ] {
        mallory.is_faulted_by(&scene, what, |link| name(link, &bad));
    }
    mallory.is_faulted_by(&scene, "a name that was sealed for another record", |link| {
        Message::Name(link.seal().seal(Naming::Join, random(), "mallory"))
    });
    let device = identity::Identity::generate().peer();
    let add = Payload::Add { by: mallory.right(), device, name: "\u{202e}anA".to_owned(), round: 1, pass: None };
    let add = mallory.control.write(&add);
    mallory.is_not_faulted(&scene, "an Add that says nothing", &[live(mallory.room, vec![add.raw().clone()])]);
    scene.until_members(&["ana", "ben", "outsider"]);
    let good = name(&mallory.link, "mallory");
    mallory.is_not_faulted(&scene, "a name as it should be", &[good]);
    scene.is_well();
}

#[test]
fn texts_with_nul_or_too_long_are_not_shown_and_strange_ones_are_as_they_are() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let (bidi, zalgo) = ("abc \u{202e}cba\u{202c}".to_owned(), format!("z{}", "\u{0335}\u{0489}".repeat(4_000)));
    let giant = "👩‍👩‍👧‍👧".repeat(600);
    let mut runs = Vec::new();
    for text in ["a\0b", &"x".repeat(16_385), "\u{200b}\u{2060}", " \n\t "] {
        let (kind, content) = text_bytes(text);
        runs.push(mallory.pen.raw(kind, &content, |header| header.log = random_log(), |_, _| {}));
    }
    // Layouts that are none: cut, trailing bytes, a length of 2^63, a varint too long, no UTF-8.
    for content in
        [vec![], vec![3, b'a'], vec![1, b'a', 0, 0], vec![253, 0, 0, 0, 0, 0, 0, 0, 0x80], vec![251, 1, 0, b'a', 0], vec![1, 0xff, 0]]
    {
        runs.push(mallory.pen.raw(rooms::kind::MESSAGE, &content, |header| header.log = random_log(), |_, _| {}));
    }
    let said: Vec<Message> = runs.into_iter().map(|raw| live(mallory.room, vec![raw])).collect();
    mallory.is_not_faulted(&scene, "what says nothing to this version is valid", &said);
    for text in [&bidi, &zalgo, &giant] {
        let event = mallory.pen.text(text);
        mallory.tell([&event]);
    }
    scene.until_others(&[&bidi, &zalgo, &giant]);
    scene.is_well();
}

fn random_log() -> wire::LogId {
    wire::LogId::in_round(1, false, u64::from_be_bytes(random()))
}
