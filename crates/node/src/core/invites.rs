//! Invites: made here, shown by a peer, and read from a pasted text.

use std::net::SocketAddr;

use identity::PeerId;
use rand::RngExt;
use rooms::Payload;
use store::{ContactInviteRow, OwnInviteRow, Standing};
use wire::Naming;
use wire::address::Address;
use wire::ids::RoomId;
use wire::invite::{Invite, InviteFault, InviteKind, find, pick};
use wire::message::{Join, JoinRefused, Message, Welcome};

use super::Core;
use crate::parts::door::Newcomer;
use crate::parts::room::Room;
use crate::view::{Found, MadeInvite, Reading, Refused};

/// What is in a pasted text.
pub(super) enum Pasted {
    Address(Address),
    Invite(Box<Invite>),
    Several(Vec<Invite>),
    Own,
}

impl Pasted {
    /// Invites of others than `own` in a text; without any, an address that is all of it.
    fn find(text: &str, own: PeerId) -> Result<Pasted, InviteFault> {
        let mut found = match (find(text), text.parse::<Address>()) {
            (Ok(found), _) => found,
            (Err(_), Ok(address)) => return Ok(Pasted::Address(address)),
            (Err(InviteFault::NotAnInvite), Err(why)) => return Err(InviteFault::BadAddress(why)),
            (Err(fault), Err(_)) => return Err(fault),
        };
        // An answer may quote what was sent to its author.
        found.retain(|invite| invite.inviter() != own);
        Ok(match (found.len(), found.pop()) {
            (_, None) => Pasted::Own,
            (1, Some(only)) => Pasted::Invite(Box::new(only)),
            (_, Some(last)) => {
                found.push(last);
                Pasted::Several(found)
            }
        })
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
            None if self.invites.is_full() => return Err(Refused::Limit),
            None => InviteKind::Contact,
        };
        let seed: [u8; 16] = self.rng.random();
        let invite = Invite::from_seed(kind, seed.into(), self.own.peer(), pick(self.invite_addresses()));
        let key = *invite.keys().peer().as_bytes();
        match room {
            Some(id) => {
                let by = self.own_right(id)?;
                self.act(id, Payload::Invite { by, key, uses, expires: 0 })?;
            }
            None => {
                let row = ContactInviteRow { key, uses, used: 0, made_ms: self.clocks.wall() };
                self.keep(&row);
                self.invites.insert(row);
            }
        }
        self.keep_seed(OwnInviteRow { key, seed: **invite.seed(), room, made_ms: self.clocks.wall() });
        let addresses = invite.addresses().iter().map(ToString::to_string).collect();
        Ok(MadeInvite { text: invite.to_text(), link: invite.to_link(), uses, addresses })
    }

    /// Best first: where somebody anywhere may come in, where somebody near may, and where this
    /// device was seen.
    fn invite_addresses(&self) -> Vec<Address> {
        let mut addresses = self.own_addresses();
        addresses.sort_by_key(|address| match address {
            Address::Ip(number) if !net::is_public(number.ip()) => 1,
            Address::Ip(number) if self.is_only_observed(number) => 2,
            Address::Ip(_) | Address::Host(_) => 0,
            Address::Zoned(_) | Address::Verbatim(_) => 3,
        });
        addresses
    }

    /// Peers see this device there, which says little about who may come in.
    fn is_only_observed(&self, number: &SocketAddr) -> bool {
        !self.own.listening().contains(number) && !self.own.reach.doors().contains(number)
    }

    /// Keeps the secret of an own invite: who holds it may be met by the DHT, now or when that is
    /// turned on.
    fn keep_seed(&mut self, row: OwnInviteRow) {
        self.keep(&row);
        if let Some(gone) = self.invites.add_seed(row) {
            self.forget::<OwnInviteRow>(&gone);
        }
        self.note_meetings_stale();
    }

    /// What a pasted text holds.
    pub fn read_invite(&self, text: &str) -> Result<Reading, InviteFault> {
        Ok(match self.pasted(text)? {
            Pasted::Address(address) => Reading::Address(address.to_string()),
            Pasted::Own => Reading::Own,
            Pasted::Invite(invite) => self.reading(&invite),
            Pasted::Several(invites) => {
                Reading::Several(invites.iter().map(|invite| Found { text: invite.to_text(), reading: self.reading(invite) }).collect())
            }
        })
    }

    pub(super) fn pasted(&self, text: &str) -> Result<Pasted, InviteFault> {
        Pasted::find(text, self.own.peer())
    }

    fn reading(&self, invite: &Invite) -> Reading {
        let inviter = invite.inviter();
        let addresses = invite.addresses().iter().map(ToString::to_string).collect();
        match invite.kind() {
            InviteKind::Room { hint } => Reading::Room { inviter, addresses, member: self.room_with(&hint) },
            InviteKind::Contact => Reading::Contact { inviter, addresses, known: self.people.is_contact(&inviter) },
        }
    }

    pub(crate) fn room_with(&self, hint: &[u8; 16]) -> Option<RoomId> {
        let member = |room: &&Room| room.id().hint() == *hint && room.row.standing == Standing::Member;
        self.rooms.values().find(member).map(|room| room.id())
    }

    /// A peer shows an invite.
    pub(crate) fn on_join(&mut self, peer: PeerId, join: Join) {
        let Some(link) = self.links.get(&peer) else { return };
        if join.verify(&link.hash, &peer).is_err() {
            return self.on_fault(peer, "join proof");
        }
        let Some(name) = self.open_name(&peer, Naming::Join, &join.name) else { return };
        if join.hint == [0; 16] {
            let answer = self.admit_contact(peer, &join, &name);
            return self.answer_join(peer, answer);
        }
        self.knock(peer, Newcomer { key: join.key, hint: join.hint, name, pass: join.pass });
    }

    /// `Ok`: the room that opens, or none for a contact, and its name.
    pub(crate) fn answer_join(&mut self, peer: PeerId, answer: Result<(Option<RoomId>, String), JoinRefused>) {
        match answer {
            Ok((room, name)) => {
                let Some(name) = self.seal_name(&peer, Naming::Welcome, &name) else { return };
                self.links.tell(&peer, &Message::Welcome(Welcome { room, name }));
                // Before all else of the room: what comes then can be read.
                room.into_iter().for_each(|room| self.give_all_keys(peer, room));
                self.welcome(peer);
                self.introduce_rooms(&peer);
            }
            Err(why) => self.links.tell(&peer, &Message::JoinRefused(why)),
        }
    }

    fn admit_contact(&mut self, peer: PeerId, join: &Join, name: &str) -> Result<(Option<RoomId>, String), JoinRefused> {
        if !self.people.is_contact(&peer) {
            let row = self.invites.take_use(&join.key)?;
            self.keep(&row);
            self.note_meetings_stale();
            self.become_contacts(peer, name);
        }
        Ok((None, self.own.name().to_owned()))
    }
}
