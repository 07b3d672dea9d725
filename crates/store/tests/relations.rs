//! Edits, deletes and reactions: found under what they are about.

mod common;

use common::*;
use rooms::Payload;
use store::{Anchor, Store};

fn all(store: &Store, of: u8) -> Vec<rooms::Verified> {
    store.page(&room(of), Anchor::Latest, 10_000, EVER).entries
}

#[test]
fn relations_are_found_by_their_targets_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (mut ana, mut ben) = (Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2));
    let said = ana.say_many(5);
    let at: Vec<_> = positions(&said);
    let edit = ana.write(Payload::Edit { target: at[1], text: "better".to_owned() });
    let early = ben.write(reaction(at[3], "👍"));
    let late = ben.write(reaction(at[1], "🎉"));
    let delete = ana.write(Payload::Delete { target: at[3] });
    let other = ben.say("between");
    for events in [said.clone(), vec![edit.clone()], vec![early.clone(), late.clone()], vec![delete.clone()], vec![other.clone()]] {
        store.append(&events).expect("the disk has room");
    }
    let mut of_one = vec![edit, late];
    let mut of_three = vec![early, delete.clone()];
    of_one.sort_by_key(|event| event.position());
    of_three.sort_by_key(|event| event.position());
    assert_eq!(store.relations_of(&room(1), &at[1]), of_one);
    assert_eq!(store.relations_of(&room(1), &at[3]), of_three);
    assert!(store.relations_of(&room(1), &at[2]).is_empty());
    assert!(store.relations_of(&room(2), &at[1]).is_empty());
    assert_eq!((store.newest_target(&room(1)), store.newest_target(&room(2))), (Some(at[3]), None));
    assert_eq!(store.relations(&room(1), at[1..=3].to_vec()), [of_one.clone(), of_three.clone()].concat());
    assert_eq!(store.relations(&room(1), at[0..=2].to_vec()), of_one);
    assert_eq!(store.relations(&room(1), [at[0], at[3]]), of_three, "what is said about others is passed over");
    assert!(store.relations(&room(1), []).is_empty());
    let mut shown = [&at[..], &[other.position()]].concat();
    shown.sort();
    assert_eq!(positions(&all(&store, 1)), shown, "relations are not entries");
    store.erase(&delete).expect("relations can be erased");
    assert!(store.relations_of(&room(1), &at[3]).contains(&delete.without_payload()));
    let run =
        rooms::run::decode(&store.range(&room(1), delete.log_key(), 1, 7, 9999), &room(1)).expect("the log is whole, relations included");
    assert_eq!(run.last_seq(), 7);
}

#[test]
fn a_relation_that_could_not_be_read_is_found_once_its_target_is_known() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut store = open(dir.path());
    let mut pen = Pen::new(ana(), room(1), 1);
    let said = pen.say("to be put right");
    // As if the key of its content were not here yet.
    let edit = pen.write(Payload::Edit { target: said.position(), text: "put right".to_owned() }).without_payload();
    let more = pen.say("and more");
    store.append(&[said.clone(), edit.clone(), more]).expect("the disk has room");
    assert_eq!(store.relations_of(&room(1), &said.position()), []);
    assert_eq!(store.range(&room(1), said.log_key(), 1, 3, 9999).len(), 3, "it is in its log");
    store.file_under(&edit, &said.position()).expect("the disk has room");
    store.file_under(&Pen::new(ben(), room(1), 9).say("never stored"), &said.position()).expect("nothing to file");
    for is_built_anew in [false, true, false] {
        if is_built_anew {
            store.close().expect("the disk works");
            std::fs::remove_dir_all(dir.path().join("store/index")).expect("it is there");
            store = open(dir.path());
        }
        assert_eq!(store.relations_of(&room(1), &said.position()), std::slice::from_ref(&edit));
        assert_eq!(store.range(&room(1), said.log_key(), 1, 3, 9999).len(), 3);
        store.erase_now().expect("the disk works");
    }
    store.set_aside([&edit]).expect("the disk has room");
    assert_eq!(store.relations_of(&room(1), &said.position()), []);
}

#[test]
fn what_is_set_aside_is_found_in_its_log_only_and_without_its_content() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut store = open(dir.path());
    let (mut ana, mut ben) = (Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2));
    let hello = ana.say("hello");
    let target = hello.position();
    // In runs of several, with other words in between, so that places share rows.
    let mut log = Vec::new();
    for n in 0..30 {
        let words: Vec<Payload> = (0..n % 4 + 1).map(|k| reaction(target, if k == n { "🎉" } else { "👍" })).collect();
        log.extend(ben.run(&words));
        log.push(ben.say("between"));
    }
    store.append(std::slice::from_ref(&hello)).expect("the disk has room");
    log.chunk_by(|a, _| a.proof() != rooms::Proof::Own).for_each(|run| store.append(run).expect("the disk has room"));
    let about = store.relations_of(&room(1), &target);
    let gone = rooms::superseded(&about);
    let before = rooms::fold(&hello, &about);
    assert!(gone.len() > 40);
    store.set_aside(gone.iter().copied()).expect("the disk has room");
    for reopened in [false, true] {
        if reopened {
            store.close().expect("the disk has room");
            store = open(dir.path());
        }
        let left = store.relations_of(&room(1), &target);
        assert_eq!((left.len(), rooms::fold(&hello, &left)), (about.len() - gone.len(), before.clone()), "reopened: {reopened}");
        let served = store.range(&room(1), log[0].log_key(), 1, log.len() as u32, 99_999);
        let run = rooms::run::decode(&served, &room(1)).expect("the chain is whole");
        assert_eq!((run.head(), served.len()), (log[log.len() - 1].head(), log.len()));
        let bare = served.iter().filter(|raw| rooms::Event::decode((*raw).clone()).is_ok_and(|event| event.payload().is_none()));
        assert_eq!(bare.count(), gone.len());
    }
    store.set_aside(gone).expect("twice is once");
    store.append(&log).expect("passed over: it does not come back");
    assert_eq!(store.relations_of(&room(1), &target).len(), about.len() - rooms::superseded(&about).len());
}
