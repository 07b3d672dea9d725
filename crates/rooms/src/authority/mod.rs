//! Who may do what in a room: a pure function of the set of its control events.
//!
//! The rules and what they promise are in `docs/AUTHORITY.md`. Start in `op.rs` (what may be done),
//! then `fold.rs` (what of it counts); `standing.rs` is what follows for people.

mod cut;
mod fold;
mod op;
mod rank;
mod standing;

pub use cut::{Cut, Kept};
pub use fold::{Authority, fold};
pub use op::{Act, Op, Pass, Setting};
pub use rank::{Rank, Role};
pub use standing::Standing;
