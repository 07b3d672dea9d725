//! Writing logs.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rooms::limits::{MAX_CONTENT_BYTES, MAX_RUN_BYTES, SEAL_BYTES};
use rooms::{AppendRefused, Author, Clock, Draft, Hlc, Proof, Uuid, Verified, kind, run};
use wire::{ChainHash, Head, LogId, RawEvent};

use crate::people::*;

fn drafts(sizes: &[usize]) -> Vec<Draft> {
    sizes.iter().map(|size| Draft { kind: kind::MESSAGE, payload: vec![b'x'; *size], uuid: Uuid([1; 16]), nonce: [9; 24] }).collect()
}

fn append(author: &mut Author, sizes: &[usize], clock: &mut Clock, now: u64) -> Vec<Verified> {
    author.append(&ana(), &drafts(sizes), clock, now, [3; 16], None).expect("within all limits")
}

/// Cuts where signatures were checked, as a server does.
fn runs(events: &[Verified]) -> Vec<Vec<RawEvent>> {
    events.split_inclusive(|event| event.proof() == Proof::Own).map(raw).collect()
}

proptest! {
    #[test]
    fn ana_never_signs_two_events_with_one_number(
        steps in prop::collection::vec((prop::collection::vec(0..40_usize, 0..5), any::<bool>(), 0..3_u64), 1..20)
    ) {
        let log = LogId(5);
        let mut author = Author::new(room(), log, None);
        let mut clock = Clock::new();
        let mut seen = BTreeMap::new();
        let mut last = (ChainHash([0; 32]), Hlc(0));
        for (sizes, restarts, now) in steps {
            for event in append(&mut author, &sizes, &mut clock, NOON + now) {
                prop_assert_eq!(event.header.seq as usize, seen.len() + 1);
                prop_assert_eq!(event.header.prev, last.0);
                prop_assert!(event.header.hlc > last.1);
                prop_assert_eq!(seen.insert(event.header.seq, event.id()), None);
                last = (event.chain(), event.header.hlc);
            }
            if let (true, Some(head)) = (restarts, author.head()) {
                author = Author::resume(room(), log, head, author.last_hlc());
                clock = Clock::new();
            }
        }
    }

    /// The computer's clock is set as it comes; others' words come, right and wrong; and between
    /// them something is written, as the node does it.
    #[test]
    fn what_is_written_is_shown_at_once_and_stands_after_all_that_was_shown(
        steps in prop::collection::vec((any::<bool>(), prop_oneof![
            NOON - 300_000..NOON + 300_000, Just(NOON + 30 * 86_400_000), Just(NOON - 365 * 86_400_000), Just(4_102_444_800_000),
        ]), 1..60)
    ) {
        let (mut clock, mut author, mut seen, mut now, mut logs) = (Clock::new(), Author::new(room(), LogId(0), None), Vec::new(), NOON, 0);
        for (sets_clock, ms) in steps {
            if sets_clock {
                now = ms;
                clock.put_right(now, seen.iter().copied());
            } else {
                clock.observe(Hlc::from_ms(ms), now);
                seen.push(Hlc::from_ms(ms));
            }
            if author.last_hlc().is_ahead(now) {
                logs += 1;
                author = Author::new(room(), LogId(logs), author.head().map(|head| head.chain));
            }
            let said = append(&mut author, &[1], &mut clock, now).remove(0).header.hlc;
            prop_assert!(!said.is_ahead(now), "held back by others");
            prop_assert!(seen.iter().all(|seen| seen.is_ahead(now) || *seen < said), "before what was shown");
            seen.push(said);
        }
    }

    #[test]
    fn whatever_is_written_travels_in_valid_runs(
        sizes in prop::collection::vec(prop_oneof![0..400_usize, 0..=MAX_CONTENT_BYTES], 1..12),
        seals: bool,
    ) {
        let (sealing, mut author) = (seals.then(sealing), Author::new(room(), LogId(5), None));
        let events = author.append(&ana(), &drafts(&sizes), &mut Clock::new(), NOON, [3; 16], sealing.as_ref()).expect("within all limits");
        prop_assert_eq!(events.len(), sizes.len());
        let mut bytes = 0;
        for raw in runs(&events) {
            bytes += raw.iter().map(|raw| raw.0.len()).sum::<usize>();
            check(&raw).expect("a run that others take");
        }
        prop_assert_eq!(bytes, events.iter().map(|event| event.raw().0.len()).sum::<usize>());
    }
}

#[test]
fn a_prekey_an_epoch_and_words_under_it_are_one_run_in_which_only_the_words_are_sealed() {
    let clear = |kind| Draft { kind, ..drafts(&[40]).remove(0) };
    let all = [clear(kind::PREKEY), clear(kind::EPOCH), clear(kind::EPOCH), drafts(&[5]).remove(0)];
    let written = Author::new(room(), LogId(5), None).append(&ana(), &all, &mut Clock::new(), NOON, [0; 16], Some(&sealing()));
    let events = written.expect("within all limits");
    assert_eq!(events.iter().filter(|event| event.sig.is_some()).count(), 1);
    received(&events).check_sealed().expect("others take it");
    for (event, draft) in events.iter().zip(&all) {
        let is_clear = kind::is_clear(draft.kind);
        assert_eq!((event.is_sealed(), event.header.nonce == [0; 24]), (!is_clear, is_clear));
        assert_eq!(event.header.payload_len as usize, draft.payload.len() + if is_clear { 0 } else { SEAL_BYTES });
        assert_eq!((event.content(), event.payload() == event.content()), (Some(draft.payload.as_slice()), is_clear));
    }
}

#[test]
fn two_drafts_of_the_same_words_are_never_sealed_alike() {
    let payload = |nonce: u8| {
        let draft = Draft { nonce: [nonce; 24], ..drafts(&[5]).remove(0) };
        let written = Author::new(room(), LogId(5), None).append(&ana(), &[draft], &mut Clock::new(), NOON, [0; 16], Some(&sealing()));
        written.expect("within all limits")[0].payload().map(<[u8]>::to_vec)
    };
    assert_eq!(payload(1), payload(1));
    assert_ne!(payload(1), payload(2));
}

#[test]
fn sixty_four_drafts_cost_one_signature() {
    let events = append(&mut Author::new(room(), LogId(5), None), &[300; 64], &mut Clock::new(), NOON);
    assert_eq!(events.iter().filter(|event| event.sig.is_some()).count(), 1);
    assert_eq!(events.last().map(|event| event.proof()), Some(Proof::Own));
}

#[test]
fn a_thousand_drafts_are_signed_as_often_as_runs_need_it() {
    let events = append(&mut Author::new(room(), LogId(5), None), &[300; 1000], &mut Clock::new(), NOON);
    let runs = runs(&events);
    let per_run = MAX_RUN_BYTES / (227 + 300);
    assert!((1000 / per_run..=1000 / per_run + 2).contains(&runs.len()), "{} runs", runs.len());
    assert!(runs.iter().all(|raw| check(raw).is_ok()));
}

#[test]
fn a_log_rises_when_the_clock_falls_a_year_and_jumps_a_day() {
    let day = 86_400_000;
    let mut author = Author::new(room(), LogId(5), None);
    let mut clock = Clock::new();
    let mut events = Vec::new();
    for now in [NOON, NOON - 365 * day, NOON + day, NOON, 0] {
        events.extend(append(&mut author, &[1, 2], &mut clock, now));
    }
    check(&raw(&events)).expect("one run, for its times rise");
}

#[test]
fn a_resumed_log_rises_although_the_clock_was_set_back() {
    let mut author = Author::new(room(), LogId(5), None);
    let mut events = append(&mut author, &[1], &mut Clock::new(), NOON);
    let mut again = Author::resume(room(), LogId(5), author.head().expect("one event"), author.last_hlc());
    events.extend(append(&mut again, &[1], &mut Clock::new(), NOON - 86_400_000));
    check(&raw(&events)).expect("one run");
}

#[test]
fn a_new_log_points_at_the_one_before() {
    let mut author = Author::new(room(), LogId(6), Some(ChainHash([4; 32])));
    assert_eq!(author.head(), None);
    let first = append(&mut author, &[1], &mut Clock::new(), NOON).remove(0);
    assert_eq!((first.header.seq, first.header.prev, first.header.ctl), (1, ChainHash([4; 32]), [3; 16]));
    assert_eq!(author.head(), Some(first.head()));
}

#[test]
fn what_cannot_be_written_leaves_the_log_as_it_was() {
    let full = Head { seq: u32::MAX - 1, chain: ChainHash([0; 32]) };
    let refused = |author: &mut Author, drafts: &[Draft], with| {
        let before = (author.head(), author.last_hlc());
        assert_eq!(author.append(&ana(), drafts, &mut Clock::new(), NOON, [0; 16], None), Err(with));
        assert_eq!((author.head(), author.last_hlc()), before);
    };
    let mut author = Author::new(room(), LogId(5), None);
    refused(&mut author, &drafts(&[1, MAX_CONTENT_BYTES + 1]), AppendRefused::TooLarge);
    refused(&mut author, &[Draft { kind: kind::LEAVE, ..drafts(&[1]).remove(0) }], AppendRefused::WrongLog);
    refused(&mut author, &[Draft { kind: 0, ..drafts(&[1]).remove(0) }], AppendRefused::WrongLog);
    refused(&mut Author::new(room(), LogId(LogId::CONTROL), None), &drafts(&[1]), AppendRefused::WrongLog);
    refused(&mut Author::resume(room(), LogId(5), full, Hlc(0)), &drafts(&[1, 1]), AppendRefused::LogFull);
    assert_eq!(author.append(&ana(), &[], &mut Clock::new(), NOON, [0; 16], None), Ok(Vec::new()));
}

#[test]
fn the_last_sequence_number_can_be_written() {
    let full = Head { seq: u32::MAX - 1, chain: ChainHash([0; 32]) };
    let mut author = Author::resume(room(), LogId(5), full, Hlc(0));
    let event = append(&mut author, &[1], &mut Clock::new(), NOON).remove(0);
    assert_eq!(event.header.seq, u32::MAX);
    run::decode(&raw(&[event]), &room()).expect("a run");
}
