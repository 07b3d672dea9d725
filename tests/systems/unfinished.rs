//! A join whose program was killed half-way goes on when it is started again.

use serde_json::{Value, json};

use crate::peer::Peer;

fn joining(peer: &Peer) -> Vec<Value> {
    peer.snapshot()["joining"].as_array().expect("a list").clone()
}

/// Ben gets in without anybody doing anything, takes one place, and has nothing left to do.
fn ben_gets_in(ana: &Peer, ben: &mut Peer, room: &str) {
    ben.watch("the room is there, and its members", |ben| {
        let snapshot = ben.snapshot();
        let row = snapshot["rooms"].as_array()?.iter().find(|row| row["id"] == *room)?.clone();
        (row["members"].as_u64() == Some(2)).then_some(())
    });
    ana.until_members(room, &["ana", "ben"]);
    ben.say(room, "here I am");
    ana.until_texts(room, &["here I am"]);
    assert!(ben.stop().success());
    ben.start_again();
    assert_eq!(joining(ben), Vec::<Value>::new());
}

#[test]
fn a_join_that_waits_for_its_inviter_outlives_kill_9() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = ana.create_room("Harbour walk");
    let invite = ana.invite(Some(&room), 1);
    assert!(ana.stop().success());
    let before = ben.call("accept_invite", json!({"text": invite}));
    ben.kill9();
    ben.start_again();
    let listed = joining(&ben);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["target"], before["target"]);
    ben.notice("it is tried", |notice| (notice["joining"]["state"]["state"] == "waiting").then_some(()));
    ana.start_again();
    ben_gets_in(&ana, &mut ben, &room);
}

#[test]
fn a_join_that_is_killed_at_any_step_leads_into_the_room_once() {
    let asked = |notice: &Value| (notice["joining"]["state"]["state"] == "asked").then_some(());
    let entered = |notice: &Value| (notice["notice"] == "room_changed").then_some(());
    let mut ana = Peer::start("ana");
    ana.keep_port();
    for step in ["when it was answered", "when ana was asked", "when the room was there"] {
        let mut ben = Peer::start("ben");
        let room = ana.create_room("Harbour walk");
        let invite = ana.invite(Some(&room), 1);
        ben.call("accept_invite", json!({"text": invite}));
        match step {
            "when ana was asked" => ben.notice(step, asked),
            "when the room was there" => ben.notice(step, entered),
            _ => {}
        }
        ben.kill9();
        println!("killed {step}");
        ben.start_again();
        ben_gets_in(&ana, &mut ben, &room);
    }
}

#[test]
fn a_join_that_was_cancelled_stays_so_after_kill_9() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = ana.create_room("Harbour walk");
    let invite = ana.invite(Some(&room), 1);
    assert!(ana.stop().success());
    ben.call("accept_invite", json!({"text": invite}));
    ben.kill9();
    ben.start_again();
    let listed = joining(&ben);
    ben.call("cancel_join", json!({"join": listed[0]["id"]}));
    ben.kill9();
    ben.start_again();
    assert_eq!(joining(&ben), Vec::<Value>::new());
}
