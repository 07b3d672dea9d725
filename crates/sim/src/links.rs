//! A connection between two nodes: its ends, and what is under way.

use std::collections::VecDeque;
use std::time::Duration;

use node::manual::net::{DialId, Feed, LinkId};
use wire::Bye;

use crate::clock::Time;

/// Bytes that a connection takes before its reader has read any of them: two socket buffers.
pub(crate) const WINDOW_BYTES: usize = 256 * 1024;
/// What encryption and framing add to a frame.
pub(crate) const FRAME_OVERHEAD: usize = 4 + 16;

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WireId(pub(crate) usize);

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Dialler,
    Listener,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Dialler, Side::Listener];

    pub(crate) fn other(self) -> Side {
        match self {
            Side::Dialler => Side::Listener,
            Side::Listener => Side::Dialler,
        }
    }
}

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// One frame's plaintext, padding included.
    Frame(Box<[u8]>),
    /// The other side closes and says why.
    Bye(Bye),
    /// The other side closed without a word.
    Lost,
}

/// How far an end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The greetings are not exchanged, or the table has not let it run yet.
    Waiting,
    Running,
    Over,
}

pub(crate) struct End {
    pub(crate) node: u32,
    pub(crate) stage: Stage,
    pub(crate) link: Option<LinkId>,
    pub(crate) feed: Option<Feed>,
    /// Dials that it answers, once started.
    pub(crate) asked: Option<DialId>,
    /// Arrived and not taken: not started, frozen, cut off, or never read.
    pub(crate) inbox: VecDeque<Parcel>,
    /// Bytes sent from here that the other side has not read.
    pub(crate) under_way: usize,
    /// Nothing sent from here arrives earlier.
    pub(crate) not_before: Time,
    /// Since when the window has been full.
    pub(crate) stalled: Option<Time>,
}

/// A connection.
pub(crate) struct Wire {
    pub(crate) ends: [End; 2],
    pub(crate) distance: Duration,
    /// Handshake hash.
    pub(crate) hash: [u8; 32],
    /// Since when nothing gets through.
    pub(crate) cut: Option<Time>,
}

impl Wire {
    pub(crate) fn new(dialler: u32, listener: u32, distance: Duration, hash: [u8; 32]) -> Wire {
        let end = |node| End {
            node,
            stage: Stage::Waiting,
            link: None,
            feed: None,
            asked: None,
            inbox: VecDeque::new(),
            under_way: 0,
            not_before: Time(0),
            stalled: None,
        };
        Wire { ends: [end(dialler), end(listener)], distance, hash, cut: None }
    }

    pub(crate) fn end(&self, side: Side) -> &End {
        let [dialler, listener] = &self.ends;
        match side {
            Side::Dialler => dialler,
            Side::Listener => listener,
        }
    }

    pub(crate) fn end_mut(&mut self, side: Side) -> &mut End {
        let [dialler, listener] = &mut self.ends;
        match side {
            Side::Dialler => dialler,
            Side::Listener => listener,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.stage == Stage::Over)
    }
}

impl Parcel {
    pub(crate) fn len(&self) -> usize {
        match self {
            Parcel::Frame(plaintext) => plaintext.len() + FRAME_OVERHEAD,
            Parcel::Bye(_) => 64 + FRAME_OVERHEAD,
            Parcel::Lost => 0,
        }
    }
}
