//! What opening tells about how things were left, and when it refuses.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::*;
use store::{Anchor, LastEnd, OpenError, Outcome};

/// Every file below a folder, with its content.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).expect("it can be read");
            found.insert(path, content);
        }
    }
    found
}

#[test]
fn only_a_close_is_an_orderly_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let profile = dir.path().join("made/on/the/way");
    let look = |what: &str, outcome: Outcome, end: LastEnd| {
        let opened = opened(&profile);
        assert_eq!((opened.outcome, opened.end), (outcome, end), "{what}");
        opened.store
    };
    let store = look("first start", Outcome::Fresh, LastEnd::Unclean);
    store.append(&Pen::new(ana(), room(1), 1).say_many(3)).expect("the disk has room");
    store.close().expect("the disk works");
    let store = look("after a close", Outcome::Normal, LastEnd::Orderly);
    drop(store);
    let store = look("after a drop", Outcome::Normal, LastEnd::Unclean);
    store.close().expect("the disk works");
    let store = look("after a close without a write", Outcome::Normal, LastEnd::Orderly);
    let late = store.clone();
    store.close().expect("the disk works");
    late.append(&Pen::new(ben(), room(1), 2).say_many(1)).expect("a handle that is left still writes");
    late.flush().expect("the disk works");
    drop(late);
    let store = look("after a write behind the close", Outcome::Normal, LastEnd::Unclean);
    assert_eq!(store.events(), 4);
}

#[test]
fn a_store_that_is_open_is_not_opened_twice() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    assert!(matches!(store::open(dir.path(), &KEY), Err(OpenError::InUse)));
    let handle = store.clone();
    drop(store);
    assert!(matches!(store::open(dir.path(), &KEY), Err(OpenError::InUse)), "a handle is left");
    drop(handle);
    open(dir.path());
}

#[test]
fn another_key_is_refused_and_nothing_changes_for_the_right_one() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said = Pen::new(ana(), room(1), 1).say_many(3);
    store.append(&said).expect("the disk has room");
    store.close().expect("the disk works");
    for _ in 0..2 {
        assert!(matches!(store::open(dir.path(), &[43; 32]), Err(OpenError::WrongKey)));
    }
    let opened = opened(dir.path());
    assert_eq!((opened.outcome, opened.end), (Outcome::Normal, LastEnd::Orderly));
    assert_eq!(opened.store.page(&room(1), Anchor::Latest, 9, EVER).entries, said);
}

#[test]
fn a_newer_form_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    open(dir.path()).close().expect("the disk works");
    let write_form = |form: u16| {
        let db = sled::Config::new().path(dir.path().join("store")).open().expect("nobody has it open");
        db.insert(b"V", &form.to_be_bytes()).expect("the disk has room");
        db.flush().expect("the disk works");
    };
    write_form(store::SCHEMA + 1);
    let before = files(dir.path());
    assert!(matches!(store::open(dir.path(), &KEY), Err(OpenError::TooNew { found }) if found == store::SCHEMA + 1));
    let after = files(dir.path());
    assert_eq!(before.keys().collect::<Vec<_>>().len(), after.keys().len());
    write_form(store::SCHEMA);
    assert_eq!(opened(dir.path()).end, LastEnd::Orderly, "the other version's data is as it was");
}

#[test]
fn a_profile_that_cannot_be_written_is_a_refusal_not_a_repair() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("not-a-folder");
    fs::write(&file, b"mine").expect("the disk has room");
    assert!(matches!(store::open(&file, &KEY), Err(OpenError::Io(_))));
    assert_eq!(fs::read(&file).expect("still there"), b"mine");
}

#[test]
fn no_text_name_room_person_or_key_is_on_disk_in_clear() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ana(), room(0xab), 1);
    let said = pen.say("the treasure lies under the elm");
    let mut events = vec![said.clone(), pen.write(reaction(said.position(), "🌳"))];
    events.extend(pen.run(&vec![message("so they say of the treasure"); 100]));
    store.append(&events).expect("the disk has room");
    let row = store::RoomRow {
        room: room(0xab),
        kind: store::RoomKind::Direct(ben().peer()),
        name: "Treasure hunters".to_owned(),
        standing: store::Standing::Member,
        read_up_to: None,
        draft: "treasure map".to_owned(),
        active_at: NOON,
        own_logs: Vec::new(),
    };
    store.put(&row).expect("the disk has room");
    store.put_setting(store::Setting::DisplayName, "Treasurer").expect("the disk has room");
    store.flush().expect("the disk works");
    let secrets: [(&str, Vec<u8>); 8] = [
        ("text", b"treasure".to_vec()),
        ("name", b"Treasure".to_vec()),
        ("emoji", "🌳".as_bytes().to_vec()),
        ("room", room(0xab).0[..16].to_vec()),
        ("ana", ana().peer().as_bytes()[..8].to_vec()),
        ("ben", ben().peer().as_bytes()[..8].to_vec()),
        ("signature", said.sig.expect("it is signed").as_bytes()[..8].to_vec()),
        ("root key", KEY[..8].to_vec()),
    ];
    let id = said.id();
    let check = |when: &str| {
        let files = files(dir.path());
        let holds = |bytes: &[u8]| files.iter().find(|(_, c)| c.windows(bytes.len()).any(|w| w == bytes)).map(|(path, _)| path.clone());
        assert!(holds(&id.0).is_some(), "the search itself works: ids of events are visible");
        for (what, secret) in &secrets {
            assert_eq!(holds(secret), None, "{what} {when}");
        }
    };
    check("while open");
    store.close().expect("the disk works");
    check("after a close");
}
