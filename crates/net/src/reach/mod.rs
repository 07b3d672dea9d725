//! From where this device can be reached, and how it reaches others whom it cannot dial.
//!
//! `reacher` puts the parts together and is pure; `hearing` is what it makes of what peers say. Of
//! this device: `observed` (where others see it), `addresses` (where it tells others to dial),
//! `checks` and `came_in` (whether that works). Of others: `reaching` (calling them), `answering`
//! (being called). For others: `helping` (signals), `dial_back`. `facts` is what the doctor goes
//! by; all bounds are in `limits`. The driver of the crate carries out its `effect`s.

mod addresses;
mod answering;
mod bucket;
mod came_in;
mod checks;
mod dial_back;
mod echoes;
mod effect;
mod facts;
mod hearing;
mod held;
mod helping;
mod limits;
mod links;
mod meetings;
mod network;
mod observed;
mod outside;
mod own;
mod reacher;
mod reaching;
#[cfg(test)]
mod tests;

pub(crate) use bucket::Bucket;
pub(crate) use effect::{Effect, MeetOrder, PunchOrder};
pub use facts::{CameIn, Checked, Outcome, ReachFacts, ReachSettings, Tried, UdpState, Way};
pub(crate) use hearing::is_about_reach;
pub(crate) use held::Held;
pub(crate) use limits::TALK;
pub(crate) use links::LinkView;
pub(crate) use meetings::Met;
pub(crate) use network::Horizon;
pub use own::is_public;
pub(crate) use own::{Reach, Scope};
pub(crate) use reacher::Reacher;
