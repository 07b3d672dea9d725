//! What can be done with authority.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use identity::PeerId;
use wire::ids::{EventId, LogId};

use super::cut::Cut;
use super::rank::Role;

/// A control event, as far as authority goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Its id.
    pub id: EventId,
    /// Who did it.
    pub author: PeerId,
    /// In which of their logs, and its number there.
    pub at: (LogId, u32),
    /// By which right: the Create, Add or SetRole that gave the author theirs. A Create has none.
    pub by: Option<EventId>,
    /// What was done.
    pub act: Act,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Made the room. Whoever hands this in has checked that the room's id is the author's to give.
    Create,
    /// Made a device a member.
    Add {
        /// The device.
        device: PeerId,
        /// Which time it comes in.
        round: u32,
        /// The invite that it showed.
        pass: Option<Pass>,
    },
    /// Went, in this round and all before.
    Leave {
        /// The round of the membership that ends.
        round: u32,
        /// What the author wrote until then.
        cut: Cut,
    },
    /// Ended the membership of a device.
    Remove {
        /// The device.
        device: PeerId,
        /// It and all before it end.
        round: u32,
        /// What counts of what the device wrote.
        cut: Cut,
    },
    /// Gave a device another role.
    SetRole {
        /// The device.
        device: PeerId,
        /// In which of its rounds.
        round: u32,
        /// Which change of role in that round.
        turn: u32,
        /// The role.
        role: Role,
        /// What counts of what the device did by a higher one.
        cut: Cut,
    },
    /// Announced an invite.
    Invite {
        /// Its public key.
        key: [u8; 32],
        /// How many people it lets in.
        uses: u32,
        /// Until when, milliseconds since 1970; 0 for no end.
        expires: u64,
    },
    /// Ended an invite.
    Revoke {
        /// The event that announced it.
        invite: EventId,
        /// Who had come in by it: device and round.
        used: Vec<(PeerId, u32)>,
    },
    /// Set something of the room.
    Set {
        /// What.
        setting: Setting,
        /// Which change of it.
        version: u32,
        /// For [`Setting::AdminsAdd`]: what counted until then of what everybody had done.
        known: BTreeMap<PeerId, Cut>,
    },
}

/// Somebody came with an invite. Whoever hands this in has checked the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The event that announced the invite.
    pub invite: EventId,
    /// Public key of the invite.
    pub key: [u8; 32],
    /// When, by the clock of who let them in: milliseconds since 1970.
    pub at_ms: u64,
}

/// What admins set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Setting {
    /// The room's name.
    Name(String),
    /// What it is about.
    Topic(String),
    /// Whether only admins may let people in, and invite them.
    AdminsAdd(bool),
    /// Whether new members see what was said before.
    History(bool),
}

impl Setting {
    /// Which one it is.
    pub(super) fn number(&self) -> u8 {
        match self {
            Setting::Name(_) => 0,
            Setting::Topic(_) => 1,
            Setting::AdminsAdd(_) => 2,
            Setting::History(_) => 3,
        }
    }
}

impl Op {
    /// In which order events by one right are looked at: what others may depend on comes first.
    /// Then numbers decide, also between two logs of one device: events do not say which log is the
    /// later one.
    pub(super) fn turn(&self) -> (u8, u32, EventId) {
        let first = match self.act {
            Act::Create => 0,
            Act::Set { .. } | Act::Invite { .. } => 1,
            Act::Revoke { .. } => 2,
            Act::Add { .. } | Act::Leave { .. } | Act::Remove { .. } | Act::SetRole { .. } => 3,
        };
        (first, self.at.1, self.id)
    }

    /// The device that gets a right by it, with role, round and turn.
    pub(super) fn gives(&self) -> Option<(PeerId, Role, u32, u32)> {
        match &self.act {
            Act::Create => Some((self.author, Role::Owner, 1, 0)),
            Act::Add { device, round, .. } => Some((*device, Role::Member, *round, 0)),
            Act::SetRole { device, round, turn, role, .. } => Some((*device, *role, *round, *turn)),
            Act::Leave { .. } | Act::Remove { .. } | Act::Invite { .. } | Act::Revoke { .. } | Act::Set { .. } => None,
        }
    }
}
