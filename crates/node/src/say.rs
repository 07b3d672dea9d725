//! What a client says in a room.

use tokio::sync::oneshot;
use wire::ids::{EventId, RoomId};

use crate::view::{Refused, Said};

/// A message on its way into its log.
pub(crate) struct Say {
    pub(crate) room: RoomId,
    pub(crate) text: String,
    pub(crate) reply_to: Option<EventId>,
    pub(crate) done: oneshot::Sender<Result<Said, Refused>>,
}
