//! What this process has used, as Linux counts it.

use std::fs;

use anyhow::{Context, Result};

/// Linux reports processor time in these on every machine that it runs on today.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time of this process, user and system, microseconds.
pub(crate) fn cpu_us() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat").context("Linux tells")?;
    // The name in parentheses may hold anything; fields are counted after it.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks * 1_000_000 / TICKS_PER_SECOND)
}

/// Memory that is resident now, bytes.
pub(crate) fn rss() -> Result<u64> {
    of_status("VmRSS:")
}

/// The most that was resident since [`forget_peak`], bytes.
pub(crate) fn peak_rss() -> Result<u64> {
    of_status("VmHWM:")
}

/// Starts the peak anew.
pub(crate) fn forget_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("Linux lets a process forget its own peak")
}

fn of_status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("Linux tells")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{name} in the status"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{name} is a number"))?;
    Ok(kib * 1024)
}
