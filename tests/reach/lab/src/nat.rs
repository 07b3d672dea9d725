//! Kinds of routers, and their rules as `nft` reads them.

use std::fmt;
use std::str::FromStr;

/// How somebody is connected with the internet of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nat {
    /// A public address of their own.
    Open,
    /// One outer port for each inner one, and everybody may send to it.
    FullCone,
    /// One outer port for each inner one; only whom one has sent to may answer; the rest is
    /// dropped.
    Eim,
    /// The same, but the rest is refused by the firewall.
    EimRej,
    /// The same, but the rest reaches the router itself, which answers that nobody listens. Such an
    /// early packet makes the router take another outer port afterwards.
    EimRst,
    /// Another outer port for each whom one sends to.
    Sym,
    /// A home router as [`Nat::Eim`] behind a provider's of the same kind.
    CgEim,
    /// A home router as [`Nat::Eim`] behind a provider's as [`Nat::Sym`].
    CgSym,
    /// As [`Nat::Eim`], and UDP does not pass.
    NoUdp,
    /// As [`Nat::Eim`], with miniupnpd on it ([`crate::Upnp`]).
    Upnp,
}

const NAMES: [(Nat, &str); 10] = [
    (Nat::Open, "open"),
    (Nat::FullCone, "fullcone"),
    (Nat::Eim, "eim"),
    (Nat::EimRej, "eimrej"),
    (Nat::EimRst, "eimrst"),
    (Nat::Sym, "sym"),
    (Nat::CgEim, "cgeim"),
    (Nat::CgSym, "cgsym"),
    (Nat::NoUdp, "noudp"),
    (Nat::Upnp, "upnp"),
];

impl Nat {
    /// The provider's router, if there is one.
    pub(crate) fn carrier(self) -> Option<Nat> {
        match self {
            Nat::CgEim => Some(Nat::Eim),
            Nat::CgSym => Some(Nat::Sym),
            Nat::Open | Nat::FullCone | Nat::Eim | Nat::EimRej | Nat::EimRst | Nat::Sym | Nat::NoUdp | Nat::Upnp => None,
        }
    }

    /// Another outer port for each whom one sends to.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Nat::Sym | Nat::CgSym)
    }

    /// Anybody may send to a port that has once sent.
    pub fn lets_all_in(self) -> bool {
        matches!(self, Nat::Open | Nat::FullCone)
    }

    /// The rules of this router, whose outer side is `wan0`. A router with a provider's router
    /// before it is of the usual kind itself.
    pub(crate) fn rules(self) -> String {
        match self {
            Nat::Open => String::new(),
            Nat::FullCone => full_cone(),
            Nat::Eim | Nat::CgEim | Nat::CgSym => table(&[MASQUERADE, DROP]),
            Nat::EimRej => table(&[MASQUERADE, REJECT]),
            Nat::EimRst => table(&[MASQUERADE]),
            Nat::Sym => table(&[SYMMETRIC, DROP]),
            Nat::NoUdp => table(&[MASQUERADE, DROP, NO_UDP]),
            Nat::Upnp => UPNP.to_owned(),
        }
    }
}

const MASQUERADE: &str = "chain post { type nat hook postrouting priority 100; oifname \"wan0\" masquerade; }";
/// `random` alone would do it too.
const SYMMETRIC: &str = "chain post { type nat hook postrouting priority 100; oifname \"wan0\" masquerade fully-random; }";
const DROP: &str = "chain inp { type filter hook input priority 0; iifname \"wan0\" ct state new meta l4proto { tcp, udp } drop; }";
const REJECT: &str = "chain inp { type filter hook input priority 0;
  iifname \"wan0\" ct state new meta l4proto tcp reject with tcp reset
  iifname \"wan0\" ct state new meta l4proto udp reject
}";
const NO_UDP: &str = "chain pass { type filter hook forward priority 0; meta l4proto udp drop; }";

fn table(chains: &[&str]) -> String {
    format!("table ip t {{\n{}\n}}\n", chains.join("\n"))
}

/// The map remembers who sent from which port, and everybody's packets to it go there.
fn full_cone() -> String {
    table(&[
        "map m { type inet_proto . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; }",
        "chain pre { type nat hook prerouting priority -100;
  iifname \"wan0\" meta l4proto { tcp, udp } dnat to meta l4proto . th dport map @m
}",
        "chain learn { type filter hook postrouting priority 90;
  oifname \"wan0\" meta l4proto { tcp, udp } update @m { meta l4proto . th sport : ip saddr . th sport }
}",
        MASQUERADE,
        DROP,
    ])
}

/// The chains are those that [`crate::Upnp`] names to miniupnpd.
const UPNP: &str = "table inet miniupnpd {
chain forward {
  type filter hook forward priority 0; policy drop;
  ct state established,related accept
  iifname \"dn\" accept
  jump upnp_forward
}
chain input {
  type filter hook input priority 0;
  iifname \"wan0\" ct state new meta l4proto { tcp, udp } drop
}
chain upnp_forward { }
chain prerouting { type nat hook prerouting priority -100; jump upnp_pre
}
chain postrouting { type nat hook postrouting priority 100; jump upnp_post
  meta nfproto ipv4 oifname \"wan0\" masquerade
}
chain upnp_pre { }
chain upnp_post { }
}
";

/// What a home router does with IPv6: everything may go out, only answers come in.
pub(crate) const IPV6_CLOSED: &str = "table ip6 t {
chain pass { type filter hook forward priority 0; policy drop;
  ct state established,related accept
  iifname \"dn\" accept
  meta l4proto ipv6-icmp accept
}
}
";

impl fmt::Display for Nat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(nat, _)| nat == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}

impl FromStr for Nat {
    type Err = String;

    fn from_str(word: &str) -> Result<Nat, String> {
        let all = || NAMES.map(|(_, name)| name).join(" ");
        NAMES
            .iter()
            .find(|(_, name)| *name == word)
            .map(|(nat, _)| *nat)
            .ok_or_else(|| format!("no NAT is called {word}; there are: {}", all()))
    }
}
