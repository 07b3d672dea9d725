//! What is dated ahead. Others' entries wait until their time has come; own ones are shown as what
//! they are: others will see them then.

use rooms::{Event, Hlc, Payload, Position, Target, Verified, fold, kind};
use store::{Anchor, Page};
use wire::ids::{EventId, LogKey, RoomId};

use super::Core;
use crate::parts::ahead::MAX_AHEAD;
use crate::view::{Refused, Said};

impl Core {
    /// Notes an entry that is dated ahead. Whether it is shown all the same: to its author.
    pub(crate) fn note_ahead(&mut self, room: RoomId, place: Position, mine: bool) -> bool {
        self.clocks.ahead.note(room, place, mine);
        mine
    }

    /// Looks on the disk for what is dated ahead, at the start and when the clock was set back.
    /// Gives one's own.
    pub(crate) fn find_ahead(&mut self, room: RoomId) -> Vec<Position> {
        let own = self.own_ahead(room);
        for place in &own {
            self.note_ahead(room, *place, true);
        }
        let from = Position { hlc: self.latest_shown(), uuid: rooms::Uuid([0xff; 16]), id: EventId([0xff; 32]) };
        let left = self.clocks.ahead.room_left();
        for event in self.disk.store().page(&room, Anchor::After(from), left, Hlc(u64::MAX)).entries {
            if event.header.device != self.own.peer() {
                self.note_ahead(room, event.position(), false);
            }
        }
        own
    }

    /// Time rises along a log, so that what is ahead is the end of it.
    fn own_ahead(&self, room: RoomId) -> Vec<Position> {
        let Some(state) = self.rooms.get(&room) else { return Vec::new() };
        let (me, wall) = (self.own.peer(), self.clocks.wall());
        let ahead = state.logs.of(&me).filter(|(_, log)| log.hlc.is_ahead(wall));
        let entries = ahead.flat_map(|(key, log)| {
            let from = self.first_ahead(room, *key, log.head.seq);
            let events =
                self.disk.store().range(&room, *key, from, log.head.seq, usize::MAX).into_iter().filter_map(|raw| Event::decode(raw).ok());
            events.filter(|event| event.header.hlc.is_ahead(wall) && event.payload().is_some() && is_entry(event.header.kind))
        });
        entries.map(|event| event.position()).take(MAX_AHEAD).collect()
    }

    fn first_ahead(&self, room: RoomId, log: LogKey, last: u32) -> u32 {
        let (mut low, mut high) = (1, last);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.disk.store().hlc_at(&room, log, middle).is_none_or(|hlc| hlc.is_ahead(self.clocks.wall())) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        low
    }

    /// Entries whose time has come.
    pub(crate) fn release_ahead(&mut self) {
        let wall = self.clocks.wall();
        for (place, room) in self.clocks.ahead.take_due(wall) {
            self.notices.stale(room, place);
            self.note_if_late(room, place);
            self.count_unread(room);
            self.find_last(room);
            self.notices.room(room);
        }
    }

    /// A page of what is shown, own entries that are dated ahead at its end.
    pub(crate) fn page(&self, room: RoomId, anchor: Anchor, limit: usize) -> Page {
        let own = self.clocks.ahead.own_in(room, self.clocks.wall());
        let shown = |anchor, limit| self.disk.store().page(&room, anchor, limit, self.latest_shown());
        let Some(first) = own.first().copied() else { return shown(anchor, limit) };
        let read = |places: &[Position]| places.iter().filter_map(|place| self.disk.store().event(&room, place)).collect::<Vec<Verified>>();
        match anchor {
            Anchor::Latest | Anchor::Before(_) => {
                let end = if let Anchor::Before(place) = anchor { own.partition_point(|own| *own < place) } else { own.len() };
                let from = end.saturating_sub(limit);
                let left = limit - (end - from);
                let mut page = shown(if end == 0 { anchor } else { Anchor::Latest }, left.max(1));
                if left == 0 {
                    page.more_before = !page.entries.is_empty();
                    page.entries.clear();
                }
                page.more_before |= from > 0;
                page.more_after |= end < own.len();
                page.entries.extend(read(own.get(from..end).unwrap_or_default()));
                page
            }
            Anchor::After(place) | Anchor::Around(place) if place < first => {
                let mut page = shown(anchor, limit);
                let fits = if page.more_after { 0 } else { limit.saturating_sub(page.entries.len()).min(own.len()) };
                page.more_after |= fits < own.len();
                page.entries.extend(read(own.get(..fits).unwrap_or_default()));
                page
            }
            Anchor::After(place) => {
                let rest = own.get(own.partition_point(|own| *own <= place)..).unwrap_or_default();
                let entries = read(rest.get(..limit.min(rest.len())).unwrap_or_default());
                Page { entries, more_before: true, more_after: rest.len() > limit }
            }
            Anchor::Around(place) => {
                let mut page = self.page(room, Anchor::Before(place), limit / 2);
                let rest = own.get(own.partition_point(|own| *own < place)..).unwrap_or_default();
                let fits = (limit - limit / 2).min(rest.len());
                page.entries.extend(read(rest.get(..fits).unwrap_or_default()));
                page.more_after = fits < rest.len();
                page
            }
        }
    }

    /// Says an own message that is dated ahead again, with the time of now, and takes the other one
    /// back.
    pub fn send_again(&mut self, room: RoomId, message: EventId) -> Result<Said, Refused> {
        let target: Target = self.own_target(room, message)?;
        let event = self.disk.store().event(&room, &target).filter(|_| self.clocks.ahead.is_own(&target)).ok_or(Refused::UnknownMessage)?;
        let entry =
            fold(&event, &self.disk.store().relations_of(&room, &target)).filter(|entry| !entry.deleted).ok_or(Refused::UnknownMessage)?;
        let again = Payload::Message { text: entry.text, reply: entry.reply };
        let written = self.write(room, vec![again, Payload::Delete { target }])?;
        written.first().map(Said::of).ok_or(Refused::Limit)
    }
}

fn is_entry(kind: u8) -> bool {
    kind::role(kind) == kind::Role::Entry
}
