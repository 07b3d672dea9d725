//! Disk: what a profile keeps, sealed, durable when it says so, and never silently lost.
//!
//! Owns: the journal of one profile (events, rooms, people, requests, invites, settings), the index
//! by which things are found in it (display order, logs, heads), its lock against a second process,
//! what opening makes of damage, erasure, and the threads for all that. The only crate that knows
//! sled. Never does: signatures, membership, networking; it believes what is [`rooms::Verified`]
//! and refuses gaps in logs. No name, text or address is on disk in clear: everything is sealed
//! with XChaCha20-Poly1305 bound to its place, names in keys are keyed hashes. Times, UUIDs and ids
//! of some events are visible, because rows lie in display order. Data passes in as
//! [`rooms::Verified`] events and small rows ([`RoomRow`], …) by [`Store::append`] and
//! [`Store::put`], and out by [`Store::page`] (for people), [`Store::range`] (for peers) and
//! [`Store::heads`] (for the start). Written is not durable: [`Store::mark`] numbers writes,
//! [`Store::flush`] (or a [`Flusher`]) says up to where they survive a power cut. Erased is not
//! gone: [`Store::erased_up_to`] tells. docs/STORAGE.md says what survives what. Start in
//! `store.rs`, then `entry.rs` (what the journal holds), `filing.rs` (what follows from it) and
//! `key.rs` (what the index holds). `journal/` and `index/` are the way to the disk, `disk.rs` both
//! together, `open.rs` what the last process or the disk left behind.

// A disk can lie: no index, sum or `unwrap` may panic on what is read.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects))]

mod acks;
mod cut;
mod disk;
mod entry;
mod erasure;
mod error;
mod filing;
mod flusher;
mod heads;
mod id_cache;
mod index;
mod journal;
mod key;
mod key_rows;
mod lock;
mod log_index;
#[cfg(feature = "manual")]
mod memory;
mod open;
mod opened_records;
mod page;
mod range;
mod records;
mod seal;
mod store;

pub use acks::AckRow;
pub use error::{OpenError, StoreError};
#[cfg(feature = "manual")]
pub use flusher::Due;
pub use flusher::{Flusher, OWN_DELAY, RECEIVED_DELAY, ROW_DELAY, Urgency};
pub use journal::FORM;
pub use key_rows::{AwaitedRow, ClaimRow, EpochPartRow, EpochRow, KeyRow, OwnPrekeyRow, PeerPrekeyRow, RowInRoom};
#[cfg(feature = "manual")]
pub use memory::{Base, Medium};
pub use open::{LastEnd, Opened, Outcome, Progress, open, open_telling};
#[cfg(feature = "manual")]
pub use open::{open_in_memory, open_in_segments};
pub use page::{Anchor, Page};
pub use records::{
    AttemptRow, Contact, ContactInviteRow, LateRow, MAX_ROW_BYTES, OwnInviteRow, PeerRow, RequestRow, RoomKind, RoomRow, Row, Setting,
    Standing,
};
pub use store::{Mark, Store};
