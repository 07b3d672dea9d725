//! People whose names a reader can take for each other. Nobody can be kept from a name, so the
//! window tells.

use std::collections::BTreeMap;

use identity::PeerId;
use store::Contact;
use wire::Likeness;

use super::Core;

/// How the names of those who are known look, made when it is asked for. No more than there are
/// people.
#[derive(Default)]
pub(crate) struct Likenesses(BTreeMap<PeerId, (String, Likeness)>);

impl Core {
    /// The name of somebody else that looks like this name of `peer`: one's own, a contact's, or
    /// that of whoever else is known; in this order.
    pub(crate) fn looks_like(&mut self, peer: &PeerId, name: &str) -> Option<String> {
        let wanted = Likeness::of(name);
        if *peer != self.peer && Likeness::of(&self.name).is_like(&wanted) {
            return Some(self.name.clone());
        }
        self.note_likenesses();
        let alike = self.likenesses.0.iter().filter(|(other, (_, likeness))| *other != peer && likeness.is_like(&wanted));
        let is_contact = |other: &PeerId| self.people.get(other).is_some_and(|person| person.row.contact == Contact::Yes);
        alike.max_by_key(|(other, _)| is_contact(other)).map(|(_, (name, _))| name.clone())
    }

    fn note_likenesses(&mut self) {
        self.likenesses.0.retain(|peer, _| self.people.contains_key(peer));
        for (peer, person) in &self.people {
            let name = &person.row.name;
            if !name.is_empty() && self.likenesses.0.get(peer).is_none_or(|(known, _)| known != name) {
                self.likenesses.0.insert(*peer, (name.clone(), Likeness::of(name)));
            }
        }
    }
}
