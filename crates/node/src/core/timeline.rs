//! History as the window shows it: pages, single entries, counts.

use rooms::authority::Setting;
use rooms::{Hlc, Payload, Position, Target, Verified, What, fold, kind};
use store::{Anchor, Urgency};
use wire::ids::{EpochId, RoomId};

use super::Core;
use crate::parts::late::MAX_UNREAD;
use crate::parts::room::{Last, Room};
use crate::view::{AlertKind, Body, Message, Page, Quote, Reaction, Refused};

/// Characters of a preview or a quote.
const EXCERPT: usize = 140;
/// Entries in which the last message is looked for at once, and how often more of them are.
const LAST_LOOKED_FOR: usize = 8;
const MAX_LOOKS: usize = 16;
/// So many superseded words about one message stay among those that count. Raised: more to read for
/// each further one; lowered: they are set aside more often.
const SUPERSEDED: usize = 64;

impl Core {
    /// A page of a room's history.
    pub fn timeline(&mut self, room: RoomId, anchor: Anchor, limit: u32) -> Result<Page, Refused> {
        if !self.rooms.contains_key(&room) {
            return Err(Refused::UnknownRoom);
        }
        let page = self.page(room, anchor, limit as usize);
        let wall = self.clocks.wall();
        if let Some(state) = self.rooms.get_mut(&room) {
            page.entries.iter().for_each(|event| state.clock.observe(event.header.hlc, wall));
        }
        let relations = self.disk.store().relations(&room, page.entries.iter().map(|event| event.position()));
        let messages = page.entries.iter().filter_map(|event| {
            let place = event.position();
            let about: Vec<Verified> = relations.iter().filter(|r| target_of(r) == Some(place)).cloned().collect();
            self.message(room, event, &about)
        });
        Ok(Page { messages: messages.collect(), more_before: page.more_before, more_after: page.more_after })
    }

    /// The latest moment that is shown: a little in the future, since clocks differ.
    pub(crate) fn latest_shown(&self) -> Hlc {
        let end = Hlc::from_ms(self.clocks.wall().saturating_add(rooms::limits::MAX_AHEAD_MS).saturating_add(1));
        Hlc(end.0.saturating_sub(1))
    }

    /// An entry as it stands now, read again from the store.
    pub(crate) fn read_again(&mut self, room: RoomId, event: &Verified) -> Option<Message> {
        let about = self.disk.store().relations_of(&room, &event.position());
        self.set_aside(&about);
        self.message(room, event, &about)
    }

    /// Sets superseded words about one message aside once they are many: otherwise each new one
    /// would have all of them read again.
    fn set_aside(&mut self, about: &[Verified]) {
        if about.len() < SUPERSEDED {
            return;
        }
        let superseded = rooms::superseded(about);
        if superseded.len() < SUPERSEDED {
            return;
        }
        if let Err(error) = self.disk.store().set_aside(superseded) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(Urgency::Received);
    }

    fn message(&self, room: RoomId, event: &Verified, relations: &[Verified]) -> Option<Message> {
        let state = self.rooms.get(&room)?;
        let author = event.header.device;
        let (mine, early) = (author == self.own.peer(), event.header.hlc.is_ahead(self.clocks.wall()));
        if early && !mine {
            return None;
        }
        let body = if event.header.log.is_control() {
            match state.members.line(event)?.what {
                What::Created { name } => Body::RoomCreated { name },
                What::Added { peer, name, .. } => Body::MemberAdded { peer, name },
                What::Left => Body::MemberLeft,
                What::Removed { peer } => Body::MemberRemoved { peer, name: self.name_of(&peer) },
                What::Role { peer, role } => Body::RoleGiven { peer, name: self.name_of(&peer), role: role.into() },
                What::Set(Setting::Name(name)) => Body::RoomRenamed { name },
                What::Set(Setting::Topic(text)) => Body::TopicSet { text },
                What::Set(Setting::AdminsAdd(on)) => Body::OnlyAdminsAdd { on },
                What::Set(Setting::History(on)) => Body::HistorySet { on },
            }
        } else {
            // Whether a person was a member can be taken back, if the log that says so turns out to
            // have forked.
            let counts = |event: &Verified| state.members.was_member(&event.header.device);
            if !counts(event) {
                return None;
            }
            match relations.iter().all(counts) {
                true => self.body(room, event, relations)?,
                false => self.body(room, event, &relations.iter().filter(|about| counts(about)).cloned().collect::<Vec<_>>())?,
            }
        };
        let part = state.logs.part_of(event, &self.stored(room));
        Some(Message {
            id: event.id(),
            position: event.position(),
            author,
            author_name: self.name_of(&author),
            mine,
            early,
            late: state.late.contains(&event.position()),
            log: part.log,
            seq: event.header.seq,
            body,
        })
    }

    fn body(&self, room: RoomId, event: &Verified, relations: &[Verified]) -> Option<Body> {
        if event.is_shut() {
            return self.body_of_shut(room, event);
        }
        let entry = fold(event, relations)?;
        if entry.deleted {
            return Some(Body::Deleted);
        }
        let mut reactions: Vec<Reaction> = entry
            .reactions
            .iter()
            .map(|(emoji, people)| Reaction {
                emoji: emoji.clone(),
                people: people.iter().map(|p| self.name_of(p)).collect(),
                mine: people.contains(&self.own.peer()),
            })
            .collect();
        reactions.sort_by_key(|reaction| std::cmp::Reverse(reaction.people.len()));
        let reply = entry.reply.map(|target| self.quote(room, target));
        Some(Body::Text { text: entry.text, edited: entry.edited_at, reply, reactions })
    }

    /// A message that cannot be read: its key is waited for, or is not for this device.
    fn body_of_shut(&self, room: RoomId, event: &Verified) -> Option<Body> {
        let (state, epoch) = (self.rooms.get(&room)?, EpochId(event.header.epoch));
        let is_message = event.header.kind == kind::MESSAGE;
        let is_hidden = state.keys.is_hidden(&epoch, state.members.shows_history());
        // One whose key is here does not open under it.
        let opens_never = self.disk.store().keyring().can_open(&event.header);
        let lost = state.keys.awaited.is_lost(&epoch, self.clocks.wall());
        (is_message && !is_hidden && !opens_never).then_some(Body::Waiting { lost })
    }

    fn quote(&self, room: RoomId, target: Target) -> Quote {
        let counts = |event: &Verified| self.rooms.get(&room).is_some_and(|state| state.members.was_member(&event.header.device));
        // What cannot be read is told like what is not here: it was not erased.
        let quoted = self.disk.store().event(&room, &target).filter(counts).filter(|event| !event.is_shut());
        let entry = quoted.as_ref().and_then(|event| fold(event, &self.disk.store().relations_of(&room, &target)));
        Quote {
            id: target.id,
            position: target,
            author_name: quoted.map(|event| self.name_of(&event.header.device)).unwrap_or_default(),
            text: entry.map(|entry| excerpt(&entry.text)).unwrap_or_default(),
        }
    }

    /// A new entry goes to the window, unless it is another person's and its time has not come.
    /// `about`: what was said about it, and maybe about others.
    pub(crate) fn show_event(&mut self, room: RoomId, event: &Verified, about: &[Verified]) {
        if event.header.hlc.is_ahead(self.clocks.wall()) && !self.note_ahead(room, event.position(), event.header.device == self.own.peer())
        {
            return;
        }
        let about: Vec<Verified> = about.iter().filter(|r| target_of(r) == Some(event.position())).cloned().collect();
        if let Some(message) = self.message(room, event, &about) {
            self.notices.message(room, message);
        }
    }

    /// A message counts: unread, newest, active.
    pub(crate) fn count_message(&mut self, room: RoomId, event: &Verified, text: &str) {
        let (me, wall) = (self.own.peer(), self.clocks.wall());
        let place = event.position();
        if place.hlc.is_ahead(wall) {
            return;
        }
        let late = self.note_late(room, event);
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if late || event.header.device != me && state.row.read_up_to.is_none_or(|read| read < place) {
            state.unread = (state.unread + 1).min(MAX_UNREAD);
        }
        if state.last.as_ref().is_none_or(|last| last.position < place) {
            state.last = Some(Last { position: place, author: event.header.device, text: excerpt(text) });
            state.row.active_at = state.row.active_at.max(place.hlc.ms().min(wall));
        }
    }

    pub(crate) fn count_unread(&mut self, room: RoomId) {
        let latest = self.latest_shown();
        let me = self.own.peer();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        // What a person said who turns out not to have been a member is not shown.
        // What cannot be read counts when it can.
        let keyring = self.disk.store().keyring();
        let others = |header: &rooms::Header| header.device != me && keyring.can_open(header) && state.members.was_member(&header.device);
        let below = self.disk.store().count_after(&room, state.row.read_up_to.as_ref(), others, latest, MAX_UNREAD);
        state.unread = below.saturating_add(state.late.count()).min(MAX_UNREAD);
    }

    /// Finds the newest message for the list of rooms.
    pub(crate) fn find_last(&mut self, room: RoomId) {
        let mut page = self.disk.store().page(&room, Anchor::Latest, LAST_LOOKED_FOR, self.latest_shown());
        let wall = self.clocks.wall();
        let Some(state) = self.rooms.get(&room) else { return };
        let mut newest = self.newest_text(state, &page.entries);
        // Those that wait for a key may be many.
        for _ in 0..MAX_LOOKS {
            let Some(first) = page.entries.first().filter(|_| newest.is_none() && page.more_before) else { break };
            page = self.disk.store().page(&room, Anchor::Before(first.position()), LAST_LOOKED_FOR, self.latest_shown());
            newest = self.newest_text(state, &page.entries);
        }
        if let Some(state) = self.rooms.get_mut(&room) {
            page.entries.iter().for_each(|event| state.clock.observe(event.header.hlc, wall));
            if let Some(last) = &newest {
                state.row.active_at = state.row.active_at.max(last.position.hlc.ms().min(wall));
            }
            state.last = newest;
        }
    }

    fn newest_text(&self, state: &Room, entries: &[Verified]) -> Option<Last> {
        let counts = entries.iter().rev().filter(|event| state.members.was_member(&event.header.device));
        counts.into_iter().find_map(|event| {
            let text = fold(event, &self.disk.store().relations_of(&state.id(), &event.position()))?.text;
            Some(Last { position: event.position(), author: event.header.device, text: excerpt(&text) })
        })
    }

    /// An edited or deleted message may be the one that the list of rooms shows.
    pub(crate) fn refresh_last(&mut self, room: RoomId, place: &Position) {
        if self.rooms.get(&room).and_then(|state| state.last.as_ref()).is_some_and(|last| last.position == *place) {
            self.find_last(room);
            self.notices.room(room);
        }
    }
}

fn target_of(relation: &Verified) -> Option<Target> {
    Payload::of(relation).ok()?.target()
}

/// How a text begins, with its line breaks: what a mark in it means may be seen only some lines
/// later.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    let end = text.char_indices().nth(EXCERPT).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_what_a_code_block_holds() {
        assert_eq!(excerpt("\n```js\nlet a;\n```\n"), "```js\nlet a;\n```");
        assert_eq!(excerpt(&"\u{e9}\n".repeat(EXCERPT)).chars().count(), EXCERPT);
    }
}
