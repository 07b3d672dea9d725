//! Lines from stdin, each a call.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde_json::value::RawValue;

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

/// Reads the next line into `line`; false at the end of the input, or at a line that is too long to be a call.
pub(crate) fn read(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.take(MAX_LINE).read_until(b'\n', line)?;
    Ok(read > 0 && (line.ends_with(b"\n") || (read as u64) < MAX_LINE))
}
