//! The keys of one room: what is known of its epochs, who is asked for those that lack, who is
//! given which, own prekeys. What is done with them is in `core/keys*.rs`.

pub(crate) mod asking;
pub(crate) mod awaited;
pub(crate) mod choice;
pub(crate) mod epochs;
pub(crate) mod granting;
pub(crate) mod prekeys;
pub(crate) mod room_keys;
