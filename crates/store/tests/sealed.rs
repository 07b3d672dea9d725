//! What is sealed: found without its key, read with it, and never written in the clear.

mod common;

use std::fs;
use std::path::Path;

use common::disk::{are_found_with_the_key, found_with_the_key};
use common::*;
use proptest::prelude::*;
use rooms::{BadPayload, Payload, Signatures, Verified, superseded};
use store::{Anchor, Outcome, Store};
use wire::ids::EpochId;

const SECRET: u8 = 7;

fn pen(log: u64) -> Pen {
    Pen::new(ana(), room(1), log).sealed(SECRET, room(1))
}

fn edit(of: &Verified, text: &str) -> Payload {
    Payload::Edit { target: of.position(), text: text.to_owned() }
}

/// The same store, with an index that was built from the journal alone, and no key.
fn built_anew(dir: &Path, store: Store) -> Store {
    store.close().expect("the disk works");
    fs::remove_dir_all(dir.join("store/index")).expect("it is there");
    let opened = opened(dir);
    assert_eq!(opened.outcome, Outcome::Normal);
    opened.store
}

fn shown(store: &Store) -> Vec<Verified> {
    store.page(&room(1), Anchor::Latest, 10_000, EVER).entries
}

fn said(event: &Verified) -> Result<Payload, BadPayload> {
    Payload::of(event)
}

#[test]
fn without_a_key_it_is_there_and_says_nothing_and_with_it_all() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut store, mut pen) = (open(dir.path()), pen(1));
    let hello = pen.say("hello");
    let words = [hello.clone(), pen.write(edit(&hello, "hello all")), pen.say("and more")];
    let mut admin = Pen::control(ana(), room(1), 2).sealed(SECRET, room(1));
    let create = admin.write(Payload::Create { nonce: [1; 16], name: "Garden".into(), creator: "Ana".into() });
    store.append(&words).expect("the disk has room");
    store.append(std::slice::from_ref(&create)).expect("the disk has room");
    let log = hello.log_key();
    let all = |store: &Store| {
        let one = |event: Option<Verified>| event.into_iter().collect::<Vec<_>>();
        [
            shown(store),
            one(store.event(&room(1), &hello.position())),
            one(store.event_in(&room(1), &log, 2)),
            store.log_events(&room(1), &log, 1),
            store.control_events(&room(1)),
            store.relations_of(&room(1), &hello.position()),
        ]
    };
    for is_built_anew in [false, true] {
        if is_built_anew {
            store = built_anew(dir.path(), store);
        }
        let without = all(&store);
        assert_eq!(without.each_ref().map(Vec::len), [3, 1, 1, 3, 1, 1]);
        assert!(without.iter().flatten().all(|event| said(event) == Err(BadPayload::Sealed)));
        put_key(store.keyring(), room(1), SECRET);
        let with = all(&store);
        assert_eq!(with, without, "the same events");
        assert!(with.iter().flatten().all(|event| said(event).is_ok()));
        assert_eq!(said(&with[5][0]), said(&words[1]));
        assert_eq!(said(&with[4][0]), said(&create));
    }
}

#[test]
fn what_is_served_stays_sealed_and_whole() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, mut pen) = (open(dir.path()), pen(1));
    put_key(store.keyring(), room(1), SECRET);
    let hello = pen.say("hello");
    let written = [hello.clone(), pen.write(edit(&hello, "hello all")), pen.say("and more")];
    store.append(&written).expect("the disk has room");
    let served = store.range(&room(1), hello.log_key(), 1, 3, 9_999);
    assert_eq!(served, written.each_ref().map(|event| event.raw().clone()));
    let run = rooms::run::decode(&served, &room(1)).expect("it hangs together");
    assert_eq!(run.check_sealed(), Ok(()));
    let verified = run.verify(&Signatures::new(8, 8)).expect("as ana wrote it");
    assert!(verified.iter().all(|event| said(event) == Err(BadPayload::Sealed)));
}

#[test]
fn a_relation_whose_key_comes_later_is_found_once_it_is_filed_also_by_an_index_built_anew() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut store, mut pen) = (open(dir.path()), pen(1));
    let hello = pen.say("hello");
    let (early, late) = (pen.write(edit(&hello, "opened")), pen.write(edit(&hello, "opened later")));
    store.append(&[shut(&hello), early.clone(), shut(&late)]).expect("the disk has room");
    assert_eq!(store.relations_of(&room(1), &hello.position()), std::slice::from_ref(&early));
    store = built_anew(dir.path(), store);
    assert_eq!(store.relations_of(&room(1), &hello.position()), std::slice::from_ref(&early));
    put_key(store.keyring(), room(1), SECRET);
    let found = store.event_in(&room(1), &late.log_key(), 3).expect("it is in its log");
    let target = said(&found).expect("it opens").target().expect("an edit has one");
    store.file_under(&found, &target).expect("the disk has room");
    let both = [early.clone(), late.clone()];
    assert_eq!(store.relations_of(&room(1), &hello.position()), both);
    store = built_anew(dir.path(), store);
    let about = store.relations_of(&room(1), &hello.position());
    assert_eq!(about, both);
    assert!(superseded(&about).is_empty(), "what is shut is not taken for what nobody needs");
    put_key(store.keyring(), room(1), SECRET);
    let about = store.relations_of(&room(1), &hello.position());
    assert_eq!(superseded(&about), [&early]);
    store.set_aside(superseded(&about)).expect("the disk has room");
    store = built_anew(dir.path(), store);
    assert_eq!(store.relations_of(&room(1), &hello.position()), [late]);
}

#[test]
fn nothing_that_was_said_is_on_the_disk_not_even_for_who_has_the_key_of_the_store() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, mut pen) = (open(dir.path()), pen(1));
    put_key(store.keyring(), room(1), SECRET);
    let hello = pen.say("alpha-message");
    let edited = pen.write(edit(&hello, "beta-edit"));
    let clear = Pen::new(ben(), room(1), 3).say("gamma-in-the-clear");
    store.append(&[hello, edited.clone(), shut(&edited), clear]).expect("the disk has room");
    store.file_under(&edited, &edited.position()).expect("the disk has room");
    assert_eq!(store.log_events(&room(1), &edited.log_key(), 1).len(), 2);
    store.close().expect("the disk works");
    let all = ["alpha-message", "beta-edit", "gamma-in-the-clear"];
    assert_eq!(found_with_the_key(dir.path(), &all), ["gamma-in-the-clear"], "the search itself finds what there is");
}

#[test]
fn a_sealed_message_that_was_deleted_leaves_the_disk_and_what_was_said_about_it_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (store, mut pen) = (open(dir.path()), pen(1));
    put_key(store.keyring(), room(1), SECRET);
    let hello = pen.say("hello");
    let edited = pen.write(edit(&hello, "hello all"));
    let stays = pen.say("and more");
    store.append(&[hello.clone(), edited.clone(), stays.clone()]).expect("the disk has room");
    // What is sealed is noise: it is looked for as such.
    let text = |event: &Verified| event.payload().map(|sealed| sealed.to_vec()).expect("it was not erased");
    let sealed = [text(&hello), text(&edited), text(&stays)];
    store.flush().expect("the disk works");
    assert_eq!(are_found_with_the_key(dir.path(), &sealed), [true; 3]);
    store.erase(&hello).expect("the disk has room");
    store.set_aside([&edited]).expect("the disk has room");
    store.erase_now().expect("the disk works");
    store.close().expect("the disk works");
    assert_eq!(are_found_with_the_key(dir.path(), &sealed), [false, false, true]);
    let store = open(dir.path());
    put_key(store.keyring(), room(1), SECRET);
    assert_eq!(shown(&store).iter().map(said).collect::<Vec<_>>(), [Err(BadPayload::Erased), said(&stays)]);
    let served = store.range(&room(1), hello.log_key(), 1, 3, 9_999);
    rooms::run::decode(&served, &room(1)).expect("the chain is whole").verify(&Signatures::new(8, 8)).expect("and signed");
}

#[test]
fn unread_messages_are_counted_by_their_epochs_without_a_key() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said: Vec<Verified> = [(1, 7), (2, 8)]
        .into_iter()
        .flat_map(|(log, secret)| {
            let mut pen = Pen::new(ana(), room(1), log).sealed(secret, room(1));
            pen.run(&[message("one"), message("two")]).iter().map(shut).collect::<Vec<_>>()
        })
        .collect();
    store.append(&said).expect("the disk has room");
    let not_for_me = EpochId(said[3].header.epoch);
    let counts = |header: &rooms::Header| EpochId(header.epoch) != not_for_me;
    assert_eq!(store.count_after(&room(1), None, counts, EVER, 99), 2);
    assert_eq!(store.count_after(&room(1), None, |_| true, EVER, 99), 4);
}

/// What becomes of each of a person's edits.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Opened,
    OpenedLater,
    NeverOpened,
    Erased,
    SetAside,
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![Fate::Opened, Fate::OpenedLater, Fate::NeverOpened, Fate::Erased, Fate::SetAside])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 24 }))]

    #[test]
    fn an_index_built_anew_without_any_key_is_the_one_that_was(fates in prop::collection::vec((any_fate(), 0_usize..3), 1..12), erases: bool) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (mut store, mut ana, mut ben) = (open(dir.path()), pen(1), Pen::new(ben(), room(1), 2).sealed(SECRET, room(1)));
        let messages = ana.run(&["one", "two", "three"].map(message));
        store.append(&messages).expect("the disk has room");
        let (mut expected, mut later) = (vec![Vec::new(); messages.len()], Vec::new());
        for (fate, of) in fates {
            let event = ben.write(edit(&messages[of], "put right"));
            let given = if matches!(fate, Fate::Opened | Fate::Erased | Fate::SetAside) { event.clone() } else { shut(&event) };
            store.append(&[given]).expect("the disk has room");
            let left = match fate {
                Fate::Opened | Fate::OpenedLater => Some(event.clone()),
                Fate::Erased => Some(event.without_payload()),
                Fate::NeverOpened | Fate::SetAside => None,
            };
            expected[of].extend(left);
            later.push((fate, event, messages[of].position()));
        }
        for (fate, event, target) in &later {
            match fate {
                Fate::OpenedLater => store.file_under(event, target).expect("the disk has room"),
                Fate::Erased => store.erase(event).expect("the disk has room"),
                Fate::SetAside => store.set_aside([event]).expect("the disk has room"),
                Fate::Opened | Fate::NeverOpened => {}
            }
        }
        if erases {
            store.erase_now().expect("the disk works");
        }
        for _ in 0..2 {
            let about: Vec<Vec<Verified>> = messages.iter().map(|message| store.relations_of(&room(1), &message.position())).collect();
            prop_assert_eq!(&about, &expected);
            let served = store.range(&room(1), later[0].1.log_key(), 1, u32::MAX, 56_000);
            prop_assert_eq!(served.len(), later.len());
            store = built_anew(dir.path(), store);
        }
    }
}
