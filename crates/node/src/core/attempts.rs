//! Attempts to join a room, to become contacts, or to reach an address.

use identity::PeerId;
use net::{DialId, Reason};
use store::Contact;
use wire::Naming;
use wire::address::Address;
use wire::ids::RoomId;
use wire::invite::{Invite, InviteFault, InviteKind};
use wire::message::{ContactRequest, Join, JoinRefused, Message, Welcome};

use super::Core;
use super::invites::Pasted;
use crate::parts::attempts::{Attempt, Due, Step, Way};
use crate::view::{JoinRefusal, JoinState, Joining, LinkState, Refused};

impl Core {
    /// Uses an invite, a link or an address.
    pub fn accept_invite(&mut self, text: &str) -> Result<Joining, Refused> {
        let invite = match self.pasted(text).map_err(Refused::BadInvite)? {
            Pasted::Invite(invite) => *invite,
            Pasted::Address(address) => return self.reach_typed(address),
            Pasted::Several(_) => return Err(Refused::SeveralInvites),
            Pasted::Own => return Err(Refused::BadInvite(InviteFault::NotAnInvite)),
        };
        let inviter = invite.inviter();
        if let Some(running) = self.attempts.by_invite(&invite) {
            return Ok(running.row());
        }
        let addresses = invite.addresses().to_vec();
        let target = self.people.get(&inviter).map(|p| p.row.name.clone()).filter(|n| !n.is_empty());
        let target = target.or_else(|| addresses.first().map(ToString::to_string)).unwrap_or_else(|| inviter.short());
        let already = self.leads_to(&invite);
        let state = match already {
            Some(room) => JoinState::Joined { room },
            None => JoinState::Connecting { address: addresses.first().map(ToString::to_string).unwrap_or_default() },
        };
        self.learn(inviter, "", &addresses);
        let id = self.add_attempt(target, state, Way::Invite(Box::new(invite)))?;
        self.refresh_wants();
        if already.is_none() {
            self.keep_attempt(id);
            self.links.net().dial_now(inviter);
            self.present(id, inviter);
        } else {
            self.attempts.end_later(id, self.clocks.mono());
        }
        self.attempt_row(id)
    }

    /// Where an invite leads, if this device is there already.
    pub(super) fn leads_to(&mut self, invite: &Invite) -> Option<RoomId> {
        match invite.kind() {
            InviteKind::Room { hint } => self.room_with(&hint),
            InviteKind::Contact if self.people.is_contact(&invite.inviter()) => self.ensure_direct(invite.inviter()),
            InviteKind::Contact => None,
        }
    }

    /// Dials `host:port` and asks the peer that answers to become a contact.
    pub fn add_address(&mut self, text: &str) -> Result<Joining, Refused> {
        let address: Address = text.parse().map_err(|fault| Refused::BadInvite(InviteFault::BadAddress(fault)))?;
        self.reach_typed(address)
    }

    /// The peer that answers there may be known from nearby.
    fn reach_typed(&mut self, address: Address) -> Result<Joining, Refused> {
        let name = self.nearby.at(&address).map(|near| near.name.clone()).unwrap_or_default();
        self.reach(address.to_string(), name, address)
    }

    /// Asks a person nearby to become a contact.
    pub fn say_hello(&mut self, nearby: &str) -> Result<Joining, Refused> {
        let seen = self.nearby.get(nearby).ok_or(Refused::UnknownPeer)?;
        let (name, address) = (seen.name.clone(), Address::from(seen.address));
        if let Some(id) = self.attempts.reaching(self.person_nearby(nearby), &address) {
            return self.attempt_row(id);
        }
        self.reach(name.clone(), name, address)
    }

    fn reach(&mut self, target: String, name: String, address: Address) -> Result<Joining, Refused> {
        let id = match self.attempts.reaching(None, &address) {
            Some(id) => id,
            None => self.begin_to_reach(target, name, address)?,
        };
        self.keep_attempt(id);
        self.attempt_row(id)
    }

    pub(super) fn begin_to_reach(&mut self, target: String, name: String, address: Address) -> Result<u64, Refused> {
        let state = JoinState::Connecting { address: address.to_string() };
        let id = self.add_attempt(target, state, Way::Address { address: address.clone(), name })?;
        self.links.net().dial_address(DialId(id), address);
        Ok(id)
    }

    pub(super) fn add_attempt(&mut self, target: String, state: JoinState, way: Way) -> Result<u64, Refused> {
        let id = self.attempts.add(target, state, way, self.clocks.mono()).ok_or(Refused::Limit)?;
        self.notices.attempt(id);
        self.on_attempt_begun();
        Ok(id)
    }

    fn attempt_row(&self, id: u64) -> Result<Joining, Refused> {
        self.attempts.get(id).map(Attempt::row).ok_or(Refused::Limit)
    }

    /// Gives an attempt up.
    pub fn cancel_join(&mut self, id: u64) {
        self.forget_attempt(id);
        let Some(attempt) = self.attempts.remove(id) else { return };
        self.notices.attempt_gone(id);
        match attempt.way {
            Way::Invite(invite) => {
                self.give_up_joining(invite.kind());
                self.refresh_wants();
            }
            Way::Address { .. } => self.links.net().cancel_dial(DialId(id)),
            Way::Peer(peer) if self.people.is_asked(&peer) => {
                self.set_contact(peer, Contact::No);
                self.forget_awaited(peer);
            }
            Way::Peer(_) => {}
        }
    }

    fn set_attempt(&mut self, id: u64, state: JoinState) {
        let step = self.attempts.set_state(id, state, self.clocks.mono());
        self.note_step(id, step);
    }

    fn note_step(&mut self, id: u64, step: Step) {
        match step {
            Step::None => {}
            Step::Taken => {
                self.notices.attempt(id);
                self.look_at_joins();
            }
            Step::Last => {
                self.notices.attempt(id);
                self.forget_attempt(id);
                self.note_meetings_stale();
                self.refresh_wants();
            }
        }
    }

    /// Goes on with attempts whose time has come.
    pub(crate) fn retry_attempts(&mut self) {
        for due in self.attempts.take_due(self.clocks.mono()) {
            match due {
                Due::Redial(id, address) => self.links.net().dial_address(DialId(id), address),
                Due::Gone(id) => self.notices.attempt_gone(id),
            }
        }
    }

    pub(crate) fn on_dial_progress(&mut self, dial: DialId, address: Address) {
        self.set_attempt(dial.0, JoinState::Connecting { address: address.to_string() });
    }

    /// A round of dialling a typed address is over.
    pub(crate) fn on_dial_ended(&mut self, dial: DialId, result: Result<PeerId, Reason>) {
        if !self.attempts.get(dial.0).is_some_and(|attempt| matches!(attempt.way, Way::Address { .. })) {
            return;
        }
        match result {
            // No peer in particular was dialled, so the only wrong one to answer is oneself.
            Err(Reason::WrongPeer) => self.set_attempt(dial.0, JoinState::Refused(JoinRefusal::Own)),
            // Their LinkUp asks them; if a link was up already, this does.
            Ok(peer) => self.ask_contact(dial.0, peer),
            Err(reason) => {
                self.note_failed_round(dial.0);
                let step = self.attempts.back_off(dial.0, self.clocks.now(), reason.into());
                self.note_step(dial.0, step);
            }
        }
    }

    /// All addresses behind a typed one have failed.
    fn note_failed_round(&mut self, id: u64) {
        let dialled = self.attempts.get(id).and_then(|attempt| match &attempt.way {
            Way::Address { address, .. } => Some(address.clone()),
            Way::Invite(_) | Way::Peer(_) => None,
        });
        dialled.iter().for_each(|address| self.note_failed_dial(address));
    }

    /// A link is up: the peer that answered a typed address is asked, invites are presented, open
    /// requests are repeated.
    pub(crate) fn on_link_for_attempts(&mut self, peer: PeerId, asked: Option<DialId>) {
        if let Some(dial) = asked {
            self.ask_contact(dial.0, peer);
        } else if self.people.is_asked(&peer) {
            self.send_contact_request(&peer);
        }
        for id in self.attempts.with(&peer) {
            self.present(id, peer);
        }
    }

    fn send_contact_request(&mut self, peer: &PeerId) {
        let Some(name) = self.seal_own_name(peer, Naming::ContactRequest) else { return };
        self.links.tell(peer, &Message::ContactRequest(ContactRequest { name }));
    }

    /// Asks a co-member to become a contact, now or when they are linked.
    pub(crate) fn ask_member(&mut self, peer: PeerId) -> Result<(), Refused> {
        if let Some(request) = self.people.request(&peer) {
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
            self.send_contact_request(&peer);
            self.set_attempt(id, JoinState::Asked { name: target });
        }
        Ok(())
    }

    fn ask_contact(&mut self, id: u64, peer: PeerId) {
        if self.links.get(&peer).is_none() {
            return;
        }
        let Some(attempt) = self.attempts.get(id) else { return };
        let Way::Address { address, name } = &attempt.way else { return };
        let (address, name, target) = (address.clone(), name.clone(), attempt.target.clone());
        // What they announced themselves, until they say it to this device.
        let unnamed = self.people.get(&peer).is_none_or(|person| person.row.name.is_empty());
        self.learn(peer, if unnamed { &name } else { "" }, &[address]);
        if self.people.is_contact(&peer) {
            if let Some(room) = self.ensure_direct(peer) {
                self.set_attempt(id, JoinState::Joined { room });
            }
            return;
        }
        // From now on it is kept with the person.
        self.forget_attempt(id);
        self.attempts.goes_on_with(id, peer);
        if let Some(request) = self.people.request(&peer) {
            // They asked first: both want it.
            let name = request.name.clone();
            return self.become_contacts(peer, &name);
        }
        self.set_contact(peer, Contact::Asked);
        self.await_direct(peer);
        self.send_contact_request(&peer);
        self.set_attempt(id, JoinState::Asked { name: target });
        self.welcome(peer);
    }

    /// Presents an invite, if its maker is linked.
    fn present(&mut self, id: u64, peer: PeerId) {
        let Some(name) = self.seal_own_name(&peer, Naming::Join) else { return };
        let (Some(link), Some(attempt)) = (self.links.get(&peer), self.attempts.get(id)) else { return };
        let target = attempt.target.clone();
        if let Some(invite) = attempt.invite() {
            let join = Join::make(&invite.keys(), invite.hint(), name, &link.hash, &self.own.peer());
            self.links.tell(&peer, &Message::Join(join));
        }
        self.set_attempt(id, JoinState::Asked { name: target });
    }

    /// The network's progress with a peer is an attempt's progress.
    pub(crate) fn on_state_for_attempts(&mut self, peer: PeerId, state: &LinkState) {
        let state = match state {
            LinkState::Connecting { address } => JoinState::Connecting { address: address.clone() },
            LinkState::Waiting { retry_at, reason, .. } => JoinState::Waiting { retry_at: *retry_at, reason: *reason },
            LinkState::Connected { .. } | LinkState::Own | LinkState::Unreachable { .. } => return,
        };
        for id in self.attempts.with(&peer) {
            self.set_attempt(id, state.clone());
        }
    }

    pub(crate) fn on_contact_for_attempts(&mut self, peer: PeerId, room: RoomId) {
        for id in self.attempts.with(&peer) {
            let invite = self.attempts.get(id).and_then(Attempt::invite);
            if invite.is_none_or(|invite| invite.kind() == InviteKind::Contact) {
                self.set_attempt(id, JoinState::Joined { room });
            }
        }
    }

    pub(crate) fn on_declined_for_attempts(&mut self, peer: PeerId) {
        for id in self.attempts.with(&peer) {
            self.set_attempt(id, JoinState::Refused(JoinRefusal::Declined));
        }
    }

    /// An invite was accepted.
    pub(crate) fn on_welcome(&mut self, peer: PeerId, welcome: &Welcome) {
        let matching = self.attempts.with(&peer).into_iter().find(|id| {
            let Some(invite) = self.attempts.get(*id).and_then(Attempt::invite) else { return false };
            match (invite.kind(), welcome.room) {
                (InviteKind::Room { hint }, Some(room)) => room.hint() == hint,
                (InviteKind::Contact, None) => true,
                (InviteKind::Room { .. }, None) | (InviteKind::Contact, Some(_)) => false,
            }
        });
        let Some(id) = matching else { return };
        let Some(name) = self.open_name(&peer, Naming::Welcome, &welcome.name) else { return };
        match welcome.room {
            Some(room) => {
                self.learn_co_member(peer, "");
                if self.enter_room(room, name) {
                    self.welcome(peer);
                    self.introduce_rooms(&peer);
                    self.on_member_for_attempts(room);
                } else {
                    self.set_attempt(id, JoinState::Refused(JoinRefusal::Full));
                }
            }
            None => self.become_contacts(peer, &name),
        }
    }

    /// An invite has led into its room once the Add is here too: before that nothing can be
    /// written.
    pub(crate) fn on_member_for_attempts(&mut self, room: RoomId) {
        if !self.rooms.get(&room).is_some_and(|state| state.may_write()) {
            return;
        }
        for id in self.attempts.of_kind(InviteKind::Room { hint: room.hint() }) {
            self.set_attempt(id, JoinState::Joined { room });
        }
    }

    pub(crate) fn on_join_refused(&mut self, peer: PeerId, why: JoinRefused) {
        let why = match why {
            JoinRefused::UnknownInvite => JoinRefusal::UnknownInvite,
            JoinRefused::UsedUp => JoinRefusal::UsedUp,
            JoinRefused::Full => JoinRefusal::Full,
        };
        for id in self.attempts.with(&peer) {
            if let Some(kind) = self.attempts.get(id).and_then(Attempt::invite).map(Invite::kind) {
                self.set_attempt(id, JoinState::Refused(why));
                self.give_up_joining(kind);
            }
        }
    }
}
