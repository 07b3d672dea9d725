//! Keys of a room's own: what is said in it is under the secret of an epoch (`docs/PROTOCOL.md`
//! §2.2).
//!
//! A secret comes from its minter, sealed to each member's prekey ([`mint`], [`open_epoch`]), or
//! over a link from who has it. Of it come the key for each log, and by that events are sealed
//! ([`Sealing`]) and opened ([`Keyring`]). Whom a secret is for, and who gets it, is decided
//! elsewhere.

mod cipher;
mod envelope;
mod epoch;
mod keyring;
mod log_keys;
mod prekey;
mod secrets;

pub use crate::epoch_part::{EpochPart, SealedSecret, To};
pub use cipher::xchacha;
pub use epoch::{gone_digest, mint, open_epoch, recipient};
pub use keyring::{Keyring, Sealing, WrongKey};
pub use prekey::{Prekey, PrekeySecret, is_prekey, prekey_pair};
pub use secrets::{ControlSecret, EpochSecret, Held};
pub use wire::ids::EpochId;
