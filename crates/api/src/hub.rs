//! Numbers notices and hands them to every subscriber.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::types::{Notice, Numbered};

/// Batches that wait for one subscriber. A slower one loses batches, and learns of it by the gap in the numbers.
const MAX_WAITING_BATCHES: usize = 1_024;

/// The one place where notices get their numbers.
#[derive(Default)]
pub(crate) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    seq: u64,
    subscribers: Vec<mpsc::Sender<Arc<[Numbered]>>>,
}

impl Hub {
    /// Numbers the batch, offers it to every subscriber without waiting, and gives the last number so far.
    pub(crate) fn publish(&self, batch: Vec<Notice>) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.is_empty() {
            return state.seq;
        }
        let first = state.seq + 1;
        state.seq += batch.len() as u64;
        let batch: Arc<[Numbered]> = (first..).zip(batch).map(|(seq, notice)| Numbered { seq, notice }).collect();
        state.subscribers.retain(|s| !matches!(s.try_send(batch.clone()), Err(mpsc::error::TrySendError::Closed(_))));
        state.seq
    }

    pub(crate) fn subscribe(&self) -> Notices {
        let (send, receive) = mpsc::channel(MAX_WAITING_BATCHES);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).subscribers.push(send);
        Notices(receive)
    }
}

/// A stream of notices from the moment of subscribing on.
pub struct Notices(mpsc::Receiver<Arc<[Numbered]>>);

impl Notices {
    /// All that has come since the last call, in order; waits if that is nothing. None once the session is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Vec<Numbered>> {
        let mut notices = self.0.recv().await?.to_vec();
        while let Ok(more) = self.0.try_recv() {
            notices.extend_from_slice(&more);
        }
        Some(notices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Notice {
        Notice::InviteOpened { text: text.into() }
    }

    #[tokio::test]
    async fn a_subscriber_who_does_not_read_sees_a_gap_and_delays_nobody() {
        let hub = Hub::default();
        let mut lazy = hub.subscribe();
        for n in 0..(MAX_WAITING_BATCHES as u64 + 10) {
            assert_eq!(hub.publish(vec![note("x")]), n + 1);
        }
        let held = lazy.next().await.expect("the hub is there");
        assert!(held.iter().zip(1..).all(|(numbered, n)| numbered.seq == n));
        let last = held.last().expect("there were notices").seq;
        hub.publish(vec![note("y")]);
        let after = lazy.next().await.expect("there is room again");
        assert!(after[0].seq > last + 1, "the lost batches must show as a gap");
    }
}
