//! The sealed link after the handshake.

use std::fmt;

use snow::TransportState;

use crate::limits::{MAX_FRAME, MAX_PLAINTEXT, MIN_FRAME, REKEY_FRAMES, TAG};

/// Both directions of a link, each with its key and its count of frames.
///
/// Neither direction keeps a buffer. An idle link costs 1 088 bytes of heap (both keys) and, with
/// its session and frame reader, 240 bytes in their owner. Invariant: 1.5 KiB in all, guarded by
/// `an_idle_link_costs_less_than_1_5_kib`.
pub struct LinkCipher {
    noise: TransportState,
}

/// Why a plaintext cannot be sealed. Nothing was written, and the link is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// No byte, or more than [`MAX_PLAINTEXT`]. A bug of the caller.
    #[error("a plaintext of {0} bytes does not make a frame")]
    Length(usize),
    /// The cipher refused; never seen.
    #[error("the cipher refused")]
    Cipher,
}

/// Why a frame cannot be opened. The link ends: frames after it could not be opened either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// Shorter or longer than a frame can be.
    #[error("a body of {0} bytes is not a frame")]
    Length(usize),
    /// Not the next frame that the other side sealed: changed, repeated, left out, or of
    /// another link.
    #[error("the frame is not the next one of this link")]
    Forged,
}

impl LinkCipher {
    pub(crate) fn new(noise: TransportState) -> Self {
        Self { noise }
    }

    /// Appends the frame, length and all, that carries `plaintext`. Changes the key when its time
    /// has come.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealFault> {
        if plaintext.is_empty() || plaintext.len() > MAX_PLAINTEXT {
            return Err(SealFault::Length(plaintext.len()));
        }
        let len = plaintext.len().saturating_add(TAG);
        let start = out.len();
        out.extend_from_slice(&(len as u32).to_be_bytes());
        let body_at = out.len();
        out.resize(body_at.saturating_add(len), 0);
        let body = out.get_mut(body_at..).unwrap_or_default();
        if self.noise.write_message(plaintext, body).is_err() {
            out.truncate(start);
            return Err(SealFault::Cipher);
        }
        if self.noise.sending_nonce().is_multiple_of(REKEY_FRAMES) {
            self.noise.rekey_outgoing();
        }
        Ok(())
    }

    /// Opens the body of a frame into `plaintext`, replacing what was there. Changes the key when
    /// its time has come.
    pub fn open(&mut self, body: &[u8], plaintext: &mut Vec<u8>) -> Result<(), OpenFault> {
        if !(MIN_FRAME..=MAX_FRAME).contains(&body.len()) {
            return Err(OpenFault::Length(body.len()));
        }
        // Room for the tag as well: the cipher works in place there and needs no buffer of its own.
        plaintext.resize(body.len(), 0);
        let opened = self.noise.read_message(body, plaintext);
        plaintext.truncate(opened.as_ref().map_or(0, |len| *len));
        opened.map_err(|_| OpenFault::Forged)?;
        if self.noise.receiving_nonce().is_multiple_of(REKEY_FRAMES) {
            self.noise.rekey_incoming();
        }
        Ok(())
    }
}

impl fmt::Debug for LinkCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkCipher({} sent, {} received)", self.noise.sending_nonce(), self.noise.receiving_nonce())
    }
}

#[cfg(test)]
mod tests;
