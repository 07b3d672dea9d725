//! Where the key is: in a real keychain, or in a sealed file; and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde_json::json;

use crate::bus::Bus;
use crate::peer::{Launch, PASSPHRASE, Peer};

/// The first screen explains within this time that there is no keychain.
const EXPLAINED_WITHIN: Duration = Duration::from_secs(3);

fn on(bus: &Bus) -> Launch {
    Launch { passphrase: None, env: bus.env(), ..Launch::default() }
}

#[test]
fn the_keychain_holds_the_key_and_the_profile_does_not() {
    let bus = Bus::with_keyring();
    let mut ana = Peer::start_with("ana", on(&bus));
    let room = ana.create_room("Diary");
    ana.say(&room, "a secret of mine");
    let me = ana.snapshot()["me"].clone();
    assert_eq!(me["custody"], "keychain");
    assert!(ana.stop().success());

    let found = bus.secret_tool(&["search", "--all", "service", "Grapevine"]);
    let found = String::from_utf8_lossy(&found);
    assert!(found.contains("label = Grapevine identity"), "{found}");
    let marker = fs::read(ana.profile().join("identity.json")).expect("the marker is there");
    let marker: serde_json::Value = serde_json::from_slice(&marker).expect("the marker is JSON");
    assert_eq!(marker["peer"], me["peer"]);
    let entry = marker["keychain_entry"].as_str().expect("it names the item");
    let secret = bus.secret_tool(&["lookup", "service", "Grapevine", "username", entry]);
    // Version, seed, key of the store: see the crate identity.
    assert_eq!((secret.len(), secret.first()), (65, Some(&1)));
    let (seed, store_key) = (&secret[1..33], &secret[33..65]);
    assert_nowhere(&ana.profile(), "the seed", seed);
    assert_nowhere(&ana.profile(), "the key of the store", store_key);
    assert_nowhere(&ana.profile(), "a message", b"a secret of mine");
    assert_nowhere(&ana.profile(), "the name of a room", b"Diary");

    ana.start_again();
    assert_eq!(ana.snapshot()["me"]["peer"], me["peer"]);
    assert_eq!(ana.texts(&room), ["a secret of mine"]);
}

#[test]
fn the_key_file_shows_neither_seed_nor_passphrase() {
    let mut ana = Peer::start("ana");
    let room = ana.create_room("Diary");
    ana.say(&room, "a secret of mine");
    assert_eq!(ana.snapshot()["me"]["custody"], "key_file");
    assert!(ana.stop().success());
    let secrets = identity::custody::open_key_file(&ana.profile(), PASSPHRASE).expect("the passphrase is right");
    assert_nowhere(&ana.profile(), "the seed", &*secrets.identity.seed());
    assert_nowhere(&ana.profile(), "the key of the store", &*secrets.store_key);
    assert_nowhere(&ana.profile(), "the passphrase", PASSPHRASE.as_bytes());
    assert_nowhere(&ana.profile(), "a message", b"a secret of mine");
}

#[test]
fn without_a_keychain_the_reason_is_told_within_three_seconds_and_the_key_file_works() {
    let bus = Bus::without_keyring();
    let began = Instant::now();
    let ana = Peer::launch("ana", Launch { begin: false, ..on(&bus) });
    let stage = ana.watch("welcome", |ana| {
        let stage = ana.call("status", json!({}));
        (stage["stage"] == "welcome").then_some(stage)
    });
    let took = began.elapsed();
    assert_eq!(stage["keychain"]["kind"], "absent", "{stage}");
    assert!(took < EXPLAINED_WITHIN, "explained after {took:?}");
    assert_eq!(ana.refused("begin", json!({"name": "ana", "custody": {"kind": "keychain"}})), "keychain");
    let args = json!({"name": "ana", "custody": {"kind": "key_file", "passphrase": PASSPHRASE}});
    assert_eq!(ana.call("begin", args), json!({"stage": "open"}));
    assert_eq!(ana.snapshot()["me"]["custody"], "key_file");
}

#[test]
fn a_profile_of_the_keychain_is_locked_without_it_and_opens_when_it_is_back() {
    let (with, without) = (Bus::with_keyring(), Bus::without_keyring());
    let mut ana = Peer::start_with("ana", on(&with));
    let me = ana.id();
    ana.stop();
    ana.launch.env = without.env();
    let ana = ana.relaunched();
    let stage = ana.watch("locked", |ana| {
        let stage = ana.call("status", json!({}));
        (stage["stage"] == "locked").then_some(stage)
    });
    assert_eq!(stage["problem"]["kind"], "absent", "{stage}");
    assert_eq!(ana.call("retry", json!({}))["stage"], "locked");
    let mut ana = ana;
    ana.stop();
    ana.launch.env = with.env();
    ana.start_again();
    assert_eq!(ana.id(), me);
}

/// No file below the folder holds these bytes, bare or in a usual way of writing them down.
fn assert_nowhere(folder: &Path, what: &str, bytes: &[u8]) {
    let texts = [
        HEXLOWER.encode(bytes),
        HEXUPPER.encode(bytes),
        BASE64_NOPAD.encode(bytes),
        BASE64URL_NOPAD.encode(bytes),
        BASE32_NOPAD.encode(bytes),
    ];
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let lists = [list.join(","), list.join(", ")];
    let forms = texts.iter().chain(&lists).map(String::as_bytes).chain([bytes]);
    let files = files(folder);
    assert!(files.len() >= 3, "a profile has more files than {files:?}");
    for form in forms {
        for file in &files {
            let content = fs::read(file).expect("a file of ours");
            assert!(!content.windows(form.len()).any(|window| window == form), "{what} is in {}", file.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.file_type().expect("known").is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}
