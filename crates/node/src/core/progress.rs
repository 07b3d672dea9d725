//! Who has what in each room: made from what linked members said of their logs, at most once a
//! second for each room.

use std::collections::BTreeMap;

use gossip::{Input, Verdict};
use identity::PeerId;
use wire::ids::RoomId;
use wire::message::Message;

use super::Core;
use crate::parts::progress::Written;
use crate::view::{Behind, Level, LinkState, Time};

/// What a member lacks for less than this is on its way to them, beside the time that they take to
/// say that they have it.
const ON_ITS_WAY: Time = 1_500;
/// Members who are named when they lack something; the others are counted.
const NAMED: usize = 3;
/// Times of missing events read from the store in one look, some 20 µs each. The next look goes on.
const MAX_READS: usize = 128;
/// A member without a link who wrote within this time is there, through others.
const WROTE_LATELY: Time = 5 * 60_000;

/// What a member lacks: how many events, and from when on silence means that they do.
struct Missing {
    told_at: Time,
    count: u64,
}

impl Core {
    /// Gossip gets this: the rooms that it may change are looked at soon.
    pub(crate) fn touch_progress(&mut self, input: &Input) {
        let now = self.clocks.mono();
        match input {
            // At once: the first row of a room should not say that it is empty.
            Input::RoomOpened { room, .. } => {
                self.progress.touch_at_once(*room, now);
            }
            Input::RoomClosed { room } => {
                self.progress.forget(room);
            }
            Input::Checked { room, peer, verdict, .. } => {
                self.progress.touch(*room, now);
                if let Verdict::Fresh { log, .. } = verdict {
                    self.network.note_bringer(log.device, *peer);
                }
            }
            Input::NeighbourUp { room, .. }
            | Input::NeighbourDown { room, .. }
            | Input::Published { room, .. }
            | Input::Recut { room, .. } => self.progress.touch(*room, now),
            Input::Received { message: Message::Digest(wire::message::Digest { room, .. }), .. }
            | Input::Received { message: Message::Heads(wire::message::Heads { room, .. }), .. } => self.progress.touch(*room, now),
            Input::LinkDown { peer } => self.touch_progress_with(*peer),
            Input::Received { .. } | Input::Tick => {}
            Input::Refused { .. } | Input::Drained { .. } => {}
            Input::Known { .. } | Input::Forgotten { .. } | Input::Unreached { .. } => {}
        }
    }

    /// How a peer is reached has changed.
    pub(crate) fn touch_progress_with(&mut self, peer: PeerId) {
        let now = self.clocks.mono();
        for room in self.rooms.with(&peer) {
            self.progress.touch(room.id(), now);
        }
    }

    /// Looks at the rooms that are due.
    pub(crate) fn look_at_progress(&mut self) {
        for room in self.progress.take_due(self.clocks.mono()) {
            let level = self.level_of(room);
            if let Some(state) = self.rooms.get_mut(&room).filter(|state| state.level != level) {
                state.level = level;
                self.notices.room(room);
            }
        }
    }

    fn level_of(&mut self, id: RoomId) -> Level {
        let (unsaid, missing) = self.first_missing(id);
        let Some(state) = self.rooms.get(&id).filter(|state| state.takes_part()) else { return Level::default() };
        let linked: BTreeMap<PeerId, bool> = self.spreading.engine().linked(&id).collect();
        // Only those with a link or a dial are gone through one by one: a room may have many
        // thousand members.
        let (heard, silent): (Vec<bool>, Vec<bool>) =
            linked.values().map(|heard| *heard || state.logs.is_empty()).partition(|heard| *heard);
        let unmet = self.links.peers().into_iter().filter(|peer| state.members.is_member(peer) && !linked.contains_key(peer)).count();
        let others = state.members.member_count().saturating_sub(usize::from(state.members.is_member(&self.own.peer())));
        let rest = others.saturating_sub(heard.len() + silent.len() + unmet);
        let dialled = self.links.wanted().filter(|peer| state.members.is_member(peer) && self.links.get(peer).is_none());
        let out = if heard.is_empty() { rest } else { dialled.filter(|peer| self.is_out(peer)).count().min(rest) };
        let mut level = Level {
            heard: small(heard.len()),
            unheard: small(silent.len() + unmet),
            through: small(rest - out),
            away: small(out),
            ..Level::default()
        };
        let old = missing.iter().filter(|(_, missing)| missing.told_at <= self.clocks.wall());
        let mut behind: Vec<Behind> =
            old.map(|(peer, missing)| Behind { peer: *peer, name: self.name_of(peer), count: missing.count }).collect();
        behind.sort_by(|a, b| b.count.cmp(&a.count).then(a.peer.cmp(&b.peer)));
        level.behind_in_all = small(behind.len());
        behind.truncate(NAMED);
        level.behind = behind;
        let newest = state.logs.iter().map(|(_, log)| log.hlc.ms()).max();
        let up_to = unsaid.map(|first| first.saturating_sub(1)).or(newest).map(|at| at.min(self.clocks.wall()));
        level.up_to = up_to.filter(|at| level.heard > 0 && *at > 0);
        if missing.len() > usize::try_from(level.behind_in_all).unwrap_or(usize::MAX) {
            // What is still on its way becomes missing without anything more being heard.
            self.progress.touch(id, self.clocks.mono());
        }
        level
    }

    /// When the first event was written that some linked member has not said to have (0 where that
    /// is not known yet), and what each of them lacks, other than what was just pushed to them.
    fn first_missing(&mut self, id: RoomId) -> (Option<Time>, BTreeMap<PeerId, Missing>) {
        let Some(state) = self.rooms.get(&id) else { return (None, BTreeMap::new()) };
        let before = self.progress.take_written(&id);
        let mut written = Written::new();
        let mut all: BTreeMap<PeerId, Missing> = BTreeMap::new();
        let (mut reads, mut more, mut unsaid) = (0, false, None::<Time>);
        for gap in self.spreading.engine().missing(&id).filter(|gap| state.members.is_member(&gap.peer)) {
            let place = (gap.log, gap.from);
            // Nearly always it is the last one.
            let last = state.logs.get(&gap.log).filter(|held| held.head.seq == gap.from).map(|held| held.hlc.ms());
            let known = last.or_else(|| written.get(&place).or_else(|| before.get(&place)).copied());
            let at = match known {
                Some(at) => at,
                None if reads == MAX_READS => {
                    more = true;
                    0
                }
                None => {
                    reads += 1;
                    self.disk.store().hlc_at(&id, gap.log, gap.from).map_or(self.clocks.wall(), |hlc| hlc.ms())
                }
            };
            if at > 0 {
                written.insert(place, at);
            }
            unsaid = Some(unsaid.map_or(at, |earlier| earlier.min(at)));
            if gap.on_its_way {
                continue;
            }
            let told_at = at.saturating_add(ON_ITS_WAY).saturating_add(gap.said_within);
            let missing = all.entry(gap.peer).or_insert(Missing { told_at, count: 0 });
            missing.told_at = missing.told_at.min(told_at);
            missing.count += gap.count;
        }
        self.progress.set_written(id, written);
        if more {
            self.progress.touch(id, self.clocks.mono());
        }
        (unsaid, all)
    }

    /// Dialling this peer fails, and it has written nothing since that would have come through
    /// others.
    pub(crate) fn is_out(&self, peer: &PeerId) -> bool {
        let Some(person) = self.people.get(peer) else { return false };
        match person.link {
            LinkState::Own | LinkState::Connected { .. } | LinkState::Unreachable { .. } => false,
            LinkState::Connecting { .. } | LinkState::Waiting { .. } => {
                let seen = person.row.last_seen_ms.unwrap_or(0);
                self.rooms
                    .wrote_at(peer, self.clocks.wall())
                    .is_none_or(|at| at <= seen || at.saturating_add(WROTE_LATELY) < self.clocks.wall())
            }
        }
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
