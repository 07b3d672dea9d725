//! From where this device can be reached, and what is known of the ways to it.

mod facts;
mod own;

pub use facts::{CameIn, Checked, ReachFacts, ReachSettings};
pub use own::Reach;
pub(crate) use own::Scope;
