//! Coming late, being away, coming back: everybody ends with the same history.

use serde_json::json;

use crate::peer::{Peer, text};
use crate::talk::{numbered, room_of};

#[test]
fn a_late_joiner_gets_the_history_in_order() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = ana.create_room("Old friends");
    let words = numbered("word", 2_000);
    ana.say_all(&room, &words);
    assert_eq!(ana.texts(&room), words);
    ben.join(&ana.invite(Some(&room), 1));
    ben.until_texts(&room, &words);
    assert_eq!(ben.history(&room, None), ana.history(&room, None));
    ben.watch("level with ana", |ben| (ben.row(&room)["lacking"] == 0).then_some(()));
    assert_eq!(ben.row(&room)["unread"], 999, "counting stops there");
}

#[test]
fn whoever_was_away_gets_everything_on_return() {
    let (ana, mut ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    ana.say(&room, "all here");
    ben.until_texts(&room, &["all here"]);
    let first = text(&ben.message(&room, "all here")["id"]);
    assert!(ben.stop().success());

    ana.say_all(&room, &numbered("ana", 300));
    chi.watch("chi has ana's", |chi| (chi.texts(&room).len() == 301).then_some(()));
    chi.say_all(&room, &numbered("chi", 300));
    ana.watch("ana has chi's", |ana| (ana.texts(&room).len() == 601).then_some(()));
    ana.call("react", json!({"room": room, "message": first, "emoji": "🎉", "on": true}));
    ana.call("edit", json!({"room": room, "message": first, "text": "all were here"}));

    ben.start_again();
    ben.watch("ben has everything", |ben| (ben.texts(&room).len() == 601).then_some(()));
    ben.watch("and what was said about it", |ben| {
        let message = ben.message(&room, "all were here");
        (message["body"]["reactions"][0]["emoji"] == "🎉").then_some(())
    });
    chi.message(&room, "all were here");
    assert_eq!(ben.history(&room, None), ana.history(&room, None));
    assert_eq!(chi.history(&room, None), ana.history(&room, None));
}

#[test]
fn what_was_written_alone_reaches_the_others_when_they_come() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = room_of("Ships in the night", &[&ana, &ben]);
    let mut said = Vec::new();
    for round in 0..3 {
        ben.stop();
        said.extend(numbered(&format!("ana {round}"), 20));
        ana.say_all(&room, &numbered(&format!("ana {round}"), 20));
        ana.stop();
        ben.start_again();
        said.extend(numbered(&format!("ben {round}"), 20));
        ben.say_all(&room, &numbered(&format!("ben {round}"), 20));
        ana.start_again();
        for peer in [&ana, &ben] {
            peer.watch("both have both", |peer| (peer.texts(&room).len() == said.len()).then_some(()));
        }
        assert_eq!(ana.history(&room, None), ben.history(&room, None));
    }
    let (mut wanted, mut held) = (said, ana.texts(&room));
    wanted.sort();
    held.sort();
    assert_eq!(held, wanted);
}

#[test]
fn what_was_delivered_is_known_after_a_restart_while_the_others_are_away() {
    let (mut ana, mut ben, mut chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    ana.keep_port();
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    let said = ana.say(&room, "who brings bread?");
    let others = [ben.id(), chi.id()];
    // Of each of the two: how far they have the log that ana writes into.
    let held = |ana: &Peer| {
        let acks = ana.room(&room)["delivery"]["acks"].clone();
        let of =
            |peer: &String| acks.as_array().expect("a list").iter().find(|ack| ack["peer"] == **peer && ack["log"] == said["log"]).cloned();
        others.each_ref().map(|peer| of(peer).map_or(json!(null), |ack| ack["seq"].clone()))
    };
    let both = [said["seq"].clone(), said["seq"].clone()];
    ana.watch("both have it", |ana| (held(ana) == both).then_some(()));
    ben.stop();
    chi.stop();
    let alone = ana.say(&room, "anybody?");
    assert_eq!((&alone["log"], alone["seq"].as_u64()), (&said["log"], said["seq"].as_u64().map(|seq| seq + 1)));
    for _ in 0..2 {
        assert!(ana.stop().success());
        ana.start_again();
        assert_eq!(held(&ana), both, "what was said alone nobody has");
    }
    chi.start_again();
    ana.watch("chi has all of it", |ana| (held(ana)[1] == alone["seq"]).then_some(()));
    assert_eq!(held(&ana)[0], said["seq"], "ben is still away");
}

#[test]
fn a_restart_keeps_rooms_order_unread_drafts_and_the_read_position() {
    let (ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let second = room_of("Sunday Cooks", &[&ana, &ben]);
    ana.say_all(&room, &numbered("walk", 10));
    ana.say_all(&second, &numbered("cook", 3));
    ben.watch("ben has all", |ben| (ben.row(&room)["unread"] == 10 && ben.row(&second)["unread"] == 3).then_some(()));
    let read = ben.message(&room, "walk 4")["position"].clone();
    ben.call("mark_read", json!({"room": room, "up_to": read}));
    ben.call("set_draft", json!({"room": room, "text": "I was about to "}));
    ben.call("set_name", json!({"name": "Benedict"}));
    let seen = |ben: &Peer| {
        let snapshot = ben.snapshot();
        let mut rows = snapshot["rooms"].as_array().expect("a list").clone();
        // Who is linked, and who has what, is known anew.
        rows.iter_mut().for_each(|row| (row["connected"], row["level"]) = (json!("as it may be"), json!("as it may be")));
        (rows, snapshot["me"]["name"].clone(), ben.history(&room, None), ben.history(&second, None))
    };
    let before = seen(&ben);
    let row = ben.row(&room);
    assert_eq!((&row["unread"], &row["read_up_to"], &row["draft"]), (&json!(6), &read, &json!("I was about to ")));
    assert!(ben.stop().success());
    ben.start_again();
    assert_eq!(seen(&ben), before);
    ben.call("set_draft", json!({"room": room, "text": ""}));
    let last = ben.message(&room, "walk 10")["position"].clone();
    ben.call("mark_read", json!({"room": room, "up_to": last}));
    assert_eq!((&ben.row(&room)["draft"], &ben.row(&room)["unread"]), (&json!(""), &json!(0)));
}

#[test]
fn the_link_comes_back_after_the_other_side_restarts_on_its_port() {
    let (mut ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let ana_id = ana.id();
    assert!(ana.stop().success());
    ben.watch("ben sees that ana went", |ben| (ben.link(&ana_id) != "connected").then_some(()));
    let row = ben.row(&room);
    assert_eq!(row["connected"], 0, "{row}");
    ana.start_again();
    ben.until_link(&ana_id, "connected");
    ana.say(&room, "back again");
    ben.until_texts(&room, &["back again"]);
}

#[test]
fn the_link_comes_back_after_the_other_side_was_killed() {
    let (mut ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let ana_id = ana.id();
    // What was not told to be saved may be gone with her, even the room.
    let said = ana.say(&room, "see you there");
    let (log, seq) = (said["log"].as_str().expect("a log"), said["seq"].as_u64().expect("a number"));
    ana.notice("it is saved", |notice| (notice["delivery"]["saved"][log].as_u64()? >= seq).then_some(()));
    ana.kill9();
    ben.watch("ben sees that ana is lost", |ben| (ben.link(&ana_id) != "connected").then_some(()));
    ben.say(&room, "are you there?");
    ana.start_again();
    ana.until_texts(&room, &["see you there", "are you there?"]);
    ana.say(&room, "yes");
    ben.until_texts(&room, &["see you there", "are you there?", "yes"]);
}

#[test]
fn whoever_comes_back_on_another_port_finds_the_others() {
    let (mut ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let before = ana.address();
    assert!(ana.stop().success());
    ana.start_again();
    ana.say(&room, "I moved");
    ben.until_texts(&room, &["I moved"]);
    let (ana_id, now) = (ana.id(), ana.address());
    ben.watch("ben knows where ana moved", |ben| {
        let person = ben.call("person", json!({"peer": ana_id}));
        person["addresses"].as_array()?.iter().any(|address| *address == *now).then_some(())
    });
    // A free port may by chance be the same again.
    assert!(now != before || ben.link(&ana_id) == "connected");
}
