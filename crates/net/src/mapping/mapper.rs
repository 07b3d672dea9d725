//! The handle of the task that keeps the doors.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::driver;
use super::mappings::{Mappings, Ports};
use super::wish::Wish;

/// For the end; the task itself takes a little less.
const STOP: Duration = Duration::from_secs(1);

/// Keeps doors in the router open. Dropped without [`stop`](Self::stop), it takes them back too,
/// as far as the runtime lives on.
#[derive(Debug)]
pub(crate) struct Mapper {
    wishes: watch::Sender<Wish>,
    told: watch::Receiver<Mappings>,
    task: JoinHandle<()>,
}

impl Mapper {
    /// Begins at once if it is on.
    pub(crate) fn start(ports: Ports, on: bool) -> Self {
        let (wishes, wished) = watch::channel(Wish { on, ports, tries: 0, stop: false });
        let (tell, told) = watch::channel(Mappings::default());
        let task = tokio::spawn(driver::run(wished, tell));
        Self { wishes, told, task }
    }

    /// Off: all doors are taken back.
    pub(crate) fn set_on(&self, on: bool) {
        self.wishes.send_if_modified(|wish| std::mem::replace(&mut wish.on, on) != on);
    }

    /// These ports from now on; doors to others are taken back.
    pub(crate) fn set_ports(&self, ports: Ports) {
        self.wishes.send_if_modified(|wish| std::mem::replace(&mut wish.ports, ports) != ports);
    }

    /// Looks at the network, renews all doors, and asks all protocols afresh.
    pub(crate) fn try_now(&self) {
        self.wishes.send_modify(|wish| wish.tries = wish.tries.wrapping_add(1));
    }

    /// Waits until [`current`](Self::current) changed in more than how long the doors last.
    pub(crate) async fn changed(&mut self) {
        if self.told.changed().await.is_err() {
            pending().await
        }
    }

    /// The doors that are open now, and what the router said.
    pub(crate) fn current(&self) -> Mappings {
        self.told.borrow().clone()
    }

    /// Takes all doors back, as far as the router answers within a second.
    pub(crate) async fn stop(mut self) {
        self.wishes.send_modify(|wish| wish.stop = true);
        if timeout(STOP, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
