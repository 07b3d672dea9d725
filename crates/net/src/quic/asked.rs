//! From which DHT nodes an answer is wanted. Pure.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::HashMap;
use std::net::SocketAddr;

use super::limits::{ANSWER_WAIT, ASKED_NODES};

#[derive(Default)]
pub(super) struct AskedNodes(HashMap<SocketAddr, u64>);

impl AskedNodes {
    pub(super) fn ask(&mut self, node: SocketAddr, now: u64) {
        self.0.retain(|_, at| now.saturating_sub(*at) <= ANSWER_WAIT);
        if self.0.len() >= ASKED_NODES
            && !self.0.contains_key(&node)
            && let Some(oldest) = self.0.iter().min_by_key(|(_, at)| **at).map(|(node, _)| *node)
        {
            self.0.remove(&oldest);
        }
        self.0.insert(node, now);
    }

    pub(super) fn may_answer(&self, node: &SocketAddr, now: u64) -> bool {
        self.0.get(node).is_some_and(|at| now.saturating_sub(*at) <= ANSWER_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nodes_that_were_asked_lately_may_answer() {
        let node = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let mut asked = AskedNodes::default();
        asked.ask(node(1), 1_000);
        assert!(asked.may_answer(&node(1), 6_000));
        assert!(!asked.may_answer(&node(1), 6_001));
        assert!(!asked.may_answer(&node(2), 1_000));
        for port in 0..1_000 {
            asked.ask(node(port), 6_000 + u64::from(port));
        }
        assert!(asked.0.len() <= ASKED_NODES);
        assert!(asked.may_answer(&node(999), 6_999));
    }
}
