//! A connection between two people, and what is under way.

use std::collections::VecDeque;

use identity::PeerId;
use node::manual::net::{Feed, LinkId};
use wire::{Address, Bye};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who(pub(crate) usize);

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WireId(pub(crate) usize);

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Dialler,
    Listener,
}

impl Side {
    pub(crate) fn other(self) -> Side {
        match self {
            Side::Dialler => Side::Listener,
            Side::Listener => Side::Dialler,
        }
    }
}

/// What is under way.
pub(crate) enum Travelling {
    /// An attempt to reach one of these addresses.
    Dial { from: Who, life: u8, attempt: u64, expect: Option<PeerId>, addresses: Vec<Address> },
    /// Something that the end on this side is about to get.
    Parcel(WireId, Side, Parcel),
}

/// What travels on a connection.
pub(crate) enum Parcel {
    Frame(Vec<u8>),
    Bye(Bye),
    /// The other side closed without a word.
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The table has not let it run yet.
    Waiting,
    Running,
    Over,
}

pub(crate) struct End {
    pub(crate) who: Who,
    pub(crate) stage: Stage,
    pub(crate) link: Option<LinkId>,
    pub(crate) feed: Option<Feed>,
    /// Came before it ran.
    pub(crate) inbox: VecDeque<Parcel>,
}

/// A connection.
pub(crate) struct Wire {
    ends: [End; 2],
}

impl Wire {
    pub(crate) fn new(dialler: Who, listener: Who) -> Wire {
        let end = |who| End { who, stage: Stage::Waiting, link: None, feed: None, inbox: VecDeque::new() };
        Wire { ends: [end(dialler), end(listener)] }
    }

    pub(crate) fn end(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }
}
