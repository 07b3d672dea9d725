//! Answers the calls of one client.

use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::io::AsyncBufRead;
use tokio::sync::Semaphore;

use super::call::{Call, not_a_call};
use super::output::Output;
use super::reader::{Read, read};
use crate::session::Session;

/// Sends under way; beyond it the next line waits.
const MAX_SENDS: usize = 1_024;

/// Answers each line of `input` on `output`, until the input ends or the client calls `shutdown`.
/// Sends are answered when they are done, everything else in order.
pub async fn serve(session: Session, mut input: impl AsyncBufRead + Unpin, output: Output) {
    let mut line = Vec::new();
    let client = Client { session, output, sends: Arc::new(Semaphore::new(MAX_SENDS)) };
    loop {
        match read(&mut input, &mut line).await {
            Ok(Read::Line) => {}
            Ok(Read::TooLong) => {
                client.output.answer(RawValue::NULL, &Err(not_a_call("a line has at most 512 KiB"))).await;
                continue;
            }
            Ok(Read::End) | Err(_) => break,
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if client.take(&line).await == Next::End {
            break;
        }
    }
    // Messages that are on their way into the log are answered before the end.
    let _never_closed = client.sends.acquire_many(MAX_SENDS as u32).await;
}

/// What comes after a line.
#[derive(PartialEq)]
enum Next {
    Line,
    End,
}

struct Client {
    session: Session,
    output: Output,
    /// Free places for sends.
    sends: Arc<Semaphore>,
}

impl Client {
    async fn take(&self, line: &[u8]) -> Next {
        match Call::parse(line) {
            Ok(call) => {
                self.answer(&call).await;
                if call.call == "shutdown" { Next::End } else { Next::Line }
            }
            Err(refusal) => {
                self.output.answer(RawValue::NULL, &Err(refusal)).await;
                Next::Line
            }
        }
    }

    /// Answers one call. A send gets its place now and its answer later, so that many can be under
    /// way.
    async fn answer(&self, call: &Call<'_>) {
        if call.call != "send" {
            self.output.answer(call.id(), &self.session.call(&call.call, call.args()).await).await;
            return;
        }
        match self.session.queue_send(call.args()).await {
            Err(refusal) => {
                self.output.answer(call.id(), &Err(refusal)).await;
            }
            Ok(pending) => {
                let Ok(place) = self.sends.clone().acquire_owned().await else { return };
                let (id, output) = (call.id().to_owned(), self.output.clone());
                tokio::spawn(async move {
                    output.answer(&id, &pending.outcome().await).await;
                    drop(place);
                });
            }
        }
    }
}
