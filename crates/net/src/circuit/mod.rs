//! Circuits: a link that goes through a member who is linked with both ends. `end` and `exchange`
//! decide (pure): one for the two ends, one for the carrier. `stream` is an end as a byte stream,
//! `switchboard` brings records, streams and outboxes together. The Noise session runs inside, so a
//! carrier sees sizes and times only.

mod bucket;
mod carried;
mod end;
mod ends;
mod event;
mod exchange;
mod limits;
mod line;
mod parties;
mod stream;
mod switchboard;

#[cfg(test)]
mod tests;

pub(crate) use end::Over;
pub(crate) use event::CircuitEvent;
pub(crate) use limits::Caps;
pub(crate) use line::{Leg, Line};
pub(crate) use stream::CircuitStream;
pub(crate) use switchboard::{Switchboard, circuit_of};
