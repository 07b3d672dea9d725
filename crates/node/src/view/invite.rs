//! Invites, and attempts to follow one.

use identity::PeerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wire::ids::RoomId;

use super::clock::Time;
use super::join_trouble::JoinTrouble;
use super::link::LinkReason;

/// An invite that was made.
#[derive(Clone, Debug)]
pub struct MadeInvite {
    /// `gv1…`
    pub text: String,
    /// `grapevine://join/…`
    pub link: String,
    /// How many may use it.
    pub uses: u32,
    /// Addresses in it.
    pub addresses: Vec<String>,
}

/// What a pasted text turned out to be.
#[derive(Clone, Debug)]
pub enum Reading {
    /// An invite to a room.
    Room {
        /// Its maker.
        inviter: PeerId,
        /// Where it leads.
        addresses: Vec<String>,
        /// That room, if one is a member.
        member: Option<RoomId>,
    },
    /// An invite to become contacts.
    Contact {
        /// Its maker.
        inviter: PeerId,
        /// Where it leads.
        addresses: Vec<String>,
        /// Already a contact.
        known: bool,
    },
    /// An address.
    Address(String),
    /// One's own invite.
    Own,
    /// Several different invites.
    Several(Vec<Found>),
}

/// One of several invites in a text.
#[derive(Clone, Debug)]
pub struct Found {
    /// `gv1…`, alone.
    pub text: String,
    /// What it is.
    pub reading: Reading,
}

/// An attempt to join, or to reach an address.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Id while this process runs.
    pub id: u64,
    /// Whom or what.
    pub target: String,
    /// How it stands.
    pub state: JoinState,
    /// Why it does not get on, once that can be told.
    pub trouble: Option<JoinTrouble>,
}

/// Steps of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinState {
    /// Dialling.
    Connecting {
        /// Address being tried.
        address: String,
    },
    /// Failed; will be tried again.
    Waiting {
        /// When.
        retry_at: Time,
        /// Why it failed.
        reason: LinkReason,
    },
    /// Connected, and waiting for an answer.
    Asked {
        /// Name of the person who is asked.
        name: String,
    },
    /// Done.
    Joined {
        /// The room that opened.
        room: RoomId,
    },
    /// Over.
    Refused(JoinRefusal),
}

/// Why an attempt ended.
// The wire's `JoinRefused` is what the other side may answer; this is how the attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinRefusal {
    /// The peer that answered does not know the invite (any more).
    UnknownInvite,
    /// It has been used as often as it may.
    UsedUp,
    /// The other person said no.
    Declined,
    /// The room is full.
    Full,
    /// It leads to oneself.
    Own,
}
