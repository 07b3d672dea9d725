//! Ana calls, Ben carries, Chi is called.

mod carrier;
mod hostile;
mod interleavings;
mod links;
mod streams;

use identity::PeerId;
use wire::Role;

use super::line::{Leg, Near};
use crate::event::LinkId;

pub(super) const ANA: PeerId = PeerId::from_bytes([1; 32]);
pub(super) const CHI: PeerId = PeerId::from_bytes([3; 32]);

/// Ana's link at Ben. She has dialled him, so her ids are even.
pub(super) fn to_ana() -> Near {
    Near { link: LinkId(1), peer: ANA, role: Role::Responder, direct: true }
}

/// Chi's link at Ben. He has dialled her, so his ids are even.
pub(super) fn to_chi() -> Near {
    Near { link: LinkId(3), peer: CHI, role: Role::Initiator, direct: true }
}

pub(super) fn leg(near: Near, id: u32) -> Leg {
    near.leg(id)
}
