//! Consecutive events of one log that end in a signed one: what travels, and what one signature
//! vouches for.

use identity::{PeerId, Signature};
use wire::ids::{ChainHash, EventId, Head, LogKey, RoomId};
use wire::message::RawEvent;

use crate::clock::Hlc;
use crate::event::{Event, Proof, Verified};
use crate::fault::EventFault;
use crate::kind;
use crate::limits::{MAX_RUN_BYTES, MAX_RUN_EVENTS};
use crate::signatures::Signatures;

/// A run whose form and chain are right. Nothing in it may be shown or relayed before
/// [`verify`](Run::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    key: LogKey,
    events: Vec<Event>,
    first: Edge,
    last: Edge,
    sig: Signature,
}

/// What is kept at hand of a run's first and last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    seq: u32,
    hlc: Hlc,
    prev: ChainHash,
    chain: ChainHash,
    id: EventId,
}

/// How a run relates to what is held of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It goes on exactly where the log ends.
    Next,
    /// It ends where the log ends, with the same event: nothing new.
    Duplicate,
    /// It ends before the log does. Nothing new, unless the event held at `last_seq` has another
    /// chain hash: then it is a fork.
    Past,
    /// The first `skip` events are held already; after [`Run::skip`] it is [`Next`](Fit::Next).
    Overlap {
        /// Events to leave out.
        skip: usize,
    },
    /// Events between are missing.
    Gap {
        /// Last sequence number held, 0 for none.
        have: u32,
    },
    /// If the signature verifies, the author has written two histories of this log, which differ at
    /// or before the log's end.
    Fork,
    /// It follows, but its time does not: its author broke the rules, and it is refused.
    Backwards,
}

/// Reads a run for `room` and checks everything but the signature: form of each event, one log,
/// sequence numbers, chain, time, size, and that the last one is signed. The bytes are shared, not
/// copied.
pub fn decode(events: &[RawEvent], room: &RoomId) -> Result<Run, EventFault> {
    let bytes: usize = events.iter().map(|raw| raw.0.len()).sum();
    if events.is_empty() || events.len() > MAX_RUN_EVENTS || bytes > MAX_RUN_BYTES {
        return Err(EventFault::RunSize);
    }
    let mut decoded: Vec<Event> = Vec::with_capacity(events.len());
    for raw in events {
        let event = Event::decode(raw.clone())?;
        if event.header.room != *room {
            return Err(EventFault::Room);
        }
        if event.payload().is_none() && kind::is_control(event.header.kind) {
            return Err(EventFault::NoPayload);
        }
        if let Some(before) = decoded.last() {
            check_follows(before, &event)?;
        }
        decoded.push(event);
    }
    Run::of(decoded)
}

fn check_follows(before: &Event, event: &Event) -> Result<(), EventFault> {
    if event.log_key() != before.log_key() {
        Err(EventFault::Log)
    } else if before.header.seq.checked_add(1) != Some(event.header.seq) {
        Err(EventFault::Seq)
    } else if event.header.prev != before.chain() {
        Err(EventFault::Chain)
    } else if event.header.hlc <= before.header.hlc {
        Err(EventFault::Time)
    } else {
        Ok(())
    }
}

impl Edge {
    fn of(event: &Event) -> Self {
        let header = &event.header;
        Self { seq: header.seq, hlc: header.hlc, prev: header.prev, chain: event.chain(), id: event.id() }
    }
}

impl Run {
    fn of(events: Vec<Event>) -> Result<Self, EventFault> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Err(EventFault::RunSize) };
        let sig = last.sig.ok_or(EventFault::Unsigned)?;
        Ok(Self { key: last.log_key(), first: Edge::of(first), last: Edge::of(last), sig, events })
    }

    /// The log that the events belong to.
    pub fn key(&self) -> LogKey {
        self.key
    }

    /// Who wrote it.
    pub fn device(&self) -> PeerId {
        self.key.device
    }

    /// Sequence number of the first event.
    pub fn first_seq(&self) -> u32 {
        self.first.seq
    }

    /// Sequence number of the last event.
    pub fn last_seq(&self) -> u32 {
        self.last.seq
    }

    /// The last event's id, by which a run on its way is recognised.
    pub fn id(&self) -> EventId {
        self.last.id
    }

    /// Where the log ends once this run is taken.
    pub fn head(&self) -> Head {
        Head { seq: self.last.seq, chain: self.last.chain }
    }

    /// The time of the last event.
    pub fn last_hlc(&self) -> Hlc {
        self.last.hlc
    }

    /// The events, at least one. Not verified.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The same run with its events opened as far as `open` can.
    pub fn opened(mut self, open: impl FnMut(Event) -> Event) -> Self {
        self.events = self.events.into_iter().map(open).collect();
        self
    }

    /// Every event has its content. A live run is complete; one that is served may lack what was
    /// deleted.
    pub fn is_complete(&self) -> bool {
        self.events.iter().all(|event| event.payload().is_some())
    }

    /// Whether each event is sealed whose kind demands it, and no other: what a peer may send.
    /// Apart from [`decode`], because one's own disk and tests may hold what nobody sends.
    pub fn check_sealed(&self) -> Result<(), EventFault> {
        let is_right = |event: &Event| event.is_sealed() != kind::is_clear(event.header.kind);
        if self.events.iter().all(is_right) { Ok(()) } else { Err(EventFault::Epoch) }
    }

    /// Compares with the log as it is held: its last event and that event's time, none if nothing
    /// is held.
    pub fn fits(&self, head: Option<&Head>, last_hlc: Option<Hlc>) -> Fit {
        let have = head.map_or(0, |head| head.seq);
        if self.first.seq.saturating_sub(1) > have {
            return Fit::Gap { have };
        }
        let Some(head) = head.filter(|head| head.seq > 0) else { return Fit::Next };
        if self.last.seq < head.seq {
            return Fit::Past;
        }
        if self.first.seq.checked_sub(1) == Some(head.seq) {
            return if self.first.prev != head.chain {
                Fit::Fork
            } else if last_hlc.is_some_and(|last| self.first.hlc <= last) {
                Fit::Backwards
            } else {
                Fit::Next
            };
        }
        // The run contains the sequence number of the head: the chain hash there tells whether all
        // before is the same.
        let skip = head.seq.saturating_sub(self.first.seq) as usize;
        match self.events.get(skip) {
            Some(event) if event.chain() != head.chain => Fit::Fork,
            Some(_) | None if self.last.seq == head.seq => Fit::Duplicate,
            Some(_) | None => Fit::Overlap { skip: skip.saturating_add(1) },
        }
    }

    /// The same run without its first `n` events; none if no event is left.
    pub fn skip(mut self, n: usize) -> Option<Self> {
        self.events.drain(..n.min(self.events.len()));
        Self::of(self.events).ok()
    }

    /// The same run with its first `count` events, and those up to the next one whose own signature
    /// is good; none if it has no such end.
    pub fn keep(mut self, count: usize, signatures: &Signatures) -> Option<Self> {
        if count < self.events.len() {
            let from = count.saturating_sub(1);
            let end = (from..self.events.len()).find(|at| self.events.get(*at).is_some_and(|event| signatures.is_signed(event)))?;
            self.events.truncate(end.saturating_add(1));
        }
        Self::of(self.events).ok()
    }

    /// Checks the author's signature of the last event, which vouches for all before it by the
    /// chain. One check, however long the run is, and none if [`Signatures::check_ahead`] saw it.
    pub fn verify(self, signatures: &Signatures) -> Result<Vec<Verified>, EventFault> {
        let signed = self.events.last().map(Event::header_bytes).unwrap_or_default();
        signatures.verify(&self.key.device, signed, &self.sig, &self.last.chain)?;
        let last = self.last.seq;
        let proof = |event: &Event| if event.header.seq == last { Proof::Own } else { Proof::Later };
        Ok(self
            .events
            .into_iter()
            .map(|event| {
                let proof = proof(&event);
                Verified::vouched(event, proof)
            })
            .collect())
    }
}
