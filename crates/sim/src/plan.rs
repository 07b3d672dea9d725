//! What a world begins with.

use std::time::Duration;

use crate::hostile::Manner;
use crate::weather::Weather;

/// A world to be: one room, its members, and who of them means harm.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Members of the room, all of them running.
    pub members: u32,
    /// People who run too and are in no room yet. Their numbers follow those of the members.
    pub outsiders: u32,
    /// The network.
    pub weather: Weather,
    /// Wall clocks are off by up to this much, either way.
    pub skew: Duration,
    /// Time over which the nodes start.
    pub start_over: Duration,
    /// Of the members, the last so many are hostile, in turn in each of these manners.
    pub hostile: u32,
    /// Ways to be hostile.
    pub manners: Vec<Manner>,
}

impl Plan {
    /// Fair weather, good people, right clocks.
    pub fn new(seed: u64, members: u32) -> Plan {
        Plan {
            seed,
            members,
            outsiders: 0,
            weather: Weather::fair(),
            skew: Duration::ZERO,
            start_over: Duration::from_secs(2),
            hostile: 0,
            manners: Manner::ALL.to_vec(),
        }
    }
}
