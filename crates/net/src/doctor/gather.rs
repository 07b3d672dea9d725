//! From what the system says to facts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::facts::SystemFacts;
use super::row::Firewall;
use super::system::{Kind, System};

/// Addresses that stand for all the world: kept for documents (RFC 5737, RFC 3849, RFC 9637), so
/// that nobody is there. Nothing is sent to them. Several, since a private network may use some.
const FAR_V4: [Ipv4Addr; 3] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1), Ipv4Addr::new(203, 0, 113, 1)];
const FAR_V6: [Ipv6Addr; 2] = [Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1)];
/// Any would do.
const PORT: u16 = 9;

/// `ARPHRD_NONE` of Linux: an interface without addresses of its own, as tunnels have it.
const NO_HARDWARE: &str = "65534";
/// How VPN programs name their interfaces where the system does not tell what they are.
const TUNNEL_NAMES: [&str; 9] = ["utun", "ipsec", "tun", "tap", "wg", "wireguard", "openvpn", "wintun", "vpn"];

/// Asks the system everything.
pub(super) fn gather(system: &impl System) -> SystemFacts {
    let v4 = way_out(system, FAR_V4.map(IpAddr::from));
    let v6 = way_out(system, FAR_V6.map(IpAddr::from)).filter(is_global);
    SystemFacts {
        ipv4: v4.is_some(),
        ipv6: v6.is_some(),
        tunnel: v4.or(v6).is_some_and(|own| is_tunnel(system, own)),
        portal: system.portal(),
        firewall: firewall(system),
        gateway: system.gateway(),
    }
}

/// This machine's end of the way to all of these.
fn way_out<const N: usize>(system: &impl System, far: [IpAddr; N]) -> Option<IpAddr> {
    let way = |ip: IpAddr| system.way_to(SocketAddr::new(ip, PORT)).filter(|own| !own.is_unspecified() && !own.is_loopback());
    let ways: Option<Vec<IpAddr>> = far.into_iter().map(way).collect();
    ways?.pop()
}

/// An address that means something to the world; a private one comes with no way out.
fn is_global(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => !v6.is_unique_local() && !v6.is_unicast_link_local(),
    }
}

fn is_tunnel(system: &impl System, own: IpAddr) -> bool {
    let Some(name) = system.interface_of(own) else { return false };
    match system.kind() {
        Kind::Linux => {
            let hardware = system.read(&format!("/sys/class/net/{name}/type"));
            hardware.is_some_and(|kind| kind.trim() == NO_HARDWARE) || system.exists(&format!("/sys/class/net/{name}/tun_flags"))
        }
        Kind::Macos | Kind::Other => TUNNEL_NAMES.iter().any(|known| name.starts_with(known)),
        Kind::Windows => {
            let name = name.to_ascii_lowercase();
            TUNNEL_NAMES.iter().any(|known| name.split([' ', '-', '_']).any(|word| word.starts_with(known)))
        }
    }
}

fn firewall(system: &impl System) -> Option<Firewall> {
    match system.kind() {
        Kind::Linux => {
            let ufw = system.read("/etc/ufw/ufw.conf").is_some_and(|file| file.lines().any(|line| line.trim() == "ENABLED=yes"));
            let nftables = || system.exists("/etc/systemd/system/sysinit.target.wants/nftables.service");
            if ufw {
                Some(Firewall::Ufw)
            } else if system.has_service("org.fedoraproject.FirewallD1") {
                Some(Firewall::Firewalld)
            } else {
                nftables().then_some(Firewall::Nftables)
            }
        }
        Kind::Macos => {
            let state = system.says("/usr/libexec/ApplicationFirewall/socketfilterfw", &["--getglobalstate"])?;
            ["State = 1", "State = 2"].iter().any(|on| state.contains(on)).then_some(Firewall::Macos)
        }
        Kind::Windows => {
            // Not by `netsh`, which speaks the user's language.
            let policy = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
            let profiles = ["StandardProfile", "PublicProfile"].map(|profile| format!(r"{policy}\{profile}"));
            let on =
                |profile: &String| system.says("reg", &["query", profile, "/v", "EnableFirewall"]).is_some_and(|row| row.contains("0x1"));
            profiles.iter().any(on).then_some(Firewall::Windows)
        }
        Kind::Other => None,
    }
}
