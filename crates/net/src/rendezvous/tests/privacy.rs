//! What strangers who carry the DHT see of two people who meet by it.

use std::time::Duration;

use data_encoding::{BASE32, BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use identity::Identity;

use super::capture::{Capture, ROLE, in_a_namespace};
use super::driver::{Order, bootstrap, fired_at_me, person, testnet};
use super::world::ana;
use crate::rendezvous::keys::{Slot, day_of};
use crate::rendezvous::meeting::{Meeting, Seat, Side};

const TEST: &str = "rendezvous::tests::privacy::a_trace_of_the_dht_shows_nobody";
const ROOM: [u8; 32] = [0x77; 32];
const INVITE_SEED: [u8; 16] = [0x5e; 16];

/// Ways in which bytes may be written.
fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let texts = [
        HEXLOWER.encode(bytes),
        HEXUPPER.encode(bytes),
        BASE32.encode(bytes),
        BASE32_NOPAD.encode(bytes),
        BASE32_NOPAD.encode(bytes).to_ascii_lowercase(),
        BASE64.encode(bytes),
        BASE64_NOPAD.encode(bytes),
        BASE64URL.encode(bytes),
        BASE64URL_NOPAD.encode(bytes),
    ];
    std::iter::once(bytes.to_vec()).chain(texts.into_iter().map(String::into_bytes)).collect()
}

fn contains(trace: &[Vec<u8>], needle: &[u8]) -> bool {
    trace.iter().any(|payload| payload.windows(needle.len()).any(|window| window == needle))
}

/// Runs in a namespace of its own, where all packets are its own.
#[test]
fn a_trace_of_the_dht_shows_nobody() {
    if std::env::var_os(ROLE).is_none() {
        in_a_namespace(TEST, "trace");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(trace());
}

async fn trace() {
    let ben = || Identity::from_seed(&[2; 32]);
    let secret = wire::derive("rendezvous", &INVITE_SEED);
    let net = testnet();
    let capture = Capture::start();
    let (mut inviter, mut joiner) = (person(ana(), bootstrap(&net)).await, person(ben(), bootstrap(&net)).await);
    for (person, side) in [(&inviter, Side::Inviter), (&joiner, Side::Joiner)] {
        let peer = (side == Side::Joiner).then(|| ana().peer());
        let _ = person.orders.send(Order::Set(vec![Meeting { secret, side, peer }])).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(capture.packets(), 0, "nothing is sent before it is turned on");
    for person in [&inviter, &joiner] {
        let _ = person.orders.send(Order::On(true)).await;
    }
    let (one, other) = (inviter.address.port(), joiner.address.port());
    tokio::select! {
        _ = inviter.until(fired_at_me) => {}
        _ = joiner.until(fired_at_me) => {}
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let trace: Vec<Vec<u8>> = capture.stop().into_iter().map(|datagram| datagram.payload).collect();
    println!("{} datagrams, {} bytes", trace.len(), trace.iter().map(Vec::len).sum::<usize>());

    let day = day_of(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis() as u64);
    let days = [day - 1, day, day + 1];
    let slots = |seat| days.map(|day| Slot::of(&secret, day, seat));
    // So that what follows can fail: slots and their targets are there.
    assert!(slots(Seat::Inviter).iter().any(|slot| contains(&trace, &slot.public)));

    let mut secrets: Vec<(&str, Vec<u8>)> = vec![
        ("ana's PeerId", ana().peer().as_bytes().to_vec()),
        ("ben's PeerId", ben().peer().as_bytes().to_vec()),
        ("ana's seed", vec![1; 32]),
        ("ben's seed", vec![2; 32]),
        ("the invite's seed", INVITE_SEED.to_vec()),
        ("the secret", secret.to_vec()),
        ("the room", ROOM.to_vec()),
        ("half of the room", ROOM[..16].to_vec()),
        ("a name", b"Ana".to_vec()),
        ("the program", b"rapevine".to_vec()),
    ];
    for seat in [Seat::Inviter, Seat::Joiner(0), Seat::Joiner(1), Seat::Joiner(2), Seat::Joiner(3)] {
        for slot in slots(seat) {
            secrets.push(("a slot's seed", slot.seed.to_vec()));
            secrets.push(("a slot's seal", slot.seal.to_vec()));
        }
    }
    for (what, bytes) in &secrets {
        for form in forms(bytes) {
            // Three bytes in a row come by chance: a name is looked for as it is, and longer.
            if form.len() >= 6 {
                assert!(!contains(&trace, &form), "{what} is in the trace");
            }
        }
    }
    // Nodes tell each one its own address. Where the partner is, is sealed.
    let tells = |port: u16| [b"2:ip6:".as_slice(), &[127, 0, 0, 1], &port.to_be_bytes()].concat();
    assert!(contains(&trace, &tells(one)) && contains(&trace, &tells(other)));
    let values: Vec<&Vec<u8>> = trace.iter().filter(|payload| payload.windows(6).any(|window| window == b"1:v384")).collect();
    assert!(!values.is_empty());
    for port in [one, other] {
        let address = [&[127, 0, 0, 1], &port.to_be_bytes()[..]].concat();
        let outside_of_ip = |payload: &&&Vec<u8>| {
            let at = payload.windows(6).position(|window| window == b"1:v384").expect("it has a value");
            payload[at..].windows(6).any(|window| window == address)
        };
        assert_eq!(values.iter().filter(outside_of_ip).count(), 0, "an address stands in clear in a value");
    }
}
