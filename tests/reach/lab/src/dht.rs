//! A private Mainline DHT, whose nodes are on addresses of c.

use std::net::SocketAddr;

use mainline::Dht as Node;

use crate::places::within;
use crate::plan::dht_addresses;

/// The usual port of such nodes.
const PORT: u16 = 6881;
/// So many others every node knows at least, by chance mostly all.
const KNOWN: usize = 15;
/// Every so many nodes are looked for, so that all are met on the way.
const FAR_APART: usize = 8;

/// Ends when dropped.
pub struct Dht {
    /// Where its nodes are.
    pub nodes: Vec<SocketAddr>,
    _running: Vec<Node>,
}

impl Dht {
    /// In the lab of this process. All its nodes know each other.
    #[expect(deprecated, reason = "the lab has no runtime for the other form")]
    pub fn start() -> Dht {
        let nodes: Vec<SocketAddr> = dht_addresses().map(|address| SocketAddr::new(address.into(), PORT)).collect();
        // Their threads and sockets are made here, so they are at c for good.
        let running = within("c", || {
            let mut running: Vec<Node> = Vec::new();
            for (count, address) in dht_addresses().enumerate() {
                let mut node = Node::builder();
                // Each comes to those that are there; nobody is there for the first.
                node.server_mode().bind_address(address).public_ip(address).port(PORT).bootstrap(&nodes[..count]);
                let node = node.build().expect("c's address is free");
                assert!(node.bootstrapped() || count == 0, "node {count} knows others");
                running.push(node);
            }
            introduce(&running);
            running
        });
        Dht { nodes, _running: running }
    }

    /// What tells a program to use this DHT.
    pub fn arguments(&self) -> Vec<String> {
        self.nodes.iter().take(5).flat_map(|node| ["--dht".to_owned(), node.to_string()]).collect()
    }
}

/// The first nodes came when few were there. Public ones know many.
#[expect(deprecated, reason = "the lab has no runtime for the other form")]
fn introduce(nodes: &[Node]) {
    let targets: Vec<_> = nodes.iter().step_by(FAR_APART).map(|node| *node.info().id()).collect();
    std::thread::scope(|scope| {
        for node in nodes {
            scope.spawn(|| {
                targets.iter().for_each(|target| drop(node.find_node(*target)));
                assert!(node.to_bootstrap().len() >= KNOWN, "a node knows few others");
            });
        }
    });
}
