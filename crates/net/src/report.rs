//! What the tasks tell the driver.

use identity::PeerId;
use tokio::sync::oneshot;
use wire::reach::{CheckOutcome, HelpRefused};
use wire::{Address, Message};

use crate::arrival::Arrival;
use crate::event::LinkId;
use crate::gate::HalfOpen;
use crate::path::Rank;
use crate::reason::Reason;
use crate::table::AttemptId;

/// From one task to the driver.
pub(crate) enum Report {
    /// An accepted connection sent a whole frame.
    Spoke(HalfOpen),
    /// An accepted connection came to nothing.
    Left(HalfOpen, Reason),
    /// A dial moved on to this address.
    Trying(AttemptId, Address),
    /// A dialled peer proved itself, over a path of this rank; may this side do so too?
    MayComplete(AttemptId, PeerId, Rank, oneshot::Sender<bool>),
    /// No address of an attempt led anywhere; this one tells most.
    DialFailed(AttemptId, Address, Reason),
    /// The greetings are exchanged.
    Greeted(Origin, Box<Arrival>),
    /// A running link is over.
    Ended(PeerId, LinkId, Reason),
    /// A peer says something about reaching each other.
    Reach(PeerId, LinkId, Message),
    /// An attempt that dialled nothing came to nothing.
    OtherFailed(AttemptId, Option<HelpRefused>),
    /// What came of a dial-back: a greeted peer, or none.
    DialledBack(u64, AttemptId, Result<Box<Arrival>, CheckOutcome>),
}

/// Which side opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Accepted(HalfOpen),
    Dialled(AttemptId),
}
