//! What was said, and by whose right.
//!
//! Owns: events and their bytes, the logs that they form, time in a room, membership, and what a
//! message has become after edits, deletes and reactions (`docs/PROTOCOL.md` §2). Never does:
//! clocks, chance, files, sockets. Time and randomness are handed in; nothing here waits or fails
//! for want of a resource. Data passes so: bytes → [`run::decode`] → [`Run::fits`] →
//! [`Run::verify`] (which asks [`Signatures`]) → [`Verified`] → [`Membership`], [`timeline`]; and
//! one's own words: [`Payload`] → [`Draft`] → [`Author::append`] → [`Verified`]. Whether something
//! counts never depends on the order of arrival nor on the local clock, so all members who have the
//! same events see the same room. Start in `event.rs`, then `run.rs`.

// Events of strangers are decoded here: no index, sum or `unwrap` may panic on them.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects))]

mod admission;
pub mod author;
pub mod authority;
pub mod branches;
mod changed;
pub mod clock;
mod emoji;
pub mod epoch_part;
pub mod event;
pub mod fault;
pub mod header;
mod history;
pub mod invites;
pub mod keys;
pub mod kind;
pub mod limits;
pub mod logs;
pub mod members;
pub mod membership_line;
pub mod payload;
pub mod position;
pub mod room;
pub mod run;
mod signatures;
pub mod timeline;
mod told;

pub use author::{AppendRefused, Author, Draft};
pub use branches::{Cut, Fitting, Held, Place, Recut};
pub use clock::{Clock, Hlc};
pub use emoji::canonical_emoji;
pub use epoch_part::{EpochPart, SealedSecret, To};
pub use event::{Event, Proof, Verified};
pub use fault::EventFault;
pub use header::Header;
pub use invites::InviteState;
pub use limits::HEADER_BYTES;
pub use logs::{Branch, LogHead, LogRefused, Logs};
pub use members::{Admission, Changed, Member, Membership};
pub use membership_line::{MembershipLine, What};
pub use payload::{BadPayload, CutList, Payload, ShownPass};
pub use position::{Position, Target, Uuid};
pub use room::{RoomNonce, direct_room_id, group_room_id};
pub use run::{Fit, Run};
pub use signatures::Signatures;
pub use timeline::{Entry, Fold, fold, superseded};
