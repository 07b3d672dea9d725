//! How a profile grows with its history: 10 000, 100 000 and a million messages in one room, beside
//! the same rows in SQLite (WAL, one index).
//!
//! Each is filled by a process of its own, message by message, and measured by a fresh one.

mod engine;
mod ours;
mod sqlite;
mod trial;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use engine::Engine;

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What to measure.
#[derive(Parser)]
struct Choices {
    /// Messages of a profile, each size in turn.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<u64>,
    /// How long the largest is written to, paged and searched, in seconds.
    #[arg(long = "use", default_value_t = 600)]
    used: u64,
    /// Part of a measurement: what the child does, and where.
    #[arg(long, hide = true, num_args = 4)]
    child: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let choices = Choices::parse();
    if let Some([what, engine, folder, count]) = choices.child.as_deref().and_then(|child| child.first_chunk()) {
        let (folder, count) = (Path::new(folder), count.parse().expect("a number"));
        match engine.as_str() {
            "ours" => child::<ours::Ours>(what, folder, count),
            _ => child::<sqlite::Sqlite>(what, folder, count),
        }
        return ExitCode::SUCCESS;
    }
    let largest = choices.sizes.iter().max().copied().unwrap_or(0);
    let mut table =
        vec![["messages", "", "bytes each", "opening ms", "built anew ms", "memory MiB", "page p50 ms", "page max ms"].map(str::to_owned)];
    for size in choices.sizes {
        for engine in ["ours", "sqlite"] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let run = |what: &str, count: u64| run(what, engine, folder.path(), count);
            run("fill", size);
            let bytes = trial::bytes_below(folder.path()) as f64 / size as f64;
            // Three times, the median: the first opening after filling is one of three.
            let mut opened: Vec<Vec<f64>> = (0..3).map(|_| run("open", size)).collect();
            opened.sort_by(|one, other| one[0].total_cmp(&other[0]));
            let empty = tempfile::tempdir().expect("a temporary folder");
            let empty = self::run("open", engine, empty.path(), 0);
            let memory = opened[1][1] - empty[1];
            let rebuilt = if engine == "ours" { run("rebuild", size)[0] } else { 0.0 };
            let row = [bytes, opened[1][0], rebuilt, memory, opened[1][2], opened[1][3]];
            let names = ["bytes", "open_ms", "rebuild_ms", "memory_mib", "page_p50_ms", "page_max_ms"];
            names.iter().zip(row).for_each(|(name, value)| put(&format!("scale_{engine}_{size}_{name}"), value));
            table.push(std::array::from_fn(|at| match at {
                0 => size.to_string(),
                1 => engine.to_owned(),
                _ => format!("{:.*}", [0, 1, 0, 1, 3, 2][at - 2], row[at - 2]),
            }));
            if engine == "ours" && size == largest && choices.used > 0 {
                let used = run("use", choices.used);
                let names = ["before", "after"];
                names
                    .iter()
                    .zip(&used)
                    .for_each(|(name, mib)| put(&format!("scale_{engine}_{size}_memory_{name}_use_mib"), mib - empty[1]));
                put(&format!("scale_{engine}_{size}_calls_in_use"), used[2]);
            }
        }
    }
    table.iter().for_each(|row| eprintln!("| {} |", row.iter().map(|cell| format!("{cell:>13}")).collect::<Vec<_>>().join(" | ")));
    ExitCode::SUCCESS
}

fn put(name: &str, value: f64) {
    let unit = name.rsplit('_').next().filter(|unit| ["ms", "mib", "bytes"].contains(unit)).unwrap_or("1");
    println!("{}", serde_json::json!({ "name": name, "value": (value * 1_000.0).round() / 1_000.0, "unit": unit }));
}

/// Runs a child and gives the figures that it prints.
fn run(what: &str, engine: &str, folder: &Path, count: u64) -> Vec<f64> {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--child", what, engine]).arg(folder).arg(count.to_string()).stderr(Stdio::inherit());
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{what} of {engine} failed");
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(|figure| figure.parse().expect("a figure")).collect()
}

fn child<E: Engine>(what: &str, folder: &Path, count: u64) {
    match what {
        "fill" => trial::fill::<E>(folder, count),
        "open" => trial::open::<E>(folder, count),
        "rebuild" => trial::rebuild(folder),
        _ => trial::in_use::<E>(folder, Duration::from_secs(count)),
    }
}
