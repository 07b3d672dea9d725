//! The same work by Grapevine, iroh-gossip and libp2p's gossipsub, in turn, on this machine.
//!
//! Prints one JSON object a line on standard output: the median of all rounds for each engine, and
//! the ratio of ours to the better of the others. A delivery counts once copies are dropped and its
//! author's signature is checked; ours is also stored by then. Machines are noisy: compare engines
//! within one run, never absolute figures of two runs. Start in `measures/`. The nodes live in
//! processes of the programs beside this one, one for each engine, built on `common`.

mod crew;
mod figures;
mod kind;
mod measures;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::figures::Figures;
use crate::kind::Kind;

/// Compares Grapevine with iroh-gossip and libp2p gossipsub.
#[derive(Parser)]
#[command(name = "./bench peers")]
struct Args {
    /// What to measure; everything if nothing is named.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Measure>,
    /// Whom to measure.
    #[arg(long, value_delimiter = ',', default_values_t = Kind::ALL)]
    engines: Vec<Kind>,
    /// How often; figures are medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Sizes of the crowd.
    #[arg(long, value_delimiter = ',', default_values_t = [100])]
    nodes: Vec<u64>,
    /// Chooses authors and contacts; every round adds one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Two nodes: time of a hop, messages a second, processor time of a message, and a burst
    /// without a window.
    Pair,
    /// Many nodes, one message at a time.
    Crowd,
    /// Memory of 500 silent connections.
    Idle,
    /// 30 of 100 nodes are killed, and the others talk.
    Killed,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut figures = Figures::default();
    for round in 0..args.rounds {
        let seed = args.seed + round;
        for measure in Measure::value_variants() {
            if !args.only.is_empty() && !args.only.contains(measure) {
                continue;
            }
            for at in 0..args.engines.len() {
                // In turn, and another one first in every round.
                let turn = (at + usize::try_from(round)?) % args.engines.len();
                let Some(kind) = args.engines.get(turn).copied() else { continue };
                eprintln!("round {} of {}, seed {seed}: {measure:?} by {}", round + 1, args.rounds, kind.name());
                if let Err(error) = measure.run(kind, &args, seed, &mut figures) {
                    // The others are worth knowing all the same.
                    eprintln!("    {}: {error:#}", kind.name());
                }
            }
        }
    }
    figures.print();
    Ok(())
}

impl Measure {
    fn run(self, kind: Kind, args: &Args, seed: u64, figures: &mut Figures) -> Result<()> {
        match self {
            Measure::Pair => measures::pair(kind, seed, figures),
            Measure::Crowd => args.nodes.iter().try_for_each(|nodes| measures::crowd(kind, *nodes, seed, figures)),
            Measure::Idle => measures::idle(kind, figures),
            Measure::Killed => measures::killed(kind, seed, figures),
        }
    }
}
