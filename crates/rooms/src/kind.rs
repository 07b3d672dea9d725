//! Numbers of kinds of events. 1 to 15 are control events and live in control logs.

/// Founds a room.
pub const CREATE: u8 = 1;
/// Lets a person in.
pub const ADD: u8 = 2;
/// Its author goes.
pub const LEAVE: u8 = 3;
/// Makes an invite known.
pub const INVITE: u8 = 4;
/// Ends an invite.
pub const REVOKE: u8 = 5;
/// Ends the membership of somebody.
pub const REMOVE: u8 = 6;
/// Gives a member another role.
pub const SET_ROLE: u8 = 7;
/// Sets something of the room.
pub const SET: u8 = 8;
/// A text.
pub const MESSAGE: u8 = 16;
/// Replaces a text.
pub const EDIT: u8 = 17;
/// Erases a text.
pub const DELETE: u8 = 18;
/// An emoji under a text.
pub const REACTION: u8 = 19;
/// Makes a key known, to which secrets can be sealed for its author.
pub const PREKEY: u8 = 20;
/// Gives members the secret under which its author writes from now on.
pub const EPOCH: u8 = 21;

/// What an event is for the history that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An entry of it.
    Entry,
    /// Said about one of its messages.
    Relation,
    /// Not shown: invites, revocations, keys, and kinds of later versions.
    Aside,
}

/// By the kind of an event.
pub fn role(kind: u8) -> Role {
    match kind {
        CREATE | ADD | LEAVE | REMOVE | SET_ROLE | SET | MESSAGE => Role::Entry,
        EDIT | DELETE | REACTION => Role::Relation,
        _ => Role::Aside,
    }
}

/// Membership rather than content.
pub fn is_control(kind: u8) -> bool {
    kind < 16
}

/// Events of this kind are in the clear, because sealed ones cannot be opened without them; those
/// of every other kind are sealed.
pub fn is_clear(kind: u8) -> bool {
    matches!(kind, PREKEY | EPOCH)
}
