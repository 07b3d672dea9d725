//! What circuits ask and tell the driver.

use identity::PeerId;

use super::end::Over;
use super::line::Leg;

/// To the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CircuitEvent {
    /// A peer asks this device to carry a circuit. Answered by `permit`; who waits for 5 s is
    /// refused.
    Asked {
        /// Names the question.
        leg: Leg,
        /// Who asks.
        from: PeerId,
        /// To whom.
        to: PeerId,
    },
    /// A carrier brings a circuit. Answered by `accept`; who waits for 5 s is refused.
    Offered {
        /// Names the offer.
        leg: Leg,
        /// Who carries.
        carrier: PeerId,
        /// Who is at the other end, as the carrier says; the handshake inside proves it.
        from: PeerId,
    },
    /// A circuit of this device's own came to its end, not by this device.
    Ended {
        /// Over which link, and its id there.
        leg: Leg,
        /// Who carried it.
        carrier: PeerId,
        /// Who is at the other end.
        peer: PeerId,
        /// Why.
        why: Over,
    },
}

/// What this device carries for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carrying {
    /// Circuits that stand.
    pub(crate) circuits: usize,
    /// Bytes since midnight (UTC) or since this process started.
    pub(crate) today: u64,
}
