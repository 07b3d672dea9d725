//! Who is linked, who is welcome, and which rooms they have in common with this device.

use std::collections::VecDeque;
use std::net::SocketAddr;

use gossip::{Input, Trust};
use identity::PeerId;
use net::{Event, LinkId, LinkUp, PeerState, Reason};
use wire::ids::RoomId;
use wire::message::{Bye, Message};

use super::Core;
use crate::parts::links::OpenLink;
use crate::parts::room::Room;
use crate::parts::tags::InCommon;
use crate::view::{AlertKind, LinkState};

/// Events that a link deals with itself. Higher: what takes longer is no longer done beside what
/// the link reads next. Lower: more waits for the loop to wake.
const MAX_WORDS: usize = 4;

impl Core {
    /// Everything that the network can tell.
    pub(crate) fn on_net(&mut self, event: Event) {
        match event {
            Event::Listening { addresses, own, failed } => self.on_listening(addresses, own, failed),
            Event::LinkUp(up) => self.on_link_up(*up),
            Event::Received { peer, link, messages, taken } => {
                self.on_received(peer, link, messages);
                drop(taken);
            }
            Event::Drained { peer, .. } => {
                self.gossip(Input::Drained { peer });
                self.serving.insert(peer);
            }
            Event::LinkDown { peer, link, reason } => self.on_link_down(peer, link, reason),
            Event::PeerChanged { peer, state } => self.on_peer_changed(peer, state),
            Event::TwinFound { at } => {
                tracing::warn!(peer = %at.short(), "another process with this identity took the link");
                self.alert(AlertKind::ProfileCopied, String::new());
            }
            Event::DialProgress { dial, address } => self.on_dial_progress(dial, address),
            Event::DialEnded { dial, result } => self.on_dial_ended(dial, result),
            Event::Nearby(list) => {
                self.nearby.set(list);
                self.notices.nearby();
            }
            // That time has jumped is noticed with the beginning of the turn.
            Event::Woke | Event::ClockSet => {}
            Event::Reach(facts) => self.on_reach(*facts),
            Event::System(facts) => self.on_system(*facts),
            Event::Partner { meeting, nat } => self.on_partner(&meeting, nat),
            Event::WhoIs { peer } => self.on_who_is(peer),
            Event::MayDialBack { token, subject } => self.on_may_dial_back(token, &subject),
        }
    }

    /// Whether a link brings what was just said, and nothing that came before it waits.
    pub(crate) fn is_a_word(&self, event: &Event) -> bool {
        let Event::Received { peer, link, messages, .. } = event else { return false };
        let known = self.links.get(peer).is_some_and(|now| now.id == *link);
        known && !self.is_behind() && matches!(messages.as_slice(), [Message::Run(run)] if run.events.len() <= MAX_WORDS)
    }

    fn on_listening(&mut self, addresses: Vec<SocketAddr>, own: Vec<SocketAddr>, failed: Option<String>) {
        if let Some(why) = failed.as_ref().filter(|_| addresses.is_empty()) {
            self.alert(AlertKind::NotListening, why.clone());
        }
        let moved = self.own.listening() != own;
        self.own.listens_at(addresses, own, failed);
        if moved {
            self.on_network_changed();
        }
        self.notices.me();
        self.renew_record();
    }

    fn on_link_up(&mut self, up: LinkUp) {
        let LinkUp { peer, link: id, role, path, came_in, hash, hello, outbox, asked } = up;
        let link = OpenLink {
            up_at: self.clocks.mono(),
            id,
            came_in,
            role,
            hash,
            outbox,
            faults: 0,
            serves: VecDeque::new(),
            reading: false,
            served: 0,
            welcome: false,
            rooms: InCommon::default(),
            looked: 0,
            state: self.connected(path, came_in, self.clocks.wall(), None),
            listening: hello.addresses,
            told_record: 0,
            told_name: None,
        };
        self.links.insert(peer, link);
        self.note_common_stale();
        self.note_meetings_stale();
        self.notices.me();
        self.rooms_change_with(&peer);
        self.on_met(peer, path, role);
        self.introduce_rooms(&peer);
        self.on_link_for_attempts(peer, asked);
        if self.people.is_contact(&peer) || self.people.is_asked(&peer) {
            self.welcome(peer);
        }
    }

    fn on_link_down(&mut self, peer: PeerId, link: LinkId, reason: Reason) {
        if self.links.get(&peer).is_none_or(|held| held.id != link) {
            return;
        }
        self.links.remove(&peer);
        self.note_common_stale();
        self.note_meetings_stale();
        self.gossip(Input::LinkDown { peer });
        self.rooms_change_with(&peer);
        self.notices.me();
        self.on_lost(peer, reason);
    }

    /// How many are here changes with a link to a member, also before they showed that they have
    /// the room too.
    fn rooms_change_with(&mut self, peer: &PeerId) {
        self.notices.rooms(self.rooms.with(peer).map(|room| room.id()));
    }

    /// How many of the linked peers are contacts or share a room with this device. Strangers, and
    /// those who have not answered yet, do not count.
    pub(crate) fn friends_here(&self) -> usize {
        let ours = |room: &Room, peer: &PeerId| room.may_write() && room.members.is_member(peer);
        let together = |peer: &PeerId, link: &OpenLink| {
            // Nearly always one of the rooms that both showed to have, which are fewer than all.
            let shown = link.rooms.iter().filter_map(|room| self.rooms.get(room)).any(|room| ours(room, peer));
            shown || self.rooms.values().any(|room| ours(room, peer))
        };
        self.links.all().filter(|(peer, link)| self.people.is_contact(peer) || together(peer, link)).count()
    }

    fn on_peer_changed(&mut self, peer: PeerId, state: PeerState) {
        let state = match state {
            PeerState::Connected { path, since, rtt } => {
                let came_in = self.links.get(&peer).is_some_and(|link| link.came_in);
                let latency = rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
                self.connected(path, came_in, since, latency)
            }
            PeerState::Connecting { address } => LinkState::Connecting { address: address.to_string() },
            PeerState::Waiting { address, retry_at, reason } => {
                self.note_failed_dial(&address);
                LinkState::Waiting { address: address.to_string(), retry_at, reason: reason.into() }
            }
            PeerState::Idle { .. } => LinkState::Unreachable { last_seen: None },
        };
        if let (LinkState::Connected { .. }, Some(link)) = (&state, self.links.get_mut(&peer)) {
            link.state = state.clone();
        }
        self.on_link_state(peer, state);
    }

    fn on_received(&mut self, peer: PeerId, link: LinkId, messages: Vec<Message>) {
        for message in messages {
            // A message before may have ended the link.
            if self.links.get(&peer).is_none_or(|held| held.id != link) {
                return;
            }
            self.on_message(peer, message);
        }
    }

    fn on_message(&mut self, peer: PeerId, message: Message) {
        match message {
            Message::Rooms(tags) => self.on_tags(peer, &tags),
            Message::Join(join) => self.on_join(peer, join),
            Message::Welcome(welcome) => self.on_welcome(peer, &welcome),
            Message::JoinRefused(why) => self.on_join_refused(peer, why),
            Message::ContactRequest(request) => self.on_contact_request(peer, &request),
            Message::ContactAnswer(answer) => self.on_contact_answer(peer, &answer),
            Message::Name(name) => self.on_name(peer, &name),
            Message::Records(records) => self.on_records(peer, records),
            Message::Time(time) => self.on_time_told(peer, time),
            Message::KeyRequest(request) => self.on_key_request(peer, &request),
            Message::Keys(keys) => self.on_keys(peer, keys),
            // The network answers these itself.
            Message::Hello(_) | Message::Ping(_) | Message::Pong(_) | Message::Bye(_) => {}
            spreading if self.hear_of_end(peer, &spreading) => {}
            spreading => self.gossip(Input::Received { peer, message: spreading }),
        }
    }

    /// This peer may stay.
    pub(crate) fn welcome(&mut self, peer: PeerId) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if !link.welcome {
            link.welcome = true;
            self.links.let_stay(&peer);
            self.tell_time(&peer, true);
        }
        self.send_own_record(&peer);
        self.tell_name(peer);
    }

    /// Tells gossip how far a neighbour is trusted with a room.
    pub(super) fn restate_neighbour(&mut self, room: RoomId, peer: PeerId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let trust = if state.is_shared_with(&peer) { Trust::Member } else { Trust::Provisional };
        self.gossip(Input::NeighbourUp { room, peer, trust });
    }

    /// Members that are linked may not know yet that this device has the room too.
    pub(crate) fn meet_members(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.is_active() && !state.is_quiet()) else { return };
        let unmet = self.links.all().filter(|(peer, link)| state.members.is_member(peer) && !link.rooms.contains(&room));
        for peer in unmet.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            self.introduce_rooms(&peer);
        }
    }

    /// Closes links that neither a contact nor a room has a use for.
    pub(crate) fn sweep_links(&mut self) {
        for peer in self.links.take_due(self.clocks.mono()) {
            let person = self.people.is_contact(&peer) || self.people.is_asked(&peer) || self.people.request(&peer).is_some();
            let inviter = self.attempts.inviters().any(|inviter| inviter == peer);
            let is_of_use = self.spreading.engine().holds(&peer) && self.is_together(&peer);
            if !person && !inviter && !is_of_use {
                self.links.end(&peer, Bye::Surplus);
            }
        }
    }

    /// Whether the rooms in common are more than ones that one of the two is in no more: who was
    /// removed, and has been told, has no use for the link.
    fn is_together(&self, peer: &PeerId) -> bool {
        let Some(link) = self.links.get(peer) else { return false };
        let has_gone = |room: &Room| room.is_quiet() || room.members.was_member(peer) && !room.members.is_member(peer);
        link.rooms.is_empty() || link.rooms.iter().filter_map(|room| self.rooms.get(room)).any(|room| !has_gone(room))
    }
}
