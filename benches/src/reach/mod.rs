//! Reach: people behind routers of every kind, many times over.
//!
//! Every round is a lab of its own (`tests/reach/lab`): this program, started again inside new
//! namespaces. `cells.rs` is what is done in there; here it is decided which rounds there are, and
//! counted. Failed rounds leave all that was said in `.artefacts/reach/`.

mod cell_args;
mod cells;
mod tally;

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use clap::Parser;
use lab::{Ended, Nat};

use cell_args::{CELL, CellArgs, Kind};
use cells::Outcome;
use tally::Tally;

/// Names of these measurements on the command line.
pub(crate) const NAMES: [&str; 2] = ["reach", CELL];
/// Beside what the cell itself takes: building the lab, profiles, joins.
const AROUND: Duration = Duration::from_secs(90);
/// Where failed rounds are kept.
const KEPT: &str = ".artefacts/reach";

/// All pairs of these.
const WITH_MEMBER: [Nat; 8] = [Nat::Open, Nat::FullCone, Nat::Eim, Nat::EimRst, Nat::CgEim, Nat::Sym, Nat::CgSym, Nat::NoUdp];
/// All pairs of these two lone people: of the first three, of one of them with the last, and of the
/// last.
const ALONE: [Nat; 4] = [Nat::Eim, Nat::EimRst, Nat::CgEim, Nat::Sym];

#[derive(Parser, Debug)]
enum Command {
    /// All rounds.
    Reach(ReachArgs),
    /// One of them, inside.
    ReachCell(CellArgs),
}

#[derive(clap::Args, Clone, Debug)]
struct ReachArgs {
    /// Rounds of each cell.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Packets that are lost, in per cent.
    #[arg(long, default_value_t = 5.0)]
    loss: f64,
    /// One way from end to end, in ms.
    #[arg(long, default_value_t = 50)]
    ms: u64,
    /// Labs at once.
    #[arg(long, default_value_t = 2)]
    labs: usize,
    /// What is measured.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Kind::Pair, Kind::Lone, Kind::Upgrade])]
    cells: Vec<Kind>,
    /// Only these pairs, such as eim-sym.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// Runs what the arguments after the program's name say.
pub(crate) fn main() -> ExitCode {
    match Command::parse() {
        Command::Reach(args) => all(&args),
        Command::ReachCell(args) => cells::cell(&args),
    }
}

fn all(args: &ReachArgs) -> ExitCode {
    if let Some(why) = lab::refused() {
        eprintln!("no lab here: {why}");
        return ExitCode::FAILURE;
    }
    let mut rounds: VecDeque<CellArgs> = args.cells.iter().flat_map(|kind| cells_of(*kind, args)).collect();
    let tally = Mutex::new(Tally::of(&rounds));
    let in_all = rounds.len();
    let left = Mutex::new(std::mem::take(&mut rounds));
    std::thread::scope(|scope| {
        for _ in 0..args.labs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("nobody panics while they hold it").pop_front();
                    let Some(cell) = next else { return };
                    let outcome = round(&cell);
                    let mut tally = tally.lock().expect("nobody panics while they hold it");
                    tally.count(&cell, outcome);
                    eprintln!("{} of {in_all}: {cell}", tally.counted);
                }
            });
        }
    });
    ExitCode::SUCCESS
}

fn cells_of(kind: Kind, args: &ReachArgs) -> Vec<CellArgs> {
    let pairs =
        |nats: &[Nat]| -> Vec<(Nat, Nat)> { nats.iter().enumerate().flat_map(|(at, a)| nats.iter().skip(at).map(|b| (*a, *b))).collect() };
    let (pairs, rounds) = match kind {
        Kind::Pair => (pairs(&WITH_MEMBER), args.rounds),
        Kind::Lone => (pairs(&ALONE), args.rounds),
        Kind::Upgrade => (vec![(Nat::Eim, Nat::Eim)], args.rounds),
        Kind::Idle => (vec![(Nat::Upnp, Nat::Open)], 1),
    };
    let wanted = |(a, b): &(Nat, Nat)| args.only.is_empty() || args.only.iter().any(|only| *only == format!("{a}-{b}"));
    let cell = |(a, b)| CellArgs { kind, a, b, loss: args.loss, ms: args.ms };
    let chosen: Vec<(Nat, Nat)> = pairs.into_iter().filter(wanted).collect();
    // The rounds of a cell follow each other, so that its figures come as soon as they can.
    chosen.into_iter().flat_map(|pair| std::iter::repeat_n(cell(pair), rounds as usize)).collect()
}

/// One round; none if it failed before there was anything to count.
fn round(cell: &CellArgs) -> Option<Outcome> {
    let arguments = cell.arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (ended, said) = match lab::again(&words, cell.limit() + AROUND) {
        Ended::Well(said) => (true, said),
        Ended::Badly(said) | Ended::Late(said) => (false, said),
    };
    let outcome = Outcome::find(&said);
    if !ended || outcome.as_ref().is_none_or(|outcome| !outcome.well) {
        keep(cell, &said);
    }
    outcome
}

fn keep(cell: &CellArgs, said: &str) {
    let name = format!("{KEPT}/{cell}-{}.log", rand::random::<u16>()).replace(' ', "-");
    let kept = std::fs::create_dir_all(KEPT).and_then(|()| std::fs::write(&name, said));
    match kept {
        Ok(()) => eprintln!("not as it should be; all that was said is in {name}"),
        Err(error) => eprintln!("{name}: {error}\n{said}"),
    }
}
