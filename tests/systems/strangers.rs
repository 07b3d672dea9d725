//! Strangers at the socket: whatever they do there, ana and ben go on talking.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::peer::{PATIENCE, Peer};
use crate::seed::Chance;
use crate::talk::room_of;

/// Far more than a node keeps half open (64).
const HALF_OPEN: usize = 200;
/// Sockets of each kind of noise.
const NOISY: usize = 40;

struct Scene {
    ana: Peer,
    ben: Peer,
    room: String,
    said: Vec<String>,
}

impl Scene {
    fn new() -> Scene {
        let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
        let room = room_of("Harbour walk", &[&ana, &ben]);
        Scene { ana, ben, room, said: Vec::new() }
    }

    fn knock(&self) -> TcpStream {
        let address: SocketAddr = self.ana.address().parse().expect("an address");
        let socket = TcpStream::connect_timeout(&address, PATIENCE).expect("ana listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        socket.set_write_timeout(Some(PATIENCE)).expect("a time-out can be set");
        socket
    }

    /// Both say something and hear each other.
    fn talk(&mut self, when: &str) {
        for (author, reader) in [(&self.ana, &self.ben), (&self.ben, &self.ana)] {
            self.said.push(format!("{} {when}", author.name));
            author.say(&self.room, &self.said[self.said.len() - 1]);
            reader.until_texts(&self.room, &self.said);
        }
    }
}

/// Reads until the other side has closed; what it says to a stranger is nothing, or one handshake
/// message.
fn assert_closed(mut socket: TcpStream, who: &str) {
    let mut said = Vec::new();
    match socket.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted) => {}
        Err(error) => panic!("{who} is still connected: {error}"),
    }
    assert!(said.len() <= 600, "{who} was told {} bytes", said.len());
}

#[test]
fn two_hundred_half_open_sockets_do_not_keep_friends_apart() {
    let mut scene = Scene::new();
    let strangers: Vec<TcpStream> = (0..HALF_OPEN).map(|_| scene.knock()).collect();
    scene.talk("while they hold the door");
    for (n, stranger) in strangers.into_iter().enumerate() {
        assert_closed(stranger, &format!("stranger {n}"));
    }
    let chi = Peer::start("chi");
    chi.join(&scene.ana.invite(Some(&scene.room), 1));
    chi.until_texts(&scene.room, &scene.said);
    scene.talk("after they were shown out");
}

#[test]
fn half_open_sockets_do_not_keep_a_newcomer_out() {
    let scene = Scene::new();
    let invite = scene.ana.invite(Some(&scene.room), 1);
    let strangers: Vec<TcpStream> = (0..HALF_OPEN).map(|_| scene.knock()).collect();
    let chi = Peer::start("chi");
    chi.join(&invite);
    drop(strangers);
}

#[test]
fn noise_and_huge_lengths_end_the_link_and_cost_nothing() {
    let mut scene = Scene::new();
    let mut chance = Chance::new();
    scene.talk("before");
    let before = scene.ana.memory();
    let first_frames: &[(&str, &[u8])] = &[
        ("a length of 4 GiB", &[0xff; 4]),
        ("a length of 2 GiB and some bytes", &[0x7f, 0xff, 0xff, 0xff, 1, 2, 3]),
        ("a length of nothing", &[0; 4]),
        ("a first frame that is too long", &[0, 0, 2, 1]),
        ("a web browser", b"GET / HTTP/1.1\r\nHost: grapevine\r\n\r\n"),
        ("a secure web browser", &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
        ("half a length", &[0, 0]),
        ("a first frame that never ends", &[0, 0, 0, 60, 1, 1]),
        ("an empty handshake", &[0, 0, 0, 1, 0]),
        // An ephemeral key of small order, versions 1 to 1, no features.
        ("a key of small order", &[&[0, 0, 0, 38][..], &[0; 32], &[1, 1, 0, 0, 0, 0]].concat()),
    ];
    for (who, bytes) in first_frames {
        let mut socket = scene.knock();
        let _closed_early = socket.write_all(bytes);
        assert_closed(socket, who);
    }
    scene.talk("between");
    let noisy: Vec<TcpStream> = (0..NOISY)
        .map(|_| {
            let mut socket = scene.knock();
            let length = chance.below(100_000) as usize;
            let _closed_early = socket.set_write_timeout(Some(Duration::from_secs(1)));
            let _closed_early = socket.write_all(&chance.bytes(length));
            socket
        })
        .collect();
    scene.talk("under the noise");
    for (n, socket) in noisy.into_iter().enumerate() {
        assert_closed(socket, &format!("noise {n}"));
    }
    // A true first message and then noise instead of the third.
    for _ in 0..NOISY {
        let mut socket = scene.knock();
        let first = [&[0, 0, 0, 38][..], &chance.bytes(32), &[1, 1, 0, 0, 0, 0]].concat();
        let third = [&[0, 0, 0, 160][..], &chance.bytes(160)].concat();
        let _closed_early = socket.write_all(&first).and_then(|()| socket.write_all(&third));
        assert_closed(socket, "somebody who does not know the protocol to its end");
    }
    scene.talk("after");
    let grown = scene.ana.memory().saturating_sub(before);
    assert!(grown < 32 * 1024, "strangers cost {grown} KiB");
}

#[test]
fn many_strangers_who_speak_the_protocol_are_shown_out_of_the_lobby() {
    let mut scene = Scene::new();
    let address = scene.ana.address();
    // They ask for nothing less than to be remembered; ana never answers.
    let askers: Vec<Peer> = ["dan", "eve"].map(Peer::start).into();
    for asker in &askers {
        asker.call("add_address", json!({"address": address}));
        asker.notice("asked", |notice| (notice["joining"]["state"]["state"] == "asked").then_some(()));
    }
    scene.ana.watch("two requests wait", |ana| (ana.snapshot()["requests"].as_array()?.len() == 2).then_some(()));
    scene.talk("while they wait");
    assert_eq!(scene.ana.members(&scene.room), ["ana", "ben"]);
    for asker in &askers {
        let row = asker.snapshot()["rooms"][0].clone();
        assert_eq!((&row["standing"], &row["last"]), (&json!("requested"), &json!(null)), "{row}");
        assert_eq!(asker.refused("send", json!({"room": row["id"], "text": "let me in"})), "not_member");
    }
}
