//! Invites: a few words of text that open one door (`docs/PROTOCOL.md` §4). `code.rs` writes and
//! reads one, `find.rs` finds them in what people paste, `addresses.rs` keeps them short.

mod addresses;
mod code;
mod find;

pub use addresses::pick;
#[cfg(test)]
pub(crate) use code::write_address;
pub use code::{Invite, InviteFault, InviteKind};
pub use find::find;
