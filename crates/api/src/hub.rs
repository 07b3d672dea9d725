//! Numbers notices and hands them to every subscriber.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::types::{Body, Message, Notice, Numbered};

/// Batches that wait for one subscriber. A slower one loses batches, and learns of it by the gap in
/// the numbers.
const MAX_WAITING_BATCHES: usize = 1_024;
/// Bytes in these batches: one alone may hold more. Raised: a member who floods a room makes the
/// memory of a peer with a slow client grow further. Lowered: a client that is held up sees gaps
/// sooner.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;
/// What one text of the contract takes: ids are in hexadecimal.
const TEXT_BYTES: usize = 100;

/// The one place where notices get their numbers.
#[derive(Default)]
pub(crate) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    seq: u64,
    subscribers: Vec<Subscriber>,
}

struct Subscriber {
    batches: mpsc::Sender<Batch>,
    /// Bytes in batches that wait.
    waiting: Arc<AtomicUsize>,
    lost: Arc<Lost>,
}

/// The newest batch that a subscriber lost, if none came after it. It is told when nothing waits
/// any more. Without it, a subscriber that lost the last batches would see no gap in the numbers
/// until something else happens.
#[derive(Default)]
struct Lost {
    newest: Mutex<Option<Batch>>,
    told: Notify,
}

/// Notices that happened together.
#[derive(Clone)]
struct Batch {
    notices: Arc<[Numbered]>,
    bytes: usize,
}

impl Hub {
    /// Numbers the batch, offers it to every subscriber without waiting, and gives the last number
    /// so far.
    pub(crate) fn publish(&self, batch: Vec<Notice>) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.is_empty() {
            return state.seq;
        }
        let first = state.seq + 1;
        state.seq += batch.len() as u64;
        let bytes = batch.iter().map(bytes_of).sum();
        let notices: Arc<[Numbered]> = (first..).zip(batch).map(|(seq, notice)| Numbered { seq, notice }).collect();
        let batch = Batch { notices, bytes };
        state.subscribers.retain(|subscriber| subscriber.offer(&batch));
        state.seq
    }

    pub(crate) fn subscribe(&self) -> Notices {
        let (send, batches) = mpsc::channel(MAX_WAITING_BATCHES);
        let (waiting, lost) = (Arc::default(), Arc::default());
        let subscriber = Subscriber { batches: send, waiting: Arc::clone(&waiting), lost: Arc::clone(&lost) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).subscribers.push(subscriber);
        Notices { batches, waiting, lost }
    }
}

impl Subscriber {
    /// False once it is gone.
    fn offer(&self, batch: &Batch) -> bool {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > 0 && waiting + batch.bytes > MAX_WAITING_BYTES {
            self.lost.keep(batch);
            return !self.batches.is_closed();
        }
        // Both before the newer one is there to be taken.
        self.lost.take();
        self.waiting.fetch_add(batch.bytes, Ordering::Relaxed);
        let refused = self.batches.try_send(batch.clone()).err();
        if refused.is_some() {
            self.waiting.fetch_sub(batch.bytes, Ordering::Relaxed);
            self.lost.keep(batch);
        }
        !matches!(refused, Some(mpsc::error::TrySendError::Closed(_)))
    }
}

impl Lost {
    fn keep(&self, batch: &Batch) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch.clone());
        self.told.notify_one();
    }

    fn take(&self) -> Option<Batch> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A stream of notices from the moment of subscribing on.
pub struct Notices {
    batches: mpsc::Receiver<Batch>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<Lost>,
}

impl Notices {
    /// All that has come since the last call, in order; waits if that is nothing. None once the
    /// session is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Vec<Numbered>> {
        let mut notices = self.next_batch().await?.to_vec();
        while let Some(more) = self.try_next_batch() {
            notices.extend_from_slice(&more);
        }
        Some(notices)
    }

    /// What happened together next, and is shared with other subscribers; waits if that is nothing.
    /// None once the session is gone. Cancel-safe.
    pub async fn next_batch(&mut self) -> Option<Arc<[Numbered]>> {
        loop {
            if let Some(batch) = self.try_next_batch() {
                return Some(batch);
            }
            if let Some(lost) = self.lost.take() {
                return Some(lost.notices);
            }
            tokio::select! {
                batch = self.batches.recv() => return Some(self.taken(batch?)),
                () = self.lost.told.notified() => {}
            }
        }
    }

    /// The same, if it is there.
    pub fn try_next_batch(&mut self) -> Option<Arc<[Numbered]>> {
        let batch = self.batches.try_recv().ok()?;
        Some(self.taken(batch))
    }

    fn taken(&self, batch: Batch) -> Arc<[Numbered]> {
        self.waiting.fetch_sub(batch.bytes, Ordering::Relaxed);
        batch.notices
    }
}

/// About what a notice takes in memory, for those that others can make large or many.
fn bytes_of(notice: &Notice) -> usize {
    let more = match notice {
        Notice::Messages { messages, .. } => messages.iter().map(bytes_of_message).sum(),
        Notice::MessagesGone { messages, .. } => messages.len() * 2 * TEXT_BYTES,
        Notice::MembersChanged { people, .. } => people.len() * 4 * TEXT_BYTES,
        Notice::NetworkChanged { people, gone } => people.len() * 8 * TEXT_BYTES + gone.len() * TEXT_BYTES,
        Notice::NearbyChanged { nearby } => nearby.len() * 4 * TEXT_BYTES,
        Notice::DoctorChanged { doctor } => (4 * doctor.rows.len() + doctor.addresses.len()) * TEXT_BYTES,
        Notice::DeliveryChanged { delivery, .. } => (delivery.saved.len() + delivery.acks.len()) * 2 * TEXT_BYTES,
        Notice::InviteOpened { text } => text.len(),
        Notice::RoomChanged { room } => room.draft.len() + room.topic.len() + 10 * TEXT_BYTES,
        Notice::StageChanged { .. }
        | Notice::MeChanged { .. }
        | Notice::RoomGone { .. }
        | Notice::PersonChanged { .. }
        | Notice::RequestAdded { .. }
        | Notice::RequestGone { .. }
        | Notice::JoinChanged { .. }
        | Notice::JoinGone { .. }
        | Notice::AlertRaised { .. }
        | Notice::AlertGone { .. } => 4 * TEXT_BYTES,
    };
    size_of::<Numbered>() + more
}

fn bytes_of_message(message: &Message) -> usize {
    let body = match &message.body {
        Body::Text { text, reply, reactions, .. } => {
            let people: usize = reactions.iter().map(|reaction| 1 + reaction.people.len()).sum();
            text.len() + (people + 4 * usize::from(reply.is_some())) * TEXT_BYTES
        }
        Body::TopicSet { text } => text.len(),
        Body::MemberAdded { .. } | Body::MemberRemoved { .. } | Body::RoleGiven { .. } => 2 * TEXT_BYTES,
        Body::RoomCreated { .. } | Body::RoomRenamed { .. } => TEXT_BYTES,
        Body::MemberLeft | Body::OnlyAdminsAdd { .. } | Body::HistorySet { .. } | Body::Waiting { .. } | Body::Deleted => 0,
    };
    size_of::<Message>() + 6 * TEXT_BYTES + body
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

    /// A room that is flooded: each batch holds many long messages.
    #[tokio::test]
    async fn what_waits_for_a_subscriber_who_does_not_read_is_bounded_in_bytes() {
        let hub = Hub::default();
        let mut lazy = hub.subscribe();
        let text = "x".repeat(16 * 1024);
        for _ in 0..MAX_WAITING_BATCHES {
            hub.publish((0..16).map(|_| note(&text)).collect());
        }
        let held = lazy.next().await.expect("the hub is there");
        assert!(held.len() * text.len() <= MAX_WAITING_BYTES, "{} of them wait", held.len());
        assert!(held.len() * text.len() >= MAX_WAITING_BYTES * 9 / 10);
        hub.publish(vec![note("y")]);
        let after = lazy.next().await.expect("there is room again");
        assert_eq!(after[0].seq, MAX_WAITING_BATCHES as u64 * 16 + 1, "the rest shows as a gap");
    }

    #[tokio::test]
    async fn whoever_lost_the_last_notices_sees_the_gap_although_nothing_comes_after() {
        let hub = Hub::default();
        let mut lazy = hub.subscribe();
        for _ in 0..MAX_WAITING_BATCHES + 10 {
            hub.publish(vec![note("x")]);
        }
        let held = lazy.next().await.expect("the hub is there");
        let newest = lazy.next().await.expect("the newest one is told");
        assert_eq!(held.len(), MAX_WAITING_BATCHES);
        assert_eq!(newest.iter().map(|told| told.seq).collect::<Vec<_>>(), [MAX_WAITING_BATCHES as u64 + 10]);
        hub.publish(vec![note("y")]);
        let after = lazy.next().await.expect("there is room again");
        assert_eq!(after.iter().map(|told| told.seq).collect::<Vec<_>>(), [MAX_WAITING_BATCHES as u64 + 11]);
    }

    #[tokio::test]
    async fn what_is_larger_than_all_that_may_wait_is_told_if_nothing_waits() {
        let hub = Hub::default();
        let mut ana = hub.subscribe();
        for _ in 0..2 {
            hub.publish(vec![note(&"x".repeat(2 * MAX_WAITING_BYTES))]);
            assert_eq!(ana.next().await.map(|told| told.len()), Some(1));
        }
    }
}
