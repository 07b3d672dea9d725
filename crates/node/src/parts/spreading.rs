//! The gossip engine, and what it has still to be told.

use std::collections::VecDeque;

use gossip::{Effect, Engine, Input, Millis};
use rand::rngs::StdRng;

/// The gossip engine with a queue of inputs. It is asked in a flat loop: one input is handled, all
/// its effects are carried out in order, and what follows from them waits at the end of the queue.
pub(crate) struct Spreading {
    engine: Engine,
    inputs: VecDeque<Input>,
    /// The loop is under way: it takes what is pushed in its turn.
    is_running: bool,
    /// Kept for its memory.
    effects: Vec<Effect>,
    wake: Option<Millis>,
}

impl Spreading {
    pub(crate) fn new(engine: Engine) -> Self {
        Spreading { engine, inputs: VecDeque::new(), is_running: false, effects: Vec::new(), wake: None }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Queues an input. True if the caller is to begin the loop, with [`Spreading::next`].
    pub(crate) fn push(&mut self, input: Input) -> bool {
        self.inputs.push_back(input);
        !std::mem::replace(&mut self.is_running, true)
    }

    /// The next input; none ends the loop.
    pub(crate) fn next(&mut self) -> Option<Input> {
        let next = self.inputs.pop_front();
        self.is_running = next.is_some();
        next
    }

    /// Has the engine take an input. All effects are to be carried out, in order.
    pub(crate) fn handle(&mut self, now: Millis, input: Input, rng: &mut StdRng) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        self.engine.handle(now, input, rng, &mut effects);
        effects
    }

    /// Gives the list of effects back, for the next ones.
    pub(crate) fn reuse(&mut self, effects: Vec<Effect>) {
        debug_assert!(effects.is_empty(), "all effects are carried out");
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
    use rand::SeedableRng;
    use wire::ids::RoomId;

    use super::*;

    fn spreading() -> Spreading {
        Spreading::new(Engine::new(PeerId::from_bytes([1; 32]), Config::default(), [0; 32]))
    }

    fn opened(room: u8) -> Input {
        Input::RoomOpened { room: RoomId([room; 32]), heads: Vec::new(), stopped: Vec::new() }
    }

    fn room_of(input: &Input) -> Option<u8> {
        if let Input::RoomOpened { room, .. } = input { Some(room.0[0]) } else { None }
    }

    #[test]
    fn what_follows_from_an_input_comes_after_all_that_waits() {
        let mut spreading = spreading();
        let mut rng = StdRng::seed_from_u64(1);
        assert!(spreading.push(opened(1)), "the first one begins the loop");
        let mut order = Vec::new();
        while let Some(input) = spreading.next() {
            let room = room_of(&input).expect("only rooms are opened here");
            order.push(room);
            let mut effects = spreading.handle(0, input, &mut rng);
            effects.clear();
            spreading.reuse(effects);
            if room < 4 {
                // Carrying out leads to two more, the loop goes on with them.
                assert!(!spreading.push(opened(2 * room)));
                assert!(!spreading.push(opened(2 * room + 1)));
            }
        }
        assert_eq!(order, [1, 2, 3, 4, 5, 6, 7]);
        assert!(spreading.push(opened(8)), "the loop is over: the next one begins another");
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
