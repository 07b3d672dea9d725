//! Questions to a keychain that may never answer, asked so that the caller never hangs.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Passes on one question at a time, each on a thread of its own.
///
/// A caller whose patience ends leaves; the question stays. A caller that asks the same again joins
/// it, and an answer that came meanwhile waits for that caller. Other questions wait their turn.
/// Invariant: at most one thread lingers, guarded by `asking_again_joins_the_pending_question`.
pub(super) struct Desk<Q, A> {
    state: Mutex<State<Q, A>>,
    changed: Condvar,
}

struct State<Q, A> {
    current: Option<Asked<Q, A>>,
    /// Distinguishes this asking of a question from an earlier one of the same question.
    round: u64,
}

struct Asked<Q, A> {
    question: Q,
    answer: Option<A>,
    /// Callers still there who joined this round.
    waiting: usize,
}

impl<Q: PartialEq + Send, A: Send> Desk<Q, A> {
    pub(super) const fn new() -> Self {
        Self { state: Mutex::new(State { current: None, round: 0 }), changed: Condvar::new() }
    }

    /// The answer, or `None` if it has not come within `patience`. An error means that no thread
    /// could be started.
    pub(super) fn ask(
        &'static self,
        patience: Duration,
        question: Q,
        work: impl Fn() -> A + Clone + Send + 'static,
    ) -> io::Result<Option<A>>
    where
        Q: Clone,
    {
        let begun = Instant::now();
        let mut joined: Option<u64> = None;
        let mut state = self.lock();
        loop {
            joined = joined.filter(|round| *round == state.round && state.current.is_some());
            if let Some(asked) = &mut state.current
                && asked.question == question
            {
                if let Some(answer) = asked.answer.take() {
                    state.current = None;
                    self.changed.notify_all();
                    return Ok(Some(answer));
                }
                if joined.is_none() {
                    asked.waiting += 1;
                    joined = Some(state.round);
                }
            } else if state.is_open() {
                // An answer that no caller came back for is dropped here. We may come here twice:
                // when another caller joined our round and took its answer, we ask anew.
                state.round += 1;
                self.start(state.round, work.clone())?;
                joined = Some(state.round);
                state.current = Some(Asked { question: question.clone(), answer: None, waiting: 1 });
            }
            let Some(left) = patience.checked_sub(begun.elapsed()) else {
                if joined.is_some()
                    && let Some(asked) = &mut state.current
                {
                    asked.waiting -= 1;
                    // Another question may have waited for this one's last caller to leave.
                    self.changed.notify_all();
                }
                return Ok(None);
            };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn start(&'static self, round: u64, work: impl FnOnce() -> A + Send + 'static) -> io::Result<()> {
        let run = move || {
            let answer = work();
            let mut state = self.lock();
            debug_assert_eq!(state.round, round, "a question was asked before the last one ended");
            if let Some(asked) = &mut state.current {
                asked.answer = Some(answer);
            }
            self.changed.notify_all();
        };
        std::thread::Builder::new().name("keychain".to_owned()).spawn(run).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, State<Q, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> State<Q, A> {
    /// Whether a new question may be asked now.
    fn is_open(&self) -> bool {
        match &self.current {
            None => true,
            Some(asked) => asked.answer.is_some() && asked.waiting == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    /// A desk of one's own, as the real one lives for ever.
    fn desk() -> &'static Desk<&'static str, usize> {
        Box::leak(Box::new(Desk::new()))
    }

    /// Work that ends when the test says so, and counts how often it was begun.
    fn held() -> (mpsc::SyncSender<usize>, Arc<AtomicUsize>, impl Fn() -> usize + Clone + Send + 'static) {
        let (release, held) = mpsc::sync_channel(1);
        let (held, begun) = (Arc::new(Mutex::new(held)), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&begun);
        let work = move || {
            count.fetch_add(1, Ordering::SeqCst);
            held.lock().expect("no test panics with it").recv().expect("the test releases it")
        };
        (release, begun, work)
    }

    fn answered(desk: &Desk<&'static str, usize>) -> bool {
        desk.lock().current.as_ref().is_some_and(|asked| asked.answer.is_some())
    }

    #[test]
    fn an_answer_comes_through() {
        let desk = desk();
        assert_eq!(desk.ask(LONG, "open", || 7).expect("threads start"), Some(7));
        assert_eq!(desk.ask(LONG, "open", || 8).expect("threads start"), Some(8), "and the next question is asked anew");
    }

    #[test]
    fn asking_again_joins_the_pending_question() {
        let (desk, (release, begun, work)) = (desk(), held());
        for _ in 0..3 {
            assert_eq!(desk.ask(SOON, "open", work.clone()).expect("threads start"), None);
        }
        release.send(7).expect("the work waits for it");
        assert_eq!(desk.ask(LONG, "open", work).expect("threads start"), Some(7));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn an_answer_that_came_meanwhile_waits_for_who_asks_again() {
        let (desk, (release, begun, work)) = (desk(), held());
        assert_eq!(desk.ask(SOON, "open", work.clone()).expect("threads start"), None);
        release.send(7).expect("the work waits for it");
        while !answered(desk) {
            std::thread::yield_now();
        }
        assert_eq!(desk.ask(Duration::ZERO, "open", work).expect("threads start"), Some(7));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn another_question_waits_for_its_turn_and_no_second_thread_lingers() {
        let (desk, (release, _, work)) = (desk(), held());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let probe = move || count.fetch_add(1, Ordering::SeqCst) + 100;
        assert_eq!(desk.ask(SOON, "open", work).expect("threads start"), None);
        assert_eq!(desk.ask(SOON, "probe", probe.clone()).expect("threads start"), None);
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        release.send(7).expect("the work waits for it");
        assert_eq!(desk.ask(LONG, "probe", probe).expect("threads start"), Some(100));
    }

    #[test]
    fn everybody_who_asks_at_once_gets_an_answer_to_their_own_question() {
        let desk = desk();
        std::thread::scope(|scope| {
            for number in 0..24 {
                let question = ["open", "probe", "create"][number % 3];
                scope.spawn(move || {
                    for _ in 0..20 {
                        let answer = desk.ask(LONG, question, move || number % 3).expect("threads start");
                        assert_eq!(answer, Some(number % 3));
                    }
                });
            }
        });
    }
}
