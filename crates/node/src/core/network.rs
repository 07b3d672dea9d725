//! The picture of who is linked with whom, live for as long as a client looks at it.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::RoomId;

use super::Core;
use crate::view::{LinkState, Network, Owed, Reach, Time, Via};

impl Core {
    /// All who are known, and how each is reached. With `watch`, changes are told for the next 20
    /// seconds.
    pub fn network(&mut self, watch: bool) -> Network {
        let rows = self.reaches();
        if watch {
            // Who watches already gets the difference before the new beginning.
            self.tell_network(&rows);
            self.network.watch(rows.clone(), self.clocks.mono());
        }
        Network { me: self.me_row(), people: rows.into_values().collect() }
    }

    /// Tells watchers what has changed, if it is time.
    pub(crate) fn look_at_network(&mut self) {
        if self.network.take_due(self.clocks.mono()) {
            let rows = self.reaches();
            self.tell_network(&rows);
            self.network.note_told(rows);
        }
    }

    fn tell_network(&mut self, rows: &BTreeMap<PeerId, Reach>) {
        if let Some(news) = self.network.news(rows) {
            self.notices.network(news);
        }
    }

    fn reaches(&self) -> BTreeMap<PeerId, Reach> {
        let mut rooms: BTreeMap<PeerId, Vec<RoomId>> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.takes_part()) {
            for member in room.members.members() {
                rooms.entry(member.peer).or_default().push(room.id());
            }
        }
        let mut owed = self.owed();
        let gates = self.gates();
        let everybody: BTreeSet<PeerId> = self.people.keys().chain(rooms.keys()).copied().filter(|peer| *peer != self.own.peer()).collect();
        let reach = |peer: PeerId| {
            let known = self.people.get(&peer);
            let link = self.links.get(&peer);
            let common = rooms.remove(&peer).unwrap_or_default();
            let unlinked = link.is_none() && !self.is_out(&peer);
            let through = unlinked.then(|| common.iter().find_map(|room| self.via(&peer, gates.get(room)?))).flatten();
            let row = Reach {
                peer,
                name: self.name_of(&peer),
                contact: self.people.is_contact(&peer),
                link: link.map_or_else(|| self.link_state(&peer), |link| link.state.clone()),
                through,
                last_seen: known.and_then(|person| person.row.last_seen_ms),
                wrote_at: self.rooms.wrote_at(&peer, self.clocks.wall()),
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
            for view in
                self.spreading.engine().neighbours(room).filter(|view| view.member && view.heard && (view.lacks > 0 || view.ahead > 0))
            {
                owed.entry(view.peer).or_default().push(Owed { room: *room, theirs: view.lacks, ours: view.ahead });
            }
        }
        owed
    }

    /// Through whom a peer is reached, of those who are linked in a common room.
    fn via(&self, peer: &PeerId, gates: &BTreeMap<PeerId, Time>) -> Option<Via> {
        let bringer = self.network.bringer(peer).filter(|bringer| gates.contains_key(bringer));
        let oldest = || gates.iter().min_by_key(|(_, since)| **since).map(|(gate, _)| gate);
        let gate = bringer.or_else(oldest)?;
        let others = u32::try_from(gates.len() - 1).unwrap_or(u32::MAX);
        Some(Via { peer: *gate, name: self.name_of(gate), others })
    }

    /// For each room its linked members, through whom the others are reached, and since when they
    /// are linked.
    fn gates(&self) -> BTreeMap<RoomId, BTreeMap<PeerId, Time>> {
        let mut gates: BTreeMap<RoomId, BTreeMap<PeerId, Time>> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.other().is_none()) {
            for view in self.spreading.engine().neighbours(&room.id()).filter(|view| view.member) {
                let Some(LinkState::Connected { since, .. }) = self.links.get(&view.peer).map(|link| &link.state) else { continue };
                gates.entry(room.id()).or_default().insert(view.peer, *since);
            }
        }
        gates
    }
}
