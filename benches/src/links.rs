//! Memory of idle links: 500 of them, held by another process.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use identity::Identity;
use net::{Config, Event, Net};
use serde_json::json;
use tokio::sync::mpsc;
use wire::message::{Join, Message};
use wire::{Invite, NameSeal, Naming};

use crate::figure::Figures;
use crate::peer::Peer;

/// First argument that makes this program the other process.
pub(crate) const SWARM: &str = "--swarm";
const LINKS: usize = 500;
/// Where the first of them listens. Not at the address that they dial from, where their links take
/// the ports.
const FIRST: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 20_000);
/// For everything to come to rest.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) fn measure(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut hub = Peer::start("Hub", &folder.path().join("hub"));
    let invite = hub.invite(None, LINKS as u32);
    let here = std::env::current_exe().expect("this program has a path");
    let mut swarm =
        Command::new(here).args([SWARM, &invite]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program starts again");
    let mut orders = swarm.stdin.take().expect("stdin is piped");
    let mut answers = BufReader::new(swarm.stdout.take().expect("stdout is piped"));
    let mut order = |what: &str, hub: &mut Peer, links: usize| {
        writeln!(orders, "{what}").expect("the swarm reads");
        let mut line = String::new();
        answers.read_line(&mut line).expect("the swarm answers");
        assert_eq!(line.trim(), what, "the swarm failed");
        while hub.call("snapshot", json!({}))["me"]["links"] != links {
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(SETTLE);
    };
    // One after the other everybody becomes a contact and goes again: the address book is filled,
    // and there never were two links at once.
    order("join", &mut hub, 0);
    let before = hub.rss();
    order("return", &mut hub, LINKS);
    let after = hub.rss();
    figures.put("idle_link_bytes", (after as f64 - before as f64) / LINKS as f64, "B");
    figures.put("idle_hub_rss_kib", after as f64 / 1024.0, "KiB");
    drop(orders);
    swarm.wait().expect("the swarm ends");
}

/// The other process: 500 people, told over stdin to join and to return.
pub(crate) fn swarm(invite: &str) -> ExitCode {
    let Ok(invite) = Invite::parse(invite) else { return ExitCode::FAILURE };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut members = Vec::with_capacity(LINKS);
    for order in std::io::stdin().lines() {
        let Ok(order) = order else { return ExitCode::FAILURE };
        runtime.block_on(async {
            for n in 0..LINKS {
                let first = order == "join";
                let member = Member::join(n, &invite, first).await;
                match first {
                    true => member.net.shutdown().await,
                    false => members.push(member),
                }
            }
        });
        println!("{order}");
    }
    ExitCode::SUCCESS
}

struct Member {
    net: Net,
    _reading: tokio::task::JoinHandle<()>,
}

impl Member {
    /// Links up, and presents the invite the first time.
    async fn join(n: usize, invite: &Invite, first: bool) -> Member {
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let identity = Arc::new(Identity::from_seed(&seed));
        let me = identity.clone();
        let (send, mut events) = mpsc::channel(64);
        // As everybody does, they come back under the address that is in the book.
        let address = SocketAddr::new(FIRST.ip(), FIRST.port() + n as u16);
        let config = Config { listen: vec![address], nearby: None, ..Config::default() };
        let net = Net::start(config, identity, send).await.expect("a socket");
        net.set_addresses(Vec::new());
        net.want(invite.inviter(), invite.addresses().to_vec());
        loop {
            match events.recv().await.expect("the net runs") {
                Event::LinkUp(up) if first => {
                    let seal = NameSeal::new(&me, &up.peer, &up.hash).expect("sound keys");
                    let name = seal.seal(Naming::Join, rand::random(), &format!("Member {n}"));
                    let join = Message::Join(Join::make(&invite.keys(), invite.hint(), name, &up.hash, &me.peer()));
                    up.outbox.offer(join.class(), join.encode()).expect("an empty queue takes one");
                }
                Event::LinkUp(_) => break,
                Event::Received { messages, .. } if messages.iter().any(|m| matches!(m, Message::Welcome(_))) => break,
                _ => {}
            }
        }
        let reading = tokio::spawn(async move { while events.recv().await.is_some() {} });
        Member { net, _reading: reading }
    }
}
