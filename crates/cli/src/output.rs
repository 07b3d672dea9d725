//! Lines to stdout: written by one task, in order, flushed when nothing more waits.

use api::contract::Reply;
use api::types::{Numbered, Refusal};
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Lines that wait for stdout; beyond it replies wait, and notices show a gap.
const MAX_WAITING: usize = 4_096;

/// Where lines go.
#[derive(Clone)]
pub(crate) struct Output(mpsc::Sender<Vec<u8>>);

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome<'a> {
    Reply(&'a Reply),
    Refusal(&'a Refusal),
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a serde_json::value::RawValue,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

impl Output {
    /// Starts the writing task; it ends when the last handle is gone and everything is written.
    pub(crate) fn start() -> (Output, JoinHandle<()>) {
        let (send, receive) = mpsc::channel(MAX_WAITING);
        (Output(send), tokio::spawn(write(receive)))
    }

    /// The answer to a call; false when stdout is gone.
    pub(crate) async fn answer(&self, id: &serde_json::value::RawValue, outcome: &Result<Reply, Refusal>) -> bool {
        let outcome = outcome.as_ref().map_or_else(Outcome::Refusal, Outcome::Reply);
        self.line(&Answer { id, outcome }).await
    }

    /// A notice, in the order of its number; false when stdout is gone.
    pub(crate) async fn notice(&self, notice: &Numbered) -> bool {
        self.line(notice).await
    }

    async fn line(&self, content: &impl Serialize) -> bool {
        let Ok(mut line) = serde_json::to_vec(content) else { return false };
        line.push(b'\n');
        self.0.send(line).await.is_ok()
    }
}

async fn write(mut lines: mpsc::Receiver<Vec<u8>>) {
    let mut stdout = tokio::io::BufWriter::with_capacity(64 * 1024, tokio::io::stdout());
    let mut batch = Vec::new();
    while lines.recv_many(&mut batch, 256).await > 0 {
        for line in batch.drain(..) {
            if stdout.write_all(&line).await.is_err() {
                return;
            }
        }
        if lines.is_empty() && stdout.flush().await.is_err() {
            return;
        }
    }
}
