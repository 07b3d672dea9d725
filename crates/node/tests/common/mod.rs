//! A whole node of Ana's, on a disk of its own, without links.

use std::path::Path;

use identity::Identity;
use node::view::Notice;
use node::{Node, Options};

/// Starts it on this profile. `window` is handed the notices.
pub(crate) async fn start(profile: &Path, mut window: impl FnMut(Vec<Notice>) + Send + 'static) -> Node {
    let options = Options {
        identity: Identity::from_seed(&[1; 32]),
        opened: node::open_store(profile, &[7; 32]).expect("the store opens"),
        name: None,
        fallback_name: "Ana".to_owned(),
        listen: vec!["127.0.0.1:0".parse().expect("an address")],
        nearby: false,
        peer_exchange: true,
        mapping: false,
        dht: Vec::new(),
        agent: "test".to_owned(),
        sink: Box::new(move |notices| {
            window(notices);
            0
        }),
    };
    node::start(options).await.expect("a node starts")
}
