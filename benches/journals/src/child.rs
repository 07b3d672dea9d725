//! What is done in a process of its own: its memory, and its death, are nobody else's.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use rand::RngExt;

use crate::engine::{BATCH, Engine, row};

/// Rows of a page.
const PAGE: u64 = 50;
const PAGES: usize = 300;

/// Says how long opening took, what memory it left, and how long pages take.
pub fn open<E: Engine>(folder: &Path) -> Result<()> {
    let before = resident();
    let began = Instant::now();
    let engine = E::open(folder)?;
    let next = engine.next()?;
    let opened = began.elapsed();
    let after = resident();
    let mut pages: Vec<f64> = Vec::new();
    for _ in 0..PAGES {
        let from = rand::rng().random_range(0..next.saturating_sub(PAGE).max(1));
        let began = Instant::now();
        let rows = engine.read(from..from + PAGE)?;
        pages.push(began.elapsed().as_secs_f64() * 1e6);
        anyhow::ensure!(rows.len() as u64 == PAGE, "{} rows of a page", rows.len());
    }
    pages.sort_by(f64::total_cmp);
    let at = |share: f64| pages.get((pages.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!("{} {} {} {} {}", opened.as_secs_f64() * 1e3, after - before, resident() - before, at(0.5), at(0.99));
    Ok(())
}

/// Never ends by itself.
pub fn write<E: Engine>(folder: &Path) -> Result<()> {
    let mut engine = E::open(folder)?;
    loop {
        let next = engine.next()?;
        let end = next + rand::rng().random_range(1..=BATCH);
        engine.append(next..end, true)?;
        println!("{end}");
    }
}

/// Says how many rows there should be, are right, and are wrong.
pub fn check<E: Engine>(folder: &Path) -> Result<()> {
    let engine = E::open(folder)?;
    let next = engine.next()?;
    let (mut right, mut wrong) = (0, 0);
    for from in (0..next).step_by(BATCH as usize) {
        let range = from..next.min(from + BATCH);
        // Where many cannot be read at once, each is tried by itself.
        let found =
            engine.read(range.clone()).unwrap_or_else(|_| range.flat_map(|one| engine.read(one..one + 1).unwrap_or_default()).collect());
        for (number, bytes) in found {
            *if row(number) == bytes { &mut right } else { &mut wrong } += 1;
        }
    }
    println!("{next} {right} {wrong}");
    Ok(())
}

/// Memory of this process, KiB.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}
