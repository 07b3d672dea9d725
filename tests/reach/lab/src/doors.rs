//! Doors in a router: asked for, used from outside, kept, and closed again.

use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::person::Person;
use crate::upnp::Upnp;

/// Asking for a door takes a few seconds at most: three protocols, one after the other.
const ASKED_WITHIN: Duration = Duration::from_secs(15);
/// Somebody from outside comes in by it.
const CAME_IN_WITHIN: Duration = Duration::from_secs(15);

/// Which way of asking the router understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// UPnP alone.
    Upnp,
    /// NAT-PMP alone.
    NatPmp,
    /// PCP alone.
    Pcp,
    /// All, and IPv6 pinholes are what is looked at.
    Pinhole,
}

impl Inside {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Inside::Upnp => &["enable_natpmp=no"],
            Inside::NatPmp | Inside::Pcp => &["enable_upnp=no"],
            Inside::Pinhole => &[],
        }
    }

    /// NAT-PMP and PCP have one port; the first byte, the version, tells them apart.
    fn deaf_to(self) -> Option<u8> {
        match self {
            Inside::NatPmp => Some(2),
            Inside::Pcp => Some(0),
            Inside::Upnp | Inside::Pinhole => None,
        }
    }
}

/// Ana behind a router of this kind; her doors are open, and ben has come in from outside.
pub fn doors_open(lab: &Lab, inside: Inside) -> (Person, Person, Upnp) {
    if let Some(version) = inside.deaf_to() {
        let rule = format!("udp dport 5351 @th,64,8 {version} drop");
        lab.rules("ra", &format!("table inet deaf {{ chain inp {{ type filter hook input priority -10; {rule}; }}\n}}\n"));
    }
    let upnp = Upnp::start(lab, "a", inside.settings());
    let ana = lab.person("ana", "a");
    let outer = match inside {
        Inside::Pinhole => format!("[{}]", lab.plan.inner6("a")),
        Inside::Upnp | Inside::NatPmp | Inside::Pcp => lab.plan.outer("a").to_string(),
    };
    // A pinhole has no address of its own to wait for.
    let end = Instant::now() + ASKED_WITHIN;
    while upnp.doors() == 0 {
        assert!(Instant::now() < end, "no door within {ASKED_WITHIN:?}; miniupnpd said:\n{}", upnp.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    ana.watch("ana tells her outer address", ASKED_WITHIN, |ana| {
        ana.addresses().iter().any(|known| known.starts_with(&outer)).then_some(())
    });
    let room = ana.create_room("Doors");
    let invite = ana.invite(Some(&room), 10);
    let ben = lab.person("ben", "b");
    ben.must_join(&invite, CAME_IN_WITHIN);
    (ana, ben, upnp)
}
