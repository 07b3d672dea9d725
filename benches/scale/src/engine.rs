//! What is measured.

use std::path::Path;

use rooms::{Position, Verified};

/// Something that keeps the messages of a room.
pub trait Engine: Sized {
    /// Opens or makes it.
    fn open(folder: &Path) -> Self;
    /// Adds messages.
    fn append(&self, events: &[Verified]);
    /// How many messages a page of 50 around a place has.
    fn page(&self, around: Position) -> usize;
    /// Whether a message is found by its id alone.
    fn find(&self, event: &Verified) -> bool;
    /// All is on the disk.
    fn close(self);
}
