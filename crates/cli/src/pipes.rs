//! Stdin and stdout. A pipe is waited for together with the sockets, which saves a message two
//! changes of thread each way; anything else is read and written on a thread of its own.

use tokio::io::{AsyncRead, AsyncWrite, BufReader};

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 * 1024;

pub(crate) fn stdin() -> BufReader<Reader> {
    BufReader::with_capacity(BUFFER_BYTES, pipe_in().unwrap_or_else(|| Box::new(tokio::io::stdin())))
}

pub(crate) fn stdout() -> Writer {
    pipe_out().unwrap_or_else(|| Box::new(tokio::io::stdout()))
}

#[cfg(unix)]
fn pipe_in() -> Option<Reader> {
    use std::os::fd::AsFd;
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let pipe = tokio::net::unix::pipe::Receiver::from_owned_fd(stdin).ok()?;
    Some(Box::new(pipe))
}

#[cfg(unix)]
fn pipe_out() -> Option<Writer> {
    use std::os::fd::AsFd;
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    let pipe = tokio::net::unix::pipe::Sender::from_owned_fd(stdout).ok()?;
    Some(Box::new(pipe))
}

#[cfg(not(unix))]
fn pipe_in() -> Option<Reader> {
    None
}

#[cfg(not(unix))]
fn pipe_out() -> Option<Writer> {
    None
}
