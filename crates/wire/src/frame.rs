//! Frames and the records inside: how one stream of bytes becomes bodies, and one plaintext becomes
//! messages.
//!
//! A frame is `len u32 ‖ body`; a plaintext is `len u16 ‖ record`, repeated, then padding.

use crate::limits::{
    FRAME_HEADER, MAX_FRAME, MAX_HANDSHAKE, MAX_PADDED, MAX_RECORD, MAX_RECORDS_BYTES, MIN_FRAME, MIN_PADDED, RECORD_HEADER,
};

/// The length in front of a frame is outside what this phase allows. The link ends; nothing was
/// reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {len} bytes is not allowed here")]
pub struct FrameFault {
    /// The length that was announced, bytes.
    pub len: u32,
}

/// Which lengths are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Handshake,
    Transport,
}

/// Cuts a stream of bytes into the bodies of frames.
///
/// Between frames it holds no buffer; inside one it holds about what has arrived of it, so that a
/// peer who announces much and sends little costs little.
#[derive(Debug)]
pub struct FrameReader {
    phase: Phase,
    header: [u8; FRAME_HEADER],
    /// Bytes of the header that have arrived.
    header_len: u8,
    /// The frame in `partial` was handed out; it is released on the next call.
    done: bool,
    partial: Vec<u8>,
}

impl FrameReader {
    /// Starts before the handshake: bodies of 1 to [`MAX_HANDSHAKE`] bytes.
    pub fn new() -> Self {
        Self { phase: Phase::Handshake, header: [0; FRAME_HEADER], header_len: 0, done: false, partial: Vec::new() }
    }

    /// From the next frame on, bodies are [`MIN_FRAME`] to [`MAX_FRAME`] bytes.
    pub fn established(&mut self) {
        self.phase = Phase::Transport;
    }

    /// Takes bytes off `input` until a frame is whole, and lends its body; `None` when the input is
    /// used up.
    ///
    /// The body comes straight from the input if all of it is there. Call until `None`: only then
    /// is the buffer released.
    pub fn next<'r, 'i: 'r>(&'r mut self, input: &mut &'i [u8]) -> Result<Option<&'r [u8]>, FrameFault> {
        if self.done {
            self.done = false;
            self.partial = Vec::new();
        }
        let Some(len) = self.length(input)? else { return Ok(None) };
        if self.partial.is_empty()
            && let Some((body, rest)) = input.split_at_checked(len)
        {
            *input = rest;
            self.header_len = 0;
            return Ok(Some(body));
        }
        let missing = len.saturating_sub(self.partial.len());
        let (part, rest) = input.split_at(missing.min(input.len()));
        self.hold(part, len);
        *input = rest;
        if self.partial.len() < len {
            return Ok(None);
        }
        self.header_len = 0;
        self.done = true;
        Ok(Some(&self.partial))
    }

    /// Calls `on_frame` with the body of each frame that `bytes` completes, all in the phase of
    /// now.
    pub fn feed<E: From<FrameFault>>(&mut self, bytes: &[u8], mut on_frame: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut input = bytes;
        while let Some(body) = self.next(&mut input)? {
            on_frame(body)?;
        }
        Ok(())
    }

    /// Bytes reserved for a frame that has not arrived whole.
    pub fn held(&self) -> usize {
        self.partial.capacity()
    }

    /// Whether the stream stands inside a frame; if it ends now, it was cut.
    pub fn is_inside(&self) -> bool {
        self.header_len > 0
    }

    /// The length of the current frame, once its header is there and right.
    fn length(&mut self, input: &mut &[u8]) -> Result<Option<usize>, FrameFault> {
        let have = usize::from(self.header_len);
        let (_, empty) = self.header.split_at_mut(have);
        let (part, rest) = input.split_at(empty.len().min(input.len()));
        for (place, byte) in empty.iter_mut().zip(part) {
            *place = *byte;
        }
        *input = rest;
        self.header_len = have.saturating_add(part.len()) as u8;
        if usize::from(self.header_len) < FRAME_HEADER {
            return Ok(None);
        }
        let len = u32::from_be_bytes(self.header);
        let right = match self.phase {
            Phase::Handshake => 1..=MAX_HANDSHAKE,
            Phase::Transport => MIN_FRAME..=MAX_FRAME,
        };
        match usize::try_from(len) {
            Ok(len) if right.contains(&len) => Ok(Some(len)),
            _ => Err(FrameFault { len }),
        }
    }

    /// Grows with what arrives, by doubling, and never beyond the frame.
    fn hold(&mut self, part: &[u8], len: usize) {
        let needed = self.partial.len().saturating_add(part.len());
        if needed > self.partial.capacity() {
            let capacity = needed.max(self.partial.capacity().saturating_mul(2)).min(len);
            self.partial.reserve_exact(capacity.saturating_sub(self.partial.len()));
        }
        self.partial.extend_from_slice(part);
    }
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends a handshake message as a frame. The frames after it are made by
/// [`LinkCipher::seal`](crate::LinkCipher::seal).
pub fn write_handshake(body: &[u8], out: &mut Vec<u8>) {
    debug_assert!((1..=MAX_HANDSHAKE).contains(&body.len()));
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
}

/// The record does not go into this plaintext any more (or, being empty or over [`MAX_RECORD`],
/// into none). Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record does not fit into this frame")]
pub struct Full;

/// Appends one record (`type ‖ body`) to a plaintext that is not padded yet.
pub fn push_record(plaintext: &mut Vec<u8>, record: &[u8]) -> Result<(), Full> {
    let len = plaintext.len().saturating_add(RECORD_HEADER).saturating_add(record.len());
    let fits = !record.is_empty() && record.len() <= MAX_RECORD && len <= MAX_RECORDS_BYTES;
    let len = u16::try_from(record.len()).ok().filter(|_| fits).ok_or(Full)?;
    plaintext.extend_from_slice(&len.to_be_bytes());
    plaintext.extend_from_slice(record);
    Ok(())
}

/// Fills a plaintext under [`MAX_PADDED`] bytes with zeros to the next power of two from
/// [`MIN_PADDED`] on, to hide its length.
pub fn pad(plaintext: &mut Vec<u8>) {
    if plaintext.len() < MAX_PADDED {
        plaintext.resize(plaintext.len().next_power_of_two().max(MIN_PADDED), 0);
    }
}

/// Makes a padded plaintext of as many of the records as fit, in order, and says how many those
/// are.
pub fn pack_records<'a>(records: impl IntoIterator<Item = &'a [u8]>, plaintext: &mut Vec<u8>) -> usize {
    plaintext.clear();
    let packed = records.into_iter().take_while(|record| push_record(plaintext, record).is_ok()).count();
    pad(plaintext);
    packed
}

/// A plaintext ends inside a record. The peer itself wrote it, so the link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is longer than its frame")]
pub struct RecordFault;

/// The records of a plaintext, up to the padding or the first fault.
pub fn records(plaintext: &[u8]) -> Records<'_> {
    Records { rest: plaintext }
}

/// See [`records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<&'a [u8], RecordFault>;

    fn next(&mut self) -> Option<Self::Item> {
        // A single byte that is left has no room for a length: padding as well.
        let (len, rest) = self.rest.split_first_chunk::<RECORD_HEADER>()?;
        let len = usize::from(u16::from_be_bytes(*len));
        if len == 0 {
            self.rest = &[];
            return None;
        }
        match rest.split_at_checked(len) {
            Some((record, rest)) => {
                self.rest = rest;
                Some(Ok(record))
            }
            None => {
                self.rest = &[];
                Some(Err(RecordFault))
            }
        }
    }
}

#[cfg(test)]
mod tests;
