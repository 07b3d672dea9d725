//! A link as circuits see it.

use std::sync::Arc;

use identity::PeerId;
use wire::{Class, Message, Role};

use crate::event::LinkId;
use crate::outbox::{Outbox, Shared};

/// What there is to know of a link over which circuits go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    pub(crate) link: LinkId,
    /// The other side.
    pub(crate) peer: PeerId,
    /// Which side this device is: whoever opens a circuit on the link chooses the id, even if it is
    /// the link's initiator.
    pub(crate) role: Role,
    /// It is no circuit itself. Only such a link carries circuits.
    pub(crate) direct: bool,
}

impl Near {
    /// Whether the other side may give a circuit this id.
    pub(crate) fn may_choose(&self, id: u32) -> bool {
        id.is_multiple_of(2) == (self.role == Role::Responder)
    }

    pub(crate) fn leg(&self, id: u32) -> Leg {
        Leg { link: self.link, id }
    }
}

/// A link, and the way to its other side.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) near: Near,
    pub(crate) outbox: Outbox,
}

impl Line {
    pub(crate) fn new(link: LinkId, peer: PeerId, role: Role, direct: bool, shared: &Arc<Shared>) -> Self {
        Self { near: Near { link, peer, role, direct }, outbox: Outbox::new(shared.clone()) }
    }

    /// Sends what must not be lost; false if the link is over or about to be.
    pub(crate) fn send(&self, message: &Message) -> bool {
        self.outbox.offer(Class::Control, message.encode()).is_ok()
    }
}

/// A circuit on one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leg {
    pub(crate) link: LinkId,
    pub(crate) id: u32,
}
