//! Why an attempt to join does not get on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use net::doctor::FixKind;

/// Why an attempt does not get on, as far as it can be told. It goes on all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct JoinTrouble {
    /// Whose trouble it is.
    pub side: TroubleSide,
    /// What it is.
    pub finding: JoinFinding,
    /// What can be done here.
    pub fixes: Vec<FixKind>,
}

/// Whose trouble something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleSide {
    /// This device's, or its network's.
    Mine,
    /// The other one's.
    Theirs,
    /// Either side alone would do.
    Both,
    /// It cannot be told.
    Unknown,
}

/// What is wrong with an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinFinding {
    /// This computer is on no network.
    NoNetwork,
    /// The network here wants people to sign in first.
    CaptivePortal,
    /// It leads to one's own public address, which most routers do not let through from inside.
    OwnAddress,
    /// It leads nowhere: there is no address in it.
    NoAddress,
    /// Its addresses are good on the other one's computer only.
    OnlyTheirComputer,
    /// Its addresses are good on the other one's network only.
    OnlyTheirNetwork,
    /// The host name is unknown.
    NameUnknown,
    /// Their computer answers, and the program does not run there.
    NotRunning,
    /// Somebody else answers there.
    SomebodyElse,
    /// The two programs are of versions that do not understand each other.
    Version,
    /// Nobody answers there: their computer is off, or their router lets nobody in.
    NothingAnswers,
    /// They have not been heard of in the DHT: they are away, or do not reach over the internet.
    NotHeardOf,
    /// UDP does not come through, and TCP does not lead there.
    UdpBlocked,
    /// A network changes its doors each time, and no friend is between the two.
    ChangingDoors,
    /// The two have found each other by the DHT, and no way between their networks has worked.
    NoWay,
    /// There is an answer, but something on the way breaks it off.
    BreaksOff,
}
