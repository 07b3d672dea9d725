//! Closing so that the other side still hears why.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::byte_stream::ByteStream;
use crate::config::Times;

/// Writes the last bytes and waits, for a moment, until the other side closed too: closing a socket
/// that holds unread data would make the system throw away at the other side what it has not read
/// yet.
pub(crate) async fn linger(mut stream: ByteStream, words: &[u8], times: &Times) {
    let closing = async {
        stream.write_all(words).await?;
        stream.shutdown().await?;
        let mut sink = [0; 512];
        while stream.read(&mut sink).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whatever goes wrong now, the socket is closed next.
    let _ = timeout(times.farewell, closing).await;
}
