//! The contract as lines of JSON: each line that comes in is a call, each line that goes out is an
//! answer or a notice. The caller says where lines come from and where they go.

// Bytes from outside: a program behind a pipe may write anything.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::indexing_slicing))]

mod call;
mod output;
mod reader;
mod serve;

pub use output::{Output, Writing};
pub use serve::serve;
