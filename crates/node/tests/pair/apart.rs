//! What does not get through: a network that is in two parts, and a program that was changed to
//! hear of nothing that is done to its room.

use std::collections::BTreeSet;

use wire::message::{Message, RawEvent};

use crate::pair::Pair;
use crate::wires::Who;

/// What is between people, beside the way.
#[derive(Default)]
pub(crate) struct Between {
    one_side: BTreeSet<Who>,
    deaf: BTreeSet<Who>,
    /// All records that came, and to whom, once somebody listens in.
    pub(crate) tap: Option<Vec<(Who, Vec<u8>)>>,
    keyless: BTreeSet<Who>,
}

impl Between {
    pub(crate) fn is_open(&self, one: Who, other: Who) -> bool {
        self.one_side.contains(&one) == self.one_side.contains(&other)
    }

    /// What of these messages the program of this person takes in.
    pub(crate) fn let_through(&self, who: Who, mut messages: Vec<Message>) -> Vec<Message> {
        if self.deaf.contains(&who) {
            messages.retain(|message| match message {
                Message::Run(run) => !is_control(&run.events),
                Message::Data(data) => !is_control(&data.events),
                _ => true,
            });
        }
        if self.keyless.contains(&who) {
            messages.retain(|message| !matches!(message, Message::Keys(_)));
        }
        messages
    }
}

fn is_control(events: &[RawEvent]) -> bool {
    events.first().is_some_and(|raw| rooms::Event::decode(raw.clone()).expect("nodes send events").header.log.is_control())
}

impl Pair {
    /// These and the others cannot reach each other.
    pub(crate) fn part(&mut self, side: &[Who]) {
        self.between.one_side = side.iter().copied().collect();
        self.people().into_iter().for_each(|who| self.break_wires(who));
    }

    pub(crate) fn heal(&mut self) {
        self.between.one_side.clear();
    }

    /// The program of this person was changed: it goes on as if nothing had been done to the room.
    pub(crate) fn goes_deaf(&mut self, who: Who) {
        self.between.deaf.insert(who);
    }

    /// Nobody's answers to requests for keys reach this person.
    pub(crate) fn gets_no_keys(&mut self, who: Who) {
        self.between.keyless.insert(who);
    }

    pub(crate) fn gets_keys(&mut self, who: Who) {
        self.between.keyless.remove(&who);
    }

    pub(crate) fn hears_again(&mut self, who: Who) {
        self.between.deaf.remove(&who);
    }
}
