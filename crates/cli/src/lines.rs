//! Lines from stdin, each a call.

use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Longest line, in bytes: a text of 16 KiB with every character escaped fits four times.
const MAX_LINE: u64 = 512 * 1024;

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

/// Where lines come from.
pub(crate) type Input = BufReader<Box<dyn AsyncRead + Send + Unpin>>;

/// Stdin. A pipe is waited for together with the sockets, which saves a message two changes of thread; anything else is read on a thread.
pub(crate) fn input() -> Input {
    BufReader::with_capacity(64 * 1024, pipe().unwrap_or_else(|| Box::new(tokio::io::stdin())))
}

#[cfg(unix)]
fn pipe() -> Option<Box<dyn AsyncRead + Send + Unpin>> {
    use std::os::fd::AsFd;
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let pipe = tokio::net::unix::pipe::Receiver::from_owned_fd(stdin).ok()?;
    Some(Box::new(pipe))
}

#[cfg(not(unix))]
fn pipe() -> Option<Box<dyn AsyncRead + Send + Unpin>> {
    None
}

/// Reads the next line into `line`; false at the end of the input, or at a line that is too long to be a call.
pub(crate) async fn read(input: &mut Input, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.take(MAX_LINE).read_until(b'\n', line).await?;
    Ok(read > 0 && (line.ends_with(b"\n") || (read as u64) < MAX_LINE))
}
