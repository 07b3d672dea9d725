//! Invites, and attempts to follow one.

use node::view::{JoinRefusal, JoinTrouble, LinkReason};

use super::ids::{JoinIdText, PeerIdText, RoomIdText};
use super::stage::Fingerprint;

data! {
    /// An invite that was made.
    pub struct Invite {
        /// `gv1…`
        pub text: String,
        /// `grapevine://join/gv1…`
        pub link: String,
        /// How many may use it.
        pub uses: u32,
        /// Addresses in it; when empty nobody can follow it.
        pub addresses: Vec<String>,
    }

    /// What pasted text turned out to be.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum InviteReading {
        /// An invite to a room.
        Room {
            /// Who made it.
            inviter: Fingerprint,
            /// Where it leads.
            addresses: Vec<String>,
            /// Already a member of that room.
            member: Option<RoomIdText>,
        },
        /// An invite to become contacts.
        Contact {
            /// Who made it.
            inviter: Fingerprint,
            /// Where it leads.
            addresses: Vec<String>,
            /// Already a contact.
            known: Option<PeerIdText>,
        },
        /// `host:port`.
        Address {
            /// As it will be dialled.
            address: String,
        },
        /// One's own invite.
        Own,
        /// Several different invites: one must be chosen.
        Several {
            /// In the order of the text, at most 16; one's own are left out.
            found: Vec<FoundInvite>,
        },
        /// Neither.
        Unreadable {
            /// What is wrong with it.
            why: InviteFault,
        },
    }

    /// One of several invites in a text.
    pub struct FoundInvite {
        /// It alone, for `accept_invite`.
        pub text: String,
        /// What it is: to a room, or to become contacts.
        pub reading: InviteReading,
    }

    /// What is wrong with pasted text.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum InviteFault {
        /// Nothing there.
        Empty,
        /// Looks like an invite, but characters are missing or changed.
        Damaged,
        /// Made by a newer version.
        TooNew,
        /// Too long to be an invite.
        TooLong,
        /// Neither invite nor address.
        Unknown,
    }

    /// An attempt to join a room, to become contacts, or to reach an address.
    pub struct Joining {
        /// Given to `cancel_join`.
        pub id: JoinIdText,
        /// Whom or what is being reached: a name, or an address.
        pub target: String,
        /// How it stands.
        pub state: JoinState,
        /// Why it does not get on, within 15 s; it is tried on all the same.
        pub trouble: Option<JoinTrouble>,
    }

    /// Steps of an attempt.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum JoinState {
        /// Dialling.
        Connecting {
            /// Address being tried.
            address: String,
        },
        /// The last round failed; another follows.
        Waiting {
            /// When the next attempt starts.
            #[ts(type = "number")] retry_at: u64,
            /// Why the last one failed.
            reason: LinkReason,
        },
        /// Connected; waiting for their answer (a person must accept a contact request).
        Asked {
            /// Name of the person who is asked.
            name: String,
        },
        /// Done.
        Joined {
            /// The room that opened.
            room: RoomIdText,
        },
        /// Ended without success.
        Refused {
            /// What a screen says about it.
            why: JoinRefusal,
        },
    }
}
