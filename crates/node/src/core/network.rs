//! The picture of who is linked with whom, live for as long as somebody looks at it.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use wire::ids::RoomId;

use super::Core;
use crate::view::{LinkState, Network, Notice, Owed, Reach, Time, Via};

/// Between two notices. Lower: nobody could read the changes; higher: it would not look alive.
const PAUSE: Millis = 500;
/// How long changes are told after somebody asked. A client that goes away without a word costs this much more.
const WATCHED_FOR: Millis = 20_000;

/// What watchers were told, while there are any.
#[derive(Default)]
pub(crate) struct Watch(Option<Watched>);

struct Watched {
    until: Millis,
    due: Millis,
    told: BTreeMap<PeerId, Reach>,
}

impl Watch {
    pub(crate) fn wake(&self) -> Option<Millis> {
        self.0.as_ref().map(|watched| watched.due)
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
            self.network = Watch(Some(Watched { until: now + WATCHED_FOR, due: now + PAUSE, told: rows.clone() }));
        }
        Network { me: self.me_row(), people: rows.into_values().collect() }
    }

    /// Tells watchers what has changed, if it is time.
    pub(crate) fn look_at_network(&mut self) {
        let now = self.now.mono;
        let Some(watched) = self.network.0.as_mut().filter(|watched| watched.due <= now) else { return };
        watched.due = now + PAUSE;
        if watched.until <= now {
            self.network = Watch::default();
            return;
        }
        let rows = self.reaches();
        self.tell_network(&rows);
        if let Some(watched) = &mut self.network.0 {
            watched.told = rows;
        }
    }

    fn tell_network(&mut self, rows: &BTreeMap<PeerId, Reach>) {
        let Some(watched) = &self.network.0 else { return };
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
            let through = match link {
                Some(_) => None,
                None => common.iter().find_map(|room| gates.get(room)).filter(|_| !self.is_out(&peer)),
            };
            let row = Reach {
                peer,
                name: self.name_of(&peer),
                contact: self.is_contact(&peer),
                link: link.map_or_else(|| self.link_state(&peer), |link| link.state.clone()),
                through: through.map(|via| Via { peer: *via, name: self.name_of(via) }),
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
            for tie in self.gossip.ties(room).filter(|tie| tie.member && tie.heard && (tie.lacks > 0 || tie.ahead > 0)) {
                owed.entry(tie.peer).or_default().push(Owed { room: *room, theirs: tie.lacks, ours: tie.ahead });
            }
        }
        owed
    }

    /// For each room the member whose link has been up longest: through them one reaches those without a link.
    fn gates(&self) -> BTreeMap<RoomId, PeerId> {
        let mut gates: BTreeMap<RoomId, (Time, PeerId)> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.other().is_none()) {
            for tie in self.gossip.ties(&room.id()).filter(|tie| tie.member) {
                let Some(LinkState::Connected { since, .. }) = self.links.get(&tie.peer).map(|link| &link.state) else { continue };
                let oldest = gates.entry(room.id()).or_insert((*since, tie.peer));
                *oldest = (*oldest).min((*since, tie.peer));
            }
        }
        gates.into_iter().map(|(room, (_, peer))| (room, peer)).collect()
    }
}
