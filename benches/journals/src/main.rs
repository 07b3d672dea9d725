//! Compares what a journal can be kept in: each gets the same rows. One JSON object a line.

mod child;
mod engine;
mod engines;
mod files;
mod trials;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use engine::Engine;
use engines::{fjall::Fjall, raft::Raft, redb::Redb, segments::Segments, sled::Sled};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    inside: Option<Inside>,
    /// Rows.
    #[arg(long, default_value_t = 400_000)]
    rows: u64,
    /// Of kills and of damage.
    #[arg(long, default_value_t = 30)]
    rounds: u32,
    /// Only these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where their files are; a temporary folder otherwise.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// What a process of its own does.
#[derive(Subcommand, Clone)]
enum Inside {
    /// Opens it, and reads pages.
    Open { name: String, folder: PathBuf },
    /// Writes until it is killed, and says what is durable.
    Write { name: String, folder: PathBuf },
    /// Opens it, and says how many rows are right and how many are wrong.
    Check { name: String, folder: PathBuf },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    each::<Segments>(&arguments)?;
    each::<Sled>(&arguments)?;
    each::<Fjall>(&arguments)?;
    each::<Redb>(&arguments)?;
    each::<Raft>(&arguments)
}

fn each<E: Engine>(arguments: &Arguments) -> Result<()> {
    match &arguments.inside {
        Some(Inside::Open { name, folder }) if name == E::NAME => child::open::<E>(folder),
        Some(Inside::Write { name, folder }) if name == E::NAME => child::write::<E>(folder),
        Some(Inside::Check { name, folder }) if name == E::NAME => child::check::<E>(folder),
        Some(_) => Ok(()),
        None if arguments.only.is_empty() || arguments.only.iter().any(|only| only == E::NAME) => {
            trials::all::<E>(arguments.rows, arguments.rounds, arguments.folder.as_deref())
        }
        None => Ok(()),
    }
}
