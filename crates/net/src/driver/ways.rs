//! Everything besides TCP by which others reach this device, and what happens there.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use identity::{Identity, PeerId};
use tokio::sync::{mpsc, watch};

use crate::circuit::CircuitEvent;
use crate::config::Config;
use crate::mapping::{Mapper, Mappings, Ports};
use crate::quic::{UdpEvent, UdpPort};
use crate::rendezvous::{Own, Rendezvous, RendezvousEvent};
use crate::table::AttemptId;

/// See the module's header.
pub(super) struct Ways {
    /// None if the system has none for us: everything else works.
    pub(super) udp: Option<UdpPort>,
    pub(super) udp_failed: Option<String>,
    /// None where only this computer can come in.
    pub(super) mapper: Option<Mapper>,
    circuits: mpsc::Receiver<CircuitEvent>,
    /// None without a UDP port.
    pub(super) rendezvous: Option<Rendezvous>,
    /// What it was told of this device.
    pub(super) said: Own,
    /// Attempts that dial nothing.
    pub(super) others: BTreeMap<AttemptId, Other>,
}

/// An attempt that dials nothing.
pub(super) enum Other {
    Punch(PeerId),
    Circuit(PeerId),
    /// With a partner of whom the DHT told.
    Meeting {
        key: u64,
        /// Where the partner is.
        at: Vec<IpAddr>,
        /// Who it is, if that is known.
        expect: Option<PeerId>,
        /// Tells that the other side has begun.
        go: watch::Sender<bool>,
    },
}

/// What happened.
pub(super) enum WayEvent {
    Udp(UdpEvent),
    Mapped(Mappings),
    Circuit(CircuitEvent),
    Met(RendezvousEvent),
}

impl Ways {
    /// Opens what goes with these ports. `circuits`: what is asked and told there.
    pub(super) fn open(bound: &[SocketAddr], config: &Config, me: Arc<Identity>, circuits: mpsc::Receiver<CircuitEvent>) -> Self {
        let (udp, udp_failed) = match config.udp.then(|| open_udp(bound)) {
            Some(Ok(port)) => (Some(port), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, None),
        };
        let mapper = open_mapper(bound, udp.as_ref(), config.reach.mapping);
        let rendezvous = udp.clone().map(|udp| {
            // Lost like any datagram.
            let send = move |to: SocketAddrV4, bytes: &[u8]| drop(udp.send(to.into(), bytes));
            Rendezvous::start(config.dht_bootstrap.clone(), me, Arc::new(send))
        });
        rendezvous.iter().for_each(|dht| dht.set_on(config.reach.internet));
        Self { udp, udp_failed, mapper, circuits, rendezvous, said: Own::default(), others: BTreeMap::new() }
    }

    /// Links come in at other ports from now on. UDP stays where it is.
    pub(super) fn listens_at(&mut self, bound: &[SocketAddr], mapping: bool) {
        match (&self.mapper, door_ports(bound, self.udp.as_ref())) {
            (Some(mapper), Some(ports)) => mapper.set_ports(ports),
            _ => self.mapper = open_mapper(bound, self.udp.as_ref(), mapping),
        }
    }

    /// Waits for what happens next; nothing is lost if that is given up.
    pub(super) async fn next(&mut self) -> WayEvent {
        let Self { udp, mapper, circuits, rendezvous, .. } = self;
        tokio::select! {
            event = async { match udp { Some(udp) => udp.next().await, None => pending().await } } => WayEvent::Udp(event),
            mappings = async { match mapper {
                Some(mapper) => { mapper.changed().await; mapper.current() }
                None => pending().await,
            } } => WayEvent::Mapped(mappings),
            event = async {
                match rendezvous {
                    Some(dht) => match dht.next().await { Some(event) => event, None => pending().await },
                    None => pending().await,
                }
            } => WayEvent::Met(event),
            event = async { match circuits.recv().await { Some(event) => event, None => pending().await } } => WayEvent::Circuit(event),
        }
    }

    /// The two ports that answer echoes, or why there are none.
    pub(super) fn udp_ports(&self) -> Result<[u16; 2], String> {
        match &self.udp {
            Some(udp) => Ok([udp.port(), udp.other_port()]),
            None => Err(self.udp_failed.clone().unwrap_or_default()),
        }
    }
}

fn open_mapper(bound: &[SocketAddr], udp: Option<&UdpPort>, on: bool) -> Option<Mapper> {
    Some(Mapper::start(door_ports(bound, udp)?, on))
}

/// None where only this computer can come in.
fn door_ports(bound: &[SocketAddr], udp: Option<&UdpPort>) -> Option<Ports> {
    let outside = bound.iter().find(|socket| !socket.ip().to_canonical().is_loopback())?;
    Some(Ports { tcp: Some(outside.port()), udp: udp.map(UdpPort::port) })
}

/// The same number as for TCP, if it is free.
fn open_udp(bound: &[SocketAddr]) -> std::io::Result<UdpPort> {
    let outside = bound.iter().find(|socket| !socket.ip().to_canonical().is_loopback());
    match outside.or(bound.first()) {
        Some(socket) if !socket.ip().is_unspecified() => UdpPort::open_at(*socket),
        Some(socket) => UdpPort::open(socket.port()),
        None => UdpPort::open(0),
    }
}
