//! What the doctor shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use net::doctor::{DoctorRow, OwnReach};

/// Why others can reach this device, or cannot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Doctor {
    /// What was found out, troubles first. No row holds an address.
    pub rows: Vec<DoctorRow>,
    /// What follows from all of it: the same as `me.reach`.
    pub summary: OwnReach,
    /// Something is still being found out.
    pub checking: bool,
    /// When it was last found out, in milliseconds since 1970; none if not yet.
    #[ts(type = "number | null")]
    pub checked_at: Option<u64>,
    /// The addresses that the rows are about, for those who want to see them.
    pub addresses: Vec<DoctorAddress>,
}

/// An address that plays a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct DoctorAddress {
    /// Which part.
    pub part: AddressPart,
    /// As text; with a port, but for those of routers.
    pub address: String,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// Of this computer, where it listens.
    Listening,
    /// Where peers see this computer.
    Observed,
    /// A door in the router, from outside.
    Door,
    /// The router, from inside.
    Router,
    /// The router, from outside, as it says itself.
    RouterOutside,
}
