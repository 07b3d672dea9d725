//! Whole systems without a window: real `grapevine-node` processes that talk over loopback.
//!
//! Start at `joining.rs`, the main job. `support/` has the people and what surrounds them; they
//! wait for what they are told of, never for time to pass. `GRAPEVINE_SEED` repeats a run that used
//! chance.

#[path = "../support/bus.rs"]
mod bus;
#[path = "../support/child.rs"]
mod child;
#[path = "../support/inbox.rs"]
mod inbox;
#[path = "../support/outsider.rs"]
#[allow(dead_code, reason = "tests/hostile uses the rest of it")]
mod outsider;
#[path = "../support/peer.rs"]
#[allow(dead_code, reason = "tests/hostile uses the rest of it")]
mod peer;
#[path = "../support/planted.rs"]
mod planted;
#[path = "../support/seed.rs"]
mod seed;
#[path = "../support/talk.rs"]
mod talk;

mod away;
mod crowd;
mod joining;
mod keys;
mod killed;
mod late;
mod leaving;
mod line;
mod nearby;
mod network;
mod on_disk;
mod pasted;
mod protocol;
mod refusals;
mod roles;
mod strangers;
mod twice;
mod unfinished;
