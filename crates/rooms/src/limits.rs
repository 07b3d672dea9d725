//! Bounds on what strangers and members can make others keep.

pub use wire::limits::{MAX_EVENT, MAX_RUN_BYTES, MAX_RUN_EVENTS};

/// Length of a header, on the wire and under the signature.
pub const HEADER_BYTES: usize = 226;

/// Bytes of one event's payload: what the largest event leaves beside flags, header and signature,
/// signed or not.
pub const MAX_PAYLOAD_BYTES: usize = MAX_EVENT - 1 - HEADER_BYTES - identity::Signature::LEN;

/// Bytes that sealing adds to a payload: what authenticates it.
pub const SEAL_BYTES: usize = 16;

/// Bytes of what one event says, before it is sealed.
pub const MAX_CONTENT_BYTES: usize = MAX_PAYLOAD_BYTES - SEAL_BYTES;

/// How much of a header its sealed payload is bound to: all but the payload's hash.
pub const SEALED_HEADER_BYTES: usize = HEADER_BYTES - 32;

/// Recipients in one part of an epoch: 26 700 bytes. With the 4 096 bytes of [`MAX_EPOCH_ENDED`]
/// they fit into an event.
pub const MAX_EPOCH_SEALS: usize = 300;

/// Memberships that had ended, in one part of an epoch.
pub const MAX_EPOCH_ENDED: usize = 512;

/// Parts of an epoch. All of them have room for 19 200 recipients, more than [`MAX_MEMBERS`], and
/// for 32 768 memberships that ended: each is begun by a control event and ended by another, and
/// there are at most [`MAX_CONTROL_EVENTS`].
pub const MAX_EPOCH_PARTS: u8 = 64;

/// Logs of one device in one room, control and content together, branches included. A log begins at
/// every unclean stop: three a day for a year.
pub const MAX_LOGS_PER_DEVICE: usize = 1024;

/// Continuations of one event of a content log that count: those whose first events have the
/// smallest chain hashes. A profile that is copied, or restored from an old copy, makes two.
/// Restoring the same copy again and again loses nothing, because the device writes anew what does
/// not count.
pub const MAX_BRANCHES: usize = 4;

/// Events of one branch that count, and those up to the next one that is signed. Years of talk; a
/// fork is no way to more than new logs would give.
pub const MAX_BRANCH_EVENTS: u32 = 65_536;

/// Text of a message, in bytes of UTF-8. About eight pages.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// What a room is about, in bytes of UTF-8: a few lines.
pub const MAX_TOPIC_BYTES: usize = 1024;

/// An emoji, in bytes of UTF-8. The longest in use (two kissing people, each with a skin tone) has
/// 35.
pub const MAX_EMOJI_BYTES: usize = 64;

/// Emoji of one device under one message that are remembered: the latest ones. Beyond what a person
/// does, below what hurts.
pub const MAX_REACTIONS_PER_DEVICE: usize = 32;

/// People in a room. A member that is asked to let in one more answers that the room is full. An
/// Add that was written all the same counts.
pub const MAX_MEMBERS: usize = 16_384;

/// Control events of one room. They are all held in memory, with what follows from them some 1 100
/// bytes each, and cuts up to eight times as long as in the event.
pub const MAX_CONTROL_EVENTS: usize = 65_536;

/// Control events of one member: more than a person invites and adds by hand. What a member says of
/// one person is looked at again with every Leave of theirs, so this also bounds work.
pub const MAX_CONTROL_EVENTS_PER_MEMBER: usize = 2_048;

/// Control events, of all authors together, whose authors are not (yet) known as members. What is
/// refused for this limit comes again with the next repair, when the Adds that explain it are
/// there; so it delays, and loses nothing.
pub const MAX_PENDING_EVENTS: usize = 1_024;

/// Payloads of control events, all together: this many bytes for each of them that there may be, in
/// a room, of a member, or of authors who are not known. Most have some 150; of those who name logs
/// or people at length, with up to 32 KiB, a member can write 64.
pub const CONTROL_EVENT_BYTES: usize = 1024;

/// How far ahead of the local clock an event may be and still be shown, in milliseconds. Ordinary
/// computers differ by less. The own clock follows others' just as far, so that an answer never
/// stands before what its author was shown; and clocks that differ by more are told, so that
/// nothing lies between what is cured and what is told.
pub const MAX_AHEAD_MS: u64 = 120_000;
