//! What one round is given on its command line.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use lab::Nat;

/// Name of this program inside.
pub(crate) const CELL: &str = "reach-cell";
/// A link that is possible stands after this time, or a cell that says no ends.
pub(super) const LINKED_WITHIN: Duration = Duration::from_secs(15);
/// The same over a DHT.
pub(super) const LONE_WITHIN: Duration = Duration::from_secs(30);
/// For the second to use the invite, after the first has made it.
pub(super) const GAP: Duration = Duration::from_secs(3);
pub(super) const UPGRADED_WITHIN: Duration = Duration::from_secs(20);
pub(super) const IDLE_FOR: Duration = Duration::from_secs(600);

/// What is done in a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// Two people and a co-member in public.
    Pair,
    /// Two people and a DHT.
    Lone,
    /// From a circuit to a direct link under load.
    Upgrade,
    /// What an idle node costs, for ten minutes.
    Idle,
}

#[derive(clap::Args, Clone, Debug, PartialEq)]
pub(crate) struct CellArgs {
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,
    #[arg(long)]
    pub(crate) a: Nat,
    #[arg(long)]
    pub(crate) b: Nat,
    #[arg(long)]
    pub(crate) loss: f64,
    #[arg(long)]
    pub(crate) ms: u64,
}

impl CellArgs {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let kind = self.kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let (a, b) = (self.a.to_string(), self.b.to_string());
        let words = [CELL, "--kind", &kind, "--a", &a, "--b", &b, "--loss", &self.loss.to_string(), "--ms", &self.ms.to_string()];
        words.map(str::to_owned).to_vec()
    }

    pub(crate) fn limit(&self) -> Duration {
        match self.kind {
            Kind::Pair => LINKED_WITHIN,
            Kind::Lone => LONE_WITHIN + GAP,
            Kind::Upgrade => UPGRADED_WITHIN * 2,
            Kind::Idle => IDLE_FOR,
        }
    }
}

impl fmt::Display for CellArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Pair => write!(f, "{}_{}", self.a, self.b),
            Kind::Lone => write!(f, "lone_{}_{}", self.a, self.b),
            Kind::Upgrade => write!(f, "upgrade"),
            Kind::Idle => write!(f, "idle"),
        }
    }
}
