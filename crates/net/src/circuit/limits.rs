//! Every bound of circuits, with unit and reason.

use super::bucket::Flow;

/// Bytes that one side may send before the other has read them: a quarter of a second at the pace
/// of a circuit. Part of the protocol: both ends and the carrier count with it.
pub(crate) const WINDOW: usize = 64 * 1024;
/// Bytes that an end has read before it returns credit for them. Smaller: more records for the same
/// bytes. Larger: the other side waits for longer.
pub(crate) const RETURNED_AT: usize = WINDOW / 2;
/// Bytes of credit that a carrier passes on at least, so that an end who returns credit byte by
/// byte does not make it flood the other. With [`RETURNED_AT`] a sender never waits for what nobody
/// passes on: less than 32 KiB are with an honest reader, less than 16 KiB with the carrier.
pub(crate) const CREDIT_STEP: usize = 16 * 1024;
/// Bytes that each Data counts for at least when credit is paced: what a carrier has to do for the
/// smallest. A circuit of single bytes is a slow one.
pub(crate) const SMALLEST: usize = 256;
/// Milliseconds until an Open that nobody answered is refused: as long as a handshake may take.
pub(crate) const UNANSWERED: u64 = 5_000;
/// Milliseconds in which what was sent before a Close must have gone on. It is one window at most.
pub(crate) const CLOSING: u64 = 10_000;
/// Milliseconds without a byte in either direction. A link inside asks for a sign of life every few
/// seconds; what is silent for so long only holds a place.
pub(crate) const IDLE: u64 = 60_000;
/// Peers whose Opens are counted. As many as sent any within the last half minute; more come only
/// from a flood, and wait.
pub(crate) const MAX_COUNTED: usize = 1_024;
/// Own circuits over one carrier. A device has one link with each peer, so this is the number of
/// peers that it reaches through the same member.
pub(crate) const MAX_ENDS_PER_LINK: usize = 16;
/// Own circuits in all: 64 KiB of received bytes each.
pub(crate) const MAX_ENDS: usize = 64;
/// Offers of carriers that wait for this device's answer.
pub(crate) const MAX_OFFERS: usize = 32;
/// Offers of one carrier. An honest one carries eight circuits in all.
pub(crate) const OFFERS: Flow = Flow { burst: 8, amount: 1, per: 1_000 };
/// Events that wait for the driver. Beyond it, Opens are refused with Busy.
pub(crate) const MAX_EVENTS: usize = 64;

const _: () = assert!(RETURNED_AT + CREDIT_STEP < WINDOW);

/// How much a carrier does for others. Larger values spend more of this device's line on them,
/// smaller ones leave more people without a way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Circuits that one peer has asked for: one and a second that replaces it.
    pub(crate) per_asker: usize,
    /// Circuits in all.
    pub(crate) in_all: usize,
    /// Bytes of one circuit in one direction. Enough for talk and pictures, too little to move
    /// disks.
    pub(crate) pace: Flow,
    /// Bytes of all circuits in both directions: what an uplink at home can spare.
    pub(crate) total: Flow,
    /// Bytes of all circuits in a day (UTC), for lines that are paid for by volume.
    pub(crate) per_day: u64,
    /// Opens of one peer. An honest one tries again after seconds.
    pub(crate) opens: Flow,
    /// Answers to one peer that nothing stands behind: to unknown ids, and to Opens beyond the
    /// above.
    pub(crate) strays: Flow,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_asker: 2,
            in_all: 8,
            pace: Flow { burst: 64 * 1024, amount: 256 * 1024, per: 1_000 },
            total: Flow { burst: 256 * 1024, amount: 1024 * 1024, per: 1_000 },
            per_day: 1024 * 1024 * 1024,
            opens: Flow { burst: 4, amount: 1, per: 5_000 },
            strays: Flow { burst: 1, amount: 1, per: 1_000 },
        }
    }
}
