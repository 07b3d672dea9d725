//! The contract as lines of JSON: each line that comes in is a call, each that goes out is an answer
//! or a notice. Where the lines come from and go to is the caller's.

mod call;
mod output;
mod reader;
mod serve;

pub use output::{Output, Writing};
pub use serve::serve;
