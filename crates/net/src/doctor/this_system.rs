//! The system that this program runs on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use super::dbus;
use super::facts::Portal;
use super::system::{Kind, System};

/// Bytes of the longest file that is read: those meant have a few lines.
const MAX_FILE_BYTES: u64 = 64 * 1024;

pub(super) struct ThisSystem;

impl System for ThisSystem {
    fn kind(&self) -> Kind {
        if cfg!(target_os = "linux") {
            Kind::Linux
        } else if cfg!(target_os = "macos") {
            Kind::Macos
        } else if cfg!(windows) {
            Kind::Windows
        } else {
            Kind::Other
        }
    }

    fn way_to(&self, target: SocketAddr) -> Option<IpAddr> {
        let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // To connect such a socket chooses a route and sends nothing.
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
        socket.connect(target).ok()?;
        socket.local_addr().ok().map(|own| own.ip())
    }

    fn interface_of(&self, ip: IpAddr) -> Option<String> {
        let all = if_addrs::get_if_addrs().unwrap_or_default();
        all.into_iter().find(|interface| interface.ip() == ip).map(|interface| interface.name)
    }

    fn gateway(&self) -> Option<IpAddr> {
        let gateway = netdev::get_default_gateway().ok()?;
        let v4 = gateway.ipv4.first().copied().map(IpAddr::from);
        v4.or_else(|| gateway.ipv6.first().copied().map(IpAddr::from))
    }

    fn read(&self, path: &str) -> Option<String> {
        let small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MAX_FILE_BYTES);
        small.then(|| std::fs::read_to_string(path).ok()).flatten()
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn says(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn has_service(&self, name: &str) -> bool {
        dbus::has_service(name)
    }

    fn portal(&self) -> Portal {
        dbus::portal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_always_there_and_needs_no_router() {
        let own = ThisSystem.way_to("127.0.0.1:9".parse().expect("an address"));
        assert_eq!(own, Some(Ipv4Addr::LOCALHOST.into()));
        assert!(ThisSystem.interface_of(Ipv4Addr::LOCALHOST.into()).is_some());
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing() {
        assert_eq!(ThisSystem.read("/nowhere/at/all"), None);
        assert_eq!(ThisSystem.says("/nowhere/at/all", &[]), None);
    }
}
