//! What the owner of the doors wants.

use super::mappings::Ports;

/// The latest wish counts; earlier ones need not have been noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) on: bool,
    pub(super) ports: Ports,
    /// Grows with each wish to try everything now.
    pub(super) tries: u64,
    /// All doors are to be taken back, for good.
    pub(super) stop: bool,
}
