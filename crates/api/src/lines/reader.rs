//! Lines of a client, as they come.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Longest line, in bytes: a text of 16 KiB with every character escaped fits four times.
const MAX_LINE: u64 = 512 * 1024;

/// What came of reading a line.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// A line, in the buffer.
    Line,
    /// One that is too long to be a call; all of it was passed over.
    TooLong,
    /// There is no more.
    End,
}

/// Reads the next line into `line`.
pub(super) async fn read(input: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> io::Result<Read> {
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
            Some(end) => (end.saturating_add(1), true),
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
    use tokio::io::BufReader;

    use super::*;

    async fn check(text: &[u8], expected: &[(Read, usize)]) {
        let mut input = BufReader::with_capacity(64, io::Cursor::new(text.to_vec()));
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
