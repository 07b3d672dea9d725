//! How the network behaves: distances, losses, refusals.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

/// The state of the network. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Local networks that the nodes are spread over; between two of them lies the internet.
    pub sites: u32,
    /// Median of one way between two sites.
    pub far: Duration,
    /// Share of frames that end their link instead of arriving: TCP loses no single message, it
    /// loses the connection.
    pub reset: f64,
    /// Share of dials that are refused although the other node listens.
    pub refuse: f64,
    /// Share of gossip frames that vanish without a trace: worse than TCP can be.
    pub drop: f64,
    /// Share of gossip frames that arrive twice, the second time late: as after a reconnection that
    /// repeats what was under way.
    pub duplicate: f64,
    /// Share of gossip frames that are overtaken by later ones of the same link.
    pub reorder: f64,
}

/// One way inside a site.
const NEAR: Duration = Duration::from_micros(250);
/// Spread of distances between sites: the standard deviation of their logarithm.
const SPREAD: f64 = 0.6;
/// Nobody is farther away, one way.
const FARTHEST: Duration = Duration::from_millis(350);
/// Bytes that a connection carries in a millisecond: 100 Mbit/s.
const BYTES_PER_MS: u64 = 12_500;
/// How late what is overtaken or repeated arrives at most.
pub(crate) const LATE: Duration = Duration::from_millis(500);

impl Weather {
    /// Twelve sites on one continent, and nothing goes wrong.
    pub fn fair() -> Weather {
        Weather { sites: 12, far: Duration::from_millis(25), reset: 0.0, refuse: 0.0, drop: 0.0, duplicate: 0.0, reorder: 0.0 }
    }

    /// Connections break, dials are refused, frames vanish, come twice and overtake each other.
    pub fn foul() -> Weather {
        Weather { reset: 0.002, refuse: 0.1, drop: 0.03, duplicate: 0.03, reorder: 0.05, ..Weather::fair() }
    }

    /// One way between two nodes, drawn once for each connection.
    pub(crate) fn distance(&self, one: u32, other: u32, rng: &mut StdRng) -> Duration {
        if one % self.sites.max(1) == other % self.sites.max(1) {
            return NEAR.mul_f64(rng.random_range(0.5..2.0));
        }
        self.far.mul_f64((SPREAD * normal(rng)).exp()).min(FARTHEST)
    }

    /// How long a frame of this length takes over a distance.
    pub(crate) fn travel(&self, distance: Duration, bytes: usize, rng: &mut StdRng) -> Duration {
        let jitter = distance.mul_f64(0.1 * -(1.0 - rng.random::<f64>()).ln());
        distance + jitter + Duration::from_micros(bytes as u64 * 1000 / BYTES_PER_MS)
    }
}

/// A normally distributed number: mean 0, deviation 1 (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let (a, b): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
