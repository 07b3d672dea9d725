//! A connection whose other side has proved itself and said Hello.

use wire::{FrameReader, Hello, Message, Session};

use crate::byte_stream::ByteStream;
use crate::path::Path;

/// A peer at the door.
pub(crate) struct Arrival {
    pub(crate) stream: ByteStream,
    pub(crate) path: Path,
    pub(crate) session: Session,
    pub(crate) hello: Hello,
    pub(crate) reader: FrameReader,
    /// What followed the Hello in its frame.
    pub(crate) messages: Vec<Message>,
    /// What followed that frame.
    pub(crate) rest: Vec<u8>,
}
