//! Lines to stdout: one thread writes answers and notices, many at a time when many wait. It takes notices from their source itself, so that
//! nothing lies between the node and the pipe.

use std::io::{self, Write};
use std::thread::JoinHandle;
use std::time::Duration;

use api::contract::Reply;
use api::session::Notices;
use api::types::{Numbered, Refusal};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Answers that wait for stdout; beyond it callers wait.
const MAX_WAITING: usize = 4_096;
/// Answers written at once.
const MAX_BATCH: usize = 256;

/// How long a client that does not read may keep the process from ending.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where answers go.
#[derive(Clone)]
pub(crate) struct Output(mpsc::Sender<Vec<u8>>);

/// The writing thread.
pub(crate) struct Writing {
    over: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Writing {
    /// Ends it once everything that was answered is written. Whoever still holds an [`Output`] may be waiting for a line that never comes.
    pub(crate) async fn finish(self) {
        let _over_already = self.over.send(());
        let thread = self.thread;
        let written = tokio::task::spawn_blocking(move || thread.join());
        if tokio::time::timeout(PATIENCE, written).await.is_err() {
            tracing::warn!(seconds = PATIENCE.as_secs(), "nobody reads stdout; what waits is dropped");
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
    /// Starts the writing thread.
    pub(crate) fn start(runtime: Handle, notices: Notices) -> io::Result<(Output, Writing)> {
        let (send, answers) = mpsc::channel(MAX_WAITING);
        let (over, told_over) = oneshot::channel();
        let thread = std::thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(write(notices, answers, told_over)) {
                tracing::info!(%error, "stdout is gone");
            }
        })?;
        Ok((Output(send), Writing { over, thread }))
    }

    /// The answer to a call; false when stdout is gone.
    pub(crate) async fn answer(&self, id: &RawValue, outcome: &Result<Reply, Refusal>) -> bool {
        let outcome = outcome.as_ref().map_or_else(Outcome::Refusal, Outcome::Reply);
        let Ok(line) = serde_json::to_vec(&Answer { id, outcome }) else { return false };
        self.0.send(line).await.is_ok()
    }
}

async fn write(mut notices: Notices, mut answers: mpsc::Receiver<Vec<u8>>, mut over: oneshot::Receiver<()>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let (mut batch, mut bytes, mut more) = (Vec::new(), Vec::new(), true);
    loop {
        tokio::select! {
            // In order: when the last answer is written, notices that are there are written before the end.
            biased;
            told = notices.next(), if more => match told {
                Some(told) => told.iter().try_for_each(|notice| put_notice(&mut bytes, notice))?,
                None => more = false,
            },
            count = answers.recv_many(&mut batch, MAX_BATCH) => {
                if count == 0 {
                    return stdout.flush();
                }
            }
            _ = &mut over, if !answers.is_closed() => answers.close(),
        }
        // A stream of notices that never rests must not keep answers waiting.
        while batch.len() < MAX_BATCH
            && let Ok(line) = answers.try_recv()
        {
            batch.push(line);
        }
        batch.drain(..).for_each(|line| put(&mut bytes, &line));
        stdout.write_all(&bytes)?;
        stdout.flush()?;
        bytes.clear();
    }
}

fn put_notice(bytes: &mut Vec<u8>, notice: &Numbered) -> io::Result<()> {
    serde_json::to_writer(&mut *bytes, notice)?;
    bytes.push(b'\n');
    Ok(())
}

fn put(bytes: &mut Vec<u8>, line: &[u8]) {
    bytes.extend_from_slice(line);
    bytes.push(b'\n');
}
