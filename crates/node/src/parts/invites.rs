//! Invites made here, and the newcomers who show one.

use std::collections::BTreeMap;

use gossip::Millis;
use store::ContactInviteRow;
use wire::message::JoinRefused;

use super::door::Door;

/// Contact invites that are open.
const MAX_CONTACT_INVITES: usize = 256;

/// Invites to become contacts, and the door for invites to rooms: those are events of their rooms.
pub(crate) struct Invites {
    to_contacts: BTreeMap<[u8; 32], ContactInviteRow>,
    pub(crate) door: Door,
}

impl Invites {
    /// Takes over what was written down.
    pub(crate) fn restore(to_contacts: Vec<ContactInviteRow>) -> Self {
        Invites { to_contacts: to_contacts.into_iter().map(|row| (row.key, row)).collect(), door: Door::default() }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.to_contacts.len() >= MAX_CONTACT_INVITES
    }

    pub(crate) fn insert(&mut self, row: ContactInviteRow) {
        self.to_contacts.insert(row.key, row);
    }

    /// Uses a contact invite once; gives its row as it is now.
    pub(crate) fn take_use(&mut self, key: &[u8; 32]) -> Result<ContactInviteRow, JoinRefused> {
        let row = self.to_contacts.get_mut(key).ok_or(JoinRefused::UnknownInvite)?;
        if row.used >= row.uses {
            return Err(JoinRefused::UsedUp);
        }
        row.used += 1;
        Ok(row.clone())
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.door.wake()
    }
}
