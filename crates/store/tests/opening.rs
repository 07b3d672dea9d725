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
    let journal = files(dir.path()).into_keys().find(|path| path.extension().is_some_and(|its| its == "journal")).expect("there is one");
    let was = fs::read(&journal).expect("it can be read");
    let mut bytes = was.clone();
    // The form follows on eight bytes that tell what the file is.
    bytes[8] += 1;
    fs::write(&journal, &bytes[..58]).expect("the disk has room");
    let before = files(dir.path());
    assert!(matches!(store::open(dir.path(), &KEY), Err(OpenError::TooNew { found, .. }) if found == store::FORM + 1));
    assert_eq!(before, files(dir.path()));
    fs::write(&journal, &was).expect("the disk has room");
    assert_eq!(opened(dir.path()).end, LastEnd::Orderly, "the other version's data is as it was");
}

#[test]
fn what_an_older_version_kept_is_refused_in_words_and_left_alone() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(dir.path().join("store")).and_then(|()| fs::write(dir.path().join("store/db"), b"of sled")).expect("there is room");
    let refused = store::open(dir.path(), &KEY).err().expect("it is refused");
    assert!(matches!(refused, OpenError::TooOld) && refused.to_string().contains("older version"), "{refused}");
    assert_eq!(fs::read(dir.path().join("store/db")).expect("it is there"), b"of sled");
}

#[test]
fn an_index_that_is_built_anew_tells_how_far_it_is() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, mut pen) = (open(dir.path()), Pen::new(ana(), room(1), 1));
    (0..9_000).for_each(|_| store.append(&[pen.say("words")]).expect("there is room"));
    store.close().expect("the disk works");
    fs::remove_dir_all(dir.path().join("store/index")).expect("it is there");
    let told = std::sync::Mutex::new(Vec::new());
    let opened = store::open_telling(dir.path(), &KEY, |progress| told.lock().expect("nobody panicked").push(progress)).expect("it opens");
    assert_eq!((opened.outcome, opened.store.events()), (Outcome::Normal, 9_000));
    assert_eq!(opened.end, LastEnd::Unclean, "without the index it is not known whether the journal was cut");
    let told = told.into_inner().expect("nobody panicked");
    assert!(told.len() == 3 && told.is_sorted_by_key(|progress| progress.done) && told[0].of > 9_000, "{told:?}");
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
    let check = |when: &str| {
        let files = files(dir.path());
        let holds = |bytes: &[u8]| files.iter().find(|(_, c)| c.windows(bytes.len()).any(|w| w == bytes)).map(|(path, _)| path.clone());
        assert!(holds(b"GVjournl").is_some(), "the search itself works: it finds what a segment begins with");
        for (what, secret) in &secrets {
            assert_eq!(holds(secret), None, "{what} {when}");
        }
    };
    check("while open");
    store.close().expect("the disk works");
    check("after a close");
}
