//! Claim C6: a million invented ids move nobody's memory far. Alone in its program, because it
//! counts what the whole program allocates.

use std::alloc::System;
use std::time::Duration;

use sim::{Invention, Plan, World, each_seed};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Ids that one member invents, of each kind. Without optimisation fewer: every bound that matters
/// is passed many times all the same.
const INVENTED: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
/// Frames that it sends at most.
const ROUNDS: usize = 5_000;
/// What that may cost the member who hears them.
const BOUND_BYTES: usize = 16 * 1024 * 1024;

fn held() -> usize {
    let stats = MEMORY.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

#[test]
fn c6_a_million_invented_ids_cost_a_bounded_amount_of_memory() {
    each_seed("memory", "c6", &[5], 1, |seed, n| {
        for invention in Invention::ALL {
            let mut world = World::new(Plan::new(seed, n));
            world.run_for(Duration::from_secs(20));
            let before = held();
            let mut most = before;
            let mut told = 0;
            // A member whose links are ended for it comes back and goes on; for so long, at most.
            for _ in 0..ROUNDS {
                told += world.invent(n - 1, invention);
                world.run_for(Duration::from_millis(20));
                most = most.max(held());
                if told >= INVENTED {
                    break;
                }
            }
            println!("{invention:?}: {told} ids, {} bytes", most.saturating_sub(before));
            assert!(told >= INVENTED / 100, "its neighbours heard them: {told} of {invention:?}");
            let grown = most.saturating_sub(before);
            assert!(grown <= BOUND_BYTES, "C6: {grown} bytes for {told} of {invention:?}");
        }
    });
}
