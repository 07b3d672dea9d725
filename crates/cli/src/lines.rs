//! Lines from stdin, each a call.

use std::borrow::Cow;
use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Longest line, in bytes: a text of 16 KiB with every character escaped fits four times.
const MAX_LINE: u64 = 512 * 1024;

/// What came of reading a line.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    /// A line, in the buffer.
    Line,
    /// One that is too long to be a call; all of it was passed over.
    TooLong,
    /// There is no more.
    End,
}

/// One call.
#[derive(Deserialize)]
pub(crate) struct Line<'a> {
    /// Given back with the reply.
    #[serde(borrow, default)]
    pub(crate) id: Option<&'a RawValue>,
    /// Name of the call.
    #[serde(borrow)]
    pub(crate) call: Cow<'a, str>,
    /// Its arguments; none is an empty object.
    #[serde(borrow, default)]
    pub(crate) args: Option<&'a RawValue>,
}

/// Where lines come from.
pub(crate) type Input = BufReader<Box<dyn AsyncRead + Send + Unpin>>;

/// Stdin. A pipe is waited for together with the sockets, which saves a message two changes of
/// thread; anything else is read on a thread.
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

/// Reads the next line into `line`.
pub(crate) async fn read(input: &mut Input, line: &mut Vec<u8>) -> io::Result<Read> {
    line.clear();
    let read = input.take(MAX_LINE).read_until(b'\n', line).await?;
    if read == 0 {
        return Ok(Read::End);
    }
    if line.ends_with(b"\n") || (read as u64) < MAX_LINE {
        return Ok(Read::Line);
    }
    loop {
        let more = input.fill_buf().await?;
        let (used, over) = match more.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (more.len(), more.is_empty()),
        };
        input.consume(used);
        if over {
            return Ok(Read::TooLong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(text: &[u8], expected: &[(Read, usize)]) {
        let mut input: Input = BufReader::with_capacity(64, Box::new(io::Cursor::new(text.to_vec())));
        let mut line = Vec::new();
        for (read_as, len) in expected {
            assert_eq!(&read(&mut input, &mut line).await.expect("it is all there"), read_as);
            if *read_as == Read::Line {
                assert_eq!(line.len(), *len);
            }
        }
        assert_eq!(read(&mut input, &mut line).await.expect("it is all there"), Read::End);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over_and_the_next_one_is_read() {
        let most = MAX_LINE as usize;
        let (longest, too_long) = ([vec![b'x'; most - 1], vec![b'\n']].concat(), [vec![b'x'; 3 * most], vec![b'\n']].concat());
        check(
            &[&longest[..], b"\n", &too_long, b"after\n"].concat(),
            &[(Read::Line, most), (Read::Line, 1), (Read::TooLong, 0), (Read::Line, 6)],
        )
        .await;
        check(&[&vec![b'x'; most][..], b"\nafter"].concat(), &[(Read::TooLong, 0), (Read::Line, 5)]).await;
        check(&vec![b'x'; 2 * most], &[(Read::TooLong, 0)]).await;
        check(b"", &[]).await;
    }
}
