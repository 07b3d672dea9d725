//! What each must go through.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::RngExt;

use crate::engine::{BATCH, Engine, row};
use crate::files;

/// Rows of the folders that are damaged.
const FEW: u64 = 20_000;
const SAVED: usize = 500;
/// For a process that only opens and reads.
const LATE: Duration = Duration::from_secs(60);

pub fn all<E: Engine>(rows: u64, rounds: u32, folder: Option<&Path>) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = folder.unwrap_or(temporary.path()).join(E::NAME);
    let _ = std::fs::remove_dir_all(&folder);
    fill::<E>(&folder.join("many"), rows)?;
    opening::<E>(&folder.join("many"))?;
    saving::<E>(&folder.join("many"))?;
    erasing::<E>(&folder.join("many"))?;
    killing::<E>(&folder.join("killed"), rounds)?;
    damage::<E>(&folder, rounds, "flip", files::flip)?;
    damage::<E>(&folder, rounds, "cut", files::cut)?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

fn put<E: Engine>(name: &str, value: f64, unit: &str) {
    let name = format!("journal_{}_{name}", E::NAME.replace('-', "_"));
    println!("{}", serde_json::json!({ "name": name, "value": (value * 100.0).round() / 100.0, "unit": unit }));
}

fn fill<E: Engine>(folder: &Path, rows: u64) -> Result<()> {
    let mut engine = E::open(folder)?;
    let mut made = Duration::ZERO;
    let began = Instant::now();
    for from in (0..rows).step_by(BATCH as usize) {
        engine.append(from..rows.min(from + BATCH), false)?;
    }
    let before_end = Instant::now();
    engine.close()?;
    let took = began.elapsed();
    // Making the rows is in it, for all alike.
    for number in 0..rows.min(10_000) {
        let began = Instant::now();
        std::hint::black_box(row(number));
        made += began.elapsed();
    }
    put::<E>("append_per_s", rows as f64 / (took - made * (rows / rows.clamp(1, 10_000)) as u32).as_secs_f64(), "1/s");
    put::<E>("close_ms", before_end.elapsed().as_secs_f64() * 1e3, "ms");
    put::<E>("bytes_per_row", files::bytes(folder)? as f64 / rows as f64, "B");
    Ok(())
}

/// Runs this program again; what it said, none if it failed or was late.
fn again<E: Engine>(what: &str, folder: &Path) -> Result<Option<Vec<f64>>> {
    let mut child =
        Command::new(std::env::current_exe()?).args([what, E::NAME]).arg(folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let end = Instant::now() + LATE;
    while child.try_wait()?.is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success().then(|| text.split_whitespace().filter_map(|word| word.parse().ok()).collect()))
}

fn opening<E: Engine>(folder: &Path) -> Result<()> {
    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(again::<E>("open", folder)?.context("it opens")?);
    }
    said.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let names = [("open_ms", "ms"), ("open_rss_kib", "KiB"), ("paged_rss_kib", "KiB"), ("page_p50_us", "us"), ("page_p99_us", "us")];
    for ((name, unit), value) in names.into_iter().zip(&said[1]) {
        put::<E>(name, *value, unit);
    }
    Ok(())
}

/// One row, durable: what a message costs that somebody types.
fn saving<E: Engine>(folder: &Path) -> Result<()> {
    let mut engine = E::open(folder)?;
    let mut took = Vec::new();
    for _ in 0..SAVED {
        let next = engine.next()?;
        let began = Instant::now();
        engine.append(next..next + 1, true)?;
        took.push(began.elapsed().as_secs_f64() * 1e6);
    }
    engine.close()?;
    took.sort_by(f64::total_cmp);
    put::<E>("saved_p50_us", took[SAVED / 2], "us");
    put::<E>("saved_p99_us", took[SAVED * 99 / 100], "us");
    Ok(())
}

/// One row of a hundred, all over.
fn erasing<E: Engine>(folder: &Path) -> Result<()> {
    let mut engine = E::open(folder)?;
    let next = engine.next()?;
    let rows: Vec<u64> = (0..next).step_by(100).collect();
    let began = Instant::now();
    engine.erase(&rows)?;
    let took = began.elapsed();
    let left = engine.read(0..200)?;
    engine.close()?;
    let needles: Vec<Vec<u8>> = rows.iter().step_by(rows.len() / 40).map(|number| row(*number)[100..124].to_vec()).collect();
    put::<E>("erase_ms", took.as_secs_f64() * 1e3, "ms");
    put::<E>("erased_but_on_disk", files::found(folder, &needles)? as f64, &format!("of {}", needles.len()));
    put::<E>("erased_read_back", if E::ERASES { left.len() as f64 - 198.0 } else { -1.0 }, "rows too many");
    put::<E>("bytes_per_row_after_erasing", files::bytes(folder)? as f64 / next as f64, "B");
    Ok(())
}

fn killing<E: Engine>(folder: &Path, rounds: u32) -> Result<()> {
    let (mut lost, mut unopened) = (0, 0);
    let mut durable = 0;
    for _ in 0..rounds {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["write", E::NAME])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("it is piped")?);
        let wait = Duration::from_millis(rand::rng().random_range(20..300));
        let reader = std::thread::spawn(move || output.lines().map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok()).last());
        std::thread::sleep(wait);
        child.kill()?;
        child.wait()?;
        durable = durable.max(reader.join().ok().flatten().unwrap_or_default());
        match again::<E>("check", folder)?.as_deref() {
            Some([next, right, wrong]) => lost += u32::from((*next as u64) < durable || right < next || *wrong > 0.0),
            _ => unopened += 1,
        }
    }
    put::<E>("kill_rounds_with_loss", f64::from(lost), &format!("of {rounds}"));
    put::<E>("kill_rounds_not_opened", f64::from(unopened), &format!("of {rounds}"));
    Ok(())
}

fn damage<E: Engine>(folder: &Path, rounds: u32, how: &str, spoil: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let (whole, spoilt) = (folder.join("few"), folder.join("spoilt"));
    if !whole.exists() {
        let mut engine = E::open(&whole)?;
        for from in (0..FEW).step_by(BATCH as usize) {
            engine.append(from..FEW.min(from + BATCH), false)?;
        }
        engine.close()?;
    }
    let (mut unopened, mut wrong_rows, mut kept) = (0, 0.0, 0.0);
    for _ in 0..rounds {
        files::copy(&whole, &spoilt)?;
        spoil(&spoilt)?;
        match again::<E>("check", &spoilt)?.as_deref() {
            Some([_, right, wrong]) => (kept, wrong_rows) = (kept + right / FEW as f64, wrong_rows + wrong),
            _ => unopened += 1,
        }
    }
    let opened = f64::from(rounds - unopened).max(1.0);
    put::<E>(&format!("{how}_not_opened"), f64::from(unopened), &format!("of {rounds}"));
    put::<E>(&format!("{how}_kept"), kept / opened * 100.0, "% of the rows, where it opened");
    put::<E>(&format!("{how}_wrong"), wrong_rows, "rows");
    Ok(())
}
