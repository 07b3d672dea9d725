//! What an ordinary program may ask of the system it runs on.

use std::net::{IpAddr, SocketAddr};

use super::facts::Portal;

/// The kind of system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linux,
    Macos,
    Windows,
    Other,
}

/// The system, or what stands in for it in tests. Every question may take a moment.
pub(super) trait System {
    fn kind(&self) -> Kind;

    /// This machine's end of the way to an address. Nothing is sent.
    fn way_to(&self, target: SocketAddr) -> Option<IpAddr>;

    /// The name of the interface that has this address.
    fn interface_of(&self, ip: IpAddr) -> Option<String>;

    /// The router of the usual way out.
    fn gateway(&self) -> Option<IpAddr>;

    /// A small file, if it is there and may be read.
    fn read(&self, path: &str) -> Option<String>;

    fn exists(&self, path: &str) -> bool;

    /// What a program of the system prints.
    fn says(&self, program: &str, arguments: &[&str]) -> Option<String>;

    /// Whether a service of the system runs, by its name on the system's bus.
    fn has_service(&self, name: &str) -> bool;

    /// What the system found out about signing in.
    fn portal(&self) -> Portal;
}
