//! What the window is told: rows made from the state, and the batch of notices after each turn of
//! the loop.

use identity::PeerId;
use store::{RoomKind, Standing};
use wire::ids::RoomId;

use super::Core;
use super::members::added_by;
use crate::parts::pending_notices::Delivered;
use crate::parts::people::Someone;
use crate::parts::room::Room;
use crate::view::{self, ClosedWhy, Delivery, LinkState, Member, Notice, Person, PersonDetails, Preview, Refused, Role, RoomRow, Snapshot};

impl Core {
    /// Tells what has changed since the last time.
    pub(crate) fn tell_changes(&mut self) {
        let now = self.clocks.mono();
        let mut notices = Vec::new();
        self.tell_messages(&mut notices);
        self.tell_delivery(&mut notices);
        for room in self.notices.take_rooms(now) {
            notices.extend(self.room_row(room).ok().map(|row| Notice::Room(Box::new(row))));
        }
        notices.extend(self.notices.take_rooms_gone().into_iter().map(Notice::RoomGone));
        for room in self.notices.take_members(now) {
            notices.extend(self.members_of(room).map(|people| Notice::Members(room, people)));
        }
        let nearby_changed = self.notices.take_nearby();
        for peer in self.notices.take_people() {
            notices.extend(self.person(&peer).map(Notice::Person));
            self.touch_progress_with(peer);
        }
        for id in self.notices.take_attempts() {
            notices.extend(self.attempts.get(id).map(|attempt| Notice::Join(attempt.row())));
        }
        notices.extend(self.notices.take_attempts_gone().into_iter().map(Notice::JoinGone));
        for peer in self.notices.take_requests_added() {
            notices.extend(self.request(&peer).map(Notice::RequestAdded));
        }
        notices.extend(self.notices.take_requests_gone().into_iter().map(Notice::RequestGone));
        notices.extend(self.notices.alerts.take_gone().into_iter().map(Notice::AlertGone));
        notices.extend(self.notices.alerts.take_fresh().into_iter().map(Notice::Alert));
        notices.append(&mut self.notices.take_network());
        if nearby_changed && let Some(rows) = self.fresh_nearby() {
            notices.push(Notice::Nearby(rows));
        }
        if self.notices.take_me() {
            notices.push(Notice::Me(self.me_row()));
        }
        self.notices.tell(notices);
    }

    /// Tells new messages before the rest of the turn: they are what a reader waits for.
    pub(crate) fn tell_new_messages(&mut self) {
        let mut notices = Vec::new();
        self.tell_messages(&mut notices);
        self.notices.tell(notices);
    }

    /// Tells new messages, and forgets what else has changed: rows of rooms with thousands of
    /// members cost more than all the rest of a simulation.
    #[cfg(feature = "manual")]
    pub(crate) fn tell_messages_only(&mut self) {
        self.tell_new_messages();
        self.notices.forget();
    }

    fn tell_messages(&mut self, notices: &mut Vec<Notice>) {
        for (room, place) in self.notices.take_stale() {
            self.refresh_last(room, &place);
            let Some(event) = self.disk.store().event(&room, &place) else { continue };
            match self.read_again(room, &event) {
                Some(message) => self.notices.shown(room, message),
                None => self.notices.gone(room, place.id),
            }
        }
        for (room, gone) in self.notices.take_gone() {
            notices.push(Notice::MessagesGone(room, gone.into_iter().collect()));
        }
        for (room, mut messages) in self.notices.take_messages() {
            messages.sort_by_key(|message| message.position);
            notices.push(Notice::Messages(room, messages));
        }
    }

    fn tell_delivery(&mut self, notices: &mut Vec<Notice>) {
        for (id, Delivered { saved, acks }) in self.notices.take_delivered() {
            let Some(state) = self.rooms.get(&id) else { continue };
            let saved = saved.iter().filter_map(|log| Some((*log, *state.saved.get(log)?)));
            let acks = acks.iter().filter_map(|(peer, log)| Some((*peer, *log, state.acks.get(*peer, *log)?)));
            notices.push(Notice::Delivery(id, Delivery { saved: saved.collect(), acks: acks.collect() }));
        }
    }

    /// Everything at this moment; changes that have not been told are told first, so that the
    /// number fits.
    pub fn snapshot(&mut self) -> Snapshot {
        self.tell_changes();
        let seq = self.notices.last_number();
        Snapshot {
            seq,
            me: self.me_row(),
            rooms: self.rooms.values().map(|room| self.row_of(room)).collect(),
            people: self.people.keys().filter_map(|peer| self.person(peer)).collect(),
            requests: self.people.asking().copied().collect::<Vec<_>>().iter().filter_map(|peer| self.request(peer)).collect(),
            nearby: self.nearby_rows(),
            joining: self.attempts.rows(),
            alerts: self.notices.alerts.all().to_vec(),
        }
    }

    /// Events that came from others since the start, copies included: what spreading costs.
    pub fn received_events(&self) -> u64 {
        self.spreading.engine().received()
    }

    pub(crate) fn me_row(&self) -> view::Me {
        view::Me {
            peer: self.own.peer(),
            name: self.own.name().to_owned(),
            addresses: self.own_addresses().iter().map(ToString::to_string).collect(),
            reach: self.own_reach(),
            not_listening: self.own.not_listening().cloned(),
            nearby_visible: self.own.is_visible_nearby(),
            internet: self.own.reach.settings().internet,
            mapping: self.own.reach.settings().mapping,
            carry: self.own.reach.settings().carry,
            links: u32::try_from(self.links.len()).unwrap_or(u32::MAX),
            friends: u32::try_from(self.friends_here()).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn room_row(&self, id: RoomId) -> Result<RoomRow, Refused> {
        self.rooms.get(&id).map(|room| self.row_of(room)).ok_or(Refused::UnknownRoom)
    }

    fn row_of(&self, room: &Room) -> RoomRow {
        // There are fewer links than members.
        let connected = self.links.count(|peer| room.members.is_member(peer));
        let name = match room.other() {
            Some(peer) => self.name_of(&peer),
            None => room.row.name.clone(),
        };
        let closed = self.closed(room);
        RoomRow {
            id: room.id(),
            kind: match room.row.kind {
                RoomKind::Group => view::RoomKind::Group,
                RoomKind::Direct(_) => view::RoomKind::Direct,
            },
            name,
            peer: room.other(),
            standing: match room.row.standing {
                Standing::Member | Standing::Joining => view::Standing::Member,
                Standing::Left if closed.as_ref().is_some_and(|closed| closed.why == ClosedWhy::Removed) => view::Standing::Removed,
                Standing::Left => view::Standing::Left,
                Standing::Requested => view::Standing::Requested,
            },
            my_role: room.members.role(&self.own.peer()).filter(|_| room.may_write()).map(Role::from),
            topic: room.topic().to_owned(),
            only_admins_add: room.only_admins_add(),
            shows_history: room.members.shows_history(),
            may: room.may(&self.own.peer()),
            closed,
            members: u32::try_from(room.members.member_count()).unwrap_or(u32::MAX),
            connected: u32::try_from(connected).unwrap_or(u32::MAX),
            last: room.last.as_ref().map(|last| Preview {
                author: last.author,
                author_name: self.name_of(&last.author),
                mine: last.author == self.own.peer(),
                text: last.text.clone(),
                at: last.position.hlc.ms(),
            }),
            unread: room.unread,
            late: room.late.shown(),
            read_up_to: room.row.read_up_to,
            draft: room.row.draft.clone(),
            lacking: room.lacking,
            level: room.level.clone(),
            active_at: self.active_at(room),
        }
    }

    /// A room that was used while the computer's clock was fast is not above all others until then.
    fn active_at(&self, room: &Room) -> view::Time {
        let last = || room.last.as_ref().map_or(self.clocks.wall(), |last| last.position.hlc.ms().min(self.clocks.wall()));
        if room.row.active_at > self.clocks.wall() { last() } else { room.row.active_at }
    }

    /// Members, delivery and row of a room.
    pub fn room_details(&self, id: RoomId) -> Result<(RoomRow, Vec<Member>, Delivery), Refused> {
        let room = self.rooms.get(&id).ok_or(Refused::UnknownRoom)?;
        let delivery = Delivery { saved: room.saved.iter().map(|(log, seq)| (*log, *seq)).collect(), acks: room.acks.all().collect() };
        Ok((self.row_of(room), self.members_of(id).unwrap_or_default(), delivery))
    }

    fn members_of(&self, id: RoomId) -> Option<Vec<Member>> {
        let room = self.rooms.get(&id)?;
        let (rank, added) = (room.members.right(&self.own.peer()), added_by(&room.members));
        let mut people: Vec<Member> = room
            .members
            .members()
            .map(|m| Member {
                peer: m.peer,
                name: self.name_of(&m.peer),
                me: m.peer == self.own.peer(),
                creator: m.creator,
                role: m.role.into(),
                added_by: added.get(&m.peer).copied(),
                may: room.may_with(rank, &m.peer),
                link: self.link_state(&m.peer),
            })
            .collect();
        people.sort_by_cached_key(|member| (member.name.to_lowercase(), member.peer));
        Some(people)
    }

    pub(crate) fn link_state(&self, peer: &PeerId) -> LinkState {
        if *peer == self.own.peer() {
            return LinkState::Own;
        }
        self.people.get(peer).map_or(LinkState::Unreachable { last_seen: None }, |p| p.link.clone())
    }

    fn person(&self, peer: &PeerId) -> Option<Person> {
        let known = self.people.get(peer)?;
        Some(Person {
            peer: *peer,
            name: self.name_of(peer),
            contact: known.row.contact == store::Contact::Yes,
            link: self.link_state(peer),
        })
    }

    fn request(&mut self, peer: &PeerId) -> Option<view::Request> {
        let row = self.people.request(peer)?;
        let (name, at) = (row.name.clone(), row.at_ms);
        let looks_like = self.looks_like(peer, &name);
        Some(view::Request { peer: *peer, name, at, looks_like })
    }

    /// All that is known of one person.
    pub fn person_details(&mut self, peer: PeerId) -> Result<PersonDetails, Refused> {
        let rooms: Vec<RoomId> = self.rooms.with(&peer).map(Room::id).collect();
        let person = match self.person(&peer) {
            Some(person) => person,
            None if rooms.is_empty() => return Err(Refused::UnknownPeer),
            None => Person { peer, name: self.name_of(&peer), contact: false, link: self.link_state(&peer) },
        };
        let addresses = self.people.get(&peer).map(Someone::addresses).unwrap_or_default();
        let addresses = addresses.iter().map(ToString::to_string).collect();
        let looks_like = self.looks_like(&peer, &person.name);
        Ok(PersonDetails { person, addresses, rooms, looks_like })
    }
}
