//! Every packet of a network namespace that a test made for itself.

use std::io::Read;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// All protocols, as `AF_PACKET` wants it.
const ALL: u16 = 0x0003;
/// Says in which role the test's own program was started again.
pub(super) const ROLE: &str = "GRAPEVINE_TEST_ROLE";

/// An UDP datagram by IPv4.
#[derive(Clone)]
pub(super) struct Datagram {
    pub(super) from: u16,
    pub(super) to: u16,
    /// With the headers of IP and UDP.
    pub(super) length: usize,
    pub(super) payload: Vec<u8>,
}

/// Records until it is stopped.
pub(super) struct Capture {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: JoinHandle<()>,
}

impl Capture {
    /// Needs the right to see all packets, which is there in a namespace of one's own.
    pub(super) fn start() -> Self {
        let mut socket =
            Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(i32::from(ALL.to_be())))).expect("packets can be seen");
        socket.set_recv_buffer_size(8 * 1024 * 1024).expect("a larger buffer");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time limit");
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (until, into) = (stop.clone(), seen.clone());
        let thread = std::thread::spawn(move || {
            let mut packet = [0; 65_536];
            while !until.load(Ordering::Relaxed) {
                if let Ok(length) = socket.read(&mut packet) {
                    into.lock().expect("nobody panicked").push(packet[..length].to_vec());
                }
            }
        });
        Self { stop, seen, thread }
    }

    /// How many packets there were, of any kind.
    pub(super) fn packets(&self) -> usize {
        self.seen.lock().expect("nobody panicked").len()
    }

    /// All UDP datagrams, each once: loopback shows them going out and coming in.
    pub(super) fn stop(self) -> Vec<Datagram> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it recorded");
        let seen = self.seen.lock().expect("nobody panicked");
        let mut datagrams: Vec<Datagram> = seen.iter().filter_map(|packet| udp(packet)).collect();
        let mut turn = std::collections::BTreeMap::new();
        datagrams.retain(|datagram| {
            let times = turn.entry((datagram.from, datagram.to, datagram.payload.clone())).or_insert(0_usize);
            *times += 1;
            *times % 2 == 1
        });
        datagrams
    }
}

fn udp(packet: &[u8]) -> Option<Datagram> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    if packet[0] >> 4 != 4 || packet.get(9) != Some(&17) {
        return None;
    }
    let udp = packet.get(header..)?;
    let port = |at: usize| Some(u16::from_be_bytes([*udp.get(at)?, *udp.get(at + 1)?]));
    Some(Datagram { from: port(0)?, to: port(2)?, length: packet.len(), payload: udp.get(8..)?.to_vec() })
}

/// Runs this very test again as `role` in a network namespace of its own with loopback up. False,
/// with one line, where namespaces are refused.
pub(super) fn in_a_namespace(test: &str, role: &str) -> bool {
    let up = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rn", "sh", "-c", &format!("ip link set lo up && {then}"), "sh"]);
        command
    };
    if !up("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: namespaces are refused here, or unshare and ip are missing");
        return false;
    }
    let exe = std::env::current_exe().expect("a test is a program");
    let status = up("exec \"$@\"").arg(exe).args(["--exact", test, "--nocapture", "--include-ignored"]).env(ROLE, role).status();
    assert!(status.expect("unshare runs").success(), "{test} as {role} failed");
    true
}
