//! A crowd of whole peers on this computer: real sockets, keys and databases, in a few processes.
//!
//! All join through one invite, some talk, a part is killed or frozen at once while the talk goes
//! on, and comes back. Prints a JSON line for each step. `run.rs` is the course of a run,
//! `fleet.rs` and `hosts.rs` the processes from outside, `host.rs` and `tally.rs` one from inside,
//! `words.rs` what they say to each other. Linux only: the figures come from `/proc`, and every
//! peer has a loopback address of its own.

mod fleet;
mod host;
mod hosts;
mod run;
mod tally;
mod words;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::figure::quantile;
use hosts::{HOST, Signal};
use run::{Plan, run};

/// Names of these measurements on the command line.
pub(crate) const NAMES: [&str; 2] = ["crowd", HOST];

#[derive(Parser, Debug)]
enum Command {
    /// The whole, several times.
    Crowd(CrowdArgs),
    /// One of its processes.
    CrowdHost(host::HostArgs),
}

#[derive(clap::Args, Clone, Debug)]
struct CrowdArgs {
    /// Peers.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    n: u32,
    /// Runs, each with new profiles.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// What happens to the lost part.
    #[arg(long, value_enum, default_value_t = How::Both)]
    how: How,
    /// Repeats the choices of a run: who talks when.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// One after the other.
    Both,
}

/// Runs what the arguments after the program's name say.
pub(crate) fn main() -> ExitCode {
    match Command::parse() {
        Command::Crowd(args) => runs(&args),
        Command::CrowdHost(args) => host::host(&args),
    }
}

fn runs(args: &CrowdArgs) -> ExitCode {
    let losses = match args.how {
        How::Kill => vec![Signal::Kill],
        How::Stop => vec![Signal::Stop],
        How::Both => vec![Signal::Kill, Signal::Stop],
    };
    let first = args.seed.unwrap_or_else(|| rand::random::<u32>().into());
    let (mut all, mut in_time, mut to_all) = (0, 0, Vec::new());
    for n in 1..=args.runs {
        let folder = match tempfile::Builder::new().prefix("grapevine-crowd-").tempdir() {
            Ok(folder) => folder,
            Err(error) => return fail(&format!("no folder for profiles: {error}")),
        };
        let plan = Plan { run: n, peers: args.n as usize, losses: losses.clone(), seed: first + u64::from(n) - 1 };
        match run(&plan, folder.path()) {
            Ok(kept) => {
                all += u32::from(kept.all);
                in_time += u32::from(kept.in_time);
                to_all.push(kept.to_all_p50_ms);
            }
            Err(error) => eprintln!("run {n}: {error}"),
        }
    }
    let runs = args.runs;
    println!(
        "{}",
        json!({ "step": "summary", "peers": args.n, "runs": runs, "all_delivered_runs": all, "in_time_runs": in_time, "to_all_p50_ms": quantile(&mut to_all, 0.5) })
    );
    if all == runs && in_time == runs { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}
