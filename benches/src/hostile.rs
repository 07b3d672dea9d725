//! What a hostile member costs the others: Ana talks to Ben while Mallory does one bad thing after
//! the other to both of them.

use std::time::Duration;

use identity::PeerId;
use serde_json::json;
use wire::Address;

use crate::figure::{Figures, quantile};
use crate::mallory::{Ill, Mallory};
use crate::messages::hops;
use crate::peer::{Peer, pair};

/// Rounds of each kind of ill will, each compared with the calm one just before: machines change
/// their pace within a minute, and of the slowest hundredth of one round much is chance.
const ROUNDS: usize = 9;
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
        let (mut hit, mut ratios, mut said) = (Vec::new(), Vec::new(), Vec::new());
        // By how much more than in calm rounds, in all.
        let mut grown = 0.0;
        for _ in 0..ROUNDS {
            let mut p99 = [0.0; 2];
            for (ill, p99) in [Ill::Nothing, ill].into_iter().zip(&mut p99) {
                let mallory = Mallory::join(&invite, ben_at.clone(), ill);
                std::thread::sleep(SETTLE);
                let before = ana.rss();
                let mut round = hops(&mut ana, &mut ben, &room, HOPS, PAUSE);
                *p99 = quantile(&mut round, 0.99);
                let more = ana.rss() as f64 - before as f64;
                if ill == Ill::Nothing {
                    grown -= more;
                } else {
                    grown += more;
                    said.push(mallory.said() as f64);
                }
                mallory.leave();
            }
            let [calm, harmed] = p99;
            hit.push(harmed);
            ratios.push(harmed / calm.max(1.0));
        }
        let (hit, ratio, grown) = (quantile(&mut hit, 0.5), quantile(&mut ratios, 0.5), grown / 1e6);
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
fn where_is(ben: &mut Peer, room: &str) -> (PeerId, Address) {
    let invite = ben.invite(Some(room), 1);
    let invite = wire::Invite::parse(invite.as_str()).expect("an invite");
    let address = invite.addresses().first().expect("ben listens").clone();
    (invite.inviter(), address)
}
