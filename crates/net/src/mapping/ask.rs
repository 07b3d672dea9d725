//! What can be asked of a router, by which way, and what it may answer.

use std::net::IpAddr;

use super::hold::Hold;
use super::opening::{Grant, Opening, Why};

/// One errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Are you there, and what is your public address?
    Find,
    Open(Opening),
    /// Answered by [`Answer::Closed`], whatever came of it.
    Close(Vec<Hold>),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With the router's outer address; none for pinholes.
    Found(Option<IpAddr>),
    Opened(Grant),
    Closed,
    Not(Why),
}
