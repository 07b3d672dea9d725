//! Members and strangers who do not play by the rules: a peer that speaks the protocol by hand, at
//! a real `grapevine-node` process over a real socket.
//!
//! Start at `list.rs`, which names every misbehaviour of the design and the test of it. In each
//! test ana's node is attacked and ben, who is honest, talks with her meanwhile (`scene.rs`).
//! Afterwards her node is up, its memory has hardly grown, it has counted the faults of whoever
//! made them, and neither of the two has lost a word or waited for one.

#[path = "../support/child.rs"]
mod child;
#[path = "../support/inbox.rs"]
mod inbox;
#[path = "../support/outsider.rs"]
mod outsider;
#[path = "../support/peer.rs"]
#[allow(dead_code, reason = "tests/systems uses the rest of it")]
mod peer;
#[path = "../support/planted.rs"]
#[allow(dead_code, reason = "tests/systems uses the rest of it")]
mod planted;
#[path = "../support/seed.rs"]
#[allow(dead_code, reason = "tests/systems uses the rest of it")]
mod seed;
#[path = "../support/talk.rs"]
#[allow(dead_code, reason = "tests/systems uses the rest of it")]
mod talk;

mod authority;
mod client;
mod events;
mod frames;
mod gossip;
mod invites;
mod keys;
mod list;
mod logs;
mod member;
mod patched;
mod pen;
mod removed;
mod scene;
