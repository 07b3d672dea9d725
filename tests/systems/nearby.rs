//! People on the same network: who is found there, under which name, and what is said of how one
//! can be reached. Where the system does not pass multicast back to itself there is nothing to
//! find, and this says so instead.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::{Launch, Peer, text};

/// Whether a datagram to a group comes back to a member on this machine.
fn multicast_works() -> bool {
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let round = || -> std::io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        socket.send_to(b"?", (group, socket.local_addr()?.port()))?;
        socket.recv(&mut [0; 8]).map(|_| ())
    };
    let works = round().is_ok();
    if !works {
        println!("not tested: no multicast on this machine");
    }
    works
}

/// A person who looks around and is announced. Other tests may run here, so the name is nobody
/// else's.
fn near(name: &str, listen: &str) -> Peer {
    let name: &'static str = format!("{name} {}", std::process::id()).leak();
    Peer::start_with(name, Launch { listen: listen.to_owned(), nearby: true, ..Launch::default() })
}

fn row_of(peer: &Peer, name: &str) -> Option<Value> {
    peer.snapshot()["nearby"].as_array().expect("a list").iter().find(|row| row["name"] == name).cloned()
}

fn friends(peer: &Peer) -> Value {
    peer.snapshot()["me"]["friends"].clone()
}

#[test]
fn whoever_listens_to_this_computer_alone_is_told_so_and_announced_to_nobody() {
    let chi = near("chi", "127.0.0.1:0");
    chi.address();
    assert_eq!(chi.snapshot()["me"]["reach"], "this_computer");
    if !multicast_works() {
        return;
    }
    // Chi would have been found before ana.
    let (ana, ben) = (near("ana", "0.0.0.0:0"), near("ben", "0.0.0.0:0"));
    ben.watch("ana is nearby", |ben| row_of(ben, ana.name));
    assert_eq!(row_of(&ben, chi.name), None);
    assert_ne!(ana.snapshot()["me"]["reach"], "this_computer");
}

#[test]
fn whoever_was_greeted_nearby_keeps_name_and_key_and_is_a_friend_once_they_answer() {
    if !multicast_works() {
        return;
    }
    let (ana, ben) = (near("ana", "0.0.0.0:0"), near("ben", "0.0.0.0:0"));
    let stranger = ana.watch("ben is nearby", |ana| row_of(ana, ben.name));
    assert_eq!((&stranger["peer"], &stranger["join"]), (&Value::Null, &Value::Null), "the key is not announced");

    let joining = ana.call("say_hello", json!({"nearby": stranger["id"]}));
    assert_eq!(ana.call("say_hello", json!({"nearby": stranger["id"]}))["id"], joining["id"], "one hello is enough");
    let request = ben.notice("ana asks", |notice| (notice["notice"] == "request_added").then(|| notice["request"].clone()));
    ana.notice("ana waits for a person", |notice| (notice["joining"]["state"]["state"] == "asked").then_some(()));
    let room = ana.snapshot()["rooms"][0].clone();
    assert_eq!((&room["name"], &room["standing"]), (&json!(ben.name), &json!("requested")), "{room}");
    let asked = row_of(&ana, ben.name).expect("still nearby");
    assert_eq!((&asked["peer"], &asked["join"]), (&json!(ben.id()), &joining["id"]), "{asked}");
    assert_eq!(ana.call("say_hello", json!({"nearby": stranger["id"]}))["id"], joining["id"], "nor is a second one needed later");
    ben.watch("whoever asks is the one nearby", |ben| (row_of(ben, ana.name)?["peer"] == request["peer"]).then_some(()));
    assert_eq!((friends(&ana), friends(&ben)), (json!(0), json!(0)), "nobody has answered yet");

    ben.call("answer_request", json!({"peer": request["peer"], "accept": true}));
    assert_eq!(ana.outcome(&joining), Ok(text(&room["id"])));
    assert_eq!(ana.row(&text(&room["id"]))["name"], ben.name);
    assert_eq!((friends(&ana), friends(&ben)), (json!(1), json!(1)));
    let contact = row_of(&ana, ben.name).expect("still nearby");
    assert_eq!((&contact["peer"], &contact["join"]), (&json!(ben.id()), &Value::Null), "{contact}");
    assert_eq!(ben.call("open_direct", json!({"peer": ana.id()}))["name"], ana.name);
}
