//! The conductor: what a node does with its parts. Each file says it for one concern, as methods of
//! [`Core`]; the state is in `parts`.
//!
//! `conductor` what a node consists of and its turns, `disk` what must be durable, `say` own
//! events, `check` others' events, `forks` logs that part, `acks` what others have of own logs,
//! `late` what came late, `ahead` what is dated ahead, `keys` what is learnt of epochs and prekeys,
//! `keys_mint` under which epoch is written, `keys_ask` keys over links, `keys_open` what waited
//! for them, `clocks` whose clock is off, `local_rooms` rooms that come and go, `members` what
//! members do to their room, `cuts` logs that end with a membership, `links` who is linked and
//! welcome, `tags` which rooms they have in common, `ends` what they are told who are in one no
//! more, `introductions` what linked peers tell of themselves, `people` the address book, `names`
//! how they are called, `contacts` becoming contacts, `nearby` who of them is near, `invites`
//! invites made here and read, `attempts` attempts to get in, `door` newcomers, `spread` what
//! gossip wants done, `serve` what others ask for, `progress` who has what, `network` how people
//! are reached, `reach` how others reach this device, `doctor` what stands in the way,
//! `common_rooms` who may help whom, `meetings` who is met by the DHT, `join_trouble` why an
//! attempt does not get on, `unfinished` attempts that outlive a restart, `timeline` history as
//! shown, `show` what the window is told, `inspect` what tests look at.

mod acks;
mod ahead;
mod attempts;
mod batch;
mod check;
mod clocks;
mod common_rooms;
mod conductor;
mod contacts;
mod cuts;
mod disk;
mod doctor;
mod door;
mod ends;
mod forks;
#[cfg(feature = "manual")]
mod inspect;
mod introductions;
mod invites;
mod join_trouble;
mod keys;
mod keys_ask;
mod keys_mint;
mod keys_open;
mod late;
mod links;
mod local_rooms;
mod meetings;
mod members;
mod names;
mod nearby;
mod network;
mod options;
mod people;
mod progress;
mod reach;
mod say;
mod serve;
mod show;
mod spread;
mod tags;
mod timeline;
mod unfinished;

pub(crate) use batch::{Batch, ReadBatch};
pub use conductor::Core;
pub use options::Options;
