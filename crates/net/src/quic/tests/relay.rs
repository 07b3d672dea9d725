//! A way between two ports on which datagrams get lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::at;

/// Stands for `to` at `address`, for the first who sends there. With it the way ends.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    pub(super) lost: Arc<AtomicUsize>,
    forget: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Loses this many of a hundred datagrams, in both directions.
    pub(super) async fn to(to: SocketAddr, percent: u32, seed: u64) -> Self {
        println!("seed {seed}");
        let (front, mut back) = (UdpSocket::bind(at(0)).await.expect("a port"), UdpSocket::bind(at(0)).await.expect("a port"));
        let address = front.local_addr().expect("a socket");
        let lost = Arc::<AtomicUsize>::default();
        let counted = lost.clone();
        let forget = Arc::<Notify>::default();
        let forgetting = forget.clone();
        let mut chance = StdRng::seed_from_u64(seed);
        let task = tokio::spawn(async move {
            let (mut out, mut home) = (vec![0; 65_536], vec![0; 65_536]);
            let mut dialler = None;
            loop {
                let (out, target, socket) = tokio::select! {
                    () = forgetting.notified() => {
                        back = UdpSocket::bind(at(0)).await.expect("a port");
                        continue;
                    }
                    Ok((len, from)) = front.recv_from(&mut out) => {
                        dialler = Some(from);
                        (&out[..len], Some(to), &back)
                    }
                    Ok((len, _)) = back.recv_from(&mut home) => (&home[..len], dialler, &front),
                };
                if chance.random_range(0..100) < percent {
                    counted.fetch_add(1, Ordering::Relaxed);
                } else if let Some(target) = target {
                    let _ = socket.send_to(out, target).await;
                }
            }
        });
        Self { address, lost, forget, task }
    }

    /// As a router that has forgotten a mapping: from now on the dialler comes from elsewhere.
    pub(super) fn forget(&self) {
        self.forget.notify_one();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
