//! Invites made here, and attempts to join a room, to become contacts, or to reach an address.

use gossip::Millis;
use identity::PeerId;
use net::{DialId, Reason};
use rooms::Payload;
use store::{Contact, ContactInviteRow, Standing};
use wire::address::Address;
use wire::ids::RoomId;
use wire::invite::{Invite, InviteFault, InviteKind, find};
use wire::message::{ContactRequest, Join, JoinRefused, Message, Welcome};

use super::Core;
use crate::view::{Found, JoinRefusal, JoinState, Joining, LinkState, MadeInvite, Reading, Refused};

/// Attempts under way or just over.
const MAX_ATTEMPTS: usize = 32;
/// Contact invites that are open.
const MAX_CONTACT_INVITES: usize = 256;
/// How long a finished attempt stays listed, in milliseconds.
const SHOWN_AFTER_END: Millis = 8_000;
/// First and longest pause between two rounds of dialling a typed address, in milliseconds.
const REDIAL_FIRST: Millis = 1_000;
const REDIAL_LONGEST: Millis = 30_000;

/// An attempt.
pub(crate) struct Attempt {
    id: u64,
    target: String,
    state: JoinState,
    way: Way,
    /// When it is tried again, or when it is no longer listed.
    due: Option<Millis>,
}

/// What is in a pasted text.
enum Pasted {
    Address(Address),
    Invite(Box<Invite>),
    Several(Vec<Invite>),
    Own,
}

enum Way {
    /// By an invite: its maker is dialled until they answer.
    Invite(Box<Invite>),
    /// By an address: whoever answers is asked to become a contact. They may be known by a name
    /// from nearby.
    Address { address: Address, name: String, pause: Millis },
    /// Somebody known by key, who is asked to become a contact.
    Peer(PeerId),
}

impl Attempt {
    /// Whom the network has to reach for it.
    pub(crate) fn inviter(&self) -> Option<PeerId> {
        match &self.way {
            Way::Invite(invite) if !self.is_over() => Some(invite.inviter()),
            Way::Invite(_) | Way::Address { .. } | Way::Peer(_) => None,
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.state, JoinState::Joined { .. } | JoinState::Refused(_))
    }

    fn is_with(&self, peer: &PeerId) -> bool {
        match &self.way {
            Way::Invite(invite) => invite.inviter() == *peer,
            Way::Peer(asked) => asked == peer,
            Way::Address { .. } => false,
        }
    }

    pub(crate) fn row(&self) -> Joining {
        Joining { id: self.id, target: self.target.clone(), state: self.state.clone() }
    }
}

impl Core {
    /// Makes an invite to a room, or one to become contacts.
    pub fn create_invite(&mut self, room: Option<RoomId>, uses: u32) -> Result<MadeInvite, Refused> {
        let kind = match room {
            Some(id) => {
                let state = self.rooms.get(&id).ok_or(Refused::UnknownRoom)?;
                if state.other().is_some() || !state.may_write() {
                    return Err(Refused::NotMember);
                }
                InviteKind::Room { hint: id.hint() }
            }
            None if self.contact_invites.len() >= MAX_CONTACT_INVITES => return Err(Refused::Limit),
            None => InviteKind::Contact,
        };
        let addresses = self.own_addresses();
        let invite = Invite::new(kind, self.peer, addresses);
        let key = *invite.keys().peer().as_bytes();
        match room {
            Some(id) => {
                self.write(id, vec![Payload::Invite { key, uses, expires: 0 }])?;
            }
            None => {
                let row = ContactInviteRow { key, uses, used: 0, made_ms: self.now.wall };
                self.keep(&row);
                self.contact_invites.insert(key, row);
            }
        }
        let addresses = invite.addresses().iter().map(ToString::to_string).collect();
        Ok(MadeInvite { text: invite.to_text(), link: invite.to_link(), uses, addresses })
    }

    /// What a pasted text holds.
    pub fn read_invite(&self, text: &str) -> Result<Reading, InviteFault> {
        Ok(match self.find(text)? {
            Pasted::Address(address) => Reading::Address(address.to_string()),
            Pasted::Own => Reading::Own,
            Pasted::Invite(invite) => self.reading(&invite),
            Pasted::Several(invites) => {
                Reading::Several(invites.iter().map(|invite| Found { text: invite.to_text(), reading: self.reading(invite) }).collect())
            }
        })
    }

    /// Invites of others in a text; without any, an address that is all of it.
    fn find(&self, text: &str) -> Result<Pasted, InviteFault> {
        let mut found = match (find(text), text.parse::<Address>()) {
            (Ok(found), _) => found,
            (Err(_), Ok(address)) => return Ok(Pasted::Address(address)),
            (Err(InviteFault::NotAnInvite), Err(why)) => return Err(InviteFault::BadAddress(why)),
            (Err(fault), Err(_)) => return Err(fault),
        };
        // Somebody's answer may quote what was sent to them.
        found.retain(|invite| invite.inviter() != self.peer);
        Ok(match (found.len(), found.pop()) {
            (_, None) => Pasted::Own,
            (1, Some(only)) => Pasted::Invite(Box::new(only)),
            (_, Some(last)) => {
                found.push(last);
                Pasted::Several(found)
            }
        })
    }

    fn reading(&self, invite: &Invite) -> Reading {
        let inviter = invite.inviter();
        let addresses = invite.addresses().iter().map(ToString::to_string).collect();
        match invite.kind() {
            InviteKind::Room { hint } => Reading::Room { inviter, addresses, member: self.room_with(&hint) },
            InviteKind::Contact => Reading::Contact { inviter, addresses, known: self.is_contact(&inviter) },
        }
    }

    pub(crate) fn room_with(&self, hint: &[u8; 16]) -> Option<RoomId> {
        let member = |room: &&super::room::Room| room.id().hint() == *hint && room.row.standing == Standing::Member;
        self.rooms.values().find(member).map(|room| room.id())
    }

    /// Uses an invite, a link or an address.
    pub fn accept_invite(&mut self, text: &str) -> Result<Joining, Refused> {
        let invite = match self.find(text).map_err(Refused::BadInvite)? {
            Pasted::Invite(invite) => *invite,
            Pasted::Address(address) => return self.reach_typed(address),
            Pasted::Several(_) => return Err(Refused::SeveralInvites),
            Pasted::Own => return Err(Refused::BadInvite(InviteFault::NotAnInvite)),
        };
        let inviter = invite.inviter();
        let running = self.attempts.values().find(|a| !a.is_over() && matches!(&a.way, Way::Invite(i) if **i == invite));
        if let Some(running) = running {
            return Ok(running.row());
        }
        let addresses = invite.addresses().to_vec();
        let target = self.people.get(&inviter).map(|p| p.row.name.clone()).filter(|n| !n.is_empty());
        let target = target.or_else(|| addresses.first().map(ToString::to_string)).unwrap_or_else(|| inviter.short());
        let already = match invite.kind() {
            InviteKind::Room { hint } => self.room_with(&hint),
            InviteKind::Contact if self.is_contact(&inviter) => self.ensure_direct(inviter),
            InviteKind::Contact => None,
        };
        let state = match already {
            Some(room) => JoinState::Joined { room },
            None => JoinState::Connecting { address: addresses.first().map(ToString::to_string).unwrap_or_default() },
        };
        self.learn(inviter, "", &addresses);
        let id = self.add_attempt(target, state, Way::Invite(Box::new(invite)))?;
        self.refresh_wants();
        if already.is_none() {
            self.net.dial_now(inviter);
            self.present(id, inviter);
        } else {
            self.end_attempt_later(id);
        }
        self.attempt_row(id)
    }

    /// Dials `host:port` and asks whoever answers to become a contact.
    pub fn add_address(&mut self, text: &str) -> Result<Joining, Refused> {
        let address: Address = text.parse().map_err(|fault| Refused::BadInvite(InviteFault::BadAddress(fault)))?;
        self.reach_typed(address)
    }

    /// Whoever answers there may be known from nearby.
    fn reach_typed(&mut self, address: Address) -> Result<Joining, Refused> {
        let near = self.nearby.iter().find(|near| Address::from(near.address) == address);
        let name = near.map(|near| near.name.clone()).unwrap_or_default();
        self.reach(address.to_string(), name, address)
    }

    /// Asks somebody nearby to become a contact.
    pub fn say_hello(&mut self, nearby: &str) -> Result<Joining, Refused> {
        let seen = self.nearby.iter().find(|seen| seen.id == nearby).ok_or(Refused::UnknownPeer)?;
        let (name, address) = (seen.name.clone(), Address::from(seen.address));
        if let Some(id) = self.attempt_with(self.person_nearby(nearby), &address) {
            return self.attempt_row(id);
        }
        self.reach(name.clone(), name, address)
    }

    /// The attempt under way with somebody, or to whoever is at an address.
    pub(crate) fn attempt_with(&self, peer: Option<PeerId>, address: &Address) -> Option<u64> {
        let same = |attempt: &&Attempt| match &attempt.way {
            Way::Address { address: tried, .. } => tried == address,
            Way::Peer(asked) => Some(*asked) == peer,
            Way::Invite(_) => false,
        };
        self.attempts.values().filter(|attempt| !attempt.is_over()).find(same).map(|attempt| attempt.id)
    }

    fn reach(&mut self, target: String, name: String, address: Address) -> Result<Joining, Refused> {
        let state = JoinState::Connecting { address: address.to_string() };
        let id = self.add_attempt(target, state, Way::Address { address: address.clone(), name, pause: REDIAL_FIRST })?;
        self.net.dial_address(DialId(id), address);
        self.attempt_row(id)
    }

    fn add_attempt(&mut self, target: String, state: JoinState, way: Way) -> Result<u64, Refused> {
        if self.attempts.len() >= MAX_ATTEMPTS {
            return Err(Refused::Limit);
        }
        let id = self.next_attempt;
        self.next_attempt += 1;
        self.attempts.insert(id, Attempt { id, target, state, way, due: None });
        self.changed.attempts.insert(id);
        Ok(id)
    }

    fn attempt_row(&self, id: u64) -> Result<Joining, Refused> {
        self.attempts.get(&id).map(Attempt::row).ok_or(Refused::Limit)
    }

    /// Gives an attempt up.
    pub fn cancel_join(&mut self, id: u64) {
        let Some(attempt) = self.attempts.remove(&id) else { return };
        self.changed.attempts_gone.push(id);
        match attempt.way {
            Way::Invite(_) => self.refresh_wants(),
            Way::Address { .. } => self.net.cancel_dial(DialId(id)),
            Way::Peer(peer) if self.is_asked(&peer) => {
                self.set_contact(peer, Contact::No);
                self.forget_awaited(peer);
            }
            Way::Peer(_) => {}
        }
    }

    /// Contact requests that were sent in an earlier life are still open.
    pub(crate) fn resume_attempts(&mut self) {
        let asked: Vec<PeerId> = self.people.values().filter(|p| p.row.contact == Contact::Asked).map(|p| p.row.peer).collect();
        for peer in asked {
            let target = self.name_of(&peer);
            // Beyond the limit they stay open all the same; they are only not listed.
            let _listed = self.add_attempt(target, JoinState::Connecting { address: String::new() }, Way::Peer(peer));
        }
    }

    fn set_attempt(&mut self, id: u64, state: JoinState) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        if attempt.is_over() || attempt.state == state {
            return;
        }
        attempt.state = state;
        self.changed.attempts.insert(id);
        if attempt.is_over() {
            self.end_attempt_later(id);
            self.refresh_wants();
        }
    }

    fn end_attempt_later(&mut self, id: u64) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.due = Some(self.now.mono + SHOWN_AFTER_END);
        }
    }

    fn attempts_with(&self, peer: &PeerId) -> Vec<u64> {
        self.attempts.values().filter(|a| !a.is_over() && a.is_with(peer)).map(|a| a.id).collect()
    }

    pub(crate) fn attempts_wake(&self) -> Option<Millis> {
        self.attempts.values().filter_map(|attempt| attempt.due).chain(self.door.due()).min()
    }

    pub(crate) fn retry_attempts(&mut self) {
        let now = self.now.mono;
        let due: Vec<u64> = self.attempts.values().filter(|a| a.due.is_some_and(|at| at <= now)).map(|a| a.id).collect();
        for id in due {
            let Some(attempt) = self.attempts.get_mut(&id) else { continue };
            attempt.due = None;
            match (&attempt.way, attempt.is_over()) {
                (_, true) => {
                    self.attempts.remove(&id);
                    self.changed.attempts_gone.push(id);
                }
                (Way::Address { address, .. }, false) => self.net.dial_address(DialId(id), address.clone()),
                (Way::Invite(_) | Way::Peer(_), false) => {}
            }
        }
    }

    pub(crate) fn on_dial_progress(&mut self, dial: DialId, address: Address) {
        self.set_attempt(dial.0, JoinState::Connecting { address: address.to_string() });
    }

    /// A round of dialling a typed address is over.
    pub(crate) fn on_dial_ended(&mut self, dial: DialId, result: Result<PeerId, Reason>) {
        let (mono, wall) = (self.now.mono, self.now.wall);
        let Some(attempt) = self.attempts.get_mut(&dial.0) else { return };
        let Way::Address { pause, .. } = &mut attempt.way else { return };
        match result {
            // Nobody in particular was dialled, so the only wrong one to answer is oneself.
            Err(Reason::WrongPeer) => self.set_attempt(dial.0, JoinState::Refused(JoinRefusal::Own)),
            // Their LinkUp asks them; if a link was up already, this does.
            Ok(peer) => self.ask_contact(dial.0, peer),
            Err(reason) => {
                let wait = *pause;
                *pause = (wait * 2).min(REDIAL_LONGEST);
                attempt.due = Some(mono + wait);
                self.set_attempt(dial.0, JoinState::Waiting { retry_at: wall + wait, reason: reason.into() });
            }
        }
    }

    /// A link is up: whoever answered a typed address is asked, invites are presented, open
    /// requests are repeated.
    pub(crate) fn on_link_for_attempts(&mut self, peer: PeerId, asked: Option<DialId>) {
        if let Some(dial) = asked {
            self.ask_contact(dial.0, peer);
        } else if self.is_asked(&peer) {
            let name = self.name.clone();
            self.tell(&peer, &Message::ContactRequest(ContactRequest { name }));
        }
        for id in self.attempts_with(&peer) {
            self.present(id, peer);
        }
    }

    /// Asks a co-member to become a contact, now or when they are linked.
    pub(crate) fn ask_member(&mut self, peer: PeerId) -> Result<(), Refused> {
        if let Some(request) = self.requests.get(&peer) {
            let name = request.name.clone();
            self.become_contacts(peer, &name);
            return Ok(());
        }
        let target = self.name_of(&peer);
        let id = self.add_attempt(target.clone(), JoinState::Connecting { address: String::new() }, Way::Peer(peer))?;
        self.learn(peer, &target, &[]);
        self.set_contact(peer, Contact::Asked);
        self.await_direct(peer);
        if self.links.get(&peer).is_some() {
            let name = self.name.clone();
            self.tell(&peer, &Message::ContactRequest(ContactRequest { name }));
            self.set_attempt(id, JoinState::Asked { name: target });
        }
        Ok(())
    }

    fn ask_contact(&mut self, id: u64, peer: PeerId) {
        if self.links.get(&peer).is_none() {
            return;
        }
        let Some(attempt) = self.attempts.get(&id) else { return };
        let Way::Address { address, name, .. } = &attempt.way else { return };
        let (address, name, target) = (address.clone(), name.clone(), attempt.target.clone());
        // What they announced themselves, until they say it to this device.
        let unnamed = self.people.get(&peer).is_none_or(|person| person.row.name.is_empty());
        self.learn(peer, if unnamed { &name } else { "" }, &[address]);
        if self.is_contact(&peer) {
            if let Some(room) = self.ensure_direct(peer) {
                self.set_attempt(id, JoinState::Joined { room });
            }
            return;
        }
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.way = Way::Peer(peer);
        }
        if self.requests.contains_key(&peer) {
            // They asked first: both want it.
            let name = self.requests.get(&peer).map(|r| r.name.clone()).unwrap_or_default();
            return self.become_contacts(peer, &name);
        }
        self.set_contact(peer, Contact::Asked);
        self.await_direct(peer);
        let name = self.name.clone();
        self.tell(&peer, &Message::ContactRequest(ContactRequest { name }));
        self.set_attempt(id, JoinState::Asked { name: target });
        self.welcome(peer);
    }

    /// Presents an invite, if its maker is linked.
    fn present(&mut self, id: u64, peer: PeerId) {
        let (Some(link), Some(attempt)) = (self.links.get(&peer), self.attempts.get(&id)) else { return };
        let target = attempt.target.clone();
        if let Way::Invite(invite) = &attempt.way {
            let join = Join::make(&invite.keys(), invite.hint(), self.name.clone(), &link.hash, &self.peer);
            self.tell(&peer, &Message::Join(join));
        }
        self.set_attempt(id, JoinState::Asked { name: target });
    }

    /// The network's progress with somebody is an attempt's progress.
    pub(crate) fn on_state_for_attempts(&mut self, peer: PeerId, state: &LinkState) {
        let state = match state {
            LinkState::Connecting { address } => JoinState::Connecting { address: address.clone() },
            LinkState::Waiting { retry_at, reason, .. } => JoinState::Waiting { retry_at: *retry_at, reason: *reason },
            LinkState::Connected { .. } | LinkState::Own | LinkState::Unreachable { .. } => return,
        };
        for id in self.attempts_with(&peer) {
            self.set_attempt(id, state.clone());
        }
    }

    pub(crate) fn on_contact_for_attempts(&mut self, peer: PeerId, room: RoomId) {
        for id in self.attempts_with(&peer) {
            let room_invite = self.attempts.get(&id).is_some_and(|a| matches!(&a.way, Way::Invite(i) if i.kind() != InviteKind::Contact));
            if !room_invite {
                self.set_attempt(id, JoinState::Joined { room });
            }
        }
    }

    pub(crate) fn on_declined_for_attempts(&mut self, peer: PeerId) {
        for id in self.attempts_with(&peer) {
            self.set_attempt(id, JoinState::Refused(JoinRefusal::Declined));
        }
    }

    /// Somebody presents an invite.
    pub(crate) fn on_join(&mut self, peer: PeerId, join: &Join) {
        let Some(link) = self.links.get(&peer) else { return };
        if join.verify(&link.hash, &peer).is_err() {
            return self.on_fault(peer, "join proof");
        }
        if join.hint == [0; 16] {
            let answer = self.admit_contact(peer, join);
            return self.answer_join(peer, answer);
        }
        self.knock(peer, join.clone());
    }

    pub(crate) fn answer_join(&mut self, peer: PeerId, answer: Result<Welcome, JoinRefused>) {
        match answer {
            Ok(welcome) => {
                self.tell(&peer, &Message::Welcome(welcome));
                self.welcome(peer);
                self.introduce_rooms(&peer);
            }
            Err(why) => self.tell(&peer, &Message::JoinRefused(why)),
        }
    }

    fn admit_contact(&mut self, peer: PeerId, join: &Join) -> Result<Welcome, JoinRefused> {
        let name = self.name.clone();
        if self.is_contact(&peer) {
            return Ok(Welcome { room: None, name });
        }
        let row = self.contact_invites.get_mut(&join.key).ok_or(JoinRefused::UnknownInvite)?;
        if row.used >= row.uses {
            return Err(JoinRefused::UsedUp);
        }
        row.used += 1;
        let row = row.clone();
        self.keep(&row);
        self.become_contacts(peer, &join.name);
        Ok(Welcome { room: None, name })
    }

    pub(crate) fn learn_co_member(&mut self, peer: PeerId, name: &str) {
        self.learn(peer, name, &self.listening(&peer));
    }

    /// An invite was accepted.
    pub(crate) fn on_welcome(&mut self, peer: PeerId, welcome: Welcome) {
        let matching = self.attempts_with(&peer).into_iter().find(|id| {
            let Some(Way::Invite(invite)) = self.attempts.get(id).map(|a| &a.way) else { return false };
            match (invite.kind(), welcome.room) {
                (InviteKind::Room { hint }, Some(room)) => room.hint() == hint,
                (InviteKind::Contact, None) => true,
                (InviteKind::Room { .. }, None) | (InviteKind::Contact, Some(_)) => false,
            }
        });
        let Some(id) = matching else { return };
        match welcome.room {
            Some(room) => {
                self.learn_co_member(peer, "");
                if self.enter_room(room, welcome.name) {
                    self.welcome(peer);
                    self.introduce_rooms(&peer);
                    self.on_member_for_attempts(room);
                } else {
                    self.set_attempt(id, JoinState::Refused(JoinRefusal::Full));
                }
            }
            None => self.become_contacts(peer, &welcome.name),
        }
    }

    /// An invite has led into its room once the Add is here too: before that nothing can be
    /// written.
    pub(crate) fn on_member_for_attempts(&mut self, room: RoomId) {
        if !self.rooms.get(&room).is_some_and(|state| state.may_write()) {
            return;
        }
        let led_here = |attempt: &&Attempt| matches!(&attempt.way, Way::Invite(i) if i.kind() == InviteKind::Room { hint: room.hint() });
        let ids: Vec<u64> = self.attempts.values().filter(led_here).map(|attempt| attempt.id).collect();
        for id in ids {
            self.set_attempt(id, JoinState::Joined { room });
        }
    }

    pub(crate) fn on_join_refused(&mut self, peer: PeerId, why: JoinRefused) {
        let why = match why {
            JoinRefused::UnknownInvite => JoinRefusal::UnknownInvite,
            JoinRefused::UsedUp => JoinRefusal::UsedUp,
            JoinRefused::Full => JoinRefusal::Full,
        };
        for id in self.attempts_with(&peer) {
            if self.attempts.get(&id).is_some_and(|a| matches!(a.way, Way::Invite(_))) {
                self.set_attempt(id, JoinState::Refused(why));
            }
        }
    }
}
