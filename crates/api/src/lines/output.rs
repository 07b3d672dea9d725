//! Lines to a client: one task writes answers and notices, many at a time when many wait. It takes
//! notices from their source itself, so that nothing lies between the node and the pipe.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::contract::Reply;
use crate::hub::Notices;
use crate::types::{Numbered, Refusal};

/// Answers that wait to be written; beyond it calls wait.
const MAX_WAITING: usize = 4_096;
/// Answers written at once.
const MAX_BATCH: usize = 256;
/// Bytes of notices after which answers have their turn. Raised: fewer system calls while much
/// happens. Lowered: less stands before an answer where a client reads slowly.
const MAX_NOTICES_BYTES: usize = 64 * 1024;
/// Room that is kept from one writing to the next.
const KEPT_BYTES: usize = 4 * MAX_NOTICES_BYTES;

/// How long a client that does not read may keep the process from ending.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where answers go.
#[derive(Clone)]
pub struct Output(mpsc::Sender<Vec<u8>>);

/// The writing task.
pub struct Writing {
    over: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Writing {
    /// Ends it once everything that was answered is written, and after five seconds at the latest.
    /// It does not wait until no [`Output`] is left: a holder may be waiting for a line that never
    /// comes.
    pub async fn finish(self) {
        let _over_already = self.over.send(());
        if tokio::time::timeout(PATIENCE, self.task).await.is_err() {
            tracing::warn!(seconds = PATIENCE.as_secs(), "the client does not read; what waits for it is dropped");
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome<'a> {
    Reply(&'a Reply),
    Refusal(&'a Refusal),
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

impl Output {
    /// Starts the writing task. Needs a tokio runtime.
    pub fn start(notices: Notices, to: impl AsyncWrite + Send + Unpin + 'static) -> (Output, Writing) {
        let (send, answers) = mpsc::channel(MAX_WAITING);
        let (over, told_over) = oneshot::channel();
        let task = tokio::spawn(async move {
            if let Err(error) = write(to, notices, answers, told_over).await {
                tracing::info!(%error, "the client is gone");
            }
        });
        (Output(send), Writing { over, task })
    }

    /// The answer to a call; false when the client is gone.
    pub(super) async fn answer(&self, id: &RawValue, outcome: &Result<Reply, Refusal>) -> bool {
        let outcome = outcome.as_ref().map_or_else(Outcome::Refusal, Outcome::Reply);
        let Ok(line) = serde_json::to_vec(&Answer { id, outcome }) else { return false };
        self.0.send(line).await.is_ok()
    }
}

async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut notices: Notices,
    mut answers: mpsc::Receiver<Vec<u8>>,
    mut over: oneshot::Receiver<()>,
) -> io::Result<()> {
    let (mut batch, mut bytes, mut more) = (Vec::new(), Vec::new(), true);
    loop {
        tokio::select! {
            // In order: when the last answer is written, notices that are there are written before
            // the end.
            biased;
            told = notices.next_batch(), if more => match told {
                Some(told) => put_notices(&mut bytes, &told)?,
                None => more = false,
            },
            count = answers.recv_many(&mut batch, MAX_BATCH) => {
                if count == 0 {
                    return to.flush().await;
                }
            }
            _ = &mut over, if !answers.is_closed() => answers.close(),
        }
        while bytes.len() < MAX_NOTICES_BYTES
            && let Some(told) = notices.try_next_batch()
        {
            put_notices(&mut bytes, &told)?;
        }
        // A stream of notices that never rests must not keep answers waiting.
        while batch.len() < MAX_BATCH
            && let Ok(line) = answers.try_recv()
        {
            batch.push(line);
        }
        batch.drain(..).for_each(|line| put(&mut bytes, &line));
        to.write_all(&bytes).await?;
        to.flush().await?;
        if bytes.len() >= MAX_NOTICES_BYTES {
            // More may be there at once, and a call may be waiting for this very thread.
            tokio::task::yield_now().await;
        }
        bytes.clear();
        bytes.shrink_to(KEPT_BYTES);
    }
}

fn put_notices(bytes: &mut Vec<u8>, notices: &[Numbered]) -> io::Result<()> {
    notices.iter().try_for_each(|notice| {
        serde_json::to_writer(&mut *bytes, notice)?;
        bytes.push(b'\n');
        Ok(())
    })
}

fn put(bytes: &mut Vec<u8>, line: &[u8]) {
    bytes.extend_from_slice(line);
    bytes.push(b'\n');
}
