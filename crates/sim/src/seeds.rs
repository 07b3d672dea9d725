//! Which seeds and sizes are tried, and how a failure is repeated.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const SEED: &str = "GRAPEVINE_SIM_SEED";
const SEEDS: &str = "GRAPEVINE_SIM_SEEDS";
const MEMBERS: &str = "GRAPEVINE_SIM_N";

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// Sizes to try: those given, or the one that the environment asks for.
pub fn members(usual: &[u32]) -> Vec<u32> {
    number(MEMBERS).and_then(|n| u32::try_from(n).ok()).map_or_else(|| usual.to_vec(), |n| vec![n])
}

/// Runs a scenario at each size for each seed: `usual` of them, or as many as the environment asks
/// for, or the one that it names. A failure prints the command that repeats it: `test` is the file
/// in which the claim stands.
pub fn each_seed(test: &str, claim: &str, sizes: &[u32], usual: u64, scenario: impl Fn(u64, u32)) {
    let seeds = match number(SEED) {
        Some(seed) => seed..seed + 1,
        None => 1..number(SEEDS).unwrap_or(usual) + 1,
    };
    for n in members(sizes) {
        for seed in seeds.clone() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| scenario(seed, n))) {
                let profile = if cfg!(debug_assertions) { "" } else { " --release" };
                eprintln!("again: {SEED}={seed} {MEMBERS}={n} cargo test -p grapevine-sim{profile} --test {test} {claim} -- --nocapture");
                resume_unwind(panic);
            }
        }
    }
}
