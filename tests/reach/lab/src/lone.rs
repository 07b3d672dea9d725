//! Two people who have nobody in common: an invite, a DHT, and nothing else.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::dht::Dht;
use crate::lab::Lab;
use crate::person::Launch;

/// What became of it.
#[derive(Clone, Debug)]
pub struct Lone {
    /// How long after the second used the invite both had a direct link; none if they had not.
    pub linked: Option<Duration>,
    /// Why the joining side thinks that it did not work, in the doctor's words.
    pub words: Vec<String>,
}

/// Ana invites, and ben uses the invite `gap` later.
pub fn lone(lab: &Lab, gap: Duration, limit: Duration) -> Lone {
    let dht = Dht::start();
    let launch = Launch { arguments: dht.arguments() };
    let ana = lab.person_with("ana", "a", launch.clone());
    let ben = lab.person_with("ben", "b", launch);
    for person in [&ana, &ben] {
        person.call("set_internet", json!({"on": true}));
    }
    let invite = ana.invite(None, 1);
    std::thread::sleep(gap);
    let began = Instant::now();
    let joined = ben.join(&invite, limit);
    let (to_ana, to_ben) = (ana.id(), ben.id());
    let left = || limit.saturating_sub(began.elapsed());
    let linked = joined.is_some_and(|joined| joined.is_ok())
        && ben.until(left(), |ben| ben.path_to(&to_ana).filter(|path| path.is_direct())).is_some()
        && ana.until(left(), |ana| ana.path_to(&to_ben).filter(|path| path.is_direct())).is_some();
    let linked = linked.then(|| began.elapsed());
    let words = if linked.is_some() { Vec::new() } else { ben.findings() };
    Lone { linked, words }
}
