//! A dial that is on its way.

use std::time::Duration;

use identity::PeerId;
use node::manual::net::Reason;
use wire::Address;

use crate::links::WireId;

/// One attempt to reach a node.
pub(crate) struct Dial {
    pub(crate) node: u32,
    pub(crate) life: u32,
    pub(crate) attempt: u64,
    pub(crate) expect: Option<PeerId>,
    /// Those that have not been tried, best first.
    pub(crate) addresses: Vec<Address>,
    pub(crate) target: u32,
    pub(crate) distance: Duration,
    pub(crate) step: Step,
}

#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// The first answer would be here by now.
    Connect,
    /// They have proved who they are; now it is this side's turn.
    Prove,
    /// The proof is with them: they greet.
    Greeted(WireId),
    /// Their greeting is here.
    Complete(WireId),
    /// Nothing came.
    Fail(Reason),
}
