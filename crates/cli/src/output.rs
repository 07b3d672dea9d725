//! Lines to stdout: written by one thread, in order, many at a time when many wait.

use std::io::Write;
use std::thread::JoinHandle;

use api::contract::Reply;
use api::types::{Numbered, Refusal};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// Lines that wait for stdout; beyond it replies wait, and notices show a gap.
const MAX_WAITING: usize = 4_096;
/// Lines written at once.
const MAX_BATCH: usize = 256;

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
    id: &'a RawValue,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

impl Output {
    /// Starts the writing thread; it ends when the last handle is gone and everything is written.
    pub(crate) fn start() -> std::io::Result<(Output, JoinHandle<()>)> {
        let (send, receive) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new().name("stdout".to_owned()).spawn(move || write(receive))?;
        Ok((Output(send), thread))
    }

    /// The answer to a call; false when stdout is gone.
    pub(crate) async fn answer(&self, id: &RawValue, outcome: &Result<Reply, Refusal>) -> bool {
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

fn write(mut lines: mpsc::Receiver<Vec<u8>>) {
    let mut stdout = std::io::stdout().lock();
    let (mut batch, mut bytes) = (Vec::new(), Vec::new());
    while lines.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        batch.drain(..).for_each(|line| bytes.extend_from_slice(&line));
        if stdout.write_all(&bytes).and_then(|()| stdout.flush()).is_err() {
            return;
        }
        bytes.clear();
    }
}
