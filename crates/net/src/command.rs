//! What the node asks of the driver, and the queue in which that waits.

use identity::PeerId;
use tokio::sync::{mpsc, oneshot};
use wire::{Address, Bye};

use crate::event::{DialId, LinkId};
use crate::reach::ReachSettings;
use crate::rendezvous::Meeting;

/// What the node asks of the driver.
#[derive(Debug)]
pub(crate) enum Command {
    Want(PeerId, Vec<Address>),
    Unwant(PeerId),
    DialNow(PeerId),
    DialAddress(DialId, Address),
    CancelDial(DialId),
    Welcome(PeerId, LinkId),
    Close(PeerId, LinkId, Bye),
    Announce(Option<String>),
    SetAddresses(Vec<Address>),
    SetCommon(PeerId, Vec<u64>),
    SetReach(ReachSettings),
    SetMeetings(Vec<Meeting>),
    TryReach,
    LookAtSystem,
    OtherPort,
    DialBack(u64, bool),
    Shutdown(oneshot::Sender<()>),
}

#[expect(clippy::disallowed_methods, reason = "only the node fills it, an order must not be lost, and the driver waits for nobody")]
pub(crate) fn orders() -> (mpsc::UnboundedSender<Command>, mpsc::UnboundedReceiver<Command>) {
    mpsc::unbounded_channel()
}
