//! Where the notices of a node go.

use crate::view::Notice;

/// Takes a batch of notices, numbers and publishes them, and gives the number of the last one.
/// Called at the end of a turn: it must not block.
pub type Sink = Box<dyn FnMut(Vec<Notice>) -> u64 + Send>;
