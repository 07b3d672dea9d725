//! What the wire costs in memory, counted by the allocator.

use std::alloc::System;
use std::sync::Arc;

use identity::Identity;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use wire::limits::MIN_EVENT;
use wire::{Data, FrameReader, Handshake, LogId, LogKey, Message, RawEvent, RoomId, Session, StaticKey, Step};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The leanest of several runs: the count is the whole process's, and the test runner allocates now
/// and then.
fn counted<T>(work: impl Fn() -> T) -> (T, Stats) {
    let runs = (0..9).map(|_| {
        let region = Region::new(ALLOCATOR);
        let value = work();
        (value, region.change())
    });
    runs.min_by_key(|(_, stats)| stats.allocations + stats.reallocations).expect("nine runs")
}

/// Bytes that are still held; growing and shrinking in place are part of both sums.
fn held(stats: &Stats) -> usize {
    stats.bytes_allocated - stats.bytes_deallocated
}

fn session(ana: &Arc<Identity>, ben: &Arc<Identity>, key: &StaticKey) -> Session {
    let (dialling, first) = Handshake::initiate(ana.clone(), key, None).expect("ana can dial");
    let dialled = Handshake::respond(ben.clone(), key).expect("ben can answer");
    let Ok(Step::Reply(_, second)) = dialled.read(&first) else { panic!("ben answers") };
    match dialling.read(&second) {
        Ok(Step::Done { session, .. }) => session,
        other => panic!("{other:?}"),
    }
}

/// One test, so that nothing runs beside what is counted.
#[test]
fn memory_costs_what_the_documents_say() {
    an_idle_link_costs_less_than_1_5_kib();
    a_frame_that_was_cut_is_released_once_it_was_read();
    a_length_prefix_of_2_63_allocates_nothing();
    reading_events_allocates_once_for_each_and_once_for_their_list();
}

fn an_idle_link_costs_less_than_1_5_kib() {
    let (ana, ben) = (Arc::new(Identity::from_seed(&[1; 32])), Arc::new(Identity::from_seed(&[2; 32])));
    let key = StaticKey::generate().expect("randomness");
    let (_kept, stats) = counted(|| (session(&ana, &ben, &key), FrameReader::new()));
    let heap = held(&stats);
    let inline = size_of::<Session>() + size_of::<FrameReader>();
    println!("idle link: {heap} B on the heap, {inline} B inline");
    assert!(heap + inline <= 1536, "{heap} on the heap, {inline} inline");
}

fn a_frame_that_was_cut_is_released_once_it_was_read() {
    let frame = [1000u32.to_be_bytes().as_slice(), &[7; 1000]].concat();
    let (frames, stats) = counted(|| {
        let mut reader = FrameReader::new();
        reader.established();
        let mut frames = 0;
        for part in frame.chunks(300) {
            let count = |_: &[u8]| {
                frames += 1;
                Ok::<_, wire::FrameFault>(())
            };
            reader.feed(part, count).expect("the length is right");
        }
        (frames, std::mem::ManuallyDrop::new(reader)).0
    });
    assert_eq!(frames, 1);
    assert!(stats.allocations > 0);
    assert_eq!(held(&stats), 0);
}

fn a_length_prefix_of_2_63_allocates_nothing() {
    let huge = [[253].as_slice(), &(1u64 << 63).to_le_bytes()].concat();
    let run = [[0x10, 1].as_slice(), &[0; 32], &huge].concat();
    let rooms = [[0x05].as_slice(), &huge].concat();
    let (refused, stats) =
        counted(|| wire::codec::decode::<Vec<u8>>(&huge).is_err() && Message::decode(&run).is_err() && Message::decode(&rooms).is_err());
    assert!(refused);
    assert_eq!((stats.allocations, stats.reallocations), (0, 0));
}

fn reading_events_allocates_once_for_each_and_once_for_their_list() {
    let log = LogKey { device: Identity::from_seed(&[1; 32]).peer(), log: LogId(1) };
    let events = vec![RawEvent(vec![7; MIN_EVENT].into()); 200];
    let record = Message::Data(Data { room: RoomId([1; 32]), log, last: 200, events }).encode();
    let (message, stats) = counted(|| Message::decode(&record));
    assert!(message.is_ok());
    assert_eq!((stats.allocations, stats.reallocations), (201, 0));
}
