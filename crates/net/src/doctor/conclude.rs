//! The one conclusion from all that is known: the dot in the rail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wire::reach::NatClass;

use super::evidence::Evidence;
use super::row::IpVersion;
use crate::reach::Reach;

/// From where others can dial this device. No more is said than what somebody has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnReach {
    /// From nowhere: the system does not let it listen.
    Closed,
    /// From nowhere: it is on no network.
    NoNetwork,
    /// Only programs on the same computer.
    ThisComputer,
    /// Everybody on the same network.
    ThisNetwork,
    /// From nowhere: somebody has tried, or its network does not allow it. It can dial others.
    OnlyOutward,
    /// From everywhere: somebody from outside, with whom there was no link, has come in.
    Reachable,
    /// Nobody has tried yet.
    NotKnown,
}

/// What follows from all that is known.
pub fn conclude(evidence: &Evidence<'_>) -> OwnReach {
    match evidence.sockets() {
        Reach::Closed => return OwnReach::Closed,
        Reach::NoNetwork => return OwnReach::NoNetwork,
        Reach::ThisComputer => return OwnReach::ThisComputer,
        Reach::ThisNetwork | Reach::PerhapsOutside => {}
    }
    let versions = [IpVersion::V4, IpVersion::V6];
    let has_public = versions.into_iter().any(|version| evidence.has_public(version));
    let may_come_in = has_public || evidence.doors().next().is_some();
    // A router that shows each peer another port leads nobody in, nor does one without UDP.
    let hopeless = !may_come_in && matches!(evidence.reach.nat, NatClass::Hard | NatClass::Blocked);
    if evidence.has_come_in() {
        OwnReach::Reachable
    } else if evidence.reach.came_in_nearby.is_some() {
        OwnReach::ThisNetwork
    } else if hopeless || versions.into_iter().any(|version| evidence.is_shut(version)) {
        OwnReach::OnlyOutward
    } else if !may_come_in {
        OwnReach::ThisNetwork
    } else {
        OwnReach::NotKnown
    }
}
