//! Invites made here, and the newcomers who show one.

use std::collections::BTreeMap;

use gossip::Millis;
use store::{ContactInviteRow, OwnInviteRow};
use wire::message::JoinRefused;

use super::door::Door;

/// Contact invites that are open.
const MAX_CONTACT_INVITES: usize = 256;

/// Secrets of own invites that are kept. Higher: more rows for people who never come.
const MAX_SEEDS: usize = 64;

/// Invites to become contacts, and the door for invites to rooms: those are events of their rooms.
pub(crate) struct Invites {
    to_contacts: BTreeMap<[u8; 32], ContactInviteRow>,
    /// Secrets of those made here, so that who holds one can be met.
    seeds: BTreeMap<[u8; 32], OwnInviteRow>,
    pub(crate) door: Door,
}

impl Invites {
    /// Takes over what was written down.
    pub(crate) fn restore(to_contacts: Vec<ContactInviteRow>, seeds: Vec<OwnInviteRow>) -> Self {
        Invites {
            to_contacts: to_contacts.into_iter().map(|row| (row.key, row)).collect(),
            seeds: seeds.into_iter().map(|row| (row.key, row)).collect(),
            door: Door::default(),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.to_contacts.len() >= MAX_CONTACT_INVITES
    }

    pub(crate) fn insert(&mut self, row: ContactInviteRow) {
        self.to_contacts.insert(row.key, row);
    }

    /// Whether a contact invite lets somebody in.
    pub(crate) fn is_open(&self, key: &[u8; 32]) -> bool {
        self.to_contacts.get(key).is_some_and(|row| row.used < row.uses)
    }

    pub(crate) fn seeds(&self) -> impl Iterator<Item = &OwnInviteRow> {
        self.seeds.values()
    }

    /// Gives what has to give way: the oldest, if there are too many.
    pub(crate) fn add_seed(&mut self, row: OwnInviteRow) -> Option<[u8; 32]> {
        self.seeds.insert(row.key, row);
        let oldest = self.seeds.values().min_by_key(|row| row.made_ms).map(|row| row.key)?;
        (self.seeds.len() > MAX_SEEDS && self.forget_seed(&oldest)).then_some(oldest)
    }

    pub(crate) fn forget_seed(&mut self, key: &[u8; 32]) -> bool {
        self.seeds.remove(key).is_some()
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
