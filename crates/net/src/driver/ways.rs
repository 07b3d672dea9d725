//! Everything besides TCP by which others reach this device, and what happens there.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;

use identity::PeerId;
use tokio::sync::{mpsc, watch};

use crate::circuit::CircuitEvent;
use crate::config::Config;
use crate::mapping::{Mapper, Mappings, Ports};
use crate::quic::{UdpEvent, UdpPort};
use crate::table::AttemptId;

/// See the module's header.
pub(super) struct Ways {
    /// None if the system has none for us: everything else works.
    pub(super) udp: Option<UdpPort>,
    pub(super) udp_failed: Option<String>,
    /// None where only this computer can come in.
    pub(super) mapper: Option<Mapper>,
    circuits: mpsc::Receiver<CircuitEvent>,
    /// Attempts that dial nothing.
    pub(super) others: BTreeMap<AttemptId, Other>,
}

/// An attempt that dials nothing.
pub(super) enum Other {
    /// With what tells it that the other side has begun.
    Punch(PeerId, watch::Sender<bool>),
    Circuit(PeerId),
}

/// What happened.
pub(super) enum WayEvent {
    Udp(UdpEvent),
    Mapped(Mappings),
    Circuit(CircuitEvent),
}

impl Ways {
    /// Opens what goes with these ports. `circuits`: what is asked and told there.
    pub(super) fn open(bound: &[SocketAddr], config: &Config, circuits: mpsc::Receiver<CircuitEvent>) -> Self {
        let (udp, udp_failed) = match config.udp.then(|| open_udp(bound)) {
            Some(Ok(port)) => (Some(port), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, None),
        };
        let outside = bound.iter().find(|socket| !socket.ip().to_canonical().is_loopback());
        let ports = |tcp: &SocketAddr| Ports { tcp: Some(tcp.port()), udp: udp.as_ref().map(UdpPort::port) };
        let mapper = outside.map(|tcp| Mapper::start(ports(tcp), config.reach.mapping));
        Self { udp, udp_failed, mapper, circuits, others: BTreeMap::new() }
    }

    /// Waits for what happens next; nothing is lost if that is given up.
    pub(super) async fn next(&mut self) -> WayEvent {
        let Self { udp, mapper, circuits, .. } = self;
        tokio::select! {
            event = async { match udp { Some(udp) => udp.next().await, None => pending().await } } => WayEvent::Udp(event),
            mappings = async { match mapper {
                Some(mapper) => { mapper.changed().await; mapper.current() }
                None => pending().await,
            } } => WayEvent::Mapped(mappings),
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

/// The same number as for TCP, if it is free.
fn open_udp(bound: &[SocketAddr]) -> std::io::Result<UdpPort> {
    let outside = bound.iter().find(|socket| !socket.ip().to_canonical().is_loopback());
    match outside.or(bound.first()) {
        Some(socket) if !socket.ip().is_unspecified() => UdpPort::open_at(*socket),
        Some(socket) => UdpPort::open(socket.port()),
        None => UdpPort::open(0),
    }
}
