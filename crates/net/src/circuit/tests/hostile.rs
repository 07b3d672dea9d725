//! Who asks for too much, says too much, or says it under a wrong id.

use proptest::prelude::*;
use wire::limits::MAX_CIRCUIT_DATA;
use wire::reach::{CircuitEnd, HelpRefused};
use wire::{CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, CircuitOpen, CircuitWay, Message, Role};

use super::super::exchange::{Effect, Exchange};
use super::super::limits::*;
use super::*;
use crate::time::Now;

const ID: u32 = 4;

fn at(tick: u64) -> Now {
    Now { tick, wall: tick }
}

/// The link of the nth asker at Ben.
fn asker(nth: u8) -> Near {
    Near { link: LinkId(10 + u64::from(nth)), peer: PeerId::from_bytes([10 + nth; 32]), ..to_ana() }
}

fn open(ben: &mut Exchange, near: Near, id: u32, now: Now, out: &mut Vec<Effect>) {
    ben.open(&near, CircuitOpen { id, way: CircuitWay::To, peer: CHI }, now, out);
}

/// A circuit of this asker with Chi; whether it came to be.
fn connect(ben: &mut Exchange, near: Near, id: u32, now: Now) -> bool {
    let mut out = Vec::new();
    open(ben, near, id, now, &mut out);
    let chi_id = u32::try_from(near.link.0).expect("a small number") * 1_000 + id;
    ben.permit(near.leg(id), Ok((to_chi(), chi_id)), now, &mut out);
    ben.on_message(&to_chi(), Message::CircuitAnswer(CircuitAnswer { id: chi_id, refused: None }), now, &mut out);
    out.last() == Some(&Effect::Send(near.link, Message::CircuitAnswer(CircuitAnswer { id, refused: None })))
}

/// Takes all that waits for this link; how much of it is bytes of circuits, for each id.
fn drain(ben: &mut Exchange, link: LinkId) -> Vec<(u32, usize)> {
    let mut taken = Vec::new();
    while let Some(piece) = ben.next_piece(link) {
        if let Message::CircuitData(data) = &piece.message {
            taken.push((data.id, data.bytes.len()));
        }
        ben.went(&piece);
    }
    taken
}

fn closed(near: Near, id: u32, why: CircuitEnd) -> Effect {
    Effect::Send(near.link, Message::CircuitClose(CircuitClose { id, why }))
}

fn send(ben: &mut Exchange, near: Near, message: Message, now: Now) -> Vec<Effect> {
    let mut out = Vec::new();
    ben.on_message(&near, message, now, &mut out);
    out
}

fn data(id: u32, bytes: usize) -> Message {
    Message::CircuitData(CircuitData { id, bytes: vec![7; bytes] })
}

fn credit(id: u32, bytes: u32) -> Message {
    Message::CircuitCredit(CircuitCredit { id, bytes })
}

#[test]
fn the_caps_are_what_was_decided() {
    let caps = Caps::default();
    println!("{caps:#?}");
    println!("window {WINDOW} B, unanswered {UNANSWERED} ms, idle {IDLE} ms, closing {CLOSING} ms");
    println!("own ends {MAX_ENDS}, over one carrier {MAX_ENDS_PER_LINK}; offers {MAX_OFFERS}; peers counted {MAX_COUNTED}");
    assert_eq!((caps.per_asker, caps.in_all, WINDOW), (2, 8, 64 * 1024));
    assert_eq!((caps.pace.amount, caps.total.amount, caps.per_day), (256 << 10, 1 << 20, 1 << 30));
    assert!(caps.pace.burst.min(caps.total.burst) >= CREDIT_STEP as u64, "else no credit would ever be passed on");
}

#[test]
fn of_10_000_opens_two_are_looked_at_and_few_are_answered() {
    let mut ben = Exchange::new(Caps::default(), 1);
    let mut out = Vec::new();
    for nth in 0..10_000 {
        open(&mut ben, to_ana(), nth * 2, at(1 + u64::from(nth) / 10), &mut out);
        ben.check();
    }
    let asked = out.iter().filter(|effect| matches!(effect, Effect::Ask { .. })).count();
    let answers = out.len() - asked;
    println!("10 000 opens in a second: {asked} asked, {answers} answered");
    assert_eq!((asked, answers), (2, 3), "four within the rate, and one Busy beyond it");
}

#[test]
fn one_peer_has_two_circuits_and_all_together_eight() {
    let mut ben = Exchange::new(Caps::default(), 1);
    let stand = |ben: &mut Exchange, nth| (0..3).filter(|id| connect(ben, asker(nth), id * 2, at(1))).count();
    assert_eq!([0, 1, 2, 3, 4].map(|nth| stand(&mut ben, nth)), [2, 2, 2, 2, 0]);
    assert_eq!(ben.carrying().circuits, 8);
    let mut out = Vec::new();
    open(&mut ben, asker(5), 0, at(1), &mut out);
    assert_eq!(out, [Effect::Send(asker(5).link, Message::CircuitAnswer(CircuitAnswer { id: 0, refused: Some(HelpRefused::Busy) }))]);
}

#[test]
fn who_sends_beyond_its_credit_loses_the_circuit() {
    let mut ben = Exchange::new(Caps::default(), 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    for _ in 0..4 {
        assert_eq!(send(&mut ben, to_ana(), data(ID, MAX_CIRCUIT_DATA), at(1)), [Effect::Pump(to_chi().link)]);
    }
    let chi_id = 1_000 + ID;
    assert_eq!(
        send(&mut ben, to_ana(), data(ID, 1), at(1)),
        [closed(to_ana(), ID, CircuitEnd::Fault), closed(to_chi(), chi_id, CircuitEnd::Fault)]
    );
    assert_eq!(ben.next_piece(to_chi().link), None, "what waited is given up");
}

#[test]
fn nobody_returns_credit_for_what_did_not_come() {
    for too_much in [11, WINDOW as u32, u32::MAX] {
        let mut ben = Exchange::new(Caps::default(), 1);
        assert!(connect(&mut ben, to_ana(), ID, at(1)));
        send(&mut ben, to_ana(), data(ID, 10), at(1));
        drain(&mut ben, to_chi().link);
        let out = send(&mut ben, to_chi(), credit(1_000 + ID, too_much), at(1));
        assert!(out.contains(&closed(to_chi(), 1_000 + ID, CircuitEnd::Fault)), "{too_much}: {out:?}");
    }
    let mut ben = Exchange::new(Caps::default(), 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    send(&mut ben, to_ana(), data(ID, 10), at(1));
    let out = send(&mut ben, to_chi(), credit(1_000 + ID, 10), at(1));
    assert!(out.contains(&closed(to_chi(), 1_000 + ID, CircuitEnd::Fault)), "it still waits here: {out:?}");
}

#[test]
fn credit_in_crumbs_is_not_passed_on_as_crumbs() {
    let mut ben = Exchange::new(Caps::default(), 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    for _ in 0..4 {
        send(&mut ben, to_ana(), data(ID, MAX_CIRCUIT_DATA), at(1));
    }
    drain(&mut ben, to_chi().link);
    let passed: Vec<Effect> = (0..WINDOW).flat_map(|_| send(&mut ben, to_chi(), credit(1_000 + ID, 1), at(1))).collect();
    println!("{WINDOW} credits of one byte: {} passed on", passed.len());
    assert_eq!(passed.len(), WINDOW / CREDIT_STEP);
}

#[test]
fn unknown_ids_get_one_close_a_second_and_closes_get_none() {
    let mut ben = Exchange::new(Caps::default(), 1);
    let mut answers = 0;
    for nth in 0..10_000u32 {
        let message = match nth % 4 {
            0 => data(nth, 1),
            1 => credit(nth, 1),
            2 => Message::CircuitAnswer(CircuitAnswer { id: nth, refused: None }),
            _ => Message::CircuitClose(CircuitClose { id: nth, why: CircuitEnd::Done }),
        };
        answers += send(&mut ben, to_ana(), message, at(1 + u64::from(nth) / 2)).len();
    }
    println!("10 000 records of unknown circuits in 5 s: {answers} answers");
    assert_eq!(answers, 5);
}

#[test]
fn nobody_speaks_in_a_circuit_of_others() {
    let mut ben = Exchange::new(Caps::default(), 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    for (nth, message) in [data(ID, 10), credit(ID, 10), data(1_000 + ID, 10)].into_iter().enumerate() {
        let tick = 2_000 * (nth as u64 + 1);
        let id = if nth == 2 { 1_000 + ID } else { ID };
        assert_eq!(send(&mut ben, asker(0), message, at(tick)), [closed(asker(0), id, CircuitEnd::Fault)]);
    }
    send(&mut ben, asker(0), Message::CircuitClose(CircuitClose { id: ID, why: CircuitEnd::Done }), at(9_000));
    assert_eq!((ben.carrying().circuits, ben.carrying().today), (1, 0));
    assert_eq!(ben.next_piece(to_chi().link), None);
}

/// What a fast pair moves in a minute of virtual time, in pieces of this size.
fn moved_in_a_minute(ben: &mut Exchange, askers: &[Near], piece: usize) -> usize {
    let mut moved = 0;
    let mut credits: std::collections::BTreeMap<u64, usize> = askers.iter().map(|near| (near.link.0, WINDOW)).collect();
    for tick in (1..60_000).step_by(10) {
        let mut out = Vec::new();
        for near in askers {
            let credit = credits.get_mut(&near.link.0).expect("an asker");
            while *credit > 0 {
                let bytes = piece.min(*credit);
                *credit -= bytes;
                moved += bytes;
                out.extend(send(ben, *near, data(ID, bytes), at(tick)));
            }
        }
        let mut read = std::collections::BTreeMap::<u32, usize>::new();
        drain(ben, to_chi().link).into_iter().for_each(|(id, bytes)| *read.entry(id).or_default() += bytes);
        for (id, bytes) in read {
            out.extend(send(ben, to_chi(), credit(id, u32::try_from(bytes).expect("a window")), at(tick)));
        }
        ben.tick(at(tick), &mut out);
        ben.check();
        for effect in out {
            match effect {
                Effect::Send(link, Message::CircuitCredit(credit)) => *credits.get_mut(&link.0).expect("an asker") += credit.bytes as usize,
                Effect::Pump(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    moved
}

#[test]
fn a_circuit_moves_256_kib_a_second_and_single_bytes_much_less() {
    let caps = Caps::default();
    let most = (caps.pace.burst + caps.pace.amount * 60) as usize + WINDOW;
    let mut ben = Exchange::new(caps, 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    let moved = moved_in_a_minute(&mut ben, &[to_ana()], MAX_CIRCUIT_DATA);
    let mut ben = Exchange::new(caps, 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    let crumbs = moved_in_a_minute(&mut ben, &[to_ana()], 1);
    println!("in 60 s: {} KiB, in single bytes {} KiB", moved / 1024, crumbs / 1024);
    assert!((most * 9 / 10..=most).contains(&moved), "{moved} of {most}");
    assert!(crumbs < most / 50, "{crumbs}");
}

#[test]
fn eight_circuits_share_1_mib_a_second_fairly() {
    let caps = Caps::default();
    let mut ben = Exchange::new(caps, 1);
    let askers = [0, 1, 2, 3, 4, 5, 6, 7].map(asker);
    for near in askers {
        assert!(connect(&mut ben, near, ID, at(1)));
    }
    let moved = moved_in_a_minute(&mut ben, &askers, MAX_CIRCUIT_DATA);
    let most = (caps.total.burst + caps.total.amount * 60) as usize + 8 * WINDOW;
    println!("eight circuits in 60 s: {} KiB, {} KiB a second", moved / 1024, moved / 1024 / 60);
    assert!((most * 9 / 10..=most).contains(&moved), "{moved} of {most}");
}

#[test]
fn at_the_cap_of_the_day_circuits_close_and_the_next_day_they_stand_again() {
    let mut ben = Exchange::new(Caps { per_day: 40_000, ..Caps::default() }, 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    for _ in 0..2 {
        send(&mut ben, to_ana(), data(ID, MAX_CIRCUIT_DATA), at(1));
    }
    assert_eq!(ben.carrying().today, 32_768);
    let out = send(&mut ben, to_ana(), data(ID, MAX_CIRCUIT_DATA), at(1));
    assert_eq!(out, [closed(to_ana(), ID, CircuitEnd::Cap), closed(to_chi(), 1_000 + ID, CircuitEnd::Cap)]);
    let mut ben = Exchange::new(Caps { per_day: 0, ..Caps::default() }, 1);
    assert!(!connect(&mut ben, to_ana(), ID, at(1)));
    let mut ben = Exchange::new(Caps { per_day: 10, ..Caps::default() }, 1);
    assert!(connect(&mut ben, to_ana(), ID, at(1)));
    send(&mut ben, to_ana(), data(ID, 10), at(1));
    assert!(!connect(&mut ben, to_ana(), ID + 2, at(20_000)));
    ben.begin_day(Now { tick: 25_000, wall: 86_400_000 });
    assert_eq!(ben.carrying().today, 0, "though nothing was carried yet");
    assert!(connect(&mut ben, to_ana(), ID + 4, Now { tick: 30_000, wall: 86_400_001 }));
}

#[test]
fn a_thousand_askers_are_counted_and_no_more() {
    let mut ben = Exchange::new(Caps::default(), 1);
    let mut out = Vec::new();
    for nth in 0..20_000u32 {
        let mut peer = [9; 32];
        peer[..4].copy_from_slice(&nth.to_be_bytes());
        open(&mut ben, Near { peer: PeerId::from_bytes(peer), ..to_ana() }, nth * 2, at(1), &mut out);
    }
    ben.check();
    ben.tick(at(60_000), &mut out);
    ben.check();
}

fn any_message() -> impl Strategy<Value = Message> {
    let id = 0u32..6;
    let peer = prop_oneof![Just(ANA), Just(CHI), Just(PeerId::from_bytes([10; 32]))];
    let why = prop_oneof![Just(CircuitEnd::Done), Just(CircuitEnd::Fault), Just(CircuitEnd::Cap), Just(CircuitEnd::Gone)];
    prop_oneof![
        2 => (id.clone(), peer).prop_map(|(id, peer)| Message::CircuitOpen(CircuitOpen { id, way: CircuitWay::To, peer })),
        2 => (id.clone(), any::<bool>()).prop_map(|(id, yes)| {
            Message::CircuitAnswer(CircuitAnswer { id, refused: (!yes).then_some(HelpRefused::Busy) })
        }),
        8 => (id.clone(), 0usize..=MAX_CIRCUIT_DATA).prop_map(|(id, bytes)| data(id, bytes)),
        4 => (id.clone(), prop_oneof![0u32..100_000, any::<u32>()]).prop_map(|(id, bytes)| credit(id, bytes)),
        1 => (id, why).prop_map(|(id, why)| Message::CircuitClose(CircuitClose { id, why })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn hostile_records_leave_the_carrier_within_its_bounds(
        said in proptest::collection::vec((0usize..3, any_message(), 0u64..3_000, 0u8..8), 1..300),
    ) {
        let nears = [to_ana(), to_chi(), Near { role: Role::Initiator, ..asker(0) }];
        let mut ben = Exchange::new(Caps::default(), 1);
        let (mut records, mut answers, mut now, mut next) = (0usize, 0usize, 1, 0);
        for (who, message, passes, whim) in said {
            now += passes;
            records += 1;
            let mut out = Vec::new();
            match message {
                Message::CircuitOpen(open) => ben.open(&nears[who], open, at(now), &mut out),
                other => ben.on_message(&nears[who], other, at(now), &mut out),
            }
            let mut all = Vec::new();
            for effect in out {
                match effect {
                    Effect::Ask { leg, to, .. } => {
                        let target = nears.iter().find(|near| near.peer == to && near.link != leg.link && whim != 0);
                        next += 2;
                        let id = next + u32::from(target.is_some_and(|near| near.role == Role::Responder));
                        let to = target.map(|near| (*near, id % 6)).ok_or(HelpRefused::NotLinked);
                        let free = to.as_ref().is_ok_and(|(near, id)| !ben.is_used(near.leg(*id)));
                        ben.permit(leg, if free { to } else { Err(HelpRefused::Busy) }, at(now), &mut all);
                    }
                    Effect::Pump(link) if whim < 5 => drop(drain(&mut ben, link)),
                    other => all.push(other),
                }
            }
            if whim == 7 {
                ben.link_down(nears[who].link, at(now), &mut all);
            }
            ben.tick(at(now), &mut all);
            ben.check();
            let is_answer = |effect: &&Effect| matches!(effect, Effect::Send(_, Message::CircuitAnswer(_) | Message::CircuitClose(_)));
            answers += all.iter().filter(is_answer).count();
            prop_assert!(answers <= 2 * records, "{answers} answers to {records} records");
        }
    }
}
