//! Who said what, and who got it when, how often, and over how many hops.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use identity::PeerId;
use rooms::{Event, kind};
use wire::ids::{EventId, LogId};
use wire::message::RawEvent;

use crate::clock::Time;
use crate::host::{Seen, Shown};

/// The books of a world.
#[derive(Default)]
pub struct Books {
    said: BTreeMap<EventId, Said>,
    /// Numbers of messages in the logs that they stand in.
    places: HashMap<(PeerId, LogId), BTreeSet<u32>>,
    shelves: Vec<Shelf>,
    broken: Vec<String>,
}

/// A message.
struct Said {
    at: Time,
    place: (LogId, u32),
    /// Who has shown it, and when first.
    shown: HashMap<u32, Time>,
    /// Copies that came, by node.
    copies: HashMap<u32, u32>,
    /// Hops from the author, by node, on the way on which it came first.
    hops: HashMap<u32, u32>,
}

/// What one node has shown.
#[derive(Default)]
struct Shelf {
    shown: HashMap<EventId, (PeerId, LogId, u32)>,
    /// Shown as waiting for a key.
    waiting: HashMap<EventId, (PeerId, LogId, u32)>,
    ends: HashMap<(PeerId, LogId), u32>,
}

/// Copies and delays of one message.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    /// Nodes that have shown it, its author not counted.
    pub shown: usize,
    /// Copies that came, at all nodes together.
    pub copies: u64,
    /// Most copies that one node got.
    pub most: u32,
    /// Hops to the node that is farthest away, on the way on which it came first, live or as
    /// repair.
    pub hops: u32,
    /// Until the last of those who have it showed it.
    pub last: Duration,
}

impl Shelf {
    /// What came after it in its log is taken back too.
    fn take_back(&mut self, id: &EventId) {
        if let Some((author, log, seq)) = self.shown.remove(id).or(self.waiting.remove(id))
            && let Some(end) = self.ends.get_mut(&(author, log))
        {
            *end = (*end).min(seq - 1);
        }
    }
}

impl Books {
    pub(crate) fn new(nodes: usize) -> Books {
        Books { shelves: (0..nodes).map(|_| Shelf::default()).collect(), ..Books::default() }
    }

    pub(crate) fn said(&mut self, id: EventId, author: u32, log: (PeerId, LogId), seq: u32, at: Time) {
        let hops = HashMap::from([(author, 0)]);
        self.places.entry(log).or_default().insert(seq);
        self.said.insert(id, Said { at, place: (log.1, seq), shown: HashMap::new(), copies: HashMap::new(), hops });
    }

    /// Events came to a node from another.
    pub(crate) fn came(&mut self, node: u32, from: u32, events: &[RawEvent]) {
        for raw in events {
            let Ok(event) = Event::decode(raw.clone()) else { continue };
            if event.header.kind != kind::MESSAGE {
                continue;
            }
            let Some(said) = self.said.get_mut(&event.id()) else { continue };
            *said.copies.entry(node).or_default() += 1;
            let hops = said.hops.get(&from).copied().unwrap_or_default() + 1;
            said.hops.entry(node).or_insert(hops);
        }
    }

    /// A node showed messages, or took them back because they do not count. Claims C2 and C3 are
    /// checked here: nothing twice, each log in its order and without gaps.
    pub(crate) fn seen(&mut self, node: u32, seen: &[Seen], at: Time) {
        let Some(shelf) = self.shelves.get_mut(node as usize) else { return };
        for seen in seen {
            let Shown { id, author, log, seq } = match seen {
                Seen::Shown(shown) | Seen::Waits(shown) => *shown,
                Seen::Gone(id) => {
                    shelf.take_back(id);
                    continue;
                }
            };
            let place = (author, log, seq);
            if let Seen::Waits(_) = seen {
                if shelf.shown.contains_key(&id) || shelf.waiting.insert(id, place).is_some() {
                    continue;
                }
            } else {
                if shelf.shown.insert(id, place).is_some() {
                    self.broken.push(format!("C2: node {node} showed {id:?} twice, at {at:?}"));
                }
                if let Some(said) = self.said.get_mut(&id) {
                    said.shown.entry(node).or_insert(at);
                }
                if shelf.waiting.remove(&id).is_some() {
                    continue;
                }
            }
            let end = shelf.ends.insert((author, log), seq).unwrap_or(0);
            let skipped = |said: &BTreeSet<u32>| said.range(end + 1..).next().is_some_and(|next| *next < seq);
            if seq <= end || self.places.get(&(author, log)).is_some_and(skipped) {
                self.broken.push(format!("C3: node {node} showed event {seq} of a log after {end}, at {at:?}"));
            }
        }
    }

    /// A node starts with this much of each log: what a crash took from it may be shown again, and
    /// nothing else.
    pub(crate) fn remembers(&mut self, node: u32, heads: impl Iterator<Item = ((PeerId, LogId), u32)>) {
        let Some(shelf) = self.shelves.get_mut(node as usize) else { return };
        shelf.ends = heads.collect();
        let ends = &shelf.ends;
        let is_kept = |author: PeerId, log: LogId, seq: u32| ends.get(&(author, log)).is_some_and(|end| seq <= *end);
        shelf.shown.retain(|_, (author, log, seq)| is_kept(*author, *log, *seq));
        shelf.waiting.retain(|_, (author, log, seq)| is_kept(*author, *log, *seq));
    }

    /// Claims that were seen broken, in words.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// How one message fared.
    pub fn tally(&self, id: &EventId) -> Option<Tally> {
        let said = self.said.get(id)?;
        let last = said.shown.values().max().map_or(Duration::ZERO, |last| last.since(said.at));
        Some(Tally {
            shown: said.shown.len().saturating_sub(1),
            copies: said.copies.values().map(|count| u64::from(*count)).sum(),
            most: said.copies.values().copied().max().unwrap_or(0),
            hops: said.hops.values().copied().max().unwrap_or(0),
            last,
        })
    }

    /// Where a message stands: its log, and its number there.
    pub fn place(&self, id: &EventId) -> Option<(LogId, u32)> {
        self.said.get(id).map(|said| said.place)
    }

    /// A node has shown a message, and still has it.
    pub fn has(&self, id: &EventId, node: u32) -> bool {
        self.shelves.get(node as usize).is_some_and(|shelf| shelf.shown.contains_key(id))
    }
}
