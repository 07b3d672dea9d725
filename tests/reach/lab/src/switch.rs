//! The internet of a lab: a switch that delays and loses. Many kernels have no netem, and this one
//! counts what passes.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvfrom, send, socket};

use crate::seen::Seen;
use crate::ttl::travel;

/// Frames on their way at once; what is more is lost, as with every switch.
const MAX_UNDER_WAY: usize = 16 * 1024;
/// Linux's mark for frames that were sent from here (`PACKET_OUTGOING`).
const OURS: u8 = 4;

/// Passes frames between its ports until it is dropped with the process.
#[derive(Clone)]
pub(crate) struct Switch(Arc<Inner>);

struct Inner {
    ports: Vec<OwnedFd>,
    state: Mutex<State>,
    more: Condvar,
    delay_us: AtomicU64,
    /// Lost frames in a million.
    loss_ppm: AtomicU64,
    hops: u8,
}

#[derive(Default)]
struct State {
    under_way: VecDeque<Frame>,
    /// Behind which port a hardware address is.
    homes: BTreeMap<[u8; 6], usize>,
    seen: Seen,
}

struct Frame {
    due: Instant,
    from: usize,
    bytes: Vec<u8>,
}

impl Switch {
    /// With these interfaces of this namespace as its ports. `hops`: routers that the way through
    /// it stands for.
    pub(crate) fn start(ports: &[String], delay: Duration, loss: f64, hops: u8) -> Switch {
        let ports: Vec<OwnedFd> = ports.iter().map(|name| open(name).unwrap_or_else(|error| panic!("port {name}: {error}"))).collect();
        let count = ports.len();
        let inner =
            Inner { ports, state: Mutex::default(), more: Condvar::new(), delay_us: AtomicU64::new(0), loss_ppm: AtomicU64::new(0), hops };
        let switch = Switch(Arc::new(inner));
        switch.set(delay, loss);
        for port in 0..count {
            let inner = switch.0.clone();
            std::thread::spawn(move || inner.receive(port));
        }
        let inner = switch.0.clone();
        std::thread::spawn(move || inner.deliver());
        switch
    }

    /// From the next frame on.
    pub(crate) fn set(&self, delay: Duration, loss_per_cent: f64) {
        self.0.delay_us.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.0.loss_ppm.store((loss_per_cent * 10_000.0) as u64, Ordering::Relaxed);
    }

    /// What went by since the start.
    pub(crate) fn seen(&self) -> Seen {
        self.0.lock().seen.clone()
    }
}

/// A socket that sees all frames of an interface.
fn open(name: &str) -> nix::Result<OwnedFd> {
    let port = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)?;
    let mut addresses = getifaddrs()?.filter(|known| known.interface_name == name);
    let address: LinkAddr = addresses.find_map(|known| known.address?.as_link_addr().copied()).ok_or(Errno::ENODEV)?;
    bind(port.as_raw_fd(), &address)?;
    Ok(port)
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds this")
    }

    fn receive(&self, port: usize) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let (length, from) = match recvfrom::<LinkAddr>(self.ports[port].as_raw_fd(), &mut buffer) {
                Ok(read) => read,
                // The interface is down, or a signal came.
                Err(Errno::EINTR | Errno::ENETDOWN | Errno::ENOBUFS) => continue,
                Err(_) => return,
            };
            if from.is_none_or(|from| from.pkttype() == OURS) {
                continue;
            }
            let lost = rand::random_range(0..1_000_000) < self.loss_ppm.load(Ordering::Relaxed);
            let due = Instant::now() + Duration::from_micros(self.delay_us.load(Ordering::Relaxed));
            let mut state = self.lock();
            let bytes = &buffer[..length];
            state.seen.count(bytes);
            if let Some(source) = bytes.get(6..12).and_then(|source| <[u8; 6]>::try_from(source).ok()) {
                state.homes.insert(source, port);
            }
            let mut bytes = bytes.to_vec();
            if !lost && travel(&mut bytes, self.hops) && state.under_way.len() < MAX_UNDER_WAY {
                state.under_way.push_back(Frame { due, from: port, bytes });
                self.more.notify_one();
            }
        }
    }

    fn deliver(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let Some(first) = state.under_way.front() else {
                state = self.more.wait(state).expect("no thread panics while it holds this");
                continue;
            };
            if first.due > now {
                let left = first.due - now;
                drop(state);
                std::thread::sleep(left);
                state = self.lock();
                continue;
            }
            let Some(frame) = state.under_way.pop_front() else { continue };
            let home = frame.bytes.get(..6).and_then(|to| state.homes.get(to).copied());
            drop(state);
            for (to, port) in self.ports.iter().enumerate() {
                if to != frame.from && home.is_none_or(|home| home == to) {
                    // Full or down: lost.
                    let _lost = send(port.as_raw_fd(), &frame.bytes, MsgFlags::empty());
                }
            }
            state = self.lock();
        }
    }
}
