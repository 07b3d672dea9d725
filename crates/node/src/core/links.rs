//! Who is linked, who is welcome, and which rooms they have in common with this device.

use std::collections::{BTreeMap, VecDeque};

use gossip::{Input, Trust};
use identity::PeerId;
use net::{Event, LinkId, LinkUp, Outbox, PeerState, Reason};
use rand::RngExt;
use rand::seq::{IteratorRandom, SliceRandom};
use wire::ids::{RoomId, RoomTag};
use wire::message::{Bye, ContactAnswer, ContactRequest, Join, Message, Need, PeerRecord, Welcome, room_tag};
use wire::{Role, limits, tidy_name};

use super::Core;
use crate::view::{AlertKind, LinkState};

/// Ranges that wait to be served to one peer; what does not fit is asked for again.
pub(crate) const MAX_SERVES: usize = 16;

/// Records of members that a newly met one gets at once; others come with the shuffles of the
/// overlay.
const RECORDS_TO_BEGIN_WITH: usize = 16;
/// Between two looks for links that nobody needs.
const SWEEP_EVERY_MS: u64 = 10_000;
/// Age before a link can be found superfluous: both sides need time to learn what they share.
const SURPLUS_AFTER_MS: u64 = 30_000;

/// Events that a link deals with itself. Higher: what takes longer is no longer done beside what
/// the link reads next. Lower: more waits for the loop to wake.
const MAX_WORDS: usize = 4;

/// One link that is up.
pub(crate) struct Link {
    pub(crate) up_at: gossip::Millis,
    pub(crate) id: LinkId,
    pub(crate) role: Role,
    pub(crate) hash: [u8; 32],
    pub(crate) outbox: Outbox,
    pub(crate) faults: u32,
    pub(crate) serves: VecDeque<Need>,
    /// A part of the first of these is being read.
    pub(crate) reading: bool,
    /// Events sent in answer to Needs.
    pub(crate) served: u64,
    pub(crate) welcome: bool,
    /// Rooms in common, as proved by tags.
    pub(crate) rooms: Vec<RoomId>,
    /// As it is shown; kept here because somebody may become known while linked.
    pub(crate) state: LinkState,
    /// Where they said that they listen.
    pub(crate) listening: Vec<wire::Address>,
    /// Sequence number of the own record that they were sent.
    pub(crate) told_record: u64,
}

/// All links that are up.
#[derive(Default)]
pub(crate) struct Links(BTreeMap<PeerId, Link>);

impl Links {
    pub(crate) fn get(&self, peer: &PeerId) -> Option<&Link> {
        self.0.get(peer)
    }

    pub(crate) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Link> {
        self.0.get_mut(peer)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of them are with such peers.
    pub(crate) fn count(&self, such: impl Fn(&PeerId) -> bool) -> usize {
        self.0.keys().filter(|peer| such(peer)).count()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&PeerId, &Link)> {
        self.0.iter()
    }

    pub(crate) fn peers(&self) -> Vec<PeerId> {
        self.0.keys().copied().collect()
    }
}

impl Core {
    /// Everything that the network can tell.
    pub(crate) fn on_net(&mut self, event: Event) {
        match event {
            Event::Listening { addresses, failed } => self.on_listening(addresses, failed),
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
                self.nearby = list;
                self.changed.nearby = true;
            }
            // That time has jumped is noticed with the beginning of the turn.
            Event::Woke | Event::ClockSet => {}
        }
    }

    /// Whether a link brings what somebody has just said, and nothing that came before it waits.
    pub(crate) fn is_a_word(&self, event: &Event) -> bool {
        let Event::Received { peer, link, messages, .. } = event else { return false };
        let known = self.links.get(peer).is_some_and(|now| now.id == *link);
        known && !self.is_behind() && matches!(messages.as_slice(), [Message::Run(run)] if run.events.len() <= MAX_WORDS)
    }

    fn on_listening(&mut self, addresses: Vec<std::net::SocketAddr>, failed: Option<String>) {
        if let Some(why) = failed.as_ref().filter(|_| addresses.is_empty()) {
            self.alert(AlertKind::NotListening, why.clone());
        }
        self.addresses = addresses;
        self.not_listening = failed;
        self.changed.me = true;
        self.renew_record();
    }

    fn on_link_up(&mut self, up: LinkUp) {
        let LinkUp { peer, link: id, role, remote, hash, hello, outbox, asked } = up;
        let link = Link {
            up_at: self.now.mono,
            id,
            role,
            hash,
            outbox,
            faults: 0,
            serves: VecDeque::new(),
            reading: false,
            served: 0,
            welcome: false,
            rooms: Vec::new(),
            state: LinkState::Connected { address: remote.to_string(), latency_us: None, since: self.now.wall },
            listening: hello.addresses,
            told_record: 0,
        };
        self.links.0.insert(peer, link);
        self.sweep_at = self.sweep_at.min(self.now.mono + SURPLUS_AFTER_MS);
        self.changed.me = true;
        self.rooms_change_with(&peer);
        self.on_met(peer, remote, role);
        self.introduce_rooms(&peer);
        self.on_link_for_attempts(peer, asked);
        if self.is_contact(&peer) || self.is_asked(&peer) {
            self.welcome(peer);
        }
    }

    fn on_link_down(&mut self, peer: PeerId, link: LinkId, reason: Reason) {
        if self.links.get(&peer).is_none_or(|held| held.id != link) {
            return;
        }
        self.links.0.remove(&peer);
        self.gossip(Input::LinkDown { peer });
        self.rooms_change_with(&peer);
        self.changed.me = true;
        self.on_lost(peer, reason);
    }

    /// How many are here changes with a link to a member, also before they showed that they have
    /// the room too.
    fn rooms_change_with(&mut self, peer: &PeerId) {
        self.changed.rooms.extend(self.rooms.values().filter(|room| room.members.is_member(peer)).map(|room| room.id()));
    }

    /// With how many a link is up who are contacts or in a room with this device: not strangers,
    /// nor whoever has not answered yet.
    pub(crate) fn friends_here(&self) -> usize {
        let ours = |room: &super::room::Room, peer: &PeerId| room.may_write() && room.members.is_member(peer);
        let together = |peer: &PeerId, link: &Link| {
            // Nearly always one of the rooms that both showed to have, which are fewer than all.
            let shown = link.rooms.iter().filter_map(|room| self.rooms.get(room)).any(|room| ours(room, peer));
            shown || self.rooms.values().any(|room| ours(room, peer))
        };
        self.links.0.iter().filter(|(peer, link)| self.is_contact(peer) || together(peer, link)).count()
    }

    fn on_peer_changed(&mut self, peer: PeerId, state: PeerState) {
        let state = match state {
            PeerState::Connected { remote, since, rtt } => LinkState::Connected {
                address: remote.to_string(),
                latency_us: rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX)),
                since,
            },
            PeerState::Connecting { address } => LinkState::Connecting { address: address.to_string() },
            PeerState::Waiting { address, retry_at, reason } => {
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
            // Names are kept in one form from here on.
            Message::Join(join) => self.on_join(peer, &Join { name: tidy_name(&join.name), ..join }),
            Message::Welcome(welcome) => self.on_welcome(peer, Welcome { name: tidy_name(&welcome.name), ..welcome }),
            Message::JoinRefused(why) => self.on_join_refused(peer, why),
            Message::ContactRequest(request) => self.on_contact_request(peer, &ContactRequest { name: tidy_name(&request.name) }),
            Message::ContactAnswer(answer) => self.on_contact_answer(peer, &ContactAnswer { name: tidy_name(&answer.name), ..answer }),
            Message::Records(records) => self.on_records(peer, records),
            Message::Time(time) => self.on_time_told(peer, time),
            // The network answers these itself.
            Message::Hello(_) | Message::Ping(_) | Message::Pong(_) | Message::Bye(_) => {}
            spreading => self.gossip(Input::Received { peer, message: spreading }),
        }
    }

    /// Sends a message once; if a control message does not fit, the link ends by itself.
    pub(crate) fn tell(&mut self, peer: &PeerId, message: &Message) {
        if let Some(link) = self.links.get(peer) {
            let _not_repeated = link.outbox.offer(message.class(), message.encode());
        }
    }

    /// The tags of all rooms that are taken part in, padded with random ones so that their number
    /// stays unknown.
    pub(crate) fn introduce_rooms(&mut self, peer: &PeerId) {
        let Some(link) = self.links.get(peer) else { return };
        let (hash, role) = (link.hash, link.role);
        let active = self.rooms.values().filter(|room| room.is_active()).take(limits::MAX_TAGS);
        let mut tags: Vec<RoomTag> = active.map(|room| room_tag(&room.id(), &hash, role)).collect();
        let padded = tags.len().next_power_of_two().min(limits::MAX_TAGS);
        while tags.len() < padded {
            tags.push(RoomTag(self.rng.random()));
        }
        tags.shuffle(&mut self.rng);
        self.tell(peer, &Message::Rooms(tags));
    }

    /// Finds the rooms in common; answers with the own tags if one is new, since the other side may
    /// have learnt of it meanwhile.
    fn on_tags(&mut self, peer: PeerId, tags: &[RoomTag]) {
        let Some(link) = self.links.get(&peer) else { return };
        let (hash, theirs) = (link.hash, link.role.other());
        let known = link.rooms.clone();
        // The id of a direct room is no secret: only the other one of the two has it in common.
        let may_share = |room: &&super::room::Room| room.is_active() && room.other().is_none_or(|other| other == peer);
        let fits = |id: &RoomId| tags.contains(&room_tag(id, &hash, theirs));
        let common: Vec<RoomId> = self.rooms.values().filter(may_share).map(|room| room.id()).filter(fits).collect();
        let fresh: Vec<RoomId> = common.iter().filter(|id| !known.contains(id)).copied().collect();
        if fresh.is_empty() {
            return;
        }
        if let Some(link) = self.links.get_mut(&peer) {
            link.rooms.extend(&fresh);
        }
        self.introduce_rooms(&peer);
        self.welcome(peer);
        for room in fresh {
            self.restate_neighbour(room, peer);
            self.send_records_of(room, peer);
            self.changed.room(room);
        }
    }

    /// This peer may stay.
    pub(crate) fn welcome(&mut self, peer: PeerId) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if !link.welcome {
            link.welcome = true;
            let id = link.id;
            self.net.welcome(peer, id);
            self.tell_time(&peer, true);
        }
        self.send_own_record(&peer);
    }

    /// Tells gossip how far a neighbour is trusted with a room.
    fn restate_neighbour(&mut self, room: RoomId, peer: PeerId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let trust = if state.members.is_member(&peer) { Trust::Member } else { Trust::Provisional };
        self.gossip(Input::NeighbourUp { room, peer, trust });
    }

    /// Membership changed: neighbours rise, or fall back to control logs.
    pub(crate) fn restate_neighbours(&mut self, room: RoomId) {
        let here = self.links.0.iter().filter(|(_, link)| link.rooms.contains(&room)).map(|(peer, _)| *peer);
        for peer in here.collect::<Vec<_>>() {
            self.restate_neighbour(room, peer);
        }
    }

    /// Members that are linked may not know yet that this device has the room too.
    pub(crate) fn meet_members(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.is_active()) else { return };
        let unmet = self.links.0.iter().filter(|(peer, link)| state.members.is_member(peer) && !link.rooms.contains(&room));
        for peer in unmet.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            self.introduce_rooms(&peer);
        }
    }

    /// Own name and addresses, signed, to somebody who is welcome and has not seen them yet.
    pub(crate) fn send_own_record(&mut self, peer: &PeerId) {
        let Some(record) = self.own_record.clone() else { return };
        let Some(link) = self.links.get_mut(peer).filter(|link| link.welcome && link.told_record < record.seq) else { return };
        let (seq, message) = (record.seq, Message::Records(vec![record]));
        if link.outbox.offer(message.class(), message.encode()).is_ok() {
            link.told_record = seq;
        }
    }

    /// What is known of the members of a common room, so that they find each other when this device
    /// is away.
    fn send_records_of(&mut self, room: RoomId, peer: PeerId) {
        if !self.peer_exchange {
            return;
        }
        let Some(state) = self.rooms.get(&room).filter(|state| state.members.is_member(&peer)) else { return };
        // People are fewer than members in a large room.
        let others = self.people.iter().filter(|(other, _)| **other != peer && state.members.is_member(other));
        let known = others.filter(|(_, person)| person.row.record.is_some()).map(|(other, _)| *other);
        let some = known.sample(&mut self.rng, RECORDS_TO_BEGIN_WITH);
        self.send_records(&peer, &some);
    }

    /// Sends what these people said of themselves.
    pub(crate) fn send_records(&mut self, peer: &PeerId, subjects: &[PeerId]) {
        if !self.peer_exchange {
            return;
        }
        let records = subjects.iter().filter_map(|subject| match *subject == self.peer {
            true => self.own_record.clone(),
            false => self.people.get(subject)?.row.record.clone(),
        });
        for message in PeerRecord::messages(records) {
            self.tell(peer, &message);
        }
    }

    /// Closes links that neither a contact nor a room has a use for.
    pub(crate) fn sweep_links(&mut self) {
        let now = self.now.mono;
        if now < self.sweep_at {
            return;
        }
        self.sweep_at = if self.links.len() == 0 { gossip::Millis::MAX } else { now + SWEEP_EVERY_MS };
        let inviters: Vec<PeerId> = self.attempts.values().filter_map(|attempt| attempt.inviter()).collect();
        let old = self.links.0.iter().filter(|(_, link)| link.welcome && link.serves.is_empty() && now >= link.up_at + SURPLUS_AFTER_MS);
        let surplus = old.map(|(peer, _)| *peer).filter(|peer| {
            let person = self.is_contact(peer) || self.is_asked(peer) || self.requests.contains_key(peer) || inviters.contains(peer);
            !person && !self.gossip.holds(peer)
        });
        for peer in surplus.collect::<Vec<_>>() {
            self.end_link(&peer, Bye::Surplus);
        }
    }

    pub(crate) fn end_link(&mut self, peer: &PeerId, why: Bye) {
        if let Some(link) = self.links.get(peer) {
            self.net.close(*peer, link.id, why);
        }
    }
}
