//! What a node costs that does nothing but be reachable.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::dht::Dht;
use crate::lab::Lab;
use crate::person::{Launch, Person};
use crate::plan::dht_addresses;

/// The processor's time is counted in these by Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// Opening a profile and finding the DHT is not idle yet.
const SETTLED_AFTER: Duration = Duration::from_secs(20);

/// What was used, over how long.
#[derive(Clone, Debug)]
pub struct Idle {
    /// Per cent of one processor.
    pub cpu_per_cent: f64,
    /// Bytes a second to and from the DHT, as they are on the wire.
    pub dht_bytes_per_s: f64,
}

/// Ana at a with everything on, an invite that nobody uses, and nobody else.
pub fn idle(lab: &Lab, time: Duration) -> Idle {
    let dht = Dht::start();
    let ana = lab.person_with("ana", "a", Launch { arguments: dht.arguments() });
    ana.call("set_internet", json!({"on": true}));
    ana.call("set_mapping", json!({"on": true}));
    let _nobody_uses_it = ana.invite(None, 1);
    std::thread::sleep(SETTLED_AFTER);
    let bytes = || {
        let (seen, own) = (lab.seen(), lab.plan.outer("a"));
        dht_addresses().map(|node| seen.between(own, node, 17).1).sum::<u64>()
    };
    let (began, cpu, sent) = (Instant::now(), seconds(&ana), bytes());
    std::thread::sleep(time);
    let took = began.elapsed().as_secs_f64();
    Idle { cpu_per_cent: (seconds(&ana) - cpu) / took * 100.0, dht_bytes_per_s: (bytes() - sent) as f64 / took }
}

/// Processor time so far, user and system.
fn seconds(person: &Person) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", person.pid())).expect("Linux tells");
    // The name may hold anything, so the fields are counted from its closing bracket.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}
