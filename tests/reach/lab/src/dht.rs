//! A private Mainline DHT, whose nodes are on c's public address.

use std::net::SocketAddr;

use mainline::Testnet;

use crate::places::within;
use crate::plan::PUBLIC;

/// Nodes that answer, so that a lookup has to find its way.
const NODES: usize = 30;

/// Ends when dropped.
pub struct Dht {
    /// Where its nodes are.
    pub nodes: Vec<SocketAddr>,
    _net: Testnet,
}

impl Dht {
    /// In the lab of this process.
    pub fn start() -> Dht {
        // Its threads and sockets are made here, so they are at c for good.
        let net = within("c", || Testnet::builder(NODES).bind_address(PUBLIC[0]).build()).expect("c's address is free");
        let nodes = net.bootstrap.iter().map(|node| node.parse().expect("an address")).collect();
        Dht { nodes, _net: net }
    }

    /// What tells a program to use this DHT.
    pub fn arguments(&self) -> Vec<String> {
        self.nodes.iter().take(5).flat_map(|node| ["--dht".to_owned(), node.to_string()]).collect()
    }
}
