//! From a circuit to a direct link, while people talk.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::Lab;
use crate::meet::Meeting;
use crate::talk::Path;

/// Messages a second.
const RATE: u32 = 100;
/// Talk before the way opens, and after the better link stands.
const AROUND: Duration = Duration::from_secs(1);

/// What became of it.
#[derive(Clone, Debug)]
pub struct Upgraded {
    /// How long after ben was let in the circuit stood.
    pub circuit: Duration,
    /// How long after the way was opened the direct link stood at both; none if it never did.
    pub direct: Option<Duration>,
    /// Texts that ana said.
    pub said: Vec<String>,
    /// Texts that ben has, in his order.
    pub heard: Vec<String>,
}

/// At first the routers of ana and ben pass nothing on to each other, so that chi has to carry.
/// What ana says goes to ben alone: it is in their direct room, which chi does not have.
pub fn upgrade(lab: &Lab, limit: Duration) -> Upgraded {
    let (a, b) = (lab.plan.outer("a"), lab.plan.outer("b"));
    for (router, other) in [("ra", b), ("rb", a)] {
        lab.rules(router, &format!("table ip wall {{ chain pass {{ type filter hook forward priority -10; ip daddr {other} drop; ip saddr {other} drop; }}\n}}\n"));
    }
    let meeting = Meeting::begin(lab);
    let met = meeting.wait(lab, false, limit);
    let Some((circuit, Path::Through(_))) = met.first else { panic!("no circuit: {met:?}") };
    let (ana, ben) = (&meeting.ana, &meeting.ben);
    let room = ana.befriend(ben);
    let (to_ana, to_ben) = (ana.id(), ben.id());

    let began = Instant::now();
    let (mut opened, mut direct, mut until) = (None, None, None);
    let (mut said, mut calls) = (Vec::new(), Vec::new());
    while until.is_none_or(|until| Instant::now() < until) && began.elapsed() < limit + 2 * AROUND {
        let words = format!("word {}", said.len() + 1);
        calls.push(ana.begin_call("send", &json!({"room": room, "text": words})));
        said.push(words);
        if opened.is_none() && began.elapsed() >= AROUND {
            for router in ["ra", "rb"] {
                lab.rules(router, "delete table ip wall\n");
            }
            ana.call("try_reach", json!({}));
            opened = Some(Instant::now());
        }
        // Asked ten times a second, so that the question does not slow the talk down.
        if let Some(opened) = opened.filter(|_| direct.is_none() && said.len() % (RATE as usize / 10) == 0)
            && ana.path_to(&to_ben).is_some_and(|path| path.is_direct())
            && ben.path_to(&to_ana).is_some_and(|path| path.is_direct())
        {
            direct = Some(opened.elapsed());
            until = Some(Instant::now() + AROUND);
        }
        let next = began + Duration::from_secs(1) * u32::try_from(said.len()).expect("few") / RATE;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    for call in calls {
        ana.answer(call).unwrap_or_else(|refusal| panic!("ana may speak: {refusal}"));
    }
    ben.until(AROUND * 10, |ben| (ben.texts(&room).len() >= said.len()).then_some(()));
    Upgraded { circuit, direct, heard: ben.texts(&room), said }
}
