//! How much small talk a link may bring: what is cheap to say and costs the node something to hear.

use wire::Message;

use crate::config::Rate;

/// Heads that cost as much as one other record: each is looked up and remembered, nothing more.
const HEADS_PER_UNIT: usize = 16;

/// A bucket of units that fills with time. Whoever has emptied it is not read for a while, so that TCP slows them down and nobody else.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// Milli-units; below zero is debt.
    left: i64,
    at: u64,
}

impl Allowance {
    pub(crate) fn new(rate: &Rate, now: u64) -> Self {
        Self { left: full(rate), at: now }
    }

    /// Takes what these messages cost. Milliseconds to wait before the next read, if it was more than is left.
    pub(crate) fn charge(&mut self, rate: &Rate, messages: &[Message], now: u64) -> Option<u64> {
        let cost: usize = messages.iter().map(cost).sum();
        if cost == 0 {
            return None;
        }
        let passed = i64::try_from(now.saturating_sub(self.at)).unwrap_or(i64::MAX);
        self.at = now;
        let per_ms = i64::from(rate.per_second.max(1));
        self.left = self.left.saturating_add(passed.saturating_mul(per_ms)).min(full(rate))
            - 1_000 * i64::try_from(cost).unwrap_or(i64::MAX / 2_000);
        u64::try_from(-self.left).ok().filter(|debt| *debt > 0).map(|debt| debt / per_ms.unsigned_abs() + 1)
    }
}

fn full(rate: &Rate) -> i64 {
    1_000 * i64::from(rate.burst)
}

/// Events pay for themselves: what is not new costs a hash, and what is bad is a fault.
fn cost(message: &Message) -> usize {
    match message {
        Message::Run(_) => 0,
        Message::Data(data) => usize::from(data.events.is_empty()),
        Message::Heads(heads) => 1 + heads.heads.len() / HEADS_PER_UNIT,
        // Each is signed.
        Message::Records(records) => records.len().max(1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use wire::RoomId;
    use wire::message::{HeadOf, Heads, Run};

    use super::*;

    const RATE: Rate = Rate { burst: 100, per_second: 50 };
    const ROOM: RoomId = RoomId([1; 32]);

    #[test]
    fn a_burst_passes_and_more_waits_until_it_is_paid_for() {
        let mut ana = Allowance::new(&RATE, 0);
        assert_eq!(ana.charge(&RATE, &vec![Message::Graft(ROOM); 100], 0), None);
        assert_eq!(ana.charge(&RATE, &[Message::Graft(ROOM)], 0), Some(21), "one record at 50 a second");
        assert_eq!(ana.charge(&RATE, &[Message::Graft(ROOM)], 40), None);
        assert_eq!(ana.charge(&RATE, &vec![Message::Graft(ROOM); 101], 1_000_000), Some(21), "no more is saved up than a burst");
    }

    #[test]
    fn events_are_free_and_many_heads_are_not() {
        let mut ana = Allowance::new(&RATE, 0);
        let run = Message::Run(Run { ttl: 1, room: ROOM, events: Vec::new() });
        assert_eq!(ana.charge(&RATE, &vec![run; 10_000], 0), None);
        let log = wire::ids::LogKey { device: identity::PeerId::from_bytes([2; 32]), log: wire::ids::LogId(1) };
        let heads = vec![HeadOf { log, seq: 1, hash: [0; 8] }; 1_000];
        let heads = Message::Heads(Heads { room: ROOM, heads });
        assert_eq!(ana.charge(&RATE, std::slice::from_ref(&heads), 0), None);
        assert!(ana.charge(&RATE, &[heads], 0).is_some_and(|wait| wait > 400));
    }
}
