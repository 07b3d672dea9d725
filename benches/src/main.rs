//! Figures of speed and memory, as JSON lines on stdout. `./bench` builds what is measured and
//! calls this.
//!
//! Machines are noisy: compare figures of one run, several times, by medians.

mod catchup;
mod crowd;
mod figure;
mod flood;
mod hostile;
mod links;
mod mallory;
mod messages;
mod peer;
#[cfg(target_os = "linux")]
mod reach;
mod signatures;
mod start;
mod storage;
mod tcp;

use figure::Figures;

/// As in the programs.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A named measurement.
type Bench = (&'static str, fn(&mut Figures));

const ALL: [Bench; 10] = [
    ("signatures", signatures::measure),
    ("storage", storage::measure),
    ("tcp", tcp::measure),
    ("hop", messages::measure_hop),
    ("pair", messages::measure_pair),
    ("catchup", catchup::measure),
    ("hostile", hostile::measure),
    ("flood", flood::measure),
    ("links", links::measure),
    ("start", start::measure),
];

fn main() -> std::process::ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.first().is_some_and(|first| first == links::SWARM) {
        return links::swarm(wanted.get(1).map_or("", String::as_str));
    }
    // Takes long, and has choices of its own.
    if wanted.first().is_some_and(|first| crowd::NAMES.contains(&first.as_str())) {
        return crowd::main();
    }
    #[cfg(target_os = "linux")]
    if wanted.first().is_some_and(|first| reach::NAMES.contains(&first.as_str())) {
        return reach::main();
    }
    if wanted.first().is_some_and(|first| first == flood::NAME) && wanted.iter().any(|choice| choice.starts_with('-')) {
        return flood::main();
    }
    if let Some(unknown) = wanted.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        eprintln!("no measurement named {unknown}; there are: {} crowd reach", names.join(" "));
        return std::process::ExitCode::FAILURE;
    }
    let mut figures = Figures;
    for (name, measure) in ALL {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            eprintln!("measuring {name}…");
            measure(&mut figures);
        }
    }
    std::process::ExitCode::SUCCESS
}
