//! The picture of who is linked with whom, live for as long as somebody looks at it.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use wire::ids::RoomId;

use super::Core;
use crate::view::{LinkState, Network, Notice, Owed, Reach, Time, Via};

/// Between two notices. Lower: nobody could read the changes; higher: it would not look alive.
const PAUSE: Millis = 500;
/// How long changes are told after somebody asked. A client that goes away without a word costs
/// this much more.
const WATCHED_FOR: Millis = 20_000;

/// Authors of whom it is remembered who brought their newest event; the rest are told by the
/// longest link.
const MAX_BROUGHT: usize = 4_096;

/// What watchers were told, while there are any, and what the picture is made of beside links.
#[derive(Default)]
pub(crate) struct Watch {
    watched: Option<Watched>,
    brought: BTreeMap<PeerId, PeerId>,
}

struct Watched {
    until: Millis,
    due: Millis,
    told: BTreeMap<PeerId, Reach>,
}

impl Watch {
    /// Somebody brought an event of another's.
    pub(crate) fn note_bringer(&mut self, author: PeerId, bringer: PeerId) {
        if author != bringer && (self.brought.len() < MAX_BROUGHT || self.brought.contains_key(&author)) {
            self.brought.insert(author, bringer);
        }
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.watched.as_ref().map(|watched| watched.due)
    }
}

impl Core {
    /// Everybody, and how each is reached. With `watch`, changes are told for the next 20 seconds.
    pub fn network(&mut self, watch: bool) -> Network {
        let rows = self.reaches();
        if watch {
            // Who watches already gets the difference before the new beginning.
            self.tell_network(&rows);
            let now = self.now.mono;
            self.network.watched = Some(Watched { until: now + WATCHED_FOR, due: now + PAUSE, told: rows.clone() });
        }
        Network { me: self.me_row(), people: rows.into_values().collect() }
    }

    /// Tells watchers what has changed, if it is time.
    pub(crate) fn look_at_network(&mut self) {
        let now = self.now.mono;
        let Some(watched) = self.network.watched.as_mut().filter(|watched| watched.due <= now) else { return };
        watched.due = now + PAUSE;
        if watched.until <= now {
            self.network.watched = None;
            return;
        }
        let rows = self.reaches();
        self.tell_network(&rows);
        if let Some(watched) = &mut self.network.watched {
            watched.told = rows;
        }
    }

    fn tell_network(&mut self, rows: &BTreeMap<PeerId, Reach>) {
        let Some(watched) = &self.network.watched else { return };
        let fresh: Vec<Reach> = rows.values().filter(|row| watched.told.get(&row.peer) != Some(row)).cloned().collect();
        let gone: Vec<PeerId> = watched.told.keys().filter(|peer| !rows.contains_key(peer)).copied().collect();
        if !fresh.is_empty() || !gone.is_empty() {
            self.changed.network.push(Notice::Network { people: fresh, gone });
        }
    }

    fn reaches(&self) -> BTreeMap<PeerId, Reach> {
        let mut rooms: BTreeMap<PeerId, Vec<RoomId>> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.is_active()) {
            for member in room.members.members() {
                rooms.entry(member.peer).or_default().push(room.id());
            }
        }
        let mut owed = self.owed();
        let gates = self.gates();
        let everybody: BTreeSet<PeerId> = self.people.keys().chain(rooms.keys()).copied().filter(|peer| *peer != self.peer).collect();
        let reach = |peer: PeerId| {
            let known = self.people.get(&peer);
            let link = self.links.get(&peer);
            let common = rooms.remove(&peer).unwrap_or_default();
            let unlinked = link.is_none() && !self.is_out(&peer);
            let through = unlinked.then(|| common.iter().find_map(|room| self.via(&peer, gates.get(room)?))).flatten();
            let row = Reach {
                peer,
                name: self.name_of(&peer),
                contact: self.is_contact(&peer),
                link: link.map_or_else(|| self.link_state(&peer), |link| link.state.clone()),
                through,
                last_seen: known.and_then(|person| person.row.last_seen_ms),
                wrote_at: self.wrote_at(&peer),
                rooms: common,
                owed: owed.remove(&peer).unwrap_or_default(),
                queued: link.map_or(0, |link| u64::try_from(link.outbox.waiting()).unwrap_or(u64::MAX)),
            };
            (peer, row)
        };
        everybody.into_iter().map(reach).collect()
    }

    /// What is on its way between this device and each neighbour.
    fn owed(&self) -> BTreeMap<PeerId, Vec<Owed>> {
        let mut owed: BTreeMap<PeerId, Vec<Owed>> = BTreeMap::new();
        for room in self.rooms.keys() {
            for tie in self.gossip.neighbours(room).filter(|tie| tie.member && tie.heard && (tie.lacks > 0 || tie.ahead > 0)) {
                owed.entry(tie.peer).or_default().push(Owed { room: *room, theirs: tie.lacks, ours: tie.ahead });
            }
        }
        owed
    }

    /// Through whom somebody is reached, of those who are linked in a common room.
    fn via(&self, peer: &PeerId, gates: &BTreeMap<PeerId, Time>) -> Option<Via> {
        let bringer = self.network.brought.get(peer).filter(|bringer| gates.contains_key(bringer));
        let oldest = || gates.iter().min_by_key(|(_, since)| **since).map(|(gate, _)| gate);
        let gate = bringer.or_else(oldest)?;
        let others = u32::try_from(gates.len() - 1).unwrap_or(u32::MAX);
        Some(Via { peer: *gate, name: self.name_of(gate), others })
    }

    /// For each room the linked members, through whom one reaches those without a link, and since
    /// when.
    fn gates(&self) -> BTreeMap<RoomId, BTreeMap<PeerId, Time>> {
        let mut gates: BTreeMap<RoomId, BTreeMap<PeerId, Time>> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.other().is_none()) {
            for tie in self.gossip.neighbours(&room.id()).filter(|tie| tie.member) {
                let Some(LinkState::Connected { since, .. }) = self.links.get(&tie.peer).map(|link| &link.state) else { continue };
                gates.entry(room.id()).or_default().insert(tie.peer, *since);
            }
        }
        gates
    }
}
