//! Names that are told on a link, sealed to its two devices; and what this device tells of its own
//! when it has changed.

use identity::PeerId;
use rand::RngExt;
use store::Setting;
use wire::message::Message;
use wire::{NameSeal, Naming, SealedName, tidy_name};

use super::Core;
use crate::view::{Me, Refused};

impl Core {
    /// A name for a linked peer. None without a link.
    pub(super) fn seal_name(&mut self, peer: &PeerId, naming: Naming, name: &str) -> Option<SealedName> {
        let seal = self.seal_with(peer)?;
        Some(seal.seal(naming, self.rng.random(), name))
    }

    pub(super) fn seal_own_name(&mut self, peer: &PeerId, naming: Naming) -> Option<SealedName> {
        let name = self.own.name().to_owned();
        self.seal_name(peer, naming, &name)
    }

    /// A name that a linked peer tells, in the one form in which names are kept from here on. One
    /// that was not sealed for this record and this link, or that is none, is a fault.
    pub(super) fn open_name(&mut self, peer: &PeerId, naming: Naming, sealed: &SealedName) -> Option<String> {
        let name = self.seal_with(peer)?.open(naming, sealed).map(|name| tidy_name(&name));
        if name.is_none() {
            self.on_fault(*peer, "name");
        }
        name
    }

    fn seal_with(&self, peer: &PeerId) -> Option<NameSeal> {
        NameSeal::new(self.own.identity(), peer, &self.links.get(peer)?.hash)
    }

    /// Tells a welcome peer who knows this device how it is called, if they may know another name:
    /// what is in the room's events was the name when it was let in.
    pub(super) fn tell_name(&mut self, peer: PeerId) {
        let may_differ = self.people.is_contact(&peer) || self.own.was_renamed() && self.rooms.is_co_member(&peer);
        let fresh = |told: &Option<String>| told.as_deref() != Some(self.own.name());
        if !may_differ || !self.links.get(&peer).is_some_and(|link| link.welcome && fresh(&link.told_name)) {
            return;
        }
        let Some(sealed) = self.seal_own_name(&peer, Naming::Name) else { return };
        self.links.tell(&peer, &Message::Name(sealed));
        let name = self.own.name().to_owned();
        if let Some(link) = self.links.get_mut(&peer) {
            link.told_name = Some(name);
        }
    }

    /// A peer says how it is called from now on.
    pub(super) fn on_name(&mut self, peer: PeerId, sealed: &SealedName) {
        let known = self.people.contains_key(&peer) || self.rooms.is_co_member(&peer);
        if !known || !self.links.get(&peer).is_some_and(|link| link.welcome) {
            return;
        }
        if let Some(name) = self.open_name(&peer, Naming::Name, sealed) {
            self.learn(peer, &name, &[]);
        }
    }

    /// Changes the display name.
    pub fn set_name(&mut self, name: String) -> Result<Me, Refused> {
        self.keep_setting(Setting::DisplayName, &name);
        self.own.set_name(name);
        self.note_renamed();
        self.announce();
        self.notices.me();
        for peer in self.links.peers() {
            self.tell_name(peer);
        }
        let rooms: Vec<_> = self.rooms.keys().copied().collect();
        rooms.into_iter().for_each(|room| self.notices.members(room));
        Ok(self.me_row())
    }

    /// From now on others may know this device by an older name.
    pub(super) fn note_renamed(&mut self) {
        if !self.own.was_renamed() {
            self.own.note_renamed();
            self.keep_setting(Setting::Renamed, "yes");
        }
    }
}
