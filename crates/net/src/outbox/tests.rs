use wire::Bye;

use super::*;
use crate::limits::QueueLimit;

fn outbox(limits: Limits) -> Outbox {
    Outbox::new(Arc::new(Shared::new(Arc::new(limits), 0)))
}

fn record(first: u8, len: usize) -> Record {
    let mut bytes = vec![0; len];
    bytes[0] = first;
    bytes.into()
}

fn drained(outbox: &Outbox) -> (Vec<u8>, bool) {
    let mut plaintext = Vec::new();
    let roomy = outbox.shared.mailbox.drain(&CLASSES, &mut plaintext);
    let firsts = wire::frame::records(&plaintext).map(|record| record.expect("just packed")[0]).collect();
    (firsts, roomy)
}

#[test]
fn control_goes_before_live_before_bulk() {
    let ana = outbox(Limits::default());
    for (class, name) in [(Class::Bulk, 5), (Class::Live, 3), (Class::Control, 1), (Class::Live, 4), (Class::Control, 2)] {
        ana.offer(class, record(name, 100)).expect("there is room");
    }
    assert_eq!(drained(&ana).0, [1, 2, 3, 4, 5]);
    assert_eq!(ana.waiting(), 0);
}

#[test]
fn what_nobody_can_write_now_waits() {
    let ana = outbox(Limits::default());
    ana.send_now(Class::Live, record(1, 100)).expect("there is room");
    assert_eq!(drained(&ana).0, [1]);
}

#[test]
fn one_frame_takes_60_kib_and_the_rest_waits_in_order() {
    let ana = outbox(Limits::default());
    for name in 0..4 {
        ana.offer(Class::Live, record(name, 25_000)).expect("there is room");
    }
    ana.offer(Class::Bulk, record(9, 10)).expect("there is room");
    assert_eq!(drained(&ana).0, [0, 1]);
    assert_eq!(drained(&ana).0, [2, 3, 9]);
}

#[test]
fn a_full_queue_refuses_and_tells_once_when_half_is_free() {
    let limit = QueueLimit { records: 4, bytes: 200_000 };
    let ana = outbox(Limits { live: limit, ..Limits::default() });
    for name in 0..4 {
        ana.offer(Class::Live, record(name, 50_000)).expect("there is room");
    }
    assert_eq!(ana.offer(Class::Live, record(4, 10)), Err(Full));
    assert_eq!(drained(&ana), (vec![0], false));
    assert_eq!(drained(&ana), (vec![1], true));
    assert_eq!(drained(&ana), (vec![2], false));
    assert_eq!(ana.shared.mailbox.end(), None);
}

#[test]
fn bytes_are_bounded_as_well_as_records() {
    let limit = QueueLimit { records: 1000, bytes: 100 };
    let ana = outbox(Limits { bulk: limit, ..Limits::default() });
    ana.offer(Class::Bulk, record(0, 5000)).expect("an empty queue takes any record");
    assert_eq!(ana.offer(Class::Bulk, record(1, 1)), Err(Full));
    ana.offer(Class::Control, record(2, 1)).expect("queues are bounded apart");
}

#[test]
fn a_full_control_queue_ends_the_link_as_too_slow() {
    let limit = QueueLimit { records: 2, bytes: 1000 };
    let ana = outbox(Limits { control: limit, ..Limits::default() });
    assert!([0, 1, 2].map(|name| ana.offer(Class::Control, record(name, 10)).is_ok()) == [true, true, false]);
    assert_eq!(ana.shared.mailbox.end(), Some(End::Say(Bye::TooSlow)));
}

#[test]
fn after_a_burst_the_memory_is_given_back() {
    let ana = outbox(Limits::default());
    for _ in 0..1000 {
        ana.offer(Class::Live, record(0, 50)).expect("there is room");
    }
    while ana.waiting() > 0 {
        drained(&ana);
    }
    assert_eq!(ana.shared.mailbox.capacity(), 0);
}

#[test]
fn a_closed_link_takes_nothing() {
    let ana = outbox(Limits::default());
    ana.offer(Class::Bulk, record(0, 10)).expect("there is room");
    ana.shared.close();
    assert_eq!((ana.offer(Class::Bulk, record(0, 10)), ana.waiting()), (Err(Full), 0));
}

#[test]
fn what_is_shared_is_small() {
    assert!(size_of::<Shared>() <= 512, "{} bytes", size_of::<Shared>());
}
