//! Becoming contacts: one side asks, the other agrees.

use identity::PeerId;
use store::{Contact, RequestRow};
use wire::Naming;
use wire::message::{Bye, ContactAnswer, ContactRequest, Message};

use super::Core;
use crate::view::Refused;

impl Core {
    /// A peer asks to become a contact.
    pub(crate) fn on_contact_request(&mut self, peer: PeerId, request: &ContactRequest) {
        let Some(name) = self.open_name(&peer, Naming::ContactRequest, &request.name) else { return };
        let contact = self.people.get(&peer).map_or(Contact::No, |p| p.row.contact);
        match contact {
            // They were away when they were accepted.
            Contact::Yes => self.answer(&peer, true),
            Contact::Asked => self.become_contacts(peer, &name),
            Contact::Declined => self.answer(&peer, false),
            Contact::No => self.note_request(peer, &name),
        }
    }

    fn note_request(&mut self, peer: PeerId, name: &str) {
        if !self.people.has_room_for_request(&peer) {
            return self.links.end(&peer, Bye::Busy);
        }
        let addresses = self.listening(&peer);
        let row = RequestRow { peer, name: name.to_owned(), at_ms: self.clocks.wall(), addresses };
        self.keep(&row);
        if self.people.add_request(row) {
            self.notices.request_added(peer);
        }
        // A person who has asked may keep the link until the answer.
        self.links.let_stay(&peer);
    }

    fn answer(&mut self, peer: &PeerId, accepted: bool) {
        let Some(name) = self.seal_own_name(peer, Naming::ContactAnswer) else { return };
        self.links.tell(peer, &Message::ContactAnswer(ContactAnswer { accepted, name }));
    }

    /// Both sides agree: the direct room opens.
    pub(crate) fn become_contacts(&mut self, peer: PeerId, name: &str) {
        let was = self.people.is_contact(&peer);
        self.learn(peer, name, &self.listening(&peer));
        self.set_contact(peer, Contact::Yes);
        if !was {
            self.answer(&peer, true);
        }
        self.forget_request(peer);
        self.welcome(peer);
        if let Some(room) = self.ensure_direct(peer) {
            self.on_contact_for_attempts(peer, room);
        }
    }

    pub(crate) fn on_contact_answer(&mut self, peer: PeerId, answer: &ContactAnswer) {
        if !self.people.is_asked(&peer) {
            return;
        }
        let Some(name) = self.open_name(&peer, Naming::ContactAnswer, &answer.name) else { return };
        if answer.accepted {
            self.become_contacts(peer, &name);
        } else {
            self.set_contact(peer, Contact::No);
            self.forget_awaited(peer);
            self.on_declined_for_attempts(peer);
        }
    }

    /// The user answers a contact request.
    pub fn answer_request(&mut self, peer: PeerId, accept: bool) -> Result<(), Refused> {
        let request = self.people.request(&peer).cloned().ok_or(Refused::UnknownPeer)?;
        self.learn(peer, &request.name, &request.addresses);
        if accept {
            // The answer goes at once if they are linked; else they ask again when they are.
            self.become_contacts(peer, &request.name);
            return Ok(());
        }
        self.forget_request(peer);
        self.set_contact(peer, Contact::Declined);
        self.answer(&peer, false);
        Ok(())
    }

    fn forget_request(&mut self, peer: PeerId) {
        if self.people.remove_request(&peer) {
            self.forget::<RequestRow>(&peer);
            self.notices.request_gone(peer);
        }
    }
}
