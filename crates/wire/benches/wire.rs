//! What a frame, a message and a handshake cost. `cargo bench -p grapevine-wire`; no harness,
//! figures on standard output.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use identity::Identity;
use wire::{Data, Handshake, LogId, LogKey, Message, RawEvent, RoomId, Run, Session, StaticKey, Step};

fn link() -> (Session, Session) {
    let (ana, ben) = (Arc::new(Identity::from_seed(&[1; 32])), Arc::new(Identity::from_seed(&[2; 32])));
    let key = StaticKey::generate().expect("randomness");
    let (dialling, first) = Handshake::initiate(ana, &key, None).expect("ana can dial");
    let dialled = Handshake::respond(ben, &key).expect("ben can answer");
    let Ok(Step::Reply(dialled, second)) = dialled.read(&first) else { panic!("ben answers") };
    let Ok(Step::Done { reply: Some(third), session: at_ana }) = dialling.read(&second) else { panic!("ana ends it") };
    let Ok(Step::Done { session: at_ben, .. }) = dialled.read(&third) else { panic!("ben ends it") };
    (at_ana, at_ben)
}

/// Best of five rounds, since the machine may be busy.
fn measure(name: &str, times: u32, mut work: impl FnMut()) {
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| work());
            start.elapsed() / times
        })
        .min()
        .unwrap_or_default();
    println!("{name:40} {:9.2} µs", best.as_secs_f64() * 1e6);
}

fn main() {
    measure("handshake, both sides", 200, || {
        black_box(link());
    });
    for size in [64, 300, 4096, 60 * 1024] {
        let (mut ana, _) = link();
        let (plaintext, mut frame, mut opened) = (vec![7; size], Vec::new(), Vec::new());
        measure(&format!("seal {size} B"), 2000, || {
            frame.clear();
            ana.cipher.seal(black_box(&plaintext), &mut frame).expect("a right length");
        });
        let (mut ana, mut ben) = link();
        measure(&format!("seal and open {size} B"), 2000, || {
            frame.clear();
            ana.cipher.seal(black_box(&plaintext), &mut frame).expect("a right length");
            ben.cipher.open(frame.get(4..).unwrap_or_default(), &mut opened).expect("the next frame");
        });
    }
    let log = LogKey { device: Identity::from_seed(&[1; 32]).peer(), log: LogId(1) };
    let run = Message::Run(Run { ttl: 32, room: RoomId([1; 32]), events: vec![RawEvent(vec![7; 400].into())] });
    let data = Message::Data(Data { room: RoomId([1; 32]), log, last: 100, events: vec![RawEvent(vec![7; 400].into()); 100] });
    for (name, message) in [("a run of one event", run), ("data of 100 events", data)] {
        measure(&format!("encode {name}"), 5000, || {
            black_box(message.encode());
        });
        let record = message.encode();
        measure(&format!("decode {name}"), 5000, || {
            black_box(Message::decode(&record)).expect("it was just made").expect("a known type");
        });
    }
}
