//! From where this device can be reached, and what is known of the ways to it.

mod facts;
mod own;

pub use facts::{CameIn, Checked, ReachFacts, ReachSettings};
pub use own::is_public;
pub(crate) use own::{Reach, Scope};
