//! Namespaces and the wires between them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};

use crate::nat::{IPV6_CLOSED, Nat};
use crate::plan::{PUBLIC, Plan, Side, dht_addresses};
use crate::programs;

/// Segmentation and checksums are done before a frame leaves: the switch passes frames on as they
/// are.
const OFFLOADS: [&str; 13] = ["-K", "wan0", "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off", "--"];

const UP_WITHIN: Duration = Duration::from_secs(10);

/// What is built, as `ip -batch` reads it.
#[derive(Default)]
pub(crate) struct Places {
    /// Commands in the namespace where the switch is.
    here: String,
    /// Commands in the others, by name.
    there: BTreeMap<String, String>,
    /// Routers with their rules.
    pub(crate) routers: Vec<(String, String)>,
    /// Outer sides: namespace, last byte of its address, whether IPv6 is on.
    wans: Vec<(String, u8)>,
    /// Networks that are reached through one of the outer sides.
    behind: Vec<(String, u8)>,
    ipv6: bool,
}

impl Places {
    pub(crate) fn of(plan: &Plan) -> Places {
        let mut places = Places { ipv6: plan.ipv6, ..Places::default() };
        places.space("c");
        places.wan("c", PUBLIC[0].octets()[3]);
        for address in PUBLIC[1..].iter().copied().chain(dht_addresses()) {
            places.command("c", &format!("addr add {address}/24 dev wan0"));
        }
        for side in &plan.sides {
            places.side(plan, side);
        }
        places.routes();
        places
    }

    fn space(&mut self, name: &str) {
        let _ = writeln!(self.here, "netns add {name}");
        self.there.insert(name.to_owned(), "link set lo up\n".to_owned());
    }

    fn command(&mut self, space: &str, line: &str) {
        let lines = self.there.entry(space.to_owned()).or_default();
        let _ = writeln!(lines, "{line}");
    }

    /// The outer side of this namespace, on the switch.
    fn wan(&mut self, space: &str, number: u8) {
        let _ =
            writeln!(self.here, "link add w{space} type veth peer name wan0 address {} netns {space}\nlink set w{space} up", mac(number));
        self.command(space, "link set wan0 up");
        self.command(space, &format!("addr add 11.99.0.{number}/24 dev wan0"));
        if self.ipv6 {
            self.command(space, &format!("addr add 2a00:99::{number:x}/64 dev wan0 nodad"));
        }
        self.wans.push((space.to_owned(), number));
    }

    /// A wire between two namespaces: `up` is the outer side of `inner`, `dn` the inner side of
    /// `outer`.
    fn wire(&mut self, inner: &str, up: &str, outer: &str, net: &str) {
        let _ = writeln!(self.here, "link add {up} netns {inner} type veth peer name dn netns {outer}");
        self.command(outer, "link set dn up");
        self.command(outer, &format!("addr add {net}.1/24 dev dn"));
        self.command(inner, &format!("link set {up} up"));
        self.command(inner, &format!("addr add {net}.2/24 dev {up}"));
        self.command(inner, &format!("route add default via {net}.1"));
    }

    fn side(&mut self, plan: &Plan, side: &Side) {
        let (name, number) = (side.name, plan.number(side.name));
        self.space(name);
        if side.nat == Nat::Open {
            return self.wan(name, number);
        }
        let router = format!("r{name}");
        self.space(&router);
        let mut rules = side.nat.rules();
        if let Some(carrier) = side.nat.carrier() {
            let provider = format!("k{name}");
            self.space(&provider);
            self.wan(&provider, number);
            self.wire(&router, "wan0", &provider, "100.64.0");
            self.routers.push((provider, carrier.rules()));
        } else if plan.hop {
            let provider = format!("i{name}");
            self.space(&provider);
            self.wan(&provider, number + 50);
            self.wire(&router, "wan0", &provider, &format!("11.98.{number}"));
            self.behind.push((provider, number));
        } else {
            self.wan(&router, number);
            if plan.ipv6 {
                rules += if side.nat == Nat::Upnp { "" } else { IPV6_CLOSED };
            }
        }
        self.wire(name, "eth0", &router, &format!("192.168.{number}"));
        if self.ipv6 && side.nat.carrier().is_none() && !plan.hop {
            self.command(&router, &format!("addr add 2a00:99:{number:x}::1/64 dev dn nodad"));
            self.command(name, &format!("addr add 2a00:99:{number:x}::2/64 dev eth0 nodad"));
            self.command(name, &format!("route add default via 2a00:99:{number:x}::1"));
            self.behind.push((router.clone(), number));
        }
        self.routers.push((router, rules));
    }

    /// Ways to what lies behind others, and their hardware addresses: asking for those would cost a
    /// round trip at the wrong moment.
    fn routes(&mut self) {
        let (wans, behind) = (self.wans.clone(), std::mem::take(&mut self.behind));
        for (space, number) in &wans {
            for (other, theirs) in wans.iter().filter(|(other, _)| other != space) {
                let all_of_c = || PUBLIC.into_iter().chain(dht_addresses()).map(|address| address.octets()[3]).collect();
                let there: Vec<u8> = if other == "c" { all_of_c() } else { vec![*theirs] };
                for byte in there {
                    self.command(space, &format!("neigh replace 11.99.0.{byte} lladdr {} dev wan0 nud permanent", mac(*theirs)));
                }
                if self.ipv6 {
                    self.command(space, &format!("neigh replace 2a00:99::{theirs:x} lladdr {} dev wan0 nud permanent", mac(*theirs)));
                }
            }
            for (through, net) in behind.iter().filter(|(through, _)| through != space) {
                let byte = wans.iter().find(|(known, _)| known == through).map_or(*number, |(_, byte)| *byte);
                if through.starts_with('i') {
                    self.command(space, &format!("route add 11.98.{net}.0/24 via 11.99.0.{byte}"));
                } else {
                    self.command(space, &format!("route add 2a00:99:{net:x}::/64 via 2a00:99::{byte:x}"));
                }
            }
        }
    }

    /// Builds everything; the switch is not there yet. Gives the names of its ports.
    pub(crate) fn build(&self) -> Vec<String> {
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").expect("the namespace is ours");
        programs::run(programs::command("ip").args(["-batch", "-"]), &self.here);
        for (space, lines) in &self.there {
            within(space, settings);
            programs::run(programs::command("ip").args(["-n", space, "-batch", "-"]), lines);
        }
        for (space, _) in &self.wans {
            let arguments = OFFLOADS.iter().take_while(|word| **word != "--");
            programs::run(programs::at(space, "ethtool").args(arguments), "");
        }
        for (router, rules) in &self.routers {
            programs::run(programs::at(router, "nft").args(["-f", "-"]), rules);
        }
        self.until_up();
        self.wans.iter().map(|(space, _)| format!("w{space}")).collect()
    }
}

impl Places {
    /// Linux gives an interface its queue up to a second after both ends of the wire are up; until
    /// then it drops what is sent.
    fn until_up(&self) {
        let is_up = |space: Option<&str>| {
            let mut show = programs::command("ip");
            if let Some(space) = space {
                show.args(["-n", space]);
            }
            let links = programs::run(show.args(["-o", "link", "show", "type", "veth"]), "");
            links.lines().all(|link| link.contains(" state UP ") && !link.contains(" qdisc noop "))
        };
        let end = Instant::now() + UP_WITHIN;
        for space in std::iter::once(None).chain(self.there.keys().map(|space| Some(space.as_str()))) {
            while !is_up(space) {
                assert!(Instant::now() < end, "an interface at {} stays down", space.unwrap_or("the switch"));
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Everything forwards, and addresses count at once.
fn settings() {
    let at = |key: &str, value: &str| {
        std::fs::write(format!("/proc/sys/net/{key}"), value).unwrap_or_else(|error| panic!("net/{key}: {error}"));
    };
    at("ipv4/ip_forward", "1");
    at("ipv6/conf/all/forwarding", "1");
    at("ipv6/conf/all/accept_dad", "0");
    at("ipv6/conf/default/accept_dad", "0");
}

fn mac(number: u8) -> String {
    format!("02:00:00:00:00:{number:02x}")
}

/// Does something on a thread that is in this namespace; threads and sockets that it makes are
/// there too.
pub(crate) fn within<T: Send>(space: &str, act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            let door = File::open(format!("/run/netns/{space}")).unwrap_or_else(|error| panic!("the namespace {space}: {error}"));
            setns(door, CloneFlags::CLONE_NEWNET).unwrap_or_else(|error| panic!("into {space}: {error}"));
            act()
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
