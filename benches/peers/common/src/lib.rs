//! What the programs of all engines share: the face that an engine shows, the record of what
//! arrives, and the loop that does as it is told.
//!
//! *Owns*: [`Engine`] and [`Star`], the [`Order`]s and how they are carried out, what counts as a
//! delivery ([`Delivered`]). *Never*: knows an engine, or compares anything; the measuring program
//! does. *Data*: orders come in over stdin and answers go out over stdout, a line of JSON each.
//! Start in `engine.rs`, then `host.rs`.

mod engine;
mod host;
mod order;
mod record;
mod usage;

pub use engine::{Engine, Star, seed};
pub use host::serve;
pub use order::{Flood, Order, Usage};
pub use record::{Arrival, Delivered, PAYLOAD, Record};
