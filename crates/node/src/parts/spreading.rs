//! The gossip engine, and when it needs a turn.

use gossip::{Effect, Engine, Input, Millis};
use rand::rngs::StdRng;

/// The gossip engine.
pub(crate) struct Spreading {
    engine: Engine,
    /// Kept for its memory.
    effects: Vec<Effect>,
    wake: Option<Millis>,
}

impl Spreading {
    pub(crate) fn new(engine: Engine) -> Self {
        Spreading { engine, effects: Vec::new(), wake: None }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Has the engine take an input. All effects are to be carried out, in order.
    pub(crate) fn handle(&mut self, now: Millis, input: Input, rng: &mut StdRng) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        self.engine.handle(now, input, rng, &mut effects);
        effects
    }

    /// Gives the list of effects back, for the next ones.
    pub(crate) fn reuse(&mut self, effects: Vec<Effect>) {
        self.effects = effects;
    }

    /// The engine asks for a turn. The earlier one counts: a wake-up too many is harmless.
    pub(crate) fn wake_at(&mut self, at: Millis) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.wake
    }

    /// Whether the engine is to have its [`Input::Tick`] now.
    pub(crate) fn take_due(&mut self, now: Millis) -> bool {
        let is_due = self.wake.is_some_and(|at| at <= now);
        if is_due {
            self.wake = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use gossip::Config;
    use identity::PeerId;

    use super::*;

    fn spreading() -> Spreading {
        Spreading::new(Engine::new(PeerId::from_bytes([1; 32]), Config::default(), [0; 32]))
    }

    #[test]
    fn the_earliest_wake_counts_and_comes_once() {
        let mut spreading = spreading();
        assert!(!spreading.take_due(1_000));
        [50, 20, 70].into_iter().for_each(|at| spreading.wake_at(at));
        assert_eq!(spreading.wake(), Some(20));
        assert!(!spreading.take_due(19));
        assert!(spreading.take_due(20));
        assert_eq!(spreading.wake(), None);
        assert!(!spreading.take_due(20));
    }
}
