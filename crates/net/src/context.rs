//! What every task of the network may need.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use identity::Identity;
use tokio::sync::mpsc;
use wire::limits::{MAX_ADDRESSES, MAX_AGENT};
use wire::{Address, Hello, StaticKey};

use crate::circuit::{Caps, Switchboard};
use crate::config::{Config, FastReceive, Inspect, Times};
use crate::event::Event;
use crate::limits::Limits;
use crate::reach::Horizon;
use crate::report::Report;
use crate::time::TimeSource;

/// Shared by all tasks; nothing in it is about one peer.
pub(crate) struct Context {
    pub(crate) me: Arc<Identity>,
    pub(crate) key: StaticKey,
    pub(crate) boot_nonce: u64,
    pub(crate) limits: Arc<Limits>,
    pub(crate) times: Times,
    pub(crate) inspect: Option<Inspect>,
    pub(crate) fast_receive: Option<FastReceive>,
    pub(crate) time: TimeSource,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) switchboard: Switchboard,
    horizon: Horizon,
    agent: String,
    addresses: Mutex<Vec<Address>>,
    dial_from: Mutex<Vec<SocketAddr>>,
}

impl Context {
    pub(crate) fn new(
        me: Arc<Identity>,
        key: StaticKey,
        config: &Config,
        events: mpsc::Sender<Event>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let time = TimeSource::start();
        Self {
            me,
            key,
            boot_nonce: rand::random(),
            limits: Arc::new(config.limits.clone()),
            times: config.times.clone(),
            inspect: config.inspect.clone(),
            fast_receive: config.fast_receive.clone(),
            time,
            events,
            reports,
            switchboard: Switchboard::new(time, Caps::default()),
            horizon: Horizon { loopback_is_far: config.loopback_is_far },
            agent: cut(&config.agent, MAX_AGENT).to_owned(),
            addresses: Mutex::default(),
            dial_from: Mutex::default(),
        }
    }

    /// How this device introduces itself from now on.
    pub(crate) fn set_addresses(&self, addresses: Vec<Address>) {
        let fit = addresses.into_iter().filter(Address::fits_messages).take(MAX_ADDRESSES).collect();
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = fit;
    }

    /// Where it is listened.
    pub(crate) fn set_dial_from(&self, bound: &[SocketAddr]) {
        *self.dial_from.lock().unwrap_or_else(PoisonError::into_inner) = bound.to_vec();
    }

    /// The end from which this address is dialled, if it is not to be any: on the way out into the
    /// world, the port that is listened on. So routers show the same address for both, and peers
    /// who see where this device dials from can tell where it may be reached.
    pub(crate) fn dial_from(&self, target: &SocketAddr) -> Option<SocketAddr> {
        // Elsewhere a port that is shared so could be taken over by another program.
        if !cfg!(unix) || !self.horizon.is_far(target.ip()) {
            return None;
        }
        let bound = self.dial_from.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |bound: &&SocketAddr| {
            (!bound.ip().is_loopback() || self.horizon.is_far(bound.ip()))
                && (bound.is_ipv4() == target.is_ipv4() || bound.ip().is_unspecified())
        };
        let bound = bound.iter().find(fits)?;
        let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let ip = if bound.ip().is_unspecified() { any } else { bound.ip() };
        Some(SocketAddr::new(ip, bound.port()))
    }

    pub(crate) fn hello(&self) -> Hello {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Hello { boot_nonce: self.boot_nonce, addresses, agent: self.agent.clone() }
    }
}

/// The longest beginning of at most `max` bytes that does not cut a character.
fn cut(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_agent_is_cut_between_characters() {
        assert_eq!(cut("grapevine", 64), "grapevine");
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
