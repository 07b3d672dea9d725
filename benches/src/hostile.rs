//! What a hostile member costs the others: Ana talks to Ben while Mallory does one bad thing after the other to both of them.

use std::time::Duration;

use identity::PeerId;
use serde_json::json;

use crate::figure::{Figures, quantile};
use crate::mallory::{Ill, Mallory};
use crate::messages::hops;
use crate::peer::{Peer, pair};

/// Rounds of each kind of ill will, with as many calm ones between them.
const ROUNDS: usize = 3;
const HOPS: usize = 300;
const PAUSE: Duration = Duration::from_millis(5);
/// Said before, so that there is something to ask for.
const HISTORY: usize = 20_000;
/// For Mallory's links to come up, or go.
const SETTLE: Duration = Duration::from_millis(1_000);

pub(crate) fn measure(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ana, mut ben, room) = pair(folder.path());
    fill(&mut ana, &room);
    let invite = ana.invite(Some(&room), 1_000);
    let ben_at = where_is(&mut ben, &room);
    let (mut slowest, mut largest) = (0.0_f64, 0.0_f64);
    for ill in Ill::ALL {
        let (mut calm, mut hit, mut grown, mut said) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for (ill, times) in [(Ill::Nothing, &mut calm), (ill, &mut hit)] {
                let mallory = Mallory::join(&invite, ben_at.clone(), ill);
                std::thread::sleep(SETTLE);
                let before = ana.rss();
                let mut round = hops(&mut ana, &mut ben, &room, HOPS, PAUSE);
                times.push(quantile(&mut round, 0.99));
                if ill != Ill::Nothing {
                    grown.push(ana.rss() as f64 - before as f64);
                    said.push(mallory.said() as f64);
                }
                mallory.leave();
            }
        }
        let (calm, hit) = (quantile(&mut calm, 0.5), quantile(&mut hit, 0.5));
        let (ratio, grown) = (hit / calm.max(1.0), grown.iter().sum::<f64>() / 1e6);
        figures.put(&format!("hostile_{}_hop_p99_us", ill.name()), hit, "us");
        figures.put(&format!("hostile_{}_hop_p99_ratio", ill.name()), ratio, "");
        figures.put(&format!("hostile_{}_memory_mb", ill.name()), grown, "MB");
        figures.put(&format!("hostile_{}_records", ill.name()), quantile(&mut said, 0.5), "");
        (slowest, largest) = (slowest.max(ratio), largest.max(grown));
    }
    figures.put("hostile_hop_p99_ratio", slowest, "");
    figures.put("hostile_memory_mb", largest, "MB");
}

fn fill(ana: &mut Peer, room: &str) {
    for n in 0..HISTORY {
        let line =
            format!("{}\n", json!({ "id": n, "call": "send", "args": { "room": room, "text": "Is it at mine or at Dice's tonight?" } }));
        ana.write(line.as_bytes());
        if n % 500 == 0 {
            ana.skip();
        }
    }
    ana.call("snapshot", json!({}));
}

/// Who Ben is, and his address.
fn where_is(ben: &mut Peer, room: &str) -> (PeerId, String) {
    let invite = ben.invite(Some(room), 1);
    let invite = wire::Invite::parse(invite.as_str()).expect("an invite");
    let address = invite.addresses().first().expect("ben listens").to_string();
    (invite.inviter(), address)
}
