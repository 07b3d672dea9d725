//! What every task of the network may need.

use std::sync::{Arc, Mutex, PoisonError};

use identity::Identity;
use tokio::sync::mpsc;
use wire::limits::{MAX_ADDRESSES, MAX_AGENT};
use wire::{Address, Hello, StaticKey};

use crate::config::{Config, FastReceive, Inspect, Times};
use crate::event::Event;
use crate::limits::Limits;
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
    agent: String,
    addresses: Mutex<Vec<Address>>,
}

impl Context {
    pub(crate) fn new(
        me: Arc<Identity>,
        key: StaticKey,
        config: &Config,
        events: mpsc::Sender<Event>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        Self {
            me,
            key,
            boot_nonce: rand::random(),
            limits: Arc::new(config.limits.clone()),
            times: config.times.clone(),
            inspect: config.inspect.clone(),
            fast_receive: config.fast_receive.clone(),
            time: TimeSource::start(),
            events,
            reports,
            agent: cut(&config.agent, MAX_AGENT).to_owned(),
            addresses: Mutex::default(),
        }
    }

    /// How this device introduces itself from now on.
    pub(crate) fn set_addresses(&self, addresses: Vec<Address>) {
        let fit = addresses.into_iter().filter(Address::fits_messages).take(MAX_ADDRESSES).collect();
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = fit;
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
