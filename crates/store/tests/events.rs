//! What is appended is there, in its order, once, also after a restart.

mod common;

use common::*;
use proptest::prelude::*;
use rooms::authority::{Role, Setting};
use rooms::{Hlc, Payload, Proof, Uuid, Verified};
use store::{Anchor, Store, StoreError};
use wire::ids::EventId;

fn all(store: &Store, of: u8) -> Vec<Verified> {
    store.page(&room(of), Anchor::Latest, 10_000, EVER).entries
}

#[test]
fn what_was_appended_is_there_after_a_restart_byte_for_byte() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut ana, mut ben) = (Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2));
    let mut said = Vec::new();
    for n in 0..50 {
        let pen = if n % 3 == 0 { &mut ana } else { &mut ben };
        pen.now_ms = NOON + n;
        said.push(pen.say(&format!("words {n}")));
    }
    let store = open(dir.path());
    store.append(&said).expect("the disk has room");
    let heads = store.heads(&room(1));
    assert_eq!(all(&store, 1), said);
    store.flush().expect("the disk works");
    drop(store);
    let store = open(dir.path());
    assert_eq!(all(&store, 1), said, "content and proof are as they were");
    assert_eq!(store.heads(&room(1)), heads);
    assert_eq!(store.events(), 50);
    assert_eq!(heads.len(), 2);
    for last in [&said[48], &said[49]] {
        assert!(heads.iter().any(|(log, end)| *log == last.log_key() && end.head == last.head() && end.hlc == last.header.hlc));
    }
    assert!(store.heads(&room(2)).is_empty());
    assert!(all(&store, 2).is_empty());
    assert_eq!(store.unreadable(), 0);
}

#[test]
fn appending_again_changes_nothing_and_a_gap_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said = Pen::new(ana(), room(1), 1).say_many(10);
    store.append(&said[..4]).expect("they begin a log");
    store.append(&said[..6]).expect("overlap is passed over");
    store.append(&said[2..3]).expect("so is the past");
    assert!(matches!(store.append(&said[7..]), Err(StoreError::Gap { expected: 7, seq: 8 })));
    assert_eq!(all(&store, 1), said[..6]);
    store.append(&said).expect("nothing was spoilt");
    assert_eq!(all(&store, 1), said);
}

#[test]
fn events_of_one_time_and_uuid_do_not_overwrite_each_other() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let twin = Uuid([7; 16]);
    let one = Pen::new(ana(), room(1), 1).write_as(&message("one"), twin);
    let other = Pen::new(ben(), room(1), 2).write_as(&message("other"), twin);
    assert_eq!((one.header.hlc, one.header.uuid), (other.header.hlc, other.header.uuid));
    store.append(&[one.clone(), other.clone()]).expect("both are new");
    let mut both = vec![one, other];
    both.sort_by_key(|event| event.position());
    assert_eq!(all(&store, 1), both);
    assert_eq!(store.range(&room(1), both[0].log_key(), 1, 1, 9999), [both[0].raw().clone()]);
    assert_eq!(store.range(&room(1), both[1].log_key(), 1, 1, 9999), [both[1].raw().clone()]);
}

#[test]
fn erasing_takes_the_content_and_keeps_the_chain() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said = Pen::new(ana(), room(1), 1).say_many(3);
    store.append(&said).expect("the disk has room");
    store.erase(&said[1]).expect("it is there");
    store.erase(&said[1]).expect("twice is once");
    store.erase(&Pen::new(ben(), room(1), 9).say("never stored")).expect("nothing to erase");
    store.append(&said).expect("passed over: erased content does not come back");
    let kept = all(&store, 1);
    assert_eq!(kept[1], said[1].without_payload());
    assert_eq!([&kept[0], &kept[2]], [&said[0], &said[2]]);
    let served = store.range(&room(1), said[0].log_key(), 1, 3, 9999);
    let run = rooms::run::decode(&served, &room(1)).expect("the chain is whole");
    assert_eq!(run.head(), said[2].head());
    assert_eq!(store.event(&room(1), &said[1].position()), Some(said[1].without_payload()));
}

#[test]
fn a_served_range_is_one_run_that_ends_in_a_checked_signature() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ana(), room(1), 1);
    let mut said: Vec<Verified> = Vec::new();
    for n in [3, 1, 5, 40] {
        let run = pen.say_many(n);
        store.append(&run).expect("the disk has room");
        said.extend(run);
    }
    let log = said[0].log_key();
    let served = |from, to, max| store.range(&room(1), log, from, to, max).len();
    assert_eq!(said.iter().filter(|e| e.proof() == Proof::Own).map(|e| e.header.seq).collect::<Vec<_>>(), [3, 4, 9, 49]);
    assert_eq!(served(1, 1, 60_000), 3, "extended to the signed one");
    assert_eq!(served(2, 4, 60_000), 3);
    assert_eq!(served(5, 6, 60_000), 5);
    assert_eq!(served(10, 10, 60_000), 40);
    assert_eq!(served(1, 49, 60_000), 49);
    let eight: usize = said[..8].iter().map(|e| e.raw().0.len()).sum();
    assert_eq!(served(1, 49, eight), 4, "cut back to the last signed one that fits");
    assert_eq!(served(1, 49, 100), 0, "not even the first run fits");
    assert_eq!(served(50, 60, 60_000), 0);
    assert_eq!(served(5, 4, 60_000), 5, "a reader that asks for nothing still gets a run");
    let bytes = store.range(&room(1), log, 4, 20, 60_000);
    assert_eq!(bytes, said[3..].iter().map(|e| e.raw().clone()).collect::<Vec<_>>());
}

#[test]
fn the_control_log_comes_back_in_order_and_apart_from_the_talk() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (mut rules, mut talk) = (Pen::control(ana(), room(1), 1), Pen::new(ana(), room(1), 2));
    let by = EventId([6; 32]);
    let control = rules.run(&[
        Payload::Create { nonce: [1; 16], name: "Garden".to_owned(), creator: "Ana".to_owned() },
        Payload::Invite { by, key: [5; 32], uses: 3, expires: 0 },
        Payload::Add { by, device: ben().peer(), name: "Ben".to_owned(), round: 1, pass: None },
        Payload::Revoke { by, invite: EventId([7; 32]), used: Vec::new() },
        Payload::Remove { by, device: ben().peer(), round: 1, cut: Vec::new() },
        Payload::SetRole { by, device: ben().peer(), round: 2, turn: 1, role: Role::Admin, cut: Vec::new() },
        Payload::Set { by, version: 1, setting: Setting::Topic("what grows".to_owned()), known: Vec::new() },
    ]);
    let words = talk.say_many(2);
    let mut bens = Pen::control(ben(), room(1), 3);
    bens.now_ms += 1;
    let left = bens.write(Payload::Leave { by, round: 1, cut: Vec::new() });
    for events in [&control[..], &words[..], std::slice::from_ref(&left)] {
        store.append(events).expect("the disk has room");
    }
    let back = store.control_events(&room(1));
    assert_eq!(back.len(), 8);
    assert!(control.iter().chain([&left]).all(|event| back.contains(event)));
    let ours: Vec<_> = back.into_iter().filter(|event| event.header.device == ana().peer()).collect();
    assert_eq!(ours, control, "each log in order");
    let shown = all(&store, 1);
    let kinds: Vec<u8> = shown.iter().map(|event| event.header.kind).collect();
    assert!(!kinds.contains(&rooms::kind::INVITE) && !kinds.contains(&rooms::kind::REVOKE));
    assert_eq!(shown.len(), 8, "create, add, remove, role, topic, two messages, leave");
}

#[test]
fn a_closed_log_is_cut_and_stays_closed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ben(), room(1), 2);
    let said = pen.say_many(600);
    let anas = Pen::new(ana(), room(1), 1).say_many(3);
    store.append(&said).expect("the disk has room");
    store.append(&anas).expect("the disk has room");
    store.flush().expect("the disk works");
    let log = said[0].log_key();
    store.close_log(&room(1), &log, Some((said[9].head(), said[9].header.hlc))).expect("the disk works");
    store.append(&said).expect("passed over");
    let check = |store: &Store| {
        let head = store.heads(&room(1)).into_iter().find(|(l, _)| *l == log).map(|(_, head)| head).expect("it is known");
        assert!(head.forked);
        assert_eq!(head.head, said[9].head());
        let bens = all(store, 1).into_iter().filter(|e| e.header.device == ben().peer()).count();
        assert_eq!(bens, 10);
        assert_eq!(store.events(), 13);
    };
    check(&store);
    drop(store);
    let opened = opened(dir.path());
    assert_eq!(opened.outcome, store::Outcome::Normal, "nothing counts as lost");
    check(&opened.store);
    opened.store.close_log(&room(1), &log, None).expect("an earlier fork moves the end back");
    assert_eq!(opened.store.events(), 3);
    assert!(opened.store.range(&room(1), log, 1, 9, 60_000).is_empty());
}

#[test]
fn a_message_is_found_by_id_also_after_a_restart() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said = Pen::new(ana(), room(1), 1).say_many(40);
    store.append(&said).expect("the disk has room");
    let check = |store: &Store| {
        for event in &said {
            assert_eq!(store.find(&room(1), &event.id()), Some(event.position()));
            assert_eq!(store.find(&room(2), &event.id()), None);
        }
        assert_eq!(store.find(&room(1), &EventId([9; 32])), None);
    };
    check(&store);
    store.flush().expect("the disk works");
    drop(store);
    check(&open(dir.path()));
}

#[test]
fn only_messages_of_others_that_may_be_shown_count_as_unread() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (mut ana_pen, mut ben_pen) = (Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2));
    let mut said = Vec::new();
    for n in 0..10u64 {
        ana_pen.now_ms = NOON + 10 * n;
        ben_pen.now_ms = NOON + 10 * n + 5;
        said.extend([ana_pen.say("mine"), ben_pen.say("yours")]);
    }
    said.push(ben_pen.write(reaction(said[0].position(), "👍")));
    said.push(Pen::control(ben(), room(1), 3).write(Payload::Leave { by: EventId([6; 32]), round: 1, cut: Vec::new() }));
    store.append(&said).expect("the disk has room");
    let me = ana().peer();
    let count = |from: Option<usize>, until: Hlc, cap| {
        store.count_after(&room(1), from.map(|n| said[n].position()).as_ref(), |header| header.device != me, until, cap)
    };
    assert_eq!(count(None, EVER, 999), 10);
    assert_eq!(count(None, EVER, 4), 4);
    assert_eq!(count(Some(1), EVER, 999), 9, "the position itself is read");
    assert_eq!(count(Some(19), EVER, 999), 0);
    assert_eq!(count(None, said[9].header.hlc, 999), 5);
    assert_eq!(count(Some(12), said[9].header.hlc, 999), 0);
    assert_eq!(store.count_after(&room(1), None, |_| false, EVER, 999), 0, "nobody counts");
}

#[test]
fn the_largest_messages_survive_a_restart() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ana(), room(1), 1);
    let said: Vec<_> = (0..200).map(|n| pen.say(&"w".repeat(rooms::limits::MAX_TEXT_BYTES - n))).collect();
    for some in said.chunks(3) {
        store.append(some).expect("the disk has room");
        store.flush().expect("large pages are synced too");
    }
    drop(store);
    assert_eq!(all(&open(dir.path()), 1), said);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_cutting_of_several_logs_into_calls_stores_the_same(cuts in prop::collection::vec((0usize..3, 1usize..40), 1..40)) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = open(dir.path());
        let mut pens = [Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2), Pen::new(chi(), room(2), 3)];
        let mut said = Vec::new();
        for (who, n) in cuts {
            let run = pens[who].say_many(n);
            store.append(&run).expect("the disk has room");
            said.extend(run);
        }
        for of in [1, 2] {
            let mut expected: Vec<_> = said.iter().filter(|e| e.header.room == room(of)).cloned().collect();
            expected.sort_by_key(|event| event.position());
            prop_assert_eq!(all(&store, of), expected);
            for (log, head) in store.heads(&room(of)) {
                let mut from = 1;
                while from <= head.head.seq {
                    let served = store.range(&room(of), log, from, head.head.seq, 56 * 1024);
                    let run = rooms::run::decode(&served, &room(of)).expect("what is served is a run");
                    prop_assert_eq!(run.first_seq(), from);
                    from = run.last_seq() + 1;
                }
            }
        }
    }
}

#[test]
fn the_time_of_one_event_is_read_without_its_run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let said = Pen::new(ana(), room(1), 1).say_many(10);
    store.append(&said).expect("the disk has room");
    let log = said[0].log_key();
    for event in &said {
        assert_eq!(store.hlc_at(&room(1), log, event.header.seq), Some(event.header.hlc));
    }
    assert_eq!(store.hlc_at(&room(1), log, 11), None);
    assert_eq!(store.hlc_at(&room(2), log, 1), None);
}

/// A member may say as much as they like about messages that were never written.
#[test]
fn invented_targets_are_passed_over() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let (mut ana, mut ben) = (Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2));
    let (mut at, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        ana.now_ms += 1_000;
        let said = ana.say("hello");
        at.push(said.position());
        store.append(&[said]).expect("the disk has room");
    }
    for (n, place) in at.iter().enumerate() {
        for later in (0..n as u64 * 20).rev() {
            let mut invented = *place;
            invented.hlc.0 += 1 + later;
            store.append(&[ben.write(reaction(invented, "👍"))]).expect("the disk has room");
        }
        let real = ben.write(reaction(*place, "👍"));
        store.append(std::slice::from_ref(&real)).expect("the disk has room");
        expected.push(real);
    }
    assert_eq!(store.relations(&room(1), at.clone()), expected);
    assert_eq!(store.relations(&room(1), [at[0], at[2], at[4]]), [0, 2, 4].map(|n: usize| expected[n].clone()));
}
