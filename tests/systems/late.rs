//! What comes late is unread until it was seen; history is not late.

use serde_json::{Value, json};

use crate::peer::{Peer, text};
use crate::talk::{numbered, room_of};

fn read_all(peer: &Peer, room: &str) {
    let last = peer.messages(room, None).last().map(|message| message["position"].clone());
    peer.call("mark_read", json!({"room": room, "up_to": last.expect("there is one"), "seen": []}));
}

fn unread(peer: &Peer, room: &str) -> (Value, Value) {
    let row = peer.row(room);
    (row["unread"].clone(), row["late"].clone())
}

#[test]
fn what_ben_wrote_while_away_is_unread_at_those_who_had_read_on() {
    let (mut ana, mut ben, mut chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    ana.keep_port();
    chi.keep_port();
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    for other in [&mut ana, &mut chi] {
        assert!(other.stop().success());
    }
    ben.say(&room, "from the tunnel");
    assert!(ben.stop().success());
    ana.start_again();
    chi.start_again();
    chi.say(&room, "where is ben?");
    ana.until_texts(&room, &["where is ben?"]);
    read_all(&ana, &room);
    assert_eq!(unread(&ana, &room), (json!(0), Value::Null));

    ben.start_again();
    ana.until_texts(&room, &["from the tunnel", "where is ben?"]);
    let place = text(&ana.message(&room, "from the tunnel")["position"]);
    let told = |notice: &Value| {
        let messages = notice["messages"].as_array()?;
        messages.iter().any(|message| message["position"] == *place && message["late"] == true).then_some(())
    };
    ana.notice("it is told as late", told);
    let late = (json!(1), json!({"count": 1, "first": place}));
    assert_eq!(unread(&ana, &room), late);
    assert!(ana.stop().success());
    ana.start_again();
    assert_eq!(unread(&ana, &room), late);
    read_all(&ana, &room);
    assert_eq!(unread(&ana, &room), late, "reading on is not seeing it");
    assert_eq!(ana.refused("mark_read", json!({"room": room, "up_to": place, "seen": ["here"]})), "bad_arguments");
    ana.call("mark_read", json!({"room": room, "up_to": place, "seen": [place]}));
    assert_eq!(unread(&ana, &room), (json!(0), Value::Null));
    assert_eq!(ana.message(&room, "from the tunnel")["late"], false);
}

#[test]
fn the_history_that_a_newcomer_catches_up_with_is_not_late() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Old friends", &[&ana, &ben]);
    for round in 0..10 {
        ana.say_all(&room, &numbered(&format!("ana {round}"), 50));
        ben.say_all(&room, &numbered(&format!("ben {round}"), 50));
    }
    ana.watch("ana has all", |ana| (ana.texts(&room).len() == 1_000).then_some(()));
    chi.join(&ana.invite(Some(&room), 1));
    // Reads at the end whatever has come so far, as a window in front does.
    chi.watch("chi has all", |chi| {
        read_all(chi, &room);
        (chi.texts(&room).len() == 1_000).then_some(())
    });
    read_all(&chi, &room);
    assert_eq!(unread(&chi, &room), (json!(0), Value::Null));
}
