//! Leaving a room, and coming back to it.

use crate::peer::Peer;
use crate::talk::room_of;
use serde_json::json;

#[test]
fn whoever_leaves_is_seen_to_go_and_hears_and_says_nothing_more() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    ben.say(&room, "I have to go");
    ana.until_texts(&room, &["I have to go"]);
    ben.call("leave_room", json!({"room": room}));
    assert_eq!(ben.row(&room)["standing"], "left");
    for peer in [&ana, &chi] {
        peer.until_members(&room, &["ana", "chi"]);
        peer.watch("the history says so", |peer| peer.history(&room, None).iter().find(|entry| entry.kind == "member_left").map(drop));
    }
    assert_eq!(ben.refused("send", json!({"room": room, "text": "one more thing"})), "not_member");
    assert_eq!(ben.refused("create_invite", json!({"room": room, "uses": 1})), "not_member");

    // What is said now is for chi; a second common room shows that the link with ben is alive and
    // has carried what came later.
    let other = room_of("Elsewhere", &[&ana, &ben]);
    ana.say(&room, "now that ben is gone");
    chi.until_texts(&room, &["I have to go", "now that ben is gone"]);
    ana.say(&other, "hello again");
    ben.until_texts(&other, &["hello again"]);
    assert_eq!(ben.texts(&room), ["I have to go"], "what came before stays readable");
}

#[test]
fn whoever_left_may_come_back_by_a_new_invite_and_catches_up() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    ben.call("leave_room", json!({"room": room}));
    ana.until_members(&room, &["ana"]);
    ana.say(&room, "missing ben");
    assert_eq!(ben.join(&ana.invite(Some(&room), 1)), room);
    ana.until_members(&room, &["ana", "ben"]);
    ben.until_texts(&room, &["missing ben"]);
    ben.say(&room, "here I am");
    ana.until_texts(&room, &["missing ben", "here I am"]);
}
