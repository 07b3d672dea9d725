//! Lines from stdin, each a call. Read on a thread of their own: a blocking read that waits only on its pipe is the quickest there is.

use std::io::{BufRead, Read};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// Longest line, in bytes: a text of 16 KiB with every character escaped fits four times.
const MAX_LINE: u64 = 512 * 1024;
/// Lines that wait; beyond it stdin waits.
const MAX_WAITING: usize = 256;

/// One call.
#[derive(Deserialize)]
pub(crate) struct Line<'a> {
    /// Given back with the reply.
    #[serde(borrow, default)]
    pub(crate) id: Option<&'a RawValue>,
    /// Name of the call.
    pub(crate) call: &'a str,
    /// Its arguments; none is an empty object.
    #[serde(borrow, default)]
    pub(crate) args: Option<&'a RawValue>,
}

/// Lines until the end of stdin, or until one that is too long to be a call.
pub(crate) fn start() -> std::io::Result<mpsc::Receiver<Vec<u8>>> {
    let (send, lines) = mpsc::channel(MAX_WAITING);
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(read) if read > 0 && (line.ends_with(b"\n") || (read as u64) < MAX_LINE) => {}
                Ok(_) | Err(_) => return,
            }
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}
