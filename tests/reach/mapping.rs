//! Doors in a real router's miniupnpd: somebody comes in by them, they outlive the router, and they
//! close with the program.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lab::{Inside, Lab, Nat, Person, Plan, Upnp, doors_open};

use crate::NODE;

/// All of a test, most of it waiting for a lease to end.
const WHOLE: Duration = Duration::from_secs(280);
/// Doors are closed so long after an orderly end.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);
/// A new program opens its doors.
const OPENED_WITHIN: Duration = Duration::from_secs(15);
/// A router that forgot everything is served again.
const BACK_WITHIN: Duration = Duration::from_secs(90);
/// A door that nobody renews lasts no longer than its lease of 120 s, and the router's own delay.
const LEASE: Duration = Duration::from_secs(130);

/// How long it took until the router had so many doors.
fn until_doors(upnp: &Upnp, doors: usize, limit: Duration) -> Duration {
    let start = Instant::now();
    while upnp.doors() != doors {
        assert!(start.elapsed() < limit, "{} doors after {limit:?}, not {doors}:\n{}", upnp.doors(), upnp.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    start.elapsed()
}

/// Somebody outside connects to an address of ana's on the router's outer side.
fn come_in(lab: &Lab, ana: &Person, inside: Inside) {
    let outer = match inside {
        Inside::Pinhole => format!("[{}]:", lab.plan.inner6("a")),
        Inside::Upnp | Inside::NatPmp | Inside::Pcp => format!("{}:", lab.plan.outer("a")),
    };
    let address: SocketAddr = ana.watch("ana tells her outer address", OPENED_WITHIN, |ana| {
        ana.addresses().iter().find(|known| known.starts_with(&outer)).and_then(|known| known.parse().ok())
    });
    let came = lab.at("b", || TcpStream::connect_timeout(&address, Duration::from_secs(3)));
    assert!(came.is_ok(), "{address}: {came:?}");
}

/// The lab, where everything up to the restart of the router has gone well.
fn come_back(inside: Inside) -> (Lab, Person, Upnp) {
    let plan = Plan::pair(Nat::Upnp, Nat::Open);
    let lab = Lab::build(if inside == Inside::Pinhole { plan.with_ipv6() } else { plan }, NODE);
    let (ana, _ben, upnp) = doors_open(&lab, inside);
    let all = if inside == Inside::Pinhole { 4 } else { 2 };
    until_doors(&upnp, all, OPENED_WITHIN);
    come_in(&lab, &ana, inside);

    ana.stop();
    let closed = until_doors(&upnp, 0, CLOSED_WITHIN);
    ana.start_again();
    let opened = until_doors(&upnp, all, OPENED_WITHIN);
    come_in(&lab, &ana, inside);

    upnp.restart();
    let back = until_doors(&upnp, all, BACK_WITHIN);
    come_in(&lab, &ana, inside);
    println!("{inside:?}: closed in {closed:?}, opened in {opened:?}, back in {back:?}");
    (lab, ana, upnp)
}

/// The same, and then nobody renews the lease.
fn come_back_and_expire(inside: Inside) {
    let (_lab, ana, upnp) = come_back(inside);
    ana.kill9();
    let gone = until_doors(&upnp, 0, LEASE);
    println!("{inside:?}: gone in {gone:?}");
}

#[test]
fn doors_by_upnp_let_in_come_back_and_close_also_without_a_goodbye() {
    lab::test(WHOLE, || come_back_and_expire(Inside::Upnp));
}

#[test]
fn doors_by_nat_pmp_let_in_come_back_and_close() {
    lab::test(WHOLE, || drop(come_back(Inside::NatPmp)));
}

#[test]
fn doors_by_pcp_let_in_come_back_and_close_also_without_a_goodbye() {
    lab::test(WHOLE, || come_back_and_expire(Inside::Pcp));
}

#[test]
fn pinholes_for_ipv6_let_in_come_back_and_close() {
    lab::test(WHOLE, || drop(come_back(Inside::Pinhole)));
}
