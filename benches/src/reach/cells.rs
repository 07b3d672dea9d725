//! One round, inside its own namespaces; and how its outcome is told to those outside.

use std::process::ExitCode;
use std::time::Duration;

use lab::{Best, Lab, Plan};
use serde_json::{Value, json};

use super::cell_args::{CellArgs, GAP, IDLE_FOR, Kind, LINKED_WITHIN, LONE_WITHIN, UPGRADED_WITHIN};
use crate::peer::beside;

/// Before the one line that counts.
const OUTCOME: &str = "outcome ";

/// What became of a round.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// As it should be.
    pub(crate) well: bool,
    /// Figures of the round by name; medians are told.
    pub(crate) figures: Vec<(String, f64)>,
    /// `tcp`, `quic`, `circuit` or `none`.
    pub(crate) by: String,
}

/// Does it, says its outcome, and, if that is not as it should be, what everybody said.
pub(crate) fn cell(args: &CellArgs) -> ExitCode {
    lab::settle_in();
    let mut plan = Plan::pair(args.a, args.b).losing(args.loss);
    plan.one_way = Duration::from_millis(args.ms);
    // The first packets of a punch must die on the way, as they do in the world.
    plan.hop = args.kind != Kind::Idle;
    let lab = Lab::build(plan, beside("grapevine-node"));
    let outcome = match args.kind {
        Kind::Pair => pair(&lab, args),
        Kind::Lone => lone(&lab, args),
        Kind::Upgrade => upgrade(&lab),
        Kind::Idle => idle(&lab),
    };
    if !outcome.well {
        println!("{}", lab.report());
    }
    outcome.say();
    ExitCode::SUCCESS
}

fn pair(lab: &Lab, args: &CellArgs) -> Outcome {
    let best = lab::best(args.a, args.b);
    let met = lab::meet(lab, best != Best::Circuit, LINKED_WITHIN);
    println!("{met:?}");
    let mut figures: Vec<(String, f64)> = met.first.iter().map(|(after, _)| ("first_p50_ms".to_owned(), millis(*after))).collect();
    figures.extend(met.direct.map(|after| ("direct_p50_ms".to_owned(), millis(after))));
    // Where no direct link is possible, a member carries, and the doctor says why.
    let carried = met.first.is_some() && met.words.iter().any(|word| word == lab::CHANGING);
    let well = if best == Best::Circuit { carried } else { met.direct.is_some() };
    Outcome { well, figures, by: met.by.to_owned() }
}

fn lone(lab: &Lab, args: &CellArgs) -> Outcome {
    let lone = lab::lone(lab, GAP, LONE_WITHIN);
    println!("{lone:?}");
    // Two symmetric routers cannot be passed without a carrier: then the doctor must say why.
    let well = if args.a.is_symmetric() && args.b.is_symmetric() {
        lone.linked.is_none() && !lone.words.is_empty()
    } else {
        lone.linked.is_some()
    };
    let figures = lone.linked.iter().map(|after| ("linked_p50_ms".to_owned(), millis(*after))).collect();
    Outcome { well, figures, by: lone.linked.map_or("none", |_| "quic").to_owned() }
}

fn upgrade(lab: &Lab) -> Outcome {
    let upgraded = lab::upgrade(lab, UPGRADED_WITHIN);
    println!("{} said, {} heard, circuit {:?}, direct {:?}", upgraded.said.len(), upgraded.heard.len(), upgraded.circuit, upgraded.direct);
    let mut figures = vec![("circuit_p50_ms".to_owned(), millis(upgraded.circuit))];
    figures.extend(upgraded.direct.map(|after| ("direct_p50_ms".to_owned(), millis(after))));
    let well = upgraded.direct.is_some() && upgraded.said == upgraded.heard;
    Outcome { well, figures, by: if upgraded.direct.is_some() { "tcp" } else { "circuit" }.to_owned() }
}

fn idle(lab: &Lab) -> Outcome {
    let idle = lab::idle(lab, IDLE_FOR);
    let figures = vec![("cpu_percent".to_owned(), idle.cpu_per_cent), ("dht_bytes_per_s".to_owned(), idle.dht_bytes_per_s)];
    Outcome { well: idle.cpu_per_cent < 0.5 && idle.dht_bytes_per_s <= 1024.0, figures, by: "none".to_owned() }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl Outcome {
    fn say(&self) {
        println!("{OUTCOME}{}", json!({ "well": self.well, "by": self.by, "figures": self.figures }));
    }

    /// In what was said inside.
    pub(crate) fn find(said: &str) -> Option<Outcome> {
        let line = said.lines().find_map(|line| line.strip_prefix(OUTCOME))?;
        let value: Value = serde_json::from_str(line).ok()?;
        let figures = serde_json::from_value(value["figures"].clone()).ok()?;
        Some(Outcome { well: value["well"] == true, figures, by: value["by"].as_str()?.to_owned() })
    }
}
