//! The engines that are compared.

use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// Whom to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// Grapevine's node: gossip, rooms, and the store on disk.
    Ours,
    /// iroh-gossip over iroh (QUIC), relays and discovery off.
    IrohGossip,
    /// libp2p gossipsub over TCP, Noise and Yamux, signed, strict.
    Gossipsub,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Ours, Kind::IrohGossip, Kind::Gossipsub];

    /// As it is written on the command line and in figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::IrohGossip => "iroh-gossip",
            Kind::Gossipsub => "gossipsub",
        }
    }

    /// Whom a newcomer is told of: what each engine's documentation asks for. Ours is led in by the
    /// one invite of the first.
    pub(crate) fn choose(self, earlier: &[String], rng: &mut StdRng) -> Vec<String> {
        match self {
            Kind::Ours => earlier.first().cloned().into_iter().collect(),
            Kind::IrohGossip => earlier.sample(rng, 2).cloned().collect(),
            // Its mesh wants 6 at each node, and it finds nobody by itself.
            Kind::Gossipsub => earlier.sample(rng, 8).cloned().collect(),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
