//! The way to rendezvous: what is wanted goes in, what happened comes out.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use identity::Identity;
use tokio::sync::{mpsc, watch};

use super::driver::{self, Ends, SendDatagram, Wanted};
use super::meeting::{Meeting, Own, RendezvousEvent};

/// Datagrams that wait to be read. When it is full, more are lost, as by any network.
const DATAGRAMS: usize = 64;
/// News that wait for the one who asked for rendezvous. When it is full, rendezvous waits.
const EVENTS: usize = 64;
/// Words of ours that we have begun to fire.
const FIRED: usize = 64;

/// Rendezvous by the Mainline DHT. It sends nothing until it is turned on, and ends when dropped.
pub(crate) struct Rendezvous {
    wanted: watch::Sender<Wanted>,
    fired: mpsc::Sender<(Meeting, SocketAddr)>,
    datagrams: mpsc::Sender<(SocketAddrV4, Vec<u8>)>,
    events: mpsc::Receiver<RendezvousEvent>,
}

impl Rendezvous {
    /// Off at first. `bootstrap` are `host:port` of the nodes of a DHT of one's own; none are those
    /// of the public one. Needs a runtime.
    pub(crate) fn start(bootstrap: Vec<String>, me: Arc<Identity>, send: SendDatagram) -> Self {
        let (wanted, wanted_at) = watch::channel(Wanted::default());
        let (fired, fired_at) = mpsc::channel(FIRED);
        let (datagrams, datagrams_at) = mpsc::channel(DATAGRAMS);
        let (events_at, events) = mpsc::channel(EVENTS);
        let ends = Ends { wanted: wanted_at, fired: fired_at, datagrams: datagrams_at, events: events_at, send };
        tokio::spawn(driver::run(bootstrap, me, ends));
        Self { wanted, fired, datagrams, events }
    }

    /// The switch.
    pub(crate) fn set_on(&self, on: bool) {
        self.wanted.send_modify(|wanted| wanted.on = on);
    }

    /// All who are awaited, those first who matter most; 16 are attended. Those that stay in the
    /// list are not disturbed.
    pub(crate) fn set(&self, meetings: Vec<Meeting>) {
        self.wanted.send_modify(|wanted| wanted.meetings = meetings);
    }

    /// Where this device can be reached, beside what DHT nodes see.
    pub(crate) fn say(&self, own: Own) {
        self.wanted.send_modify(|wanted| wanted.own = own);
    }

    /// The network changed: everything is to be found out anew.
    pub(crate) fn refresh(&self) {
        self.wanted.send_modify(|wanted| wanted.refreshed = wanted.refreshed.wrapping_add(1));
    }

    /// This device has begun to fire at that address of a partner: the partner is to know, so that
    /// it fires with full TTL.
    pub(crate) fn fired(&self, meeting: Meeting, to: SocketAddr) {
        // When it is lost, the partner finds out by what arrives, or from the next word.
        let _ = self.fired.try_send((meeting, to));
    }

    /// A datagram came to the UDP port that may be of a DHT node (it begins with `d`).
    pub(crate) fn heard(&self, from: SocketAddr, bytes: Vec<u8>) {
        if let IpAddr::V4(ip) = from.ip().to_canonical() {
            let _ = self.datagrams.try_send((SocketAddrV4::new(ip, from.port()), bytes));
        }
    }

    /// What happened next. Cancelling it loses nothing. None: the driver is gone, which is a bug.
    pub(crate) async fn next(&mut self) -> Option<RendezvousEvent> {
        self.events.recv().await
    }
}
