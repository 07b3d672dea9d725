//! How people find each other: invites, addresses, requests; and what they say then.

use serde_json::json;

use crate::peer::{Peer, text};
use crate::talk::room_of;

#[test]
fn only_one_side_pastes_and_both_talk() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = ana.create_room("Sunday Cooks");
    let invite = ana.invite(Some(&room), 5);

    let reading = ben.call("read_invite", json!({"text": invite}));
    assert_eq!((&reading["kind"], &reading["addresses"][0]), (&json!("room"), &json!(ana.address())));
    assert_eq!(reading["inviter"], ana.snapshot()["me"]["fingerprint"]);
    assert_eq!(ana.call("read_invite", json!({"text": invite}))["kind"], "own");

    assert_eq!(ben.join(&format!("  {invite}\n")), room);
    for peer in [&ana, &ben] {
        peer.until_members(&room, &["ana", "ben"]);
        assert_eq!(peer.row(&room)["name"], "Sunday Cooks");
    }
    ana.say(&room, "hello ben");
    ben.until_texts(&room, &["hello ben"]);
    ben.say(&room, "hello ana");
    ana.until_texts(&room, &["hello ben", "hello ana"]);
    let (ana_sees, ben_sees) = (ana.history(&room, None), ben.history(&room, None));
    assert_eq!(ana_sees, ben_sees);
    let kinds: Vec<&str> = ana_sees.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["room_created", "member_added", "text", "text"]);
}

#[test]
fn a_member_lets_others_in_while_the_creator_is_away() {
    let (mut ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    ana.say(&room, "back in a minute");
    ben.until_texts(&room, &["back in a minute"]);
    assert!(ana.stop().success());
    chi.join(&ben.invite(Some(&room), 1));
    chi.until_members(&room, &["ana", "ben", "chi"]);
    chi.until_texts(&room, &["back in a minute"]);
    assert_eq!(chi.row(&room)["name"], "Harbour walk");
}

#[test]
fn the_link_of_an_invite_leads_to_the_same_room() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = ana.create_room("Harbour walk");
    ana.address();
    let link = text(&ana.call("create_invite", json!({"room": room, "uses": 1}))["link"]);
    assert!(link.starts_with("grapevine://join/gv1"), "{link}");
    assert_eq!(ben.join(&link), room);
}

#[test]
fn replies_edits_reactions_and_deletes_show_on_the_other_side() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let ask = ana.say(&room, "when do we meet?");
    ben.message(&room, "when do we meet?");
    ben.call("send", json!({"room": room, "text": "at noon", "reply_to": ask["id"]}));
    let answer = ana.message(&room, "at noon");
    assert_eq!(answer["body"]["reply"]["id"], ask["id"]);
    assert_eq!(answer["body"]["reply"]["text"], "when do we meet?");
    assert_eq!(answer["body"]["reply"]["author_name"], "ana");

    ben.call("edit", json!({"room": room, "message": answer["id"], "text": "at one"}));
    assert!(ana.message(&room, "at one")["body"]["edited"].is_u64());

    let react = |on| ana.call("react", json!({"room": room, "message": answer["id"], "emoji": "👍", "on": on}));
    let reactions = |peer: &Peer| peer.message(&room, "at one")["body"]["reactions"].clone();
    react(true);
    ben.watch("the reaction", |ben| (reactions(ben) == json!([{"emoji": "👍", "people": ["ana"], "mine": false}])).then_some(()));
    assert_eq!(reactions(&ana)[0]["mine"], true);
    react(false);
    ben.watch("the reaction is taken back", |ben| (reactions(ben) == json!([])).then_some(()));

    assert_eq!(ana.refused("edit", json!({"room": room, "message": answer["id"], "text": "never"})), "not_author");
    assert_eq!(ana.refused("delete", json!({"room": room, "message": answer["id"]})), "not_author");
    ben.call("delete", json!({"room": room, "message": answer["id"]}));
    for peer in [&ana, &ben] {
        peer.watch("the message is gone", |peer| {
            let entry = peer.history(&room, None).into_iter().find(|entry| answer["id"] == *entry.id)?;
            (entry.kind == "deleted" && entry.text.is_empty()).then_some(())
        });
    }
}

#[test]
fn an_own_message_goes_from_saved_to_delivered() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = room_of("Harbour walk", &[&ana, &ben]);
    let (sent, ben_id) = (ana.say(&room, "is this on disk?"), ben.id());
    let (log, seq) = (text(&sent["log"]), sent["seq"].as_u64().expect("a number"));
    ana.notice("it is saved", |notice| (notice["delivery"]["saved"][&log].as_u64()? >= seq).then_some(()));
    ana.notice("ben has it", |notice| {
        let acks = notice["delivery"]["acks"].as_array()?;
        acks.iter().find(|ack| ack["peer"] == *ben_id && ack["log"] == *log && ack["seq"].as_u64() >= Some(seq)).map(drop)
    });
}

#[test]
fn whoever_answers_at_an_address_is_asked_and_may_accept() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let joining = ana.call("add_address", json!({"address": ben.address()}));
    let request = ben.notice("ana asks", |notice| (notice["notice"] == "request_added").then(|| notice["request"].clone()));
    assert_eq!(request["name"], "ana");
    assert_eq!(request["fingerprint"], ana.snapshot()["me"]["fingerprint"]);
    ana.notice("ana waits for a person", |notice| (notice["joining"]["state"]["state"] == "asked").then_some(()));
    let row = ana.watch("the room that waits", |ana| ana.snapshot()["rooms"].get(0).cloned());
    assert_eq!((&row["kind"], &row["standing"]), (&json!("direct"), &json!("requested")), "{row}");
    assert_eq!(row["name"], json!(ben.address()), "all that ana knows of whoever is there");
    for peer in [&ana, &ben] {
        let me = peer.snapshot()["me"].clone();
        assert_eq!((&me["links"], &me["friends"]), (&json!(1), &json!(0)), "linked, and nobody has answered yet");
    }
    assert_eq!(ben.refused("open_direct", json!({"peer": request["peer"]})), "unknown_peer", "not before the answer");

    ben.call("answer_request", json!({"peer": request["peer"], "accept": true}));
    let room = ana.outcome(&joining).expect("ben accepts");
    assert_eq!(text(&ben.call("open_direct", json!({"peer": ana.id()}))["id"]), room);
    assert_eq!((&ana.row(&room)["name"], &ana.snapshot()["me"]["friends"]), (&json!("ben"), &json!(1)));
    assert_eq!(ben.snapshot()["requests"], json!([]));
    ana.say(&room, "thank you");
    ben.until_texts(&room, &["thank you"]);
    ben.say(&room, "any time");
    ana.until_texts(&room, &["thank you", "any time"]);
}

#[test]
fn whoever_answers_at_an_address_may_decline() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let joining = ana.call("add_address", json!({"address": ben.address()}));
    let peer = ben.notice("ana asks", |notice| notice["request"]["peer"].as_str().map(str::to_owned));
    ben.call("answer_request", json!({"peer": peer, "accept": false}));
    assert_eq!(ana.outcome(&joining), Err("declined".to_owned()));
    for peer in [&ana, &ben] {
        let snapshot = peer.snapshot();
        assert_eq!((&snapshot["rooms"], &snapshot["requests"]), (&json!([]), &json!([])));
        assert!(snapshot["people"].as_array().expect("a list").iter().all(|person| person["contact"] == false), "{snapshot}");
    }
}

#[test]
fn a_request_outlives_a_restart_of_both() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    ben.keep_port();
    ana.call("add_address", json!({"address": ben.address()}));
    let asker = ben.notice("ana asks", |notice| notice["request"]["peer"].as_str().map(str::to_owned));
    for peer in [&mut ana, &mut ben] {
        assert!(peer.stop().success());
        peer.start_again();
    }
    assert_eq!(ben.snapshot()["requests"][0]["name"], "ana");
    ben.call("answer_request", json!({"peer": asker, "accept": true}));
    let room = ana.watch("ben has accepted", |ana| {
        let row = ana.snapshot()["rooms"][0].clone();
        (row["standing"] == "member").then(|| text(&row["id"]))
    });
    ana.say(&room, "at last");
    ben.until_texts(&room, &["at last"]);
}

#[test]
fn somebody_who_shares_a_room_may_be_asked_for_a_direct_one() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    room_of("Harbour walk", &[&ana, &ben]);
    let row = ana.call("open_direct", json!({"peer": ben.id()}));
    assert_eq!((&row["kind"], &row["standing"]), (&json!("direct"), &json!("requested")), "{row}");
    let room = text(&row["id"]);
    let asker = ben.notice("ana asks", |notice| notice["request"]["peer"].as_str().map(str::to_owned));
    ben.call("answer_request", json!({"peer": asker, "accept": true}));
    ana.watch("ben accepts", |ana| (ana.row(&room)["standing"] == "member").then_some(()));
    ana.say(&room, "between us");
    ben.until_texts(&room, &["between us"]);
    ben.say(&room, "only us");
    ana.until_texts(&room, &["between us", "only us"]);
}

#[test]
fn two_who_ask_each_other_need_no_answer() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let (to_ben, to_ana) = (ben.address(), ana.address());
    let joining = ana.call("add_address", json!({"address": to_ben}));
    ben.notice("ana asks", |notice| notice["request"]["peer"].as_str().map(drop));
    let back = ben.call("add_address", json!({"address": to_ana}));
    assert_eq!(ana.outcome(&joining), ben.outcome(&back));
}

#[test]
fn a_contact_invite_opens_the_same_direct_room_at_both_ends() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    let room = ben.join(&ana.invite(None, 1));
    let (ana_id, ben_id) = (ana.id(), ben.id());
    ana.watch("ben is a contact", |ana| {
        let people = ana.snapshot()["people"].clone();
        people.as_array()?.iter().find(|person| person["peer"] == *ben_id && person["contact"] == true).map(drop)
    });
    assert_eq!(text(&ana.call("open_direct", json!({"peer": ben_id}))["id"]), room);
    let row = ben.row(&room);
    assert_eq!((&row["kind"], &row["name"], &row["peer"]), (&json!("direct"), &json!("ana"), &json!(ana_id)));
    ana.say(&room, "only you read this");
    ben.until_texts(&room, &["only you read this"]);
    assert_eq!(ana.refused("create_invite", json!({"room": room, "uses": 1})), "not_member", "a direct room is for two");
}

#[test]
fn a_direct_room_goes_on_after_both_restart() {
    let (mut ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = ben.join(&ana.invite(None, 1));
    ben.say(&room, "before");
    ana.until_texts(&room, &["before"]);
    for peer in [&mut ana, &mut ben] {
        assert!(peer.stop().success());
        peer.start_again();
    }
    ben.say(&room, "after");
    ana.until_texts(&room, &["before", "after"]);
    ana.say(&room, "still here");
    ben.until_texts(&room, &["before", "after", "still here"]);
}

#[test]
fn an_invite_that_is_used_up_is_refused_with_its_reason() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let room = ana.create_room("Two only");
    let invite = ana.invite(Some(&room), 1);
    ben.join(&invite);
    let joining = chi.call("accept_invite", json!({"text": invite}));
    assert_eq!(chi.outcome(&joining), Err("used_up".to_owned()));
    assert_eq!(chi.snapshot()["rooms"], json!([]));

    let invite = ana.invite(None, 1);
    ben.join(&invite);
    let joining = chi.call("accept_invite", json!({"text": invite}));
    assert_eq!(chi.outcome(&joining), Err("used_up".to_owned()));
    assert_eq!(ana.members(&room), ["ana", "ben"]);
}

#[test]
fn an_attempt_to_reach_nobody_says_why_and_can_be_given_up() {
    let (ana, mut ben) = (Peer::start("ana"), Peer::start("ben"));
    let address = ben.address();
    ben.stop();
    let joining = ana.call("add_address", json!({"address": address}));
    let reason = ana.notice("the reason", |notice| {
        let state = &notice["joining"]["state"];
        (state["state"] == "waiting").then(|| state["reason"].clone())
    });
    assert_eq!(reason, "refused");
    ana.call("cancel_join", json!({"join": joining["id"]}));
    ana.notice("it is gone", |notice| (notice["notice"] == "join_gone" && notice["id"] == joining["id"]).then_some(()));
    assert_eq!(ana.snapshot()["joining"], json!([]));
}

#[test]
fn of_three_who_come_at_once_by_an_invite_for_two_one_is_refused() {
    let ana = Peer::start("ana");
    let others = [Peer::start("ben"), Peer::start("chi"), Peer::start("dia")];
    let room = ana.create_room("Box at the opera");
    let invite = ana.invite(Some(&room), 2);
    let joining: Vec<_> = others.iter().map(|peer| peer.call("accept_invite", json!({"text": invite}))).collect();
    let outcomes: Vec<_> = others.iter().zip(&joining).map(|(peer, joining)| peer.outcome(joining)).collect();
    let count = |outcome: Result<String, String>| outcomes.iter().filter(|known| **known == outcome).count();
    assert_eq!((count(Ok(room.clone())), count(Err("used_up".to_owned()))), (2, 1), "{outcomes:?}");
    assert_eq!(ana.row(&room)["members"], 3);
}
