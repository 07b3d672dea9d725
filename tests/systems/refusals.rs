//! What cannot be done ends in a refusal with a code and words, and in nothing else.

use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};

use crate::peer::{Launch, PATIENCE, Peer, text};

#[test]
fn bad_lines_and_bad_calls_are_refused_and_change_nothing() {
    let ana = Peer::start("ana");
    let room = ana.create_room("Quiet");
    let before = (ana.snapshot()["rooms"].clone(), ana.history(&room, None));
    let nobody = "0".repeat(64);
    let cases: &[(&str, Value, &str)] = &[
        ("no_such_call", json!({}), "unknown_call"),
        ("", json!({}), "unknown_call"),
        ("send", json!({}), "bad_arguments"),
        ("send", json!([]), "bad_arguments"),
        ("send", json!({"room": room, "text": "x", "colour": "red"}), "bad_arguments"),
        ("send", json!({"room": room, "text": 7}), "bad_arguments"),
        ("send", json!({"room": nobody, "text": "x"}), "unknown_room"),
        ("send", json!({"room": "kitchen", "text": "x"}), "unknown_room"),
        ("send", json!({"room": room, "text": " \n "}), "empty_text"),
        ("send", json!({"room": room, "text": "\u{200b}\u{2060}\u{ad}\u{fe0f}"}), "empty_text"),
        ("send", json!({"room": room, "text": "\u{0}\u{7}"}), "empty_text"),
        ("send", json!({"room": room, "text": "x".repeat(16 * 1024 + 1)}), "text_too_long"),
        ("send", json!({"room": room, "text": "x", "reply_to": nobody}), "unknown_message"),
        ("edit", json!({"room": room, "message": nobody, "text": "x"}), "unknown_message"),
        ("delete", json!({"room": room, "message": nobody}), "unknown_message"),
        ("react", json!({"room": room, "message": nobody, "emoji": "👍", "on": true}), "unknown_message"),
        ("react", json!({"room": room, "message": nobody, "emoji": "", "on": true}), "bad_arguments"),
        ("react", json!({"room": room, "message": nobody, "emoji": "hello world", "on": true}), "bad_arguments"),
        ("react", json!({"room": room, "message": nobody, "emoji": "👍👍", "on": true}), "bad_arguments"),
        ("react", json!({"room": room, "message": nobody, "emoji": "\u{202e}👍", "on": true}), "bad_arguments"),
        ("timeline", json!({"room": room, "anchor": {"at": "before", "position": "soon"}, "limit": 5}), "bad_arguments"),
        ("timeline", json!({"room": room, "anchor": {"at": "dusk"}, "limit": 5}), "bad_arguments"),
        ("mark_read", json!({"room": room, "up_to": ""}), "bad_arguments"),
        ("create_room", json!({"name": "  "}), "bad_name"),
        ("create_room", json!({"name": "x".repeat(65)}), "bad_name"),
        ("create_room", json!({"name": "\u{200b}"}), "bad_name"),
        ("set_name", json!({"name": "two\nlines"}), "bad_name"),
        ("set_name", json!({"name": "\u{2060}\u{ad}\u{fe0f}"}), "bad_name"),
        ("set_name", json!({"name": "\u{202e}ana"}), "bad_name"),
        ("create_invite", json!({"room": room, "uses": 0}), "bad_arguments"),
        ("create_invite", json!({"room": room, "uses": 1001}), "bad_arguments"),
        ("create_invite", json!({"room": room, "uses": -1}), "bad_arguments"),
        ("accept_invite", json!({"text": "gv1notaninvite"}), "bad_invite"),
        ("accept_invite", json!({"text": "come on in"}), "bad_invite"),
        ("add_address", json!({"address": "nowhere"}), "bad_invite"),
        ("add_address", json!({"address": "127.0.0.1:99999"}), "bad_invite"),
        ("say_hello", json!({"nearby": "nobody"}), "unknown_peer"),
        ("answer_request", json!({"peer": nobody, "accept": true}), "unknown_peer"),
        ("open_direct", json!({"peer": nobody}), "unknown_peer"),
        ("person", json!({"peer": nobody}), "unknown_peer"),
        ("redial", json!({"peer": "ben"}), "unknown_peer"),
        ("leave_room", json!({"room": nobody}), "unknown_room"),
        ("remove_member", json!({"room": nobody, "peer": nobody}), "unknown_room"),
        ("remove_member", json!({"room": room, "peer": nobody}), "unknown_peer"),
        ("add_member", json!({"room": room, "peer": nobody}), "unknown_peer"),
        ("set_role", json!({"room": room, "peer": nobody, "role": "admin"}), "unknown_peer"),
        ("set_role", json!({"room": room, "peer": nobody, "role": "king"}), "bad_arguments"),
        ("set_room", json!({"room": room, "name": " "}), "bad_name"),
        ("set_room", json!({"room": room, "topic": "x".repeat(1025)}), "text_too_long"),
        ("room_invites", json!({"room": nobody}), "unknown_room"),
        ("revoke_invite", json!({"room": room, "id": nobody}), "bad_invite"),
        ("revoke_invite", json!({"room": room, "id": "gv1"}), "bad_invite"),
        ("begin", json!({"name": "ana", "custody": {"kind": "keychain"}}), "already_open"),
        ("unlock", json!({"passphrase": "open sesame"}), "already_open"),
    ];
    for (call, args, code) in cases {
        assert_eq!(ana.refused(call, args.clone()), *code, "{call} {args:.200}");
    }
    let (long, deep) = ([&[b'x'; 2 << 20][..], b"\n"].concat(), [&[b'['; 100_000][..], b"\n"].concat());
    let lines: &[&[u8]] = &[
        b"hello\n",
        b"{\n",
        b"[]\n",
        b"{\"id\":1}\n",
        b"\xff\xfe\x00\n",
        b"{\"call\":7}\n",
        b"null\n",
        &long,
        &deep,
        b"{\"call\":\"a\0\"}\n",
        b"   \n",
    ];
    ana.write(&lines.concat());
    let strays = ana.inbox().wait(Instant::now() + PATIENCE, |heard| (heard.strays.len() >= lines.len() - 1).then(|| heard.strays.clone()));
    for stray in strays.unwrap_or_else(|| ana.fail("each bad line has its answer")) {
        assert_eq!((&stray["id"], &stray["refusal"]["code"]), (&Value::Null, &json!("bad_arguments")), "{stray}");
    }
    assert_eq!((ana.snapshot()["rooms"].clone(), ana.history(&room, None)), before);
    assert_eq!(ana.inbox().lock().unreadable, Vec::<String>::new());
}

#[test]
fn a_name_is_kept_in_one_form_and_a_reaction_too() {
    let ana = Peer::start("ana");
    assert_eq!(ana.call("set_name", json!({"name": " A\u{200b}n\u{ad}a\u{fe0f} "}))["name"], "Ana");
    assert_eq!(ana.call("set_name", json!({"name": "علی\u{200c}رضا"}))["name"], "علی\u{200c}رضا");
    let room = ana.create_room("Qu\u{2060}iet");
    assert_eq!(ana.row(&room)["name"], "Quiet");
    let message = text(&ana.say(&room, "who brings bread?")["id"]);
    for (emoji, on) in [("❤", true), ("❤\u{fe0f}", true), ("👍\u{fe0f}", true), ("👍", false)] {
        ana.call("react", json!({"room": room, "message": message, "emoji": emoji, "on": on}));
    }
    let page = ana.call("timeline", json!({"room": room, "anchor": {"at": "latest"}, "limit": 5}));
    let said = page["messages"].as_array().and_then(|all| all.iter().find(|m| m["id"] == *message)).cloned().unwrap_or_default();
    let hearts: Vec<_> = said["body"]["reactions"].as_array().into_iter().flatten().map(|r| text(&r["emoji"])).collect();
    assert_eq!(hearts, ["❤\u{fe0f}"]);
}

#[cfg(unix)]
#[test]
fn a_profile_whose_name_is_not_utf8_is_a_profile() {
    use std::io::Write;
    use std::os::unix::ffi::OsStrExt;

    let home = tempfile::tempdir().expect("a folder");
    let profile = home.path().join(std::ffi::OsStr::from_bytes(b"pro\xff\xfefile"));
    let mut node = std::process::Command::new(env!("CARGO_BIN_EXE_grapevine-node"));
    node.arg("--profile").arg(&profile).args(["--key-file", "--no-nearby", "--name", "Ana", "--listen", "127.0.0.1:0"]);
    node.env("GRAPEVINE_PASSPHRASE", crate::peer::PASSPHRASE).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = node.spawn().expect("it starts");
    let line = format!("{}\n", json!({"id": 1, "call": "shutdown"}));
    child.stdin.take().expect("it is piped").write_all(line.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(profile.is_dir());

    let unreadable = std::ffi::OsStr::from_bytes(b"\xff");
    for (key, value) in [("--name", unreadable), ("--listen", unreadable)] {
        let refused = std::process::Command::new(env!("CARGO_BIN_EXE_grapevine-node")).arg(key).arg(value).output().expect("it starts");
        assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("UTF-8"), "{key}");
    }
    let mut node = std::process::Command::new(env!("CARGO_BIN_EXE_grapevine-node"));
    node.arg("--profile").arg(home.path().join("ben")).args(["--key-file", "--no-nearby"]).env("GRAPEVINE_PASSPHRASE", unreadable);
    let refused = node.output().expect("it starts");
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("GRAPEVINE_PASSPHRASE"),
        "a passphrase that is not UTF-8"
    );
}

#[test]
fn a_wrong_passphrase_is_told_and_the_right_one_opens() {
    let mut ana = Peer::start("ana");
    let room = ana.create_room("Locked");
    ana.stop();
    let mut ana = ana.relaunched_with(Some("correct horse battery stable"));
    ana.watch("it is wrong", |ana| (ana.call("status", json!({})) == json!({"stage": "needs_passphrase", "wrong": true})).then_some(()));
    assert_eq!(ana.refused("snapshot", json!({})), "not_open");
    assert_eq!(ana.refused("unlock", json!({"passphrase": "guess"})), "wrong_passphrase");
    assert_eq!(ana.call("unlock", json!({"passphrase": crate::peer::PASSPHRASE})), json!({"stage": "open"}));
    assert_eq!(ana.row(&room)["name"], "Locked");
    ana.stop();
}

#[test]
fn a_weak_passphrase_makes_no_profile() {
    let ana = Peer::launch("ana", Launch { passphrase: None, begin: false, ..Launch::default() });
    ana.watch("welcome", |ana| (ana.call("status", json!({}))["stage"] == "welcome").then_some(()));
    for weak in ["", "short", "aaaaaaaaaaaaaaaa"] {
        let args = json!({"name": "ana", "custody": {"kind": "key_file", "passphrase": weak}});
        assert_eq!(ana.refused("begin", args), "weak_passphrase");
    }
    assert_eq!(ana.call("status", json!({}))["stage"], "welcome");
    assert_eq!(identity::custody::found(&ana.profile()).expect("readable"), identity::Found::Nothing);
}

#[test]
fn a_second_process_on_one_profile_is_refused_and_the_first_goes_on() {
    let ana = Peer::start("ana");
    let room = ana.create_room("Mine");
    let second = ana.second();
    let stage = second.watch("refused", |second| {
        let stage = second.call("status", json!({}));
        (stage["stage"] == "unusable").then_some(stage)
    });
    assert_eq!(stage["code"], "profile_in_use", "{stage}");
    assert_eq!(second.refused("snapshot", json!({})), "not_open");
    drop(second);
    ana.say(&room, "still mine");
    assert_eq!(ana.texts(&room), ["still mine"]);
}

#[test]
fn nothing_but_a_question_of_state_is_answered_before_the_profile_is_open() {
    let ana = Peer::launch("ana", Launch { passphrase: None, begin: false, ..Launch::default() });
    ana.watch("welcome", |ana| (ana.call("status", json!({}))["stage"] == "welcome").then_some(()));
    assert_eq!(ana.refused("snapshot", json!({})), "not_open");
    assert_eq!(ana.refused("create_room", json!({"name": "Early"})), "not_open");
    assert_eq!(ana.refused("send", json!({"room": "0".repeat(64), "text": "early"})), "not_open");
    assert_eq!(ana.refused("begin", json!({"name": " ", "custody": {"kind": "key_file", "passphrase": "long enough"}})), "bad_name");
}

#[test]
fn the_end_of_the_input_and_a_polite_kill_both_end_in_order() {
    let mut ana = Peer::start("ana");
    let room = ana.create_room("Diary");
    ana.say(&room, "dear diary");
    assert!(ana.input_ended().success());
    ana.start_again();
    assert_eq!(ana.texts(&room), ["dear diary"]);
    let kill = std::process::Command::new("kill").arg(ana.pid().to_string()).stdin(Stdio::null()).status();
    assert!(kill.expect("kill is there").success());
    assert!(ana.exited().success());
    ana.start_again();
    assert_eq!(ana.texts(&room), ["dear diary"]);
}

#[test]
fn a_client_that_does_not_read_cannot_keep_the_process() {
    let mut ana = Peer::start("ana");
    let room = ana.create_room("Deaf");
    ana.inbox().set_deaf(true);
    // More than the pipe holds.
    ana.write(format!("{}\n", json!({"id": "many", "call": "snapshot"})).repeat(400).as_bytes());
    let kill = std::process::Command::new("kill").arg(ana.pid().to_string()).status();
    assert!(kill.expect("kill is there").success());
    assert!(ana.process_ended().success());
    ana.start_again();
    assert_eq!(ana.row(&room)["name"], "Deaf");
}

const ROOMS: usize = 4;
/// Messages, each with a notice of its own: more than all queues between the node and a deaf client
/// hold.
const MESSAGES: usize = 6_000;

#[test]
fn a_client_that_does_not_read_sees_a_gap_and_a_snapshot_closes_it() {
    let (ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    for n in 0..ROOMS {
        ben.join(&ana.invite(Some(&ana.create_room(&format!("room {n}"))), 1));
    }
    let room = text(&ana.snapshot()["rooms"][0]["id"]);
    ana.inbox().set_deaf(true);
    for n in 1..=MESSAGES {
        ben.call("send", json!({"room": room, "text": format!("{n}")}));
    }
    // The other room members' view is the proof that ana's node has taken everything meanwhile: she
    // answers a join of chi.
    let chi = Peer::start("chi");
    chi.join(&ben.invite(Some(&room), 1));
    chi.until_members(&room, &["ana", "ben", "chi"]);

    ana.inbox().set_deaf(false);
    // An answer means that what had piled up is written; before, the next notice could be one that
    // is lost.
    ana.snapshot();
    ben.call("set_name", json!({"name": "ben at last"}));
    let renamed = |notice: &Value| notice["notice"] == "person_changed" && notice["person"]["name"] == "ben at last";
    ana.watch("ana hears again", |ana| ana.inbox().lock().notices.iter().any(|numbered| renamed(&numbered["notice"])).then_some(()));
    let numbers: Vec<u64> = ana.inbox().lock().notices.iter().filter_map(|numbered| numbered["seq"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "numbers rise");
    assert!(numbers.iter().zip(numbers.iter().skip(1)).any(|(a, b)| a + 1 < *b), "the loss shows as a gap");

    let snapshot = ana.snapshot();
    assert!(snapshot["seq"].as_u64() >= numbers.last().copied(), "the snapshot contains them");
    let people = snapshot["people"].as_array().expect("a list");
    assert!(people.iter().any(|person| person["name"] == "ben at last"), "{people:?}");
    let rows = snapshot["rooms"].as_array().expect("a list");
    assert_eq!(rows.len(), ROOMS);
    assert!(rows.iter().any(|row| row["id"] == *room && row["members"] == 3));
}
