//! The lab is what it says: routers, delay, loss, and an end that leaves nothing behind. With bare
//! sockets, so that a fault of the program is never taken for one of the lab.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use lab::{Ended, Lab, Nat, Plan, Side};

use crate::NODE;

const WHOLE: Duration = Duration::from_secs(60);
/// Everything here is answered in a few milliseconds.
const SHORT: Duration = Duration::from_millis(400);
const ONE: Ipv4Addr = Ipv4Addr::new(11, 99, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(11, 99, 0, 9);
const PORT: u16 = 3478;

/// Tells everybody who asks where they are seen.
fn tell_where(lab: &Lab) {
    for address in [ONE, OTHER] {
        let socket = lab.at("c", || UdpSocket::bind((address, PORT))).expect("the address is c's");
        std::thread::spawn(move || {
            let mut question = [0; 16];
            while let Ok((_, from)) = socket.recv_from(&mut question) {
                let _gone = socket.send_to(from.to_string().as_bytes(), from);
            }
        });
        let listener = lab.at("c", || TcpListener::bind((address, PORT))).expect("the address is c's");
        std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    }
}

fn socket(lab: &Lab, place: &str) -> UdpSocket {
    let socket = lab.at(place, || UdpSocket::bind("0.0.0.0:5000")).expect("the port is free");
    socket.set_read_timeout(Some(SHORT)).expect("a time-out can be set");
    socket
}

fn seen_by(socket: &UdpSocket, address: Ipv4Addr) -> Option<SocketAddr> {
    socket.send_to(b"where", (address, PORT)).expect("there is a way");
    let mut answer = [0; 64];
    let (length, _) = socket.recv_from(&mut answer).ok()?;
    std::str::from_utf8(&answer[..length]).ok()?.parse().ok()
}

#[test]
fn routers_do_with_packets_what_their_kinds_say() {
    const KINDS: [(&str, Nat); 9] = [
        ("a", Nat::FullCone),
        ("b", Nat::Eim),
        ("d", Nat::EimRej),
        ("e", Nat::EimRst),
        ("f", Nat::Sym),
        ("g", Nat::CgEim),
        ("h", Nat::CgSym),
        ("j", Nat::NoUdp),
        ("l", Nat::Open),
    ];
    lab::test(WHOLE, || {
        let mut plan = Plan::one(Nat::Open);
        plan.sides[0].name = "s";
        plan.sides.extend(KINDS.map(|(name, nat)| Side { name, nat }));
        plan.one_way = Duration::from_millis(2);
        let lab = Lab::build(plan, NODE);
        tell_where(&lab);
        let stranger = socket(&lab, "s");
        for (place, nat) in KINDS {
            let socket = socket(&lab, place);
            let (one, other) = (seen_by(&socket, ONE), seen_by(&socket, OTHER));
            let outside = one.map(|seen| seen.ip());
            let expected = (nat != Nat::NoUdp).then(|| lab.plan.outer(place).into());
            assert_eq!(outside, expected, "{nat} as seen from outside");
            assert_eq!(one.is_some() && one == other, nat != Nat::NoUdp && !nat.is_symmetric(), "{nat}: {one:?} and {other:?}");
            let Some(outside) = one else { continue };
            stranger.send_to(b"hello", outside).expect("there is a way");
            let came_in = socket.recv_from(&mut [0; 64]).is_ok();
            assert_eq!(came_in, nat.lets_all_in(), "{nat}: a stranger's packet");
        }
        for (place, nat) in KINDS {
            let linked = lab.at(place, || TcpStream::connect_timeout(&(ONE, PORT).into(), SHORT)).is_ok();
            assert!(linked, "{nat}: TCP to the outside");
        }
        let answer = |place: &str| {
            let to = lab.plan.outer(place);
            lab.at("s", || TcpStream::connect_timeout(&(to, 5001).into(), SHORT)).err().map(|error| error.kind())
        };
        assert_eq!(
            ["b", "d", "e"].map(answer),
            [ErrorKind::TimedOut, ErrorKind::ConnectionRefused, ErrorKind::ConnectionRefused].map(Some)
        );
    });
}

#[test]
fn packets_take_their_time_and_some_are_lost() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::Open, Nat::Eim), NODE);
        tell_where(&lab);
        let socket = socket(&lab, "b");
        let _first = seen_by(&socket, ONE);
        let began = Instant::now();
        assert!(seen_by(&socket, ONE).is_some());
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(100) && took < Duration::from_millis(180), "a round trip of 100 ms took {took:?}");
        lab.lose(20.0);
        let came = std::thread::scope(|scope| {
            let count = scope.spawn(|| std::iter::from_fn(|| socket.recv_from(&mut [0; 64]).ok()).count());
            for sent in 0..1000 {
                socket.send_to(b"where", (ONE, PORT)).expect("there is a way");
                // What comes at once would overflow queues, which is another kind of loss.
                if sent % 10 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            count.join().expect("it only counts")
        });
        // 640 of 1 000 come back; the deviation is 15.
        assert!((540..740).contains(&came), "{came} of 1000 came back");
        assert!(lab.seen().between(lab.plan.outer("b"), ONE, 17).0 > 1000, "what is lost was seen, too");
    });
}

#[test]
fn a_packet_of_low_ttl_dies_at_the_provider() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::Eim, Nat::Eim).with_hops(), NODE);
        tell_where(&lab);
        let socket = socket(&lab, "a");
        // Two routers of a's, and eight on the way.
        let reached = [2, 10, 11, 64].map(|ttl| {
            socket.set_ttl(ttl).expect("a time to live can be set");
            seen_by(&socket, ONE).is_some()
        });
        assert_eq!(reached, [false, false, true, true]);
        let to_b = lab.plan.outer("b");
        let other = self::socket(&lab, "b");
        let theirs = seen_by(&other, ONE).expect("b is seen from outside");
        assert_eq!(theirs.ip(), to_b);
        other.send_to(b"open", (lab.plan.outer("a"), 5000)).expect("there is a way");
        socket.send_to(b"hello", theirs).expect("there is a way");
        assert!(other.recv_from(&mut [0; 64]).is_ok(), "the two meet in the middle");
    });
}

/// Found in the list of processes by this number, which nobody else sleeps for.
const SLEEPS: &str = "86399.4747";

/// Not a test: what the next one ends.
#[test]
#[ignore = "sleeps for a day, inside a lab that is ended"]
fn a_lab_that_hangs() {
    assert!(lab::inside());
    lab::settle_in();
    let _lab = Lab::build(Plan::one(Nat::Eim), NODE);
    let _hangs = std::process::Command::new("sleep").arg(SLEEPS).status();
}

#[test]
fn a_lab_whose_time_is_up_leaves_nothing_behind() {
    if let Some(why) = lab::refused() {
        eprintln!("skipped, no lab here: {why}");
        return;
    }
    let sleeps = || {
        let processes = std::fs::read_dir("/proc").expect("Linux tells").flatten();
        processes
            .filter(|process| {
                std::fs::read(process.path().join("cmdline")).is_ok_and(|words| words == format!("sleep\0{SLEEPS}\0").as_bytes())
            })
            .count()
    };
    let hangs =
        std::thread::spawn(|| lab::again(&["routers::a_lab_that_hangs", "--exact", "--ignored", "--nocapture"], Duration::from_secs(5)));
    let end = Instant::now() + Duration::from_secs(5);
    while sleeps() == 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(sleeps(), 1, "it hangs");
    assert!(matches!(hangs.join(), Ok(Ended::Late(_))));
    let end = Instant::now() + Duration::from_secs(5);
    while sleeps() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(sleeps(), 0, "its processes ended with it");
}
