//! Seeing it: how everybody is reached, and who has what.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::peer::{Launch, Peer, text};
use crate::talk::{numbered, room_of};

fn level(peer: &Peer, room: &str) -> Value {
    peer.row(room)["level"].clone()
}

fn reach(people: &Value, name: &str) -> Option<Value> {
    people.as_array()?.iter().find(|row| row["name"] == name).cloned()
}

fn network(peer: &Peer, watch: bool) -> Value {
    peer.call("network", json!({ "watch": watch }))
}

/// Stops a process without ending it, or lets it go on.
fn signal(peer: &Peer, name: &str) {
    let status = Command::new("kill").args([name, &peer.pid().to_string()]).status().expect("there is a kill command");
    assert!(status.success(), "kill {name}");
}

#[test]
fn a_room_tells_up_to_when_everybody_has_everything_and_who_is_away() {
    let (ana, mut ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Allotment", &[&ana, &ben, &chi]);
    ana.say(&room, "who waters on Friday?");
    let at = ana.message(&room, "who waters on Friday?")["at"].as_u64().expect("a message has a time");
    let level_with = |heard: u64, away: u64| {
        ana.watch("who has what", |ana| {
            let level = level(ana, &room);
            let told = level["heard"] == heard && level["away"] == away && level["up_to"].as_u64() >= Some(at);
            (told && level["behind"] == json!([]) && level["behind_in_all"] == 0 && level["unheard"] == 0).then_some(())
        });
    };
    level_with(2, 0);
    ben.stop();
    level_with(1, 1);
    ben.start_again();
    level_with(2, 0);
}

#[test]
fn whoever_takes_nothing_is_named_with_how_much_they_lack_until_they_have_it() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Night shift", &[&ana, &ben]);
    ana.say(&room, "before");
    ana.watch("ben has it", |ana| (level(ana, &room)["heard"] == 1 && level(ana, &room)["behind_in_all"] == 0).then_some(()));
    let before = ana.message(&room, "before")["at"].as_u64();
    network(&ana, true);
    signal(&ben, "-STOP");
    let words = numbered("word", 12);
    ana.say_all(&room, &words);
    let first = ana.message(&room, &words[0])["at"].as_u64();
    // Notices of the past count: after some seconds without a word the link is given up, and then
    // ben is away.
    ana.notice("twelve are owed to ben", |notice| {
        let owed = reach(&notice["people"], "ben")?["owed"].clone();
        (notice["notice"] == "network_changed" && owed == json!([{ "room": room, "theirs": 12, "ours": 0 }])).then_some(())
    });
    ana.notice("ben lacks twelve", |notice| {
        let level = &notice["room"]["level"];
        let told = level["behind"][0]["name"] == "ben" && level["behind"][0]["count"] == 12 && level["behind_in_all"] == 1;
        told.then(|| assert!(level["up_to"].as_u64() >= before && level["up_to"].as_u64() < first, "{level}"))
    });
    signal(&ben, "-CONT");
    ana.watch("ben has everything", |ana| {
        let level = level(ana, &room);
        (level["heard"] == 1 && level["behind"] == json!([]) && level["up_to"].as_u64() >= first).then_some(())
    });
    ana.watch("nothing is owed", |ana| {
        (reach(&network(ana, true)["people"], "ben").expect("ben is known")["owed"] == json!([])).then_some(())
    });
}

#[test]
fn the_network_tells_who_is_linked_and_through_whom_the_others_are_reached() {
    let quiet = || Launch { peer_exchange: false, ..Launch::default() };
    let ana = Peer::start_with("ana", quiet());
    let (ben, mut chi) = (Peer::start_with("ben", quiet()), Peer::start_with("chi", quiet()));
    let room = room_of("Three in a row", &[&ana, &ben, &chi]);
    ben.watch("chi is a member", |ben| (ben.row(&room)["members"] == 3).then_some(()));

    let seen = network(&ben, true);
    assert_eq!(seen["me"]["name"], "ben");
    let (to_ana, to_chi) = (reach(&seen["people"], "ana").expect("linked"), reach(&seen["people"], "chi").expect("a member"));
    assert_eq!((&to_ana["link"]["state"], &to_ana["through"]), (&json!("connected"), &Value::Null));
    assert_eq!((&to_chi["link"]["state"], &to_chi["through"]["name"]), (&json!("unreachable"), &json!("ana")));
    assert_eq!(to_chi["through"]["others"], 0);
    assert_eq!(to_chi["rooms"], json!([room]));
    assert!(reach(&seen["people"], "ben").is_none(), "oneself is not among the others");
    ben.watch("through and direct are told apart", |ben| {
        let level = level(ben, &room);
        (level["heard"] == 1 && level["through"] == 1 && level["away"] == 0).then_some(())
    });

    let watching = network(&ana, true);
    assert_eq!(watching["people"].as_array().map(Vec::len), Some(2));
    chi.stop();
    ana.notice("chi's row changes", |notice| {
        let row = reach(&notice["people"], "chi").filter(|_| notice["notice"] == "network_changed")?;
        (row["link"]["state"] != "connected" && row["last_seen"].is_u64() && !text(&row["peer"]).is_empty()).then_some(())
    });
}

#[test]
fn whoever_quits_remembers_until_when_the_others_were_there() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    room_of("Harbour walk", &[&ana, &ben]);
    // Linked twice within the hour: the second time is written down when it ends.
    ben.stop();
    ben.start_again();
    ana.watch("ben is back", |ana| (reach(&network(ana, true)["people"], "ben")?["link"]["state"] == "connected").then_some(()));
    let there = millis_now();
    assert!(ana.stop().success());
    ben.stop();
    ana.start_again();
    let seen = reach(&network(&ana, true)["people"], "ben").expect("ben is known")["last_seen"].as_u64();
    assert!(seen >= Some(there), "{seen:?} is before {there}");
}

fn millis_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_millis()).expect("it is before the year 500 million")
}
