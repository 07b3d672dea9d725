//! What the doctor tells. The words for it are the window's; here is what they are chosen by. No
//! row holds an address.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct DoctorRow {
    /// What it is.
    pub finding: Finding,
    /// How much it matters.
    pub level: FindingLevel,
    /// Numbers and names for the sentence; what does not belong to it is not there.
    pub details: FindingDetails,
    /// What can be done, the best first.
    pub fixes: Vec<FixKind>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// It keeps others from reaching this device, or this device from others.
    Trouble,
    /// Worth knowing.
    Note,
    /// All is well.
    Ok,
}

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The system does not let it listen.
    Closed,
    /// This computer is on no network.
    NoNetwork,
    /// The network wants people to sign in first.
    CaptivePortal,
    /// All traffic goes into a VPN, which lets nobody in.
    Vpn,
    /// The router opens no doors by itself.
    UpnpOff,
    /// The router was asked for a door and failed.
    RouterFailed,
    /// The provider shares one address among many.
    SharedAddress,
    /// There is a router behind the router.
    TwoRouters,
    /// Each peer sees another port: a symmetric NAT.
    ChangingDoors,
    /// UDP does not come through.
    UdpBlocked,
    /// This computer itself turns visitors away.
    LocalFirewall,
    /// Nobody comes in by IPv6.
    Ipv6Closed,
    /// Somebody outside tried to come in and could not, and nothing else says why.
    NotReached,
    /// There is only IPv6 here.
    Ipv6Only,
    /// It listens for programs on this computer alone, as it was told.
    OnlyThisComputer,
    /// Doors are not asked for.
    MappingOff,
    /// A firewall is on, and nobody has come in yet.
    FirewallOn,
    /// Nobody has tried yet to come in from outside.
    NotChecked,
    /// The DHT does not answer.
    DhtSilent,
    /// The DHT is not used.
    InternetOff,
    /// Messages are not carried for friends.
    CarryOff,
    /// One's own public address was dialled, and most routers refuse that from inside.
    Hairpin,
    /// It listens.
    Listening,
    /// Somebody with whom there was no link came in from another network.
    CameIn,
    /// Somebody of the same network came in.
    CameInNearby,
    /// The router holds a door open.
    Mapped,
    /// The DHT answers.
    DhtAnswers,
    /// Messages were carried for friends today.
    Carried,
}

/// What a sentence about a finding may need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct FindingDetails {
    /// The port that it is about.
    pub port: Option<u16>,
    /// Which IP version.
    pub ip: Option<IpVersion>,
    /// By which protocol a door was opened.
    pub protocol: Option<DoorProtocol>,
    /// Which firewall.
    pub firewall: Option<Firewall>,
    /// When it happened, in milliseconds since 1970.
    #[ts(type = "number | null")]
    pub at: Option<u64>,
    /// How many bytes.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// By which protocol a router was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoorProtocol {
    /// UPnP IGD.
    Upnp,
    /// NAT-PMP.
    NatPmp,
    /// PCP.
    Pcp,
}

/// A firewall of a computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Firewall {
    /// Uncomplicated Firewall (Ubuntu, Debian).
    Ufw,
    /// Fedora and its kin.
    Firewalld,
    /// Rules of one's own.
    Nftables,
    /// Microsoft's.
    Windows,
    /// Apple's.
    Macos,
}

/// What can be done about a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "fix", rename_all = "snake_case")]
pub enum FixKind {
    /// Ask the router for doors.
    TurnMappingOn,
    /// Use the DHT.
    TurnInternetOn,
    /// Carry messages for friends.
    TurnCarryOn,
    /// Listen on another port, which is free.
    OtherPort,
    /// In the router, by hand: lead TCP and UDP of this port to this computer.
    ForwardPort {
        /// The port.
        port: u16,
    },
    /// Let the program through the firewall of this computer. Opens the system's dialog where
    /// there is one.
    AllowInFirewall {
        /// What does it in a terminal.
        command: Option<String>,
    },
    /// Sign in to the network, in the browser.
    OpenPortal {
        /// A page that the network replaces by its own.
        url: Option<String>,
    },
    /// Find out anew.
    TryNow,
}
