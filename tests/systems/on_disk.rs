//! What stands in the clear in the folders of profiles: nothing that anybody said or is called.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::peer::{Launch, Peer, text};
use crate::planted::{Planted, written};

const NAMES: [&str; 5] = ["Anaximander", "Benevolence", "Chiaroscuro", "Dandelions", "Evergreens"];
const TITLES: [&str; 3] = ["Winterküche", "summer-kitchen", "topic-of-the-room"];
const WORDS: [&str; 11] = [
    "Frühlingsgefühle",
    "said-before-the-edit",
    "said-by-the-edit",
    "to-be-deleted",
    "an-answer-to-that",
    "from-every-member",
    "for-two-people-only",
    "draft-in-the-room",
    "draft-for-one-person",
    "said-after-the-restart",
    "draft-before-the-kill",
];
/// One emoji of seven characters: fewer bytes would be somewhere by chance.
const EMOJI: &str = "👨‍👩‍👧‍👦";

/// All files of a folder: what each is called below it, and what is in it. A file that went while
/// its program runs is none.
fn copied(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => files.extend(copied(&entry.path())),
            false => files.extend(fs::read(entry.path()).map(|content| (entry.path(), content))),
        }
    }
    files
}

/// The words that are in a copy of these profiles, or in the name of a file, and where.
fn found(planted: &Planted, people: &[Peer]) -> Vec<String> {
    let mut all = Vec::new();
    for peer in people {
        let files = copied(&peer.profile());
        for needed in ["identity.key", ".journal", ".log", "index"] {
            assert!(files.iter().any(|(path, _)| path.to_string_lossy().contains(needed)), "{} has no {needed}", peer.name);
        }
        let is_told = |part: &[u8]| files.iter().any(|(_, content)| content.windows(part.len()).any(|bytes| bytes == part));
        assert!(is_told(b" TRACE "), "its logs tell all that they can");
        for (path, content) in files {
            let mut words = planted.found_in(&content);
            words.extend(planted.found_in(path.to_string_lossy().as_bytes()));
            all.extend(words.into_iter().map(|word| format!("{word} in {}", path.display())));
        }
    }
    all
}

#[test]
fn in_the_profiles_of_five_members_no_word_name_or_title_stands_in_the_clear() {
    // Logs tell all that they can.
    let launch = Launch { env: vec![("GRAPEVINE_LOG", "trace".to_owned())], ..Launch::default() };
    let mut people = ["ana", "ben", "chi", "dan", "eve"].map(|name| Peer::start_with(name, launch.clone()));
    for (peer, name) in people.iter().zip(NAMES) {
        peer.call("set_name", json!({"name": name}));
    }
    let [ana, ben, chi, dan, eve] = &people;
    let room = ana.create_room(TITLES[0]);
    let to_room = ana.invite(Some(&room), 4);
    for peer in [ben, chi, dan, eve] {
        assert_eq!(peer.join(&to_room), room);
    }
    people.iter().for_each(|peer| peer.until_members(&room, &NAMES));
    ana.call("set_room", json!({"room": room, "name": TITLES[1], "topic": TITLES[2]}));
    eve.watch("the topic is set", |eve| (eve.row(&room)["topic"] == TITLES[2]).then_some(()));

    let id = |peer: &Peer, words: &str| text(&peer.message(&room, words)["id"]);
    ana.say(&room, WORDS[0]);
    ben.say(&room, WORDS[1]);
    ben.call("edit", json!({"room": room, "message": id(ben, WORDS[1]), "text": WORDS[2]}));
    chi.say(&room, WORDS[3]);
    people.iter().for_each(|peer| drop(peer.message(&room, WORDS[3])));
    chi.call("delete", json!({"room": room, "message": id(chi, WORDS[3])}));
    dan.call("send", json!({"room": room, "text": WORDS[4], "reply_to": id(dan, WORDS[0])}));
    eve.call("react", json!({"room": room, "message": id(eve, WORDS[0]), "emoji": EMOJI, "on": true}));
    eve.call("set_draft", json!({"room": room, "text": WORDS[7]}));
    let to_ben = ben.invite(None, 1);
    let direct = eve.join(&to_ben);
    eve.say(&direct, WORDS[6]);
    ben.call("set_draft", json!({"room": direct, "text": WORDS[8]}));
    people.iter().for_each(|peer| drop(peer.say(&room, WORDS[5])));

    // All of it is there, by the contract.
    ben.until_texts(&direct, &[WORDS[6]]);
    for peer in &people {
        let said = |peer: &Peer| {
            let mut texts = peer.texts(&room);
            texts.sort();
            let mut wanted = vec![WORDS[0], WORDS[2], WORDS[4]];
            wanted.extend([WORDS[5]; 5]);
            wanted.sort_unstable();
            let emoji = peer.message(&room, WORDS[0])["body"]["reactions"][0]["emoji"] == EMOJI;
            (texts == wanted && emoji && peer.row(&room)["name"] == TITLES[1]).then_some(())
        };
        peer.watch("everything is there", said);
    }
    assert_eq!((&eve.row(&room)["draft"], &ben.row(&direct)["draft"]), (&json!(WORDS[7]), &json!(WORDS[8])));

    let words = NAMES.into_iter().chain(TITLES).chain(WORDS).chain([EMOJI, &to_room, &to_ben]);
    let planted = Planted::new(words);
    let id_of_ana = ana.id();
    assert!(!found(&Planted::new([id_of_ana.as_str()]), &people).is_empty(), "what is no secret stands in her profile");
    let nothing: [String; 0] = [];
    assert_eq!(found(&planted, &people), nothing, "while they run");
    for peer in &mut people {
        peer.keep_port();
        assert!(peer.stop().success());
    }
    assert_eq!(found(&planted, &people), nothing, "after an orderly end");
    people.iter_mut().for_each(Peer::start_again);
    people[2].say(&room, WORDS[9]);
    people[0].call("set_draft", json!({"room": room, "text": WORDS[10]}));
    people.iter().for_each(|peer| drop(peer.message(&room, WORDS[9])));
    for peer in &mut people {
        peer.kill9();
    }
    assert_eq!(found(&planted, &people), nothing, "after a kill");
    // Of what was searched nothing was lost: it is what the people go on with.
    people[0].start_again();
    assert_eq!((people[0].row(&room)["draft"].clone(), people[0].row(&room)["topic"].clone()), (json!(WORDS[10]), json!(TITLES[2])));
}

#[test]
fn a_word_planted_in_a_file_would_be_found_however_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("store/journal");
    fs::create_dir_all(&inner).expect("a folder in it");
    for word in [TITLES[0], WORDS[0], EMOJI] {
        let planted = Planted::new([word]);
        for before in 0..3 {
            for (way, bytes) in written(&["x".repeat(before), word.to_owned(), "y".to_owned()].concat()) {
                fs::write(inner.join("0.journal"), [&[7; 5_000], bytes.as_slice(), &[7; 5_000]].concat()).expect("a file");
                let files = copied(folder.path());
                let found: BTreeSet<&str> = files.iter().flat_map(|(_, content)| planted.found_in(content)).collect();
                assert_eq!((found, files.len()), (BTreeSet::from([word]), 1), "{way}, after {before} others");
            }
        }
    }
}
