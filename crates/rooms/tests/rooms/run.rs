//! Runs: what one signature vouches for, and what it does not.

use identity::{Identity, PeerId};
use rooms::limits::{MAX_RUN_BYTES, MAX_RUN_EVENTS};
use rooms::{Event, EventFault, Fit, Header, Hlc, Proof, Run, Signatures, run};
use wire::{ChainHash, LogId, RawEvent, RoomId};

use crate::people::*;

/// `n` messages of ana's with one signature.
fn written(n: usize) -> Vec<rooms::Verified> {
    let payloads: Vec<_> = (0..n).map(|i| message(&format!("line {i}"))).collect();
    Device::new(ana()).write_all(&payloads)
}

/// Headers of a chain of unsigned forged events, changed by `change` before the next one points
/// back at them.
fn forged_chain(n: u32, change: impl Fn(u32, &mut Header)) -> Vec<RawEvent> {
    let mut prev = ChainHash([0; 32]);
    let mut events = Vec::new();
    for seq in 1..=n {
        let mut header = Header { seq, prev, hlc: Hlc(Hlc::from_ms(NOON).0 + u64::from(seq)), ..header(b"hello") };
        change(seq, &mut header);
        let raw = forge(&header, (seq == n).then_some(&ana()), b"hello");
        prev = Event::decode(raw.clone()).expect("its form is right").chain();
        events.push(raw);
    }
    events
}

#[test]
fn one_signature_vouches_for_the_whole_run() {
    let events = written(64);
    assert_eq!(events.iter().filter(|event| event.sig.is_some()).count(), 1);
    let back = check(&raw(&events)).expect("as written");
    assert_eq!(back, events);
    assert!(back.iter().rev().skip(1).all(|event| event.proof() == Proof::Later) && back[63].proof() == Proof::Own);
}

#[test]
fn every_flipped_bit_of_a_run_is_refused() {
    let mut ana = Device::new(ana());
    let mut events = ana.write_all(&[message("one"), message("two")]);
    events.extend(ana.write_all(&[message("three"), message("four")]));
    let events = raw(&events);
    check(&events).expect("as written");
    for (index, event) in events.iter().enumerate() {
        for at in 0..event.0.len() {
            for bit in [0, 3, 7] {
                let mut changed = events.clone();
                let mut bytes = event.0.to_vec();
                bytes[at] ^= 1 << bit;
                changed[index] = RawEvent(bytes.into());
                assert!(check(&changed).is_err(), "event {index}, byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn a_run_without_its_signed_end_is_refused() {
    let events = raw(&written(3));
    assert_eq!(check(&events[..2]), Err(EventFault::Unsigned));
    assert_eq!(check(&[]), Err(EventFault::RunSize));
}

#[test]
fn ben_signs_as_ana_and_is_refused() {
    let forged = forge(&header(b"I owe ben money"), Some(&ben()), b"I owe ben money");
    assert_eq!(check(&[forged]), Err(EventFault::Signature));
}

#[test]
fn a_signature_for_another_purpose_is_refused() {
    let bytes = header(b"hello").encode();
    let sig = ana().sign(b"grapevine/1 record", &bytes);
    let event = RawEvent([&[3], bytes.as_slice(), sig.as_bytes(), b"hello"].concat().into());
    assert_eq!(check(&[event]), Err(EventFault::Signature));
}

#[test]
fn a_small_order_key_signs_nothing() {
    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    let header = Header { device: PeerId::from_bytes(identity_point), ..header(b"hello") };
    // R = the identity point and S = 0 satisfies the equation for every message if small orders are
    // allowed.
    let mut sig = [0; 64];
    sig[0] = 1;
    let event = RawEvent([&[3], header.encode().as_slice(), &sig, b"hello"].concat().into());
    assert_eq!(check(&[event]), Err(EventFault::Signature));
}

#[test]
fn a_broken_chain_is_refused() {
    let refused = |change: fn(u32, &mut Header), with| assert_eq!(check(&forged_chain(3, change)), Err(with));
    check(&forged_chain(3, |_, _| {})).expect("unchanged, it is a run");
    refused(
        |seq, header| {
            if seq == 2 {
                header.prev = ChainHash([9; 32])
            }
        },
        EventFault::Chain,
    );
    refused(
        |seq, header| {
            if seq == 2 {
                header.seq = 3
            }
        },
        EventFault::Seq,
    );
    refused(
        |seq, header| {
            if seq == 2 {
                header.seq = 1
            }
        },
        EventFault::Seq,
    );
    refused(
        |seq, header| {
            if seq == 2 {
                header.log = LogId(2)
            }
        },
        EventFault::Log,
    );
    refused(
        |seq, header| {
            if seq == 3 {
                header.device = ben().peer()
            }
        },
        EventFault::Log,
    );
    refused(
        |seq, header| {
            if seq == 3 {
                header.room = RoomId([1; 32])
            }
        },
        EventFault::Room,
    );
    refused(
        |seq, header| {
            if seq == 3 {
                header.hlc = Hlc(Hlc::from_ms(NOON).0 + 2)
            }
        },
        EventFault::Time,
    );
    refused(
        |seq, header| {
            if seq == 3 {
                header.hlc = Hlc(0)
            }
        },
        EventFault::Time,
    );
}

#[test]
fn a_log_at_the_last_sequence_number_has_no_next() {
    let first = forge(&Header { seq: u32::MAX, ..header(b"hello") }, None, b"hello");
    let prev = Event::decode(first.clone()).expect("its form is right").chain();
    let second = forge(&Header { seq: 1, prev, hlc: Hlc(u64::MAX), ..header(b"hello") }, Some(&ana()), b"hello");
    assert_eq!(check(&[first, second]), Err(EventFault::Seq));
}

#[test]
fn an_event_of_another_room_is_refused() {
    let elsewhere = Device::within(RoomId([1; 32]), ana()).says("psst");
    assert_eq!(check(&raw(&[elsewhere])), Err(EventFault::Room));
}

#[test]
fn ben_points_back_into_anas_log_and_is_refused() {
    let of_ana = written(2);
    let header = Header { device: ben().peer(), seq: 3, prev: of_ana[1].chain(), hlc: Hlc(u64::MAX), ..header(b"hello") };
    let mut events = raw(&of_ana);
    events.push(forge(&header, Some(&ben()), b"hello"));
    assert_eq!(check(&events), Err(EventFault::Log));
}

#[test]
fn times_of_1970_2100_and_the_end_of_the_scale_are_valid() {
    for hlc in [0, Hlc::from_ms(4_102_444_800_000).0, u64::MAX] {
        let event = forge(&Header { hlc: Hlc(hlc), ..header(b"hello") }, Some(&ana()), b"hello");
        check(&[event]).expect("validity never depends on the local clock");
    }
}

#[test]
fn a_stripped_signature_inside_a_run_is_refused() {
    let mut ana = Device::new(ana());
    let events = raw(&[ana.says("one"), ana.says("two")]);
    let bytes = &events[0].0;
    let stripped = RawEvent([&[2], &bytes[1..227], &bytes[227 + 64..]].concat().into());
    assert_eq!(check(&[stripped, events[1].clone()]), Err(EventFault::Chain));
}

#[test]
fn noise_in_place_of_an_inner_signature_is_vouched_for_but_never_ends_a_range() {
    let noise = |header: &Header, payload: &[u8]| RawEvent([&[3], header.encode().as_slice(), &[0x55; 64], payload].concat().into());
    let first = noise(&header(b"one"), b"one");
    let prev = Event::decode(first.clone()).expect("its form is right").chain();
    let second = forge(&Header { seq: 2, prev, hlc: Hlc(u64::MAX), ..header(b"two") }, Some(&ana()), b"two");
    let taken = check(&[first.clone(), second]).expect("ana's signature covers it");
    assert_eq!(taken[0].proof(), Proof::Later, "so nobody serves a range that ends here");
    assert_eq!(check(&[first]), Err(EventFault::Signature));
}

#[test]
fn a_run_is_bounded_in_events_and_bytes() {
    let too_many = vec![forge(&header(b""), None, b""); MAX_RUN_EVENTS + 1];
    assert_eq!(run::decode(&too_many, &room()), Err(EventFault::RunSize));
    let big = vec![b'x'; 30_000];
    let too_large = vec![forge(&header(&big), None, &big); MAX_RUN_BYTES / 30_000 + 1];
    assert_eq!(run::decode(&too_large, &room()), Err(EventFault::RunSize));
}

#[test]
fn a_run_tells_how_it_fits_the_log() {
    let mut ana = Device::new(ana());
    let events = ana.write_all(&[message("1"), message("2"), message("3"), message("4")]);
    let later = ana.says("5");
    let fits = |run: &Run, have: usize| {
        let last = have.checked_sub(1).map(|last| &events[last]);
        run.fits(last.map(|event| event.head()).as_ref(), last.map(|event| event.header.hlc))
    };
    let all = received(&events);
    assert_eq!((all.first_seq(), all.last_seq(), all.id()), (1, 4, events[3].id()));
    assert_eq!(fits(&all, 0), Fit::Next);
    assert_eq!(fits(&all, 1), Fit::Overlap { skip: 1 });
    assert_eq!(fits(&all, 3), Fit::Overlap { skip: 3 });
    assert_eq!(fits(&all, 4), Fit::Duplicate);
    let last = received(&[later]);
    assert_eq!(fits(&last, 0), Fit::Gap { have: 0 });
    assert_eq!(fits(&last, 3), Fit::Gap { have: 3 });
    assert_eq!(fits(&last, 4), Fit::Next);
    assert_eq!(all.fits(Some(&last.head()), Some(last.last_hlc())), Fit::Past);
    let rest = all.clone().skip(3).expect("one is left");
    assert_eq!((rest.first_seq(), rest.events().len(), fits(&rest, 3)), (4, 1, Fit::Next));
    rest.verify(&Signatures::new(1, 1)).expect("the signature is the same");
    assert_eq!(all.clone().skip(4), None);
    assert_eq!(all.skip(5), None);
}

#[test]
fn a_run_with_another_history_is_a_fork_wherever_they_part() {
    let held = written(3);
    let (head, hlc) = (held[2].head(), held[2].header.hlc);
    let fits = |events: &[RawEvent]| run::decode(events, &room()).expect("its form is right").fits(Some(&head), Some(hlc));
    // The same numbers with other content, then more; and one that goes on from an end that never
    // was.
    assert_eq!(fits(&forged_chain(3, |_, _| {})), Fit::Fork);
    assert_eq!(fits(&forged_chain(5, |_, _| {})), Fit::Fork);
    assert_eq!(fits(&[forge(&Header { seq: 4, hlc: Hlc(u64::MAX), ..header(b"hello") }, Some(&ana()), b"hello")]), Fit::Fork);
    assert_eq!(fits(&raw(&held)), Fit::Duplicate);
}

#[test]
fn ana_goes_back_in_time_and_her_log_does_not_go_on() {
    let held = written(3);
    let (head, hlc) = (held[2].head(), held[2].header.hlc);
    for back in [Hlc(0), Hlc(hlc.0 - 1), hlc] {
        let next = forge(&Header { seq: 4, prev: head.chain, hlc: back, ..header(b"hello") }, Some(&ana()), b"hello");
        let run = run::decode(&[next], &room()).expect("its form is right");
        assert_eq!(run.fits(Some(&head), Some(hlc)), Fit::Backwards);
    }
}

#[test]
fn the_first_event_of_a_log_may_point_anywhere() {
    let event = forge(&Header { prev: ChainHash([5; 32]), ..header(b"hello") }, Some(&ana()), b"hello");
    assert_eq!(run::decode(&[event], &room()).expect("its form is right").fits(None, None), Fit::Next);
}

#[test]
fn a_run_that_lacks_content_says_so() {
    let mut events = written(2);
    assert!(received(&events).is_complete());
    events[0] = events[0].without_payload();
    let run = received(&events);
    assert!(!run.is_complete());
    run.verify(&Signatures::new(1, 1)).expect("still proven");
}

#[test]
fn events_with_one_uuid_are_told_apart_by_id() {
    let twin = |who: &Identity| forge(&Header { device: who.peer(), ..header(b"hello") }, Some(who), b"hello");
    let (one, other) = (check(&[twin(&ana())]).expect("valid"), check(&[twin(&ben())]).expect("valid"));
    assert_eq!((one[0].header.uuid, one[0].header.hlc), (other[0].header.uuid, other[0].header.hlc));
    assert_ne!(one[0].position(), other[0].position());
}
