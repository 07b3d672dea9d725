//! What was deleted, superseded or written over is on the disk no more, not even for somebody who
//! has the key.

mod common;

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use common::disk::found_with_the_key;
use common::*;
use rooms::Payload;
use store::{Anchor, LastEnd, Outcome, RoomRow, Setting};

fn row(draft: &str) -> RoomRow {
    RoomRow {
        room: room(1),
        kind: store::RoomKind::Group,
        name: "Garden".to_owned(),
        standing: store::Standing::Member,
        read_up_to: None,
        draft: draft.to_owned(),
        active_at: NOON,
        own_logs: Vec::new(),
    }
}

const GONE: [&str; 5] = ["alpha-deleted", "beta-superseded", "gamma-draft", "delta-name", "epsilon-again"];
const STAYS: [&str; 3] = ["zeta-message", "eta-draft", "theta-name"];

#[test]
fn after_an_erasure_nothing_of_it_is_found_with_the_key_in_hand() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ana(), room(1), 1);
    let said = pen.run(&["zeta-message", "alpha-deleted", "more"].map(message));
    let edits =
        ["beta-superseded", "in the end"].map(|text| pen.write(Payload::Edit { target: said[0].position(), text: text.to_owned() }));
    let single = pen.say("epsilon-again");
    store.append(&said).expect("there is room");
    edits.iter().for_each(|edit| store.append(std::slice::from_ref(edit)).expect("there is room"));
    store.append(std::slice::from_ref(&single)).expect("there is room");
    ["gamma-draft", "eta-draft"].iter().for_each(|draft| store.put(&row(draft)).expect("there is room"));
    ["delta-name", "theta-name"].iter().for_each(|name| store.put_setting(Setting::DisplayName, name).expect("there is room"));
    store.flush().expect("the disk works");
    let mut all = [&GONE[..], &STAYS].concat();
    all.sort_unstable();
    assert_eq!(found_with_the_key(dir.path(), &all), all, "they are found where nothing was erased");

    store.erase(&said[1]).expect("there is room");
    store.erase(&single).expect("there is room");
    store.set_aside([&edits[0]]).expect("there is room");
    assert_eq!(store.erased_up_to(), None);
    let mark = store.mark();
    store.erase_now().expect("the disk works");
    assert_eq!(store.erased_up_to(), Some(mark));
    let mut stays = STAYS.to_vec();
    stays.sort_unstable();
    assert_eq!(found_with_the_key(dir.path(), &all), stays, "while it is open");
    store.close().expect("the disk works");
    assert_eq!(found_with_the_key(dir.path(), &all), stays);

    // Also for an index that is built from what is left.
    for is_built_anew in [false, true] {
        if is_built_anew {
            fs::remove_dir_all(dir.path().join("store/index")).expect("it is there");
        }
        let opened = opened(dir.path());
        assert_eq!(opened.outcome, Outcome::Normal);
        assert!(is_built_anew || opened.end == LastEnd::Orderly);
        let store = opened.store;
        let shown = store.page(&room(1), Anchor::Latest, 10, EVER).entries;
        assert_eq!(shown, [said[0].clone(), said[1].without_payload(), said[2].clone(), single.without_payload()]);
        assert_eq!(store.relations_of(&room(1), &said[0].position()), edits[1..]);
        let served = store.range(&room(1), said[0].log_key(), 1, 6, 9_999);
        assert_eq!(rooms::run::decode(&served, &room(1)).expect("the chain is whole").last_seq(), 6);
        assert_eq!(
            (store.get::<RoomRow>(&room(1)), store.setting(Setting::DisplayName)),
            (Some(row("eta-draft")), Some("theta-name".into()))
        );
        store.erase_now().expect("the disk works");
        store.close().expect("the disk works");
    }
    assert_eq!(found_with_the_key(dir.path(), &all), stays);
}

#[test]
fn what_is_written_while_something_is_erased_stays() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (done, erased) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut count = 0;
    std::thread::scope(|scope| {
        let erasing = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                store.erase_now().expect("the disk works");
                erased.fetch_add(1, Ordering::AcqRel);
            }
        });
        let mut pen = Pen::new(ana(), room(1), 1);
        while (count < 2_000 || erased.load(Ordering::Acquire) < 3) && !erasing.is_finished() {
            store.append(&[pen.say(&count.to_string())]).expect("there is room");
            store.put(&row(&count.to_string())).expect("there is room");
            count += 1;
        }
        done.store(true, Ordering::Release);
    });
    let check = |store: &store::Store| {
        let shown = store.page(&room(1), Anchor::Latest, 1_000_000, EVER).entries;
        assert_eq!(shown.iter().filter(|event| event.payload().is_some()).count(), count);
        assert_eq!((store.get::<RoomRow>(&room(1)), store.unreadable()), (Some(row(&(count - 1).to_string())), 0));
    };
    check(&store);
    store.erase_now().expect("the disk works");
    check(&store);
    store.close().expect("the disk works");
    check(&open(dir.path()));
}
