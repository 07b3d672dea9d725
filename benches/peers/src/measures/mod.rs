//! What is measured. Each function is one round of one engine, in processes of its own.

mod crowd;
mod idle;
mod killed;
mod pair;

pub(crate) use crowd::crowd;
pub(crate) use idle::idle;
pub(crate) use killed::killed;
pub(crate) use pair::pair;
