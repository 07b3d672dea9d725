//! One identity in two places: a profile that was restored from an old copy, or copied to a second
//! computer.

use serde_json::{Value, json};

use crate::peer::{Peer, text};
use crate::talk::{numbered, room_of};

/// `person_changed` of a person with two copies, from the moment that both run until each has had
/// its turn. Each turn takes a few, and lasts a minute.
const FEW: usize = 30;

fn told_of_the_copy(peer: &Peer) {
    peer.notice("an alert says that the profile was copied", |notice| (notice["alert"]["kind"] == "profile_copied").then_some(()));
}

/// What this peer's newest message with these words has come to.
fn until_delivered(peer: &Peer, room: &str, words: &str, to: &[&str]) {
    peer.watch(&format!("{words:?} is saved and delivered"), |peer| {
        let message = peer.message(room, words);
        let (log, seq) = (text(&message["log"]), message["seq"].as_u64()?);
        let delivery = &peer.room(room)["delivery"];
        let saved = delivery["saved"][&log].as_u64() >= Some(seq);
        let acks = delivery["acks"].as_array().expect("a list");
        let acked = |who: &str| acks.iter().any(|ack| ack["peer"] == who && ack["log"] == log && ack["seq"].as_u64() >= Some(seq));
        (saved && to.iter().all(|who| acked(who))).then_some(())
    });
}

fn last_words(peer: &Peer, room: &str, words: &str) {
    peer.watch("the list of rooms shows the last words", |peer| (peer.row(room)["last"]["text"] == words).then_some(()));
}

#[test]
fn an_old_copy_is_restored_and_no_words_are_lost() {
    let (mut ana, mut ben, mut chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    [&mut ana, &mut ben, &mut chi].into_iter().for_each(Peer::keep_port);
    let room = room_of("Old copy", &[&ana, &ben, &chi]);
    ana.say(&room, "before");
    for peer in [&ben, &chi] {
        peer.until_texts(&room, &["before"]);
    }
    assert!(ana.stop().success());
    let copy = ana.profile_copied();
    ana.start_again();
    let lost = numbered("after the copy", 3);
    lost.iter().for_each(|words| drop(ana.say(&room, words)));
    let first: Vec<String> = [vec!["before".to_owned()], lost].concat();
    for peer in [&ben, &chi] {
        peer.until_texts(&room, &first);
    }
    for peer in [&mut ana, &mut ben, &mut chi] {
        assert!(peer.stop().success());
    }
    ana.restore(&copy);
    ana.start_again();
    assert_eq!(ana.texts(&room), ["before"]);
    let alone = numbered("alone", 3);
    alone.iter().for_each(|words| drop(ana.say(&room, words)));
    ben.start_again();
    chi.start_again();
    let all = [first, alone].concat();
    for peer in [&ana, &ben, &chi] {
        peer.until_texts(&room, &all);
    }
    told_of_the_copy(&ana);
    let (bens, chis) = (ben.id(), chi.id());
    until_delivered(&ana, &room, "alone 3", &[&bens, &chis]);
    // What is said from now on is seen by all, by its author too.
    ana.say(&room, "and on");
    let all = [all, vec!["and on".to_owned()]].concat();
    for peer in [&ana, &ben, &chi] {
        peer.until_texts(&room, &all);
        last_words(peer, &room, "and on");
    }
    until_delivered(&ana, &room, "and on", &[&bens, &chis]);
    assert_eq!(ben.history(&room, None), ana.history(&room, None));
    assert_eq!(chi.history(&room, None), ana.history(&room, None));
    assert!(ana.stop().success());
    ana.start_again();
    ana.say(&room, "after a restart");
    let all = [all, vec!["after a restart".to_owned()]].concat();
    for peer in [&ana, &ben, &chi] {
        peer.until_texts(&room, &all);
    }
}

/// More often than branches count.
#[test]
fn the_same_copy_is_restored_again_and_again_and_no_words_are_lost() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    [&mut ana, &mut ben].into_iter().for_each(Peer::keep_port);
    let room = room_of("Again and again", &[&ana, &ben]);
    ana.say(&room, "before");
    ben.until_texts(&room, &["before"]);
    assert!(ana.stop().success());
    let copy = ana.profile_copied();
    let mut said = vec!["before".to_owned()];
    for round in 1..=7 {
        assert!(ben.stop().success());
        ana.restore(&copy);
        ana.start_again();
        said.push(format!("round {round}"));
        ana.say(&room, &format!("round {round}"));
        ben.start_again();
        // What is said again stands later than it did.
        for peer in [&ben, &ana] {
            peer.watch("all words are there", |peer| {
                let mut texts = peer.texts(&room);
                texts.sort();
                (texts == said).then_some(())
            });
        }
        assert!(ana.stop().success());
    }
}

#[test]
fn an_old_copy_is_restored_and_whoever_was_let_in_meanwhile_stays() {
    let (mut ana, mut ben, mut chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    [&mut ana, &mut ben, &mut chi].into_iter().for_each(Peer::keep_port);
    let room = room_of("Who is here", &[&ana, &ben]);
    let invite = ana.invite(Some(&room), 10);
    assert!(ana.stop().success());
    let copy = ana.profile_copied();
    ana.start_again();
    chi.join(&invite);
    chi.say(&room, "I am in");
    ben.until_texts(&room, &["I am in"]);
    for peer in [&mut ana, &mut ben, &mut chi] {
        assert!(peer.stop().success());
    }
    ana.restore(&copy);
    ana.start_again();
    // The next event of the log that let chi in.
    ana.call("create_invite", json!({"room": room, "uses": 1}));
    ben.start_again();
    chi.start_again();
    ben.notice("the line that let chi in is gone", |notice| (notice["notice"] == "messages_gone").then_some(()));
    told_of_the_copy(&ana);
    for peer in [&ana, &ben, &chi] {
        peer.until_members(&room, &["ana", "ben", "chi"]);
        peer.until_texts(&room, &["I am in"]);
    }
    chi.say(&room, "still");
    for peer in [&ana, &ben, &chi] {
        peer.until_texts(&room, &["I am in", "still"]);
    }
}

#[test]
fn a_copied_profile_runs_twice_and_both_copies_show_all_words() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    [&mut ana, &mut ben].into_iter().for_each(Peer::keep_port);
    let room = room_of("Two at once", &[&ana, &ben]);
    ana.say(&room, "hello");
    ben.until_texts(&room, &["hello"]);
    assert!(ana.stop().success());
    let mut copy = ana.twin();
    assert!(ben.stop().success());
    copy.start_again();
    copy.say(&room, "from the copy");
    assert!(copy.stop().success());
    ana.start_again();
    ana.say(&room, "from the original");
    ben.start_again();
    ben.until_texts(&room, &["hello", "from the original"]);
    copy.start_again();
    let all = ["hello", "from the copy", "from the original"];
    for peer in [&ben, &copy] {
        peer.until_texts(&room, &all);
    }
    // Each is told at the latest when the other takes its link, and gets what it lacks when it has
    // its turn.
    for peer in [&ana, &copy] {
        told_of_the_copy(peer);
    }
    ana.until_texts(&room, &all);
    let changed = |of: &Value| of["notice"]["notice"] == "person_changed";
    let changes = ben.inbox().lock().notices.iter().filter(|notice| changed(notice)).count();
    assert!(changes <= FEW, "{changes}");
    ana.say(&room, "and on");
    assert_eq!(ana.texts(&room).last().map(String::as_str), Some("and on"));
    ben.message(&room, "and on");
}
