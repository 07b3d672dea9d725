//! The encoding of bodies and payloads: bincode 2 in its standard configuration, made strict.
//! No other file names its settings.

use bincode::config::{self, Config};
use bincode::enc::write::SizeWriter;
use bincode::error::DecodeError;
use bincode::{Decode, Encode};

use crate::limits::MAX_FRAME;

/// Why bytes are not the encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecFault {
    /// More bytes than fit into a frame.
    #[error("longer than a frame")]
    TooLong,
    /// The bytes end inside the value.
    #[error("ends inside a value")]
    Truncated,
    /// A length promises more than the bytes could hold.
    #[error("a length is beyond the bytes that are left")]
    Length,
    /// Bytes are left after the value.
    #[error("bytes are left after the value")]
    Trailing,
    /// An integer is written longer than needed, so that one value would have two encodings.
    #[error("an integer is written longer than needed")]
    NotMinimal,
    /// Text that is not UTF-8, or an unknown variant, or a length that its type does not allow.
    #[error("not a value of this type")]
    Malformed,
}

/// The one encoding of `value`.
#[expect(clippy::expect_used, reason = "only types with locks, cells or clocks can fail, and none of them travels")]
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, config::standard()).expect("plain data encodes")
}

/// The value whose one encoding is all of `bytes`.
///
/// Reserves at most 16 KiB or 64 times the input, however long a list inside claims to be. That is
/// enough for types whose elements take up to 16 times the memory of their shortest encoding; those
/// of a cut take 13 times.
pub fn decode<T: Decode<()> + Encode>(bytes: &[u8]) -> Result<T, CodecFault> {
    // bincode takes its limit as a constant, hence the steps; each leaves 16 bytes of memory for
    // one on the wire.
    match bytes.len() {
        0..=1024 => decode_with(bytes, config::standard().with_limit::<{ 16 * 1024 }>()),
        1025..=4096 => decode_with(bytes, config::standard().with_limit::<{ 16 * 4096 }>()),
        4097..=16_384 => decode_with(bytes, config::standard().with_limit::<{ 16 * 16_384 }>()),
        16_385..=MAX_FRAME => decode_with(bytes, config::standard().with_limit::<{ 16 * 65_536 }>()),
        _ => Err(CodecFault::TooLong),
    }
}

fn decode_with<T: Decode<()> + Encode, C: Config>(bytes: &[u8], config: C) -> Result<T, CodecFault> {
    let (value, used) = bincode::decode_from_slice(bytes, config).map_err(fault)?;
    if used != bytes.len() {
        return Err(CodecFault::Trailing);
    }
    // Every integer is at least as long as its minimal form, so equal sums mean that all of them
    // are minimal.
    if size(&value) != bytes.len() {
        return Err(CodecFault::NotMinimal);
    }
    Ok(value)
}

/// Length of [`encode`]'s result, without making it.
#[expect(clippy::expect_used, reason = "as in `encode`")]
pub fn size<T: Encode>(value: &T) -> usize {
    let mut writer = SizeWriter::default();
    bincode::encode_into_writer(value, &mut writer, config::standard()).expect("plain data encodes");
    writer.bytes_written
}

fn fault(error: DecodeError) -> CodecFault {
    match error {
        DecodeError::UnexpectedEnd { .. } => CodecFault::Truncated,
        DecodeError::LimitExceeded | DecodeError::OutsideUsizeRange(_) => CodecFault::Length,
        // The library's enum is open; whatever else it finds wrong, the bytes are not a value of
        // this type.
        _ => CodecFault::Malformed,
    }
}

#[cfg(test)]
mod tests;
