//! Why others can reach this device, or cannot, and what to do about it.
//!
//! `facts` is what the system tells, gathered by `gather` from a `System`;
//! `diagnose` makes rows of that and of what reach has found out, and `conclude` the one sentence
//! for all of it. Both are pure. `look` gathers on a thread of its own, when it is asked to.

mod conclude;
mod dbus;
mod diagnose;
mod evidence;
mod facts;
mod firewall;
mod gather;
mod look;
mod row;
mod system;
#[cfg(test)]
mod tests;
mod this_system;

pub use conclude::{OwnReach, conclude};
pub use diagnose::diagnose;
pub use evidence::Evidence;
pub use facts::{Portal, SystemFacts};
pub use firewall::open_firewall_settings;
pub(crate) use look::look;
pub use row::{DoctorRow, DoorProtocol, Finding, FindingDetails, FindingLevel, Firewall, FixKind, IpVersion};
