//! What can happen in a world.

use crate::clock::Time;
use crate::dial::Dial;
use crate::links::{Parcel, Side, WireId};

/// What can happen.
pub(crate) enum Happening {
    Start(u32),
    Wake(u32),
    Flush(u32, u32),
    Dial(Dial),
    Arrive(WireId, Side, Parcel),
    Drain(WireId, Side),
    Measured(WireId),
    Silent(WireId, Time),
    Stalled(WireId, Side, Time),
    Outburst(u32),
}

impl Happening {
    /// Goes into the trace of the world.
    pub(crate) fn note(&self, now: Time, trace: &mut blake3::Hasher) {
        let mut number = |kind: u8, one: u64, two: u64| {
            trace.update(&[kind]).update(&now.0.to_le_bytes()).update(&one.to_le_bytes()).update(&two.to_le_bytes());
        };
        match self {
            Happening::Start(node) => number(1, u64::from(*node), 0),
            Happening::Wake(node) => number(2, u64::from(*node), 0),
            Happening::Flush(node, life) => number(3, u64::from(*node), u64::from(*life)),
            Happening::Dial(dial) => number(4, u64::from(dial.node), dial.attempt),
            Happening::Arrive(wire, side, parcel) => {
                number(5, wire.0 as u64, *side as u64);
                match parcel {
                    Parcel::Frame(plaintext) => trace.update(plaintext),
                    Parcel::Bye(bye) => trace.update(format!("{bye:?}").as_bytes()),
                    Parcel::Lost => trace.update(b"lost"),
                };
            }
            Happening::Drain(wire, side) => number(6, wire.0 as u64, *side as u64),
            Happening::Measured(wire) => number(7, wire.0 as u64, 0),
            Happening::Silent(wire, since) => number(8, wire.0 as u64, since.0),
            Happening::Stalled(wire, side, since) => number(9, wire.0 as u64, since.0 * 2 + *side as u64),
            Happening::Outburst(node) => number(10, u64::from(*node), 0),
        }
    }
}
