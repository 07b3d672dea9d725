//! One punch: from what both sides know of each other's addresses and routers to a connection, or
//! to a fault that says what was tried.
//!
//! `plan` decides who dials and when what is sent, `ports` holds the numbers of the birthday
//! method, `limits` all bounds; these are pure. `tcp`, `quic` and `birthday` are the three ways,
//! `race` puts them side by side, `clock` says when each may begin in earnest and when it is over.
//! Start in `run.rs`.

// The driver starts punches; without it only tests do.
#![cfg_attr(not(test), allow(dead_code, unused_imports))]

mod birthday;
mod clock;
mod limits;
mod plan;
mod ports;
mod quic;
mod race;
mod run;
mod tcp;
#[cfg(test)]
mod tests;
mod tried;

pub(crate) use plan::{BirthdaySide, PunchPlan};
pub(crate) use run::{Punched, punch};
pub(crate) use tried::{PunchFault, Tried};
