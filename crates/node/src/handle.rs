//! How the rest of the program talks to the node's task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use wire::ids::RoomId;

use crate::core::Core;
use crate::say::Say;
use crate::turns::Turns;
use crate::view::{Refused, Said};

/// Requests that wait for the loop; beyond it callers wait, which is what slows a client that sends
/// faster than the disk takes it.
pub(crate) const MAX_REQUESTS: usize = 1_024;

/// How long a call that keeps something waits for the disk. Higher: a stalled disk keeps a client
/// waiting; lower: a full one is told by an alert only.
const PATIENCE: Duration = Duration::from_secs(1);

/// The node's task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has ended")]
pub struct Closed;

/// Something asked of the node.
pub(crate) enum Request {
    /// Say something in a room. Apart from the rest, because many in a row share one signature.
    Say(Say),
    /// Anything else.
    Do(Box<dyn FnOnce(&mut Core) + Send>),
    /// End in order.
    Stop(oneshot::Sender<()>),
}

/// A handle on a running node.
#[derive(Clone)]
pub struct Node {
    requests: mpsc::Sender<Request>,
    turns: Arc<Turns>,
}

impl Node {
    pub(crate) fn new(requests: mpsc::Sender<Request>, turns: Arc<Turns>) -> Self {
        Node { requests, turns }
    }

    /// Runs a closure on the node's task and gives its result.
    pub async fn with<T: Send + 'static>(&self, f: impl FnOnce(&mut Core) -> T + Send + 'static) -> Result<T, Closed> {
        let (done, result) = oneshot::channel();
        let job = Box::new(move |core: &mut Core| {
            let _gone = done.send(f(core));
        });
        self.queue(Request::Do(job)).await?;
        result.await.map_err(|_| Closed)
    }

    /// Like [`Node::with`], for a call that promises to keep something: gives its result once that
    /// is on disk, or the disk's refusal; then it lasts until the node ends, and no longer. A disk
    /// that takes its time is no reason to refuse: after a second the result is given all the same.
    pub async fn keep<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Core) -> Result<T, Refused> + Send + 'static,
    ) -> Result<Result<T, Refused>, Closed> {
        let done = self.with(move |core| {
            core.check_disk()?;
            let before = core.refused_writes();
            let value = f(core)?;
            if core.refused_writes() > before { Err(Refused::Disk) } else { Ok((value, core.when_kept())) }
        });
        Ok(match done.await? {
            Ok((value, kept)) => match tokio::time::timeout(PATIENCE, kept).await {
                Ok(Ok(outcome)) => outcome.map(|()| value),
                Ok(Err(_)) | Err(_) => Ok(value),
            },
            Err(refused) => Err(refused),
        })
    }

    /// Says it at once if the node rests, or queues it; the receiver gets the outcome. Splitting
    /// the two lets a client send many without waiting for each. What one caller says is said in
    /// that order.
    pub async fn say(
        &self,
        room: RoomId,
        text: String,
        reply_to: Option<wire::ids::EventId>,
    ) -> Result<oneshot::Receiver<Result<Said, Refused>>, Closed> {
        let (done, result) = oneshot::channel();
        if let Err(later) = self.turns.say_now(Say { room, text, reply_to, done }) {
            self.queue(Request::Say(later)).await?;
        }
        Ok(result)
    }

    /// Ends the node in order: goodbye to peers, everything on disk.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.queue(Request::Stop(done)).await.is_ok() {
            let _already_gone = ended.await;
        }
    }

    async fn queue(&self, request: Request) -> Result<(), Closed> {
        let room = self.requests.reserve().await.map_err(|_| Closed)?;
        self.turns.queue();
        room.send(request);
        Ok(())
    }
}
