//! What a world looks like from above: agreement, overlay, cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gossip::NeighbourView;
use identity::PeerId;
use wire::ids::EventId;

use crate::world::World;

/// How messages spread, over all that were asked about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// Share of correct members that have shown a message, over all messages.
    pub delivery: f64,
    /// Most hops from an author to a member.
    pub hops: u32,
    /// Copies for each member that was to get one.
    pub payloads: f64,
    /// Most copies that one member got of one message.
    pub most: u32,
    /// Median over messages of the time until the last member that has it showed it.
    pub to_all: Duration,
    /// The same for the slowest message.
    pub slowest: Duration,
}

/// State of the whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Members that run and mean well.
    pub correct: usize,
    /// Different histories among them; 1 is agreement.
    pub histories: usize,
    /// Bytes that a member has sent, on average, since the world began.
    pub bytes: f64,
    /// Links up, on average.
    pub links: f64,
    /// Parts into which the links of correct members fall.
    pub parts: usize,
}

impl World {
    /// How these messages spread among those who are correct now.
    pub fn spread(&self, messages: &[EventId]) -> Spread {
        let correct = self.correct();
        let (mut shown, mut copies, mut expected) = (0, 0, 0);
        let mut spread = Spread::default();
        let mut times = Vec::new();
        for id in messages {
            let Some(tally) = self.books.tally(id) else { continue };
            shown += correct.iter().filter(|number| self.books.has(id, **number)).count();
            expected += correct.len();
            copies += tally.copies;
            spread.hops = spread.hops.max(tally.hops);
            spread.most = spread.most.max(tally.most);
            times.push(tally.last);
        }
        times.sort();
        spread.delivery = shown as f64 / expected.max(1) as f64;
        spread.payloads = copies as f64 / expected.saturating_sub(times.len()).max(1) as f64;
        spread.to_all = times.get(times.len() / 2).copied().unwrap_or_default();
        spread.slowest = times.last().copied().unwrap_or_default();
        spread
    }

    /// The state of the whole.
    pub fn report(&mut self) -> Report {
        let correct = self.correct();
        let bytes: u64 = self.hosts.iter().map(|host| host.bytes_sent).sum();
        let links: usize = self.hosts.iter().map(|host| host.links.len()).sum();
        Report {
            correct: correct.len(),
            histories: self.histories(),
            bytes: bytes as f64 / self.hosts.len().max(1) as f64,
            links: links as f64 / correct.len().max(1) as f64,
            parts: self.parts(|world, number| world.linked(number)),
        }
    }

    /// How many different histories correct members have.
    pub fn histories(&mut self) -> usize {
        let room = self.room();
        let mut digests = BTreeSet::new();
        for host in self.hosts.iter_mut().filter(|host| host.is_correct()) {
            digests.insert(host.body.as_mut().and_then(|body| body.hand.digest(&room)));
        }
        digests.len()
    }

    /// Everybody correct has the same events, and among them all of these.
    pub fn agrees_on(&mut self, messages: &[EventId]) -> bool {
        let correct = self.correct();
        let all = |world: &World| messages.iter().all(|id| correct.iter().all(|number| world.books.has(id, *number)));
        all(self) && self.histories() == 1
    }

    /// A correct member has a message. What only its author had may be gone with its author's disk.
    pub fn is_kept(&self, id: &EventId) -> bool {
        self.correct().iter().any(|number| self.books.has(id, *number))
    }

    /// How a member stands with those who are linked to it.
    pub fn ties(&self, number: u32) -> Vec<NeighbourView> {
        let room = self.room();
        let body = self.hosts.get(number as usize).and_then(|host| host.body.as_ref());
        body.map(|body| body.hand.gossip().neighbours(&room).collect()).unwrap_or_default()
    }

    /// Whom a member has in its active view.
    pub fn actives(&self, number: u32) -> Vec<PeerId> {
        self.ties(number).iter().filter(|tie| tie.active).map(|tie| tie.peer).collect()
    }

    /// Correct members with their active view as others see it: who has whom without being had, and
    /// who has too many.
    pub fn lopsided(&self, most: usize) -> Vec<u32> {
        let views: BTreeMap<u32, BTreeSet<PeerId>> =
            self.correct().into_iter().map(|number| (number, self.actives(number).into_iter().collect())).collect();
        let wrong = |number: &u32, view: &BTreeSet<PeerId>| {
            let me = self.peers.get(*number as usize);
            let returned = |peer: &PeerId| {
                let theirs = self.numbers.get(peer).and_then(|other| views.get(other));
                me.zip(theirs).is_none_or(|(me, theirs)| theirs.contains(me))
            };
            view.len() > most || !view.iter().all(returned)
        };
        views.iter().filter(|(number, view)| wrong(number, view)).map(|(number, _)| *number).collect()
    }

    fn linked(&self, number: u32) -> Vec<PeerId> {
        self.hosts.get(number as usize).and_then(|host| host.body.as_ref()).map(|body| body.hand.linked()).unwrap_or_default()
    }

    /// Into how many parts the correct members fall if only these neighbours count.
    pub fn parts(&self, neighbours: impl Fn(&World, u32) -> Vec<PeerId>) -> usize {
        let mut unseen: BTreeSet<u32> = self.correct().into_iter().collect();
        let edges: BTreeMap<u32, Vec<u32>> =
            unseen.iter().map(|n| (*n, neighbours(self, *n).iter().filter_map(|peer| self.numbers.get(peer).copied()).collect())).collect();
        let mut parts = 0;
        while let Some(first) = unseen.pop_first() {
            parts += 1;
            let mut open = vec![first];
            while let Some(one) = open.pop() {
                open.extend(edges.get(&one).into_iter().flatten().filter(|other| unseen.remove(other)));
            }
        }
        parts
    }
}
