//! Who may do what in a room, and what becomes of those who were removed.

use serde_json::{Value, json};

use crate::peer::{Peer, text};
use crate::talk::room_of;

/// A member as another sees them.
fn member(peer: &Peer, room: &str, name: &str) -> Value {
    let people = peer.room(room)["people"].clone();
    let found = people.as_array().expect("a list").iter().find(|member| member["name"] == name);
    found.cloned().unwrap_or_else(|| peer.fail(&format!("has {name} among its members")))
}

fn until_role(peer: &Peer, room: &str, name: &str, role: &str) {
    peer.watch(&format!("{name} is {role}"), |peer| (member(peer, room, name)["role"] == role).then_some(()));
}

/// The newest line of this kind.
fn line(peer: &Peer, room: &str, kind: &str) -> Value {
    peer.watch(&format!("a line says {kind}"), |peer| {
        peer.messages(room, None).into_iter().rfind(|message| message["body"]["kind"] == kind)
    })
}

fn until_standing(peer: &Peer, room: &str, standing: &str) -> Value {
    peer.watch(&format!("it is {standing}"), |peer| Some(peer.row(room)).filter(|row| row["standing"] == standing))
}

#[test]
fn whoever_is_removed_is_told_by_whom_and_gets_nothing_more() {
    let (ana, mut ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    let other = room_of("Elsewhere", &[&ana, &ben]);
    ben.say(&room, "hello");
    chi.until_texts(&room, &["hello"]);
    ana.until_texts(&room, &["hello"]);
    ana.call("remove_member", json!({"room": room, "peer": ben.id()}));
    for peer in [&ana, &chi] {
        peer.until_members(&room, &["ana", "chi"]);
        let line = line(peer, &room, "member_removed");
        assert_eq!((&line["author"], &line["body"]["peer"], &line["body"]["name"]), (&json!(ana.id()), &json!(ben.id()), &json!("ben")));
        assert_eq!(peer.texts(&room), ["hello"], "what ben wrote until then stays");
    }
    let closed = until_standing(&ben, &room, "removed")["closed"].clone();
    assert_eq!((&closed["why"], &closed["by"], &closed["by_name"]), (&json!("removed"), &json!(ana.id()), &json!("ana")));
    assert!(closed["at_ms"].as_u64() > Some(0), "{closed}");
    let peer = chi.id();
    for (call, args) in [
        ("send", json!({"room": room, "text": "one more thing"})),
        ("create_invite", json!({"room": room, "uses": 1})),
        ("remove_member", json!({"room": room, "peer": peer})),
        ("set_role", json!({"room": room, "peer": peer, "role": "admin"})),
        ("add_member", json!({"room": room, "peer": peer})),
        ("set_room", json!({"room": room, "name": "Mine"})),
    ] {
        assert_eq!(ben.refused(call, args), "not_member", "{call}");
    }

    // The other room shows that the link with ben is alive and has carried what came later.
    ana.say(&room, "now that ben is gone");
    chi.until_texts(&room, &["hello", "now that ben is gone"]);
    ana.say(&other, "still friends");
    ben.until_texts(&other, &["still friends"]);
    assert_eq!(ben.texts(&room), ["hello"], "what came before stays readable");
    ben.stop();
    ben.start_again();
    assert_eq!(ben.row(&room)["closed"], closed, "a restart forgets nothing of it");
}

#[test]
fn whoever_was_removed_can_be_added_again_by_a_member_and_catches_up() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    ana.call("remove_member", json!({"room": room, "peer": ben.id()}));
    until_standing(&ben, &room, "removed");
    chi.until_members(&room, &["ana", "chi"]);
    chi.say(&room, "missing ben");
    chi.call("add_member", json!({"room": room, "peer": ben.id()}));
    for peer in [&ana, &ben, &chi] {
        peer.until_members(&room, &["ana", "ben", "chi"]);
    }
    assert_eq!(member(&ana, &room, "ben")["added_by"], json!(chi.id()));
    let row = until_standing(&ben, &room, "member");
    assert_eq!((&row["closed"], &row["my_role"]), (&Value::Null, &json!("member")));
    ben.until_texts(&room, &["missing ben"]);
    ben.say(&room, "here I am");
    for peer in [&ana, &chi] {
        peer.until_texts(&room, &["missing ben", "here I am"]);
    }
    // Nobody can be added who never was a member.
    assert_eq!(chi.refused("add_member", json!({"room": room, "peer": "0".repeat(64)})), "unknown_peer");
}

#[test]
fn roles_say_who_may_do_what_with_whom() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben, &chi]);
    let role = |who: &Peer, role: &str| json!({"room": room, "peer": who.id(), "role": role});
    assert_eq!(ana.row(&room)["my_role"], "owner");
    assert_eq!(member(&ben, &room, "ana")["role"], "owner");
    assert_eq!(member(&ben, &room, "ana")["added_by"], Value::Null);
    assert_eq!(member(&ben, &room, "chi")["added_by"], json!(ana.id()));
    assert_eq!(member(&ana, &room, "ben")["may"], json!({"remove": true, "set_role": ["admin", "owner"]}));
    assert_eq!(member(&ben, &room, "chi")["may"], json!({"remove": false, "set_role": []}));
    assert_eq!(ben.row(&room)["may"], json!({"add": true, "rename": false}));
    assert_eq!(ben.refused("remove_member", json!({"room": room, "peer": chi.id()})), "not_allowed");
    assert_eq!(ben.refused("set_role", role(&chi, "admin")), "not_allowed");
    assert_eq!(ben.refused("set_room", json!({"room": room, "name": "Mine"})), "not_allowed");
    assert_eq!(ben.refused("set_role", role(&chi, "king")), "bad_arguments");

    ana.call("set_role", role(&ben, "admin"));
    for peer in [&ana, &ben, &chi] {
        until_role(peer, &room, "ben", "admin");
        let body = line(peer, &room, "role_given")["body"].clone();
        assert_eq!(body, json!({"kind": "role_given", "peer": ben.id(), "name": "ben", "role": "admin"}));
    }
    assert_eq!(member(&ben, &room, "chi")["may"], json!({"remove": true, "set_role": ["admin"]}));
    assert_eq!(member(&ben, &room, "ana")["may"], json!({"remove": false, "set_role": []}));
    assert_eq!(ben.refused("remove_member", json!({"room": room, "peer": ana.id()})), "not_allowed");
    assert_eq!(ben.refused("set_role", role(&chi, "owner")), "not_allowed");
    ben.call("remove_member", json!({"room": room, "peer": chi.id()}));
    ana.until_members(&room, &["ana", "ben"]);
    ana.call("set_role", role(&ben, "member"));
    until_role(&ben, &room, "ben", "member");
    assert_eq!(ben.refused("set_room", json!({"room": room, "topic": "Ships"})), "not_allowed");
    ana.until_members(&room, &["ana", "ben"]);
}

#[test]
fn what_admins_set_of_a_room_holds_for_all_and_is_a_line() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let (invite, of_ben) = (ana.invite(Some(&room), 3), ben.invite(Some(&room), 2));
    ana.call("set_room", json!({"room": room, "name": " Harbour run ", "topic": "Fast\nones"}));
    ana.call("set_room", json!({"room": room, "only_admins_add": true}));
    let row = ben.watch("it is set", |peer| Some(peer.row(&room)).filter(|row| row["only_admins_add"] == true));
    assert_eq!((&row["name"], &row["topic"]), (&json!("Harbour run"), &json!("Fast ones")));
    assert_eq!(row["may"], json!({"add": false, "rename": false}));
    assert_eq!(line(&ben, &room, "room_renamed")["body"]["name"], "Harbour run");
    assert_eq!(line(&ben, &room, "topic_set")["body"]["text"], "Fast ones");
    assert_eq!(line(&ben, &room, "only_admins_add")["body"]["on"], true);
    assert_eq!(ben.refused("create_invite", json!({"room": room, "uses": 1})), "not_allowed");

    // What admins made before lets people in, until it is revoked; what members made does not.
    let late = chi.call("accept_invite", json!({"text": of_ben}));
    assert!(chi.outcome(&late).is_err(), "ben may add nobody");
    assert_eq!(chi.join(&invite), room);
    let invites = ana.call("room_invites", json!({"room": room}));
    let one = invites.as_array().expect("a list").iter().find(|invite| invite["uses"] == 3).expect("ana's");
    assert_eq!((&one["uses"], &one["used"], &one["revoked"], &one["may_revoke"]), (&json!(3), &json!(1), &json!(false), &json!(true)));
    let id = text(&one["id"]);
    assert_eq!(chi.refused("revoke_invite", json!({"room": room, "id": id})), "not_allowed");
    ana.call("revoke_invite", json!({"room": room, "id": id}));
    let is_over = |peer: &Peer| {
        let invites = peer.call("room_invites", json!({"room": room}));
        invites.as_array().expect("a list").iter().any(|invite| invite["id"] == id && invite["revoked"] == true).then_some(())
    };
    ben.watch("the invite is revoked", is_over);
    let dan = Peer::start("dan");
    let joining = dan.call("accept_invite", json!({"text": invite}));
    assert!(dan.outcome(&joining).is_err(), "a revoked invite lets nobody in");

    // Each change is a line, and what is set already is none.
    let before = ana.messages(&room, None).len();
    ana.call("set_room", json!({"room": room, "name": "Harbour run", "topic": "", "only_admins_add": false}));
    assert_eq!(ana.messages(&room, None).len(), before + 2);
    assert_eq!(ana.refused("set_room", json!({"room": room, "name": "  "})), "bad_name");

    // Whether new members see what was said before, and who said so.
    assert_eq!((&ana.row(&room)["shows_history"], &ana.call("room", json!({"room": room}))["history"]), (&json!(true), &Value::Null));
    assert_eq!(ben.refused("set_room", json!({"room": room, "history": false})), "not_allowed");
    ana.call("set_room", json!({"room": room, "history": false}));
    ben.watch("it is set", |peer| (peer.row(&room)["shows_history"] == false).then_some(()));
    assert_eq!(line(&ben, &room, "history_set")["body"]["on"], false);
    let setter = &ben.call("room", json!({"room": room}))["history"];
    assert_eq!((&setter["name"], setter["at_ms"].is_u64()), (&json!("ana"), true));
    assert_eq!(ana.refused("set_room", json!({"room": room, "topic": "x".repeat(1025)})), "text_too_long");
    assert_eq!(ana.refused("revoke_invite", json!({"room": room, "id": "gv1"})), "bad_invite");
}
