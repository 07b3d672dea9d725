//! What a carrier does, record by record.

use wire::reach::{CircuitEnd, HelpRefused};
use wire::{CircuitAnswer, CircuitClose, CircuitData, CircuitOpen, CircuitWay, Message, Role};

use super::super::exchange::{Effect, Exchange};
use super::super::limits::{CLOSING, Caps, UNANSWERED};
use super::*;
use crate::time::Now;

const AT: Now = Now { tick: 1_000, wall: 1_000 };

fn ask(id: u32) -> CircuitOpen {
    CircuitOpen { id, way: CircuitWay::To, peer: CHI }
}

fn open(ben: &mut Exchange, near: Near, id: u32) -> Vec<Effect> {
    let mut out = Vec::new();
    ben.open(&near, ask(id), AT, &mut out);
    out
}

fn refused(near: Near, id: u32, why: HelpRefused) -> Effect {
    Effect::Send(near.link, Message::CircuitAnswer(CircuitAnswer { id, refused: Some(why) }))
}

fn answered(near: Near, id: u32) -> Effect {
    Effect::Send(near.link, Message::CircuitAnswer(CircuitAnswer { id, refused: None }))
}

fn closed(near: Near, id: u32, why: CircuitEnd) -> Effect {
    Effect::Send(near.link, Message::CircuitClose(CircuitClose { id, why }))
}

fn hear(ben: &mut Exchange, near: Near, message: Message) -> Vec<Effect> {
    let mut out = Vec::new();
    ben.on_message(&near, message, AT, &mut out);
    out
}

/// Ana's circuit 2, which Chi knows as 6, offered to her.
fn offered() -> Exchange {
    let mut ben = Exchange::new(Caps::default(), AT.tick);
    assert_eq!(open(&mut ben, to_ana(), 2), [Effect::Ask { leg: leg(to_ana(), 2), from: ANA, to: CHI }]);
    let mut out = Vec::new();
    ben.permit(leg(to_ana(), 2), Ok((to_chi(), 6)), AT, &mut out);
    let brought = CircuitOpen { id: 6, way: CircuitWay::From, peer: ANA };
    assert_eq!(out, [Effect::Send(to_chi().link, Message::CircuitOpen(brought))]);
    ben
}

/// The same, accepted.
fn standing() -> Exchange {
    let mut ben = offered();
    let answer = Message::CircuitAnswer(CircuitAnswer { id: 6, refused: None });
    assert_eq!(hear(&mut ben, to_chi(), answer), [answered(to_ana(), 2)]);
    ben
}

fn data(id: u32, bytes: usize) -> Message {
    Message::CircuitData(CircuitData { id, bytes: vec![7; bytes] })
}

fn close(id: u32, why: CircuitEnd) -> Message {
    Message::CircuitClose(CircuitClose { id, why })
}

#[test]
fn a_callee_who_does_not_want_is_not_called_twice() {
    let mut ben = offered();
    let no = Message::CircuitAnswer(CircuitAnswer { id: 6, refused: Some(HelpRefused::NotAllowed) });
    assert_eq!(hear(&mut ben, to_chi(), no), [refused(to_ana(), 2, HelpRefused::NotAllowed)]);
    assert_eq!(ben.next_due(), None);
}

#[test]
fn without_leave_nobody_is_called() {
    for why in [HelpRefused::NotLinked, HelpRefused::NotAllowed] {
        let mut ben = Exchange::new(Caps::default(), AT.tick);
        open(&mut ben, to_ana(), 2);
        let mut out = Vec::new();
        ben.permit(leg(to_ana(), 2), Err(why), AT, &mut out);
        assert_eq!(out, [refused(to_ana(), 2, why)]);
        out.clear();
        ben.permit(leg(to_ana(), 2), Ok((to_chi(), 6)), AT, &mut out);
        assert_eq!(out, [], "leave that comes too late does nothing");
    }
}

#[test]
fn circuits_do_not_go_over_circuits() {
    let mut ben = Exchange::new(Caps::default(), AT.tick);
    let indirect = Near { direct: false, ..to_ana() };
    assert_eq!(open(&mut ben, indirect, 2), [refused(to_ana(), 2, HelpRefused::NotAllowed)]);
    for wrong in [Near { direct: false, ..to_chi() }, Near { peer: ANA, ..to_chi() }, Near { link: to_ana().link, ..to_chi() }] {
        let mut ben = Exchange::new(Caps::default(), AT.tick);
        open(&mut ben, to_ana(), 2);
        let mut out = Vec::new();
        ben.permit(leg(to_ana(), 2), Ok((wrong, 6)), AT, &mut out);
        assert_eq!(out, [refused(to_ana(), 2, HelpRefused::NotLinked)], "{wrong:?}");
    }
}

#[test]
fn nobody_is_connected_with_itself() {
    let mut ben = Exchange::new(Caps::default(), AT.tick);
    assert_eq!(open(&mut ben, Near { peer: CHI, ..to_ana() }, 2), [refused(to_ana(), 2, HelpRefused::NotAllowed)]);
}

#[test]
fn an_id_of_the_other_parity_is_no_circuit() {
    let mut ben = Exchange::new(Caps::default(), AT.tick);
    assert_eq!(open(&mut ben, to_ana(), 3), [closed(to_ana(), 3, CircuitEnd::Fault)]);
    assert_eq!(open(&mut ben, Near { role: Role::Initiator, ..to_ana() }, 2), [], "one answer a second");
}

#[test]
fn opening_an_id_twice_ends_the_circuit_at_both_ends() {
    let mut ben = standing();
    assert_eq!(open(&mut ben, to_ana(), 2), [closed(to_ana(), 2, CircuitEnd::Fault), closed(to_chi(), 6, CircuitEnd::Fault)]);
    assert_eq!(ben.next_due(), None);
}

#[test]
fn what_was_sent_before_a_close_goes_on_before_it() {
    let mut ben = standing();
    assert_eq!(hear(&mut ben, to_ana(), data(2, 100)), [Effect::Pump(to_chi().link)]);
    assert_eq!(hear(&mut ben, to_ana(), close(2, CircuitEnd::Done)), [Effect::Pump(to_chi().link)]);
    assert_eq!(hear(&mut ben, to_chi(), data(6, 5)), [], "Ana has left");
    let first = ben.next_piece(to_chi().link).expect("her words");
    assert_eq!(first.message, data(6, 100));
    assert_eq!(ben.next_piece(to_chi().link).as_ref(), Some(&first), "until they were taken");
    ben.went(&first);
    let last = ben.next_piece(to_chi().link).expect("the end");
    assert_eq!(last.message, close(6, CircuitEnd::Done));
    ben.went(&last);
    assert_eq!((ben.next_piece(to_chi().link), ben.next_due()), (None, None));
}

#[test]
fn a_link_that_is_down_ends_its_circuits() {
    let mut out = Vec::new();
    let mut ben = standing();
    hear(&mut ben, to_ana(), data(2, 10));
    ben.link_down(to_chi().link, AT, &mut out);
    assert_eq!(out, [Effect::Pump(to_ana().link)]);
    let piece = ben.next_piece(to_ana().link).expect("the end");
    assert_eq!(piece.message, close(2, CircuitEnd::Gone));
    out.clear();
    ben.link_down(to_ana().link, AT, &mut out);
    assert_eq!((out.as_slice(), ben.next_due()), (&[][..], None));

    let mut ben = offered();
    ben.link_down(to_chi().link, AT, &mut out);
    assert_eq!(out, [refused(to_ana(), 2, HelpRefused::NotLinked)]);
    out.clear();
    let mut ben = offered();
    ben.link_down(to_ana().link, AT, &mut out);
    assert_eq!(out, [closed(to_chi(), 6, CircuitEnd::Gone)]);
}

#[test]
fn what_nobody_answers_ends_after_5_s() {
    for mut ben in [offered(), standing()] {
        let mut out = Vec::new();
        ben.tick(Now { tick: AT.tick + UNANSWERED - 1, wall: 1 }, &mut out);
        assert_eq!(out, []);
        let unanswered = ben.carrying().circuits == 0;
        ben.tick(Now { tick: AT.tick + UNANSWERED, wall: 1 }, &mut out);
        let expected = [refused(to_ana(), 2, HelpRefused::Busy), closed(to_chi(), 6, CircuitEnd::Gone)];
        assert_eq!(out, if unanswered { expected.to_vec() } else { Vec::new() });
    }
    let mut ben = Exchange::new(Caps::default(), AT.tick);
    open(&mut ben, to_ana(), 2);
    assert_eq!(ben.next_due(), Some(AT.tick + UNANSWERED));
    let mut out = Vec::new();
    ben.tick(Now { tick: AT.tick + UNANSWERED, wall: 1 }, &mut out);
    assert_eq!(out, [refused(to_ana(), 2, HelpRefused::Busy)]);
}

#[test]
fn who_takes_nothing_holds_a_closing_circuit_for_10_s_only() {
    let mut ben = standing();
    hear(&mut ben, to_ana(), data(2, 10));
    hear(&mut ben, to_ana(), close(2, CircuitEnd::Done));
    let mut out = Vec::new();
    ben.tick(Now { tick: AT.tick + CLOSING, wall: 1 }, &mut out);
    assert_eq!((out.as_slice(), ben.next_due()), (&[closed(to_chi(), 6, CircuitEnd::Gone)][..], None));
}

#[test]
fn switched_off_a_carrier_ends_what_it_carries_and_refuses_more() {
    let mut ben = standing();
    let mut out = Vec::new();
    ben.set_carry(false, &mut out);
    assert_eq!(out, [closed(to_ana(), 2, CircuitEnd::Gone), closed(to_chi(), 6, CircuitEnd::Gone)]);
    assert_eq!(open(&mut ben, to_ana(), 4), [refused(to_ana(), 4, HelpRefused::Off)]);
    out.clear();
    ben.set_carry(true, &mut out);
    assert_eq!(open(&mut ben, to_ana(), 6), [Effect::Ask { leg: leg(to_ana(), 6), from: ANA, to: CHI }]);
}

#[test]
fn an_asker_who_changes_its_mind_leaves_nothing_behind() {
    let mut ben = offered();
    assert_eq!(hear(&mut ben, to_ana(), close(2, CircuitEnd::Done)), [closed(to_chi(), 6, CircuitEnd::Done)]);
    assert_eq!(ben.next_due(), None);
}

#[test]
fn before_the_answer_nobody_may_say_anything() {
    let mut ben = offered();
    assert_eq!(
        hear(&mut ben, to_ana(), data(2, 1)),
        [refused(to_ana(), 2, HelpRefused::NotAllowed), closed(to_chi(), 6, CircuitEnd::Fault)]
    );
}
