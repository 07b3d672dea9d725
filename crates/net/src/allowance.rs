//! How much small talk a link may bring: what is cheap to say and costs the node something to hear.

use wire::Message;

use crate::limits::Rate;

/// Heads that cost as much as one other record: each is looked up and remembered, nothing more.
const HEADS_PER_UNIT: usize = 16;

/// Units after which an emptied bucket is opened again. Higher: what comes then keeps the node for
/// longer at a time. Lower: more turns for the same.
const REOPENS_AT: i64 = 8;

/// A bucket of units that fills with time. A peer that has emptied it is heard a few words at a
/// time, and not read meanwhile, so that TCP slows down this peer only: what one frame holds, told
/// at once, would keep the node from others for milliseconds.
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

    /// How many of the first of these messages are paid for, and takes what they cost: as long as
    /// anything is left, the last one may cost more than that.
    pub(crate) fn pay<'a>(&mut self, rate: &Rate, messages: impl Iterator<Item = &'a Message>, now: u64) -> usize {
        let passed = i64::try_from(now.saturating_sub(self.at)).unwrap_or(i64::MAX);
        self.at = now;
        self.left = self.left.saturating_add(passed.saturating_mul(per_ms(rate))).min(full(rate));
        let paid = messages.take_while(|message| {
            let cost = i64::try_from(cost(message)).unwrap_or(i64::MAX / 2_000);
            let open = cost == 0 || self.left > 0;
            self.left -= if open { 1_000 * cost } else { 0 };
            open
        });
        paid.count()
    }

    /// Milliseconds until more is paid for.
    pub(crate) fn wait(&self, rate: &Rate) -> u64 {
        let lacking = (1_000 * REOPENS_AT).min(full(rate)) - self.left;
        u64::try_from(lacking / per_ms(rate)).unwrap_or(0) + 1
    }
}

fn full(rate: &Rate) -> i64 {
    1_000 * i64::from(rate.burst)
}

/// Milli-units that come in a millisecond.
fn per_ms(rate: &Rate) -> i64 {
    i64::from(rate.per_second.max(1))
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
    fn a_burst_passes_and_more_comes_a_few_at_a_time() {
        let (mut ana, grafts) = (Allowance::new(&RATE, 0), vec![Message::Graft(ROOM); 200]);
        assert_eq!(ana.pay(&RATE, grafts.iter(), 0), 100);
        assert_eq!(ana.pay(&RATE, grafts.iter(), 0), 0);
        assert_eq!(ana.wait(&RATE), 161, "eight records at 50 a second");
        assert_eq!(ana.pay(&RATE, grafts.iter(), 161), 9, "and one on credit");
        assert_eq!(ana.pay(&RATE, grafts.iter(), 1_000_000), 100, "no more is saved up than a burst");
    }

    #[test]
    fn events_are_free_and_many_heads_are_not() {
        let mut ana = Allowance::new(&RATE, 0);
        let run = Message::Run(Run { ttl: 1, room: ROOM, events: Vec::new() });
        assert_eq!(ana.pay(&RATE, vec![run.clone(); 10_000].iter(), 0), 10_000);
        let log = wire::ids::LogKey { device: identity::PeerId::from_bytes([2; 32]), log: wire::ids::LogId(1) };
        let heads = vec![HeadOf { log, seq: 1, hash: [0; 8] }; 1_000];
        let heads = Message::Heads(Heads { room: ROOM, heads });
        assert_eq!(ana.pay(&RATE, [&heads, &heads, &heads].into_iter(), 0), 2);
        assert!(ana.wait(&RATE) > 400);
        assert_eq!(ana.pay(&RATE, [&run, &run, &heads, &run].into_iter(), 0), 2, "what is free waits for nothing but its turn");
    }
}
