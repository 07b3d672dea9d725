//! Ana, Ben and Chi keep the rules, and everything happens in any order.

use std::collections::VecDeque;

use proptest::prelude::*;
use wire::limits::MAX_CIRCUIT_DATA;
use wire::reach::CircuitEnd;
use wire::{CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, CircuitOpen, CircuitWay, Class, Message};

use super::super::bucket::Flow;
use super::super::end::{End, Over, Read};
use super::super::exchange::{Effect, Exchange};
use super::super::limits::{Caps, IDLE, WINDOW};
use super::*;
use crate::time::Now;

const ID: u32 = 4;

/// Control first, as links drain them; between links nothing is in order.
#[derive(Default)]
struct Queue {
    control: VecDeque<Message>,
    bulk: VecDeque<Message>,
}

impl Queue {
    fn push(&mut self, class: Class, message: Message) {
        match class {
            Class::Control => self.control.push_back(message),
            Class::Live | Class::Bulk => self.bulk.push_back(message),
        }
    }

    fn pop(&mut self) -> Option<Message> {
        self.control.pop_front().or_else(|| self.bulk.pop_front())
    }
}

struct World {
    exchange: Exchange,
    now: Now,
    ends: [End; 2],
    nears: [Near; 2],
    up: [Queue; 2],
    down: [Queue; 2],
    /// Pieces that the carrier's link still takes.
    room: [usize; 2],
    sent: [usize; 2],
    read: [usize; 2],
}

fn byte(side: usize, at: usize) -> u8 {
    ((at * 31 + at / 256 + side * 7) % 251) as u8
}

impl World {
    fn new(caps: Caps) -> Self {
        let mut world = Self {
            exchange: Exchange::new(caps, 1),
            now: Now { tick: 1, wall: 1 },
            ends: [End::calling(), End::accepted()],
            nears: [to_ana(), to_chi()],
            up: Default::default(),
            down: Default::default(),
            room: [0; 2],
            sent: [0; 2],
            read: [0; 2],
        };
        let mut out = Vec::new();
        world.exchange.open(&to_ana(), CircuitOpen { id: ID, way: CircuitWay::To, peer: CHI }, world.now, &mut out);
        assert_eq!(out, [Effect::Ask { leg: leg(to_ana(), ID), from: ANA, to: CHI }]);
        world.exchange.permit(leg(to_ana(), ID), Ok((to_chi(), ID)), world.now, &mut Vec::new());
        world.up[1].push(Class::Control, Message::CircuitAnswer(CircuitAnswer { id: ID, refused: None }));
        world
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(link, message) => {
                    assert!(!matches!(message, Message::CircuitClose(_)), "nobody broke the rules: {message:?}");
                    self.down[usize::from(link == to_chi().link)].push(Class::Control, message);
                }
                Effect::Pump(link) => self.pump(usize::from(link == to_chi().link)),
                Effect::Ask { .. } => panic!("asked twice"),
            }
        }
        self.exchange.check();
    }

    fn pump(&mut self, side: usize) {
        while self.room[side] > 0
            && let Some(piece) = self.exchange.next_piece(self.nears[side].link)
        {
            self.room[side] -= 1;
            self.down[side].push(Class::Bulk, piece.message.clone());
            self.exchange.went(&piece);
        }
    }

    fn write(&mut self, side: usize, wanted: usize) -> usize {
        let Ok(may) = self.ends[side].may_send() else { return 0 };
        assert!(may <= WINDOW);
        let bytes: Vec<u8> = (self.sent[side]..).take(wanted.min(may).min(MAX_CIRCUIT_DATA)).map(|at| byte(side, at)).collect();
        if !bytes.is_empty() {
            self.ends[side].sent(bytes.len());
            self.sent[side] += bytes.len();
            self.up[side].push(Class::Bulk, Message::CircuitData(CircuitData { id: ID, bytes: bytes.clone() }));
        }
        bytes.len()
    }

    fn read(&mut self, side: usize, wanted: usize) -> Read {
        let mut input = vec![0; wanted];
        let read = self.ends[side].read(&mut input);
        if let Read::Bytes(count) = read {
            for found in &input[..count] {
                assert_eq!(*found, byte(1 - side, self.read[side]), "byte {} to side {side}", self.read[side]);
                self.read[side] += 1;
            }
        }
        if let Some(bytes) = self.ends[side].due() {
            self.ends[side].returned();
            self.up[side].push(Class::Control, Message::CircuitCredit(CircuitCredit { id: ID, bytes }));
        }
        assert!(self.ends[side].held() <= 2 * WINDOW);
        read
    }

    fn deliver_up(&mut self, side: usize) -> bool {
        let Some(message) = self.up[side].pop() else { return false };
        let mut out = Vec::new();
        self.exchange.on_message(&self.nears[side], message, self.now, &mut out);
        self.act(out);
        true
    }

    fn deliver_down(&mut self, side: usize) -> bool {
        let Some(message) = self.down[side].pop() else { return false };
        let end = &mut self.ends[side];
        let heard = match message {
            Message::CircuitAnswer(answer) => end.on_answer(answer.refused),
            Message::CircuitData(data) => end.on_data(&data.bytes),
            Message::CircuitCredit(credit) => end.on_credit(credit.bytes),
            Message::CircuitClose(close) => {
                end.end(Over::Closed(close.why));
                Ok(())
            }
            // For Chi it was opened before.
            Message::CircuitOpen(_) if side == 1 => Ok(()),
            other => panic!("{other:?}"),
        };
        assert_eq!(heard, Ok(()));
        true
    }

    fn pass(&mut self, millis: u64) {
        self.now = Now { tick: self.now.tick + millis, wall: self.now.wall + millis };
        let mut out = Vec::new();
        self.exchange.tick(self.now, &mut out);
        self.act(out);
    }

    fn step(&mut self, what: u8, amount: usize) {
        let side = usize::from(what & 1);
        match what / 2 {
            0 => drop(self.write(side, amount)),
            1 => drop(self.read(side, amount)),
            2 => drop(self.deliver_up(side)),
            3 => drop(self.deliver_down(side)),
            4 => {
                self.room[side] = amount % 4;
                self.pump(side);
            }
            _ => self.pass(amount as u64 % 200),
        }
    }

    /// All that is on its way arrives and is read.
    fn settle(&mut self) {
        let mut idle = 0;
        while idle < 40 {
            let mut moved = false;
            for side in 0..2 {
                self.room[side] = usize::MAX;
                self.pump(side);
                moved |= self.deliver_up(side) | self.deliver_down(side);
                moved |= matches!(self.read(side, 10_000), Read::Bytes(_));
            }
            idle = if moved { 0 } else { idle + 1 };
            self.pass(50);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(
        steps in proptest::collection::vec((0u8..12, 1usize..40_000), 1..400),
        slow: bool,
    ) {
        let slow = Flow { burst: 20_000, amount: if slow { 40_000 } else { 4_000_000 }, per: 1_000 };
        let mut world = World::new(Caps { pace: slow, ..Caps::default() });
        for (what, amount) in steps {
            world.step(what, amount);
        }
        world.settle();
        prop_assert_eq!(world.read, [world.sent[1], world.sent[0]]);
        // Both can go on: credit came back for all that matters.
        for side in 0..2 {
            prop_assert!(world.ends[side].may_send().is_ok_and(|may| may > 0), "side {} waits for ever", side);
        }
        // Ana leaves after her last word, and Chi hears it before the end.
        let more = world.write(0, 5_000);
        world.up[0].push(Class::Bulk, Message::CircuitClose(CircuitClose { id: ID, why: CircuitEnd::Done }));
        let before = world.read[1];
        world.exchange_may_close();
        prop_assert_eq!(world.read[1] - before, more);
        prop_assert_eq!(world.read(1, 10), Read::End);
        prop_assert_eq!(world.exchange.carrying().circuits, 0);
    }
}

impl World {
    fn exchange_may_close(&mut self) {
        while self.deliver_up(0) {}
        self.room[1] = usize::MAX;
        self.pump(1);
        while self.deliver_down(1) {}
        while matches!(self.read(1, 10_000), Read::Bytes(_)) {}
    }
}

#[test]
fn a_circuit_that_is_used_stays_and_a_silent_one_ends() {
    let mut world = World::new(Caps::default());
    world.room = [usize::MAX; 2];
    world.settle();
    for _ in 0..3 {
        world.pass(IDLE - 10_000);
        assert_eq!(world.write(0, 1), 1);
        assert!(world.deliver_up(0));
    }
    let mut out = Vec::new();
    world.exchange.tick(Now { tick: world.now.tick + IDLE, wall: 1 }, &mut out);
    let close = |near: Near| Effect::Send(near.link, Message::CircuitClose(CircuitClose { id: ID, why: CircuitEnd::Gone }));
    assert_eq!(out, [close(to_ana()), close(to_chi())]);
}
