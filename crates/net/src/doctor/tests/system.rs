use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::super::facts::{Portal, SystemFacts};
use super::super::firewall::command;
use super::super::gather::gather;
use super::super::row::Firewall;
use super::super::system::{Kind, System};

/// A system that says what a test lets it say.
#[derive(Clone)]
struct FakeSystem {
    kind: Kind,
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
    /// The way leads to this one only.
    only: Option<IpAddr>,
    interface: &'static str,
    files: BTreeMap<&'static str, &'static str>,
    services: Vec<&'static str>,
    prints: &'static str,
    portal: Portal,
}

impl System for FakeSystem {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn way_to(&self, target: SocketAddr) -> Option<IpAddr> {
        let leads_there = self.only.is_none_or(|only| only == target.ip());
        if target.is_ipv4() { self.v4 } else { self.v6 }.filter(|_| leads_there)
    }

    fn interface_of(&self, _ip: IpAddr) -> Option<String> {
        Some(self.interface.to_owned())
    }

    fn gateway(&self) -> Option<IpAddr> {
        Some("192.168.1.1".parse().expect("an address"))
    }

    fn read(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|text| (*text).to_owned())
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn says(&self, _program: &str, _arguments: &[&str]) -> Option<String> {
        Some(self.prints.to_owned())
    }

    fn has_service(&self, name: &str) -> bool {
        self.services.contains(&name)
    }

    fn portal(&self) -> Portal {
        self.portal.clone()
    }
}

fn plain(kind: Kind) -> FakeSystem {
    FakeSystem {
        kind,
        v4: "192.168.1.5".parse().ok(),
        v6: None,
        only: None,
        interface: "eth0",
        files: BTreeMap::from([("/sys/class/net/eth0/type", "1\n"), ("/etc/ufw/ufw.conf", "# on?\nENABLED=no\n")]),
        services: Vec::new(),
        prints: "",
        portal: Portal::Absent,
    }
}

#[track_caller]
fn check(system: FakeSystem, expected: impl FnOnce(&mut SystemFacts)) {
    let gateway = "192.168.1.1".parse().ok();
    let mut facts = SystemFacts { ipv4: true, portal: Portal::Absent, gateway, ..SystemFacts::default() };
    expected(&mut facts);
    assert_eq!(gather(&system), facts);
}

#[test]
fn a_plain_computer_has_nothing_to_tell() {
    for kind in [Kind::Linux, Kind::Macos, Kind::Windows, Kind::Other] {
        check(plain(kind), |_| {});
    }
}

#[test]
fn a_way_out_needs_an_address_that_means_something() {
    let v6 = |text: &str| FakeSystem { v6: text.parse().ok(), ..plain(Kind::Linux) };
    check(v6("2a01:db8::5"), |facts| facts.ipv6 = true);
    check(v6("fd00::5"), |_| {});
    check(FakeSystem { v4: "0.0.0.0".parse().ok(), ..plain(Kind::Linux) }, |facts| facts.ipv4 = false);
    check(FakeSystem { v4: None, ..plain(Kind::Linux) }, |facts| facts.ipv4 = false);
    let own_network = FakeSystem { only: "192.0.2.1".parse().ok(), ..plain(Kind::Linux) };
    check(own_network, |facts| facts.ipv4 = false);
}

#[test]
fn a_tunnel_is_known_by_what_the_system_says_it_is() {
    let linux = |files: &[(&'static str, &'static str)]| FakeSystem {
        interface: "home",
        files: files.iter().copied().collect(),
        ..plain(Kind::Linux)
    };
    check(linux(&[("/sys/class/net/home/type", "65534\n")]), |facts| facts.tunnel = true);
    check(linux(&[("/sys/class/net/home/type", "1\n"), ("/sys/class/net/home/tun_flags", "0x1002")]), |facts| facts.tunnel = true);
    // A modem on a telephone line is no VPN.
    check(linux(&[("/sys/class/net/home/type", "512\n")]), |_| {});
    check(FakeSystem { interface: "utun4", ..plain(Kind::Macos) }, |facts| facts.tunnel = true);
    check(FakeSystem { interface: "en0", ..plain(Kind::Macos) }, |_| {});
    check(FakeSystem { interface: "Mullvad WireGuard Tunnel", ..plain(Kind::Windows) }, |facts| facts.tunnel = true);
    check(FakeSystem { interface: "Local Area Connection", ..plain(Kind::Windows) }, |_| {});
}

#[test]
fn a_firewall_is_known_by_what_an_ordinary_user_may_ask() {
    let mut ufw = plain(Kind::Linux);
    ufw.files.insert("/etc/ufw/ufw.conf", "# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n");
    check(ufw, |facts| facts.firewall = Some(Firewall::Ufw));
    let firewalld = FakeSystem { services: vec!["org.fedoraproject.FirewallD1"], ..plain(Kind::Linux) };
    check(firewalld, |facts| facts.firewall = Some(Firewall::Firewalld));
    let mut nftables = plain(Kind::Linux);
    nftables.files.insert("/etc/systemd/system/sysinit.target.wants/nftables.service", "");
    check(nftables, |facts| facts.firewall = Some(Firewall::Nftables));
    let macos = |prints| FakeSystem { prints, ..plain(Kind::Macos) };
    check(macos("Firewall is enabled. (State = 1)\n"), |facts| facts.firewall = Some(Firewall::Macos));
    check(macos("Firewall is disabled. (State = 0)\n"), |_| {});
    let windows = |prints| FakeSystem { prints, ..plain(Kind::Windows) };
    check(windows("    EnableFirewall    REG_DWORD    0x1\r\n"), |facts| facts.firewall = Some(Firewall::Windows));
    check(windows("    EnableFirewall    REG_DWORD    0x0\r\n"), |_| {});
}

#[test]
fn each_firewall_has_its_command() {
    for (firewall, part) in [
        (Firewall::Ufw, "ufw allow 4747"),
        (Firewall::Firewalld, "--add-port=4747/tcp --add-port=4747/udp"),
        (Firewall::Nftables, "th dport 4747 accept"),
        (Firewall::Windows, "program=\"/opt/grapevine\""),
        (Firewall::Macos, "--unblockapp '/opt/grapevine'"),
    ] {
        let line = command(firewall, 4747, "/opt/grapevine");
        assert!(line.contains(part), "{line}");
    }
}
