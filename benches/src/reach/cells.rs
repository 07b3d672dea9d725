//! One round, inside its own namespaces; and how its outcome is told to those outside.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use lab::{Best, Lab, Nat, Plan};
use serde_json::{Value, json};

use super::Kind;
use crate::peer::beside;

/// Name of this program inside.
pub(crate) const CELL: &str = "reach-cell";
/// Before the one line that counts.
const OUTCOME: &str = "outcome ";
/// A link that is possible stands after this time, or a cell that says no ends.
const LINKED_WITHIN: Duration = Duration::from_secs(15);
/// The same over a DHT.
const LONE_WITHIN: Duration = Duration::from_secs(30);
/// For the second to use the invite, after the first has made it.
const GAP: Duration = Duration::from_secs(3);
const UPGRADED_WITHIN: Duration = Duration::from_secs(20);
const IDLE_FOR: Duration = Duration::from_secs(600);

#[derive(clap::Args, Clone, Debug, PartialEq)]
pub(crate) struct CellArgs {
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,
    #[arg(long)]
    pub(crate) a: Nat,
    #[arg(long)]
    pub(crate) b: Nat,
    #[arg(long)]
    pub(crate) loss: f64,
    #[arg(long)]
    pub(crate) ms: u64,
}

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

impl CellArgs {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let kind = self.kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let (a, b) = (self.a.to_string(), self.b.to_string());
        let words = [CELL, "--kind", &kind, "--a", &a, "--b", &b, "--loss", &self.loss.to_string(), "--ms", &self.ms.to_string()];
        words.map(str::to_owned).to_vec()
    }

    pub(crate) fn limit(&self) -> Duration {
        match self.kind {
            Kind::Pair => LINKED_WITHIN,
            Kind::Lone => LONE_WITHIN + GAP,
            Kind::Upgrade => UPGRADED_WITHIN * 2,
            Kind::Idle => IDLE_FOR,
        }
    }
}

impl fmt::Display for CellArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Pair => write!(f, "{}_{}", self.a, self.b),
            Kind::Lone => write!(f, "lone_{}_{}", self.a, self.b),
            Kind::Upgrade => write!(f, "upgrade"),
            Kind::Idle => write!(f, "idle"),
        }
    }
}

/// Does it, says its outcome, and, if that is not as it should be, what everybody said.
pub(crate) fn cell(args: &CellArgs) -> ExitCode {
    lab::settle_in();
    let mut plan = Plan::pair(args.a, args.b).losing(args.loss);
    plan.one_way = Duration::from_millis(args.ms);
    // Between lone people the first packets must die on the way, as they do in the world.
    plan.hop = args.kind == Kind::Lone;
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
    let well = if best == Best::Circuit { met.first.is_some() } else { met.direct.is_some() };
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
