//! From a fresh connection to a peer that proved itself and said Hello, or to the reason why not.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::time::Duration;

use identity::PeerId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use wire::frame::{pack_records, records, write_handshake};
use wire::{Crossed, FrameReader, Handshake, HandshakeFault, Message, Session, Step, crossed};

use crate::arrival::Arrival;
use crate::byte_stream::ByteStream;
use crate::context::Context;
use crate::path::Path;
use crate::reason::Reason;

/// Bytes asked of the socket at once: more than all three handshake messages together.
const CHUNK: usize = 1024;

/// Answers a connection that came in. `on_first` is called when a whole frame has arrived.
pub(crate) async fn answer(stream: ByteStream, path: Path, context: &Context, on_first: impl AsyncFnOnce()) -> Result<Arrival, Reason> {
    let start = Instant::now();
    let mut talk = Talk::new(stream);
    let handshake = Handshake::respond(context.me.clone(), &context.key).map_err(of_fault)?;
    let first = within(after(start, context.times.first_frame), talk.frame()).await?;
    on_first().await;
    within(after(start, context.times.handshake), async { talk.answer(handshake, &first, path, context, None).await }).await
}

/// Introduces this device to the peer that was dialled. `may_complete` decides when the peer has
/// proved itself and before it learns who this is; `Ok(None)` if it says no.
pub(crate) async fn introduce(
    stream: ByteStream,
    path: Path,
    context: &Context,
    expect: Option<PeerId>,
    may_complete: impl AsyncFnOnce(PeerId) -> bool,
) -> Result<Option<Arrival>, Reason> {
    let deadline = after(Instant::now(), context.times.handshake);
    within(deadline, async {
        let mut talk = Talk::new(stream);
        let (handshake, first) = Handshake::initiate(context.me.clone(), &context.key, expect).map_err(of_fault)?;
        write_handshake(&first, &mut talk.out);
        talk.flush().await?;
        let mut second = talk.frame().await?;
        if second == first {
            // A connection to one's own port, from that port.
            return Err(Reason::WrongPeer);
        }
        match crossed(&first, &second) {
            Some(Crossed::Lead) => second = talk.frame().await?,
            Some(Crossed::Follow) => return follow(talk, &second, path, context, expect).await.map(Some),
            None => {}
        }
        let Step::Done { reply: Some(third), session } = handshake.read(&second).map_err(of_fault)? else {
            return Err(Reason::Protocol);
        };
        if !may_complete(session.peer).await {
            return Ok(None);
        }
        write_handshake(&third, &mut talk.out);
        talk.greet(session, path, context).await.map(Some)
    })
    .await
}

/// The other side dialled as well, and leads.
async fn follow(talk: Talk, first: &[u8], path: Path, context: &Context, expect: Option<PeerId>) -> Result<Arrival, Reason> {
    let handshake = Handshake::respond(context.me.clone(), &context.key).map_err(of_fault)?;
    talk.answer(handshake, first, path, context, expect).await
}

async fn within<T>(deadline: Instant, work: impl Future<Output = Result<T, Reason>>) -> Result<T, Reason> {
    timeout_at(deadline, work).await.unwrap_or(Err(Reason::TimedOut))
}

/// A wait that no clock can hold is over at once.
fn after(start: Instant, wait: Duration) -> Instant {
    start.checked_add(wait).unwrap_or(start)
}

fn of_fault(fault: HandshakeFault) -> Reason {
    match fault {
        HandshakeFault::WrongPeer { .. } | HandshakeFault::OwnIdentity => Reason::WrongPeer,
        HandshakeFault::Version => Reason::Version,
        HandshakeFault::BadAuth | HandshakeFault::Noise | HandshakeFault::Malformed => Reason::Protocol,
    }
}

/// A connection that is still read frame by frame.
struct Talk {
    stream: ByteStream,
    reader: FrameReader,
    input: Vec<u8>,
    out: Vec<u8>,
}

impl Talk {
    fn new(stream: ByteStream) -> Self {
        Self { stream, reader: FrameReader::new(), input: Vec::new(), out: Vec::new() }
    }

    /// The body of the next frame.
    async fn frame(&mut self) -> Result<Vec<u8>, Reason> {
        loop {
            let mut input = self.input.as_slice();
            let body = self.reader.next(&mut input).map_err(|_| Reason::Protocol)?.map(<[u8]>::to_vec);
            let used = self.input.len().saturating_sub(input.len());
            self.input.drain(..used);
            if let Some(body) = body {
                return Ok(body);
            }
            self.input.reserve(CHUNK);
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) => return Err(Reason::Lost),
                Ok(_) => {}
                Err(error) => return Err(Reason::of_io(&error)),
            }
        }
    }

    async fn flush(&mut self) -> Result<(), Reason> {
        let out = std::mem::take(&mut self.out);
        self.stream.write_all(&out).await.map_err(|error| Reason::of_io(&error))
    }

    /// Answers the first message of a handshake.
    async fn answer(
        mut self,
        handshake: Handshake,
        first: &[u8],
        path: Path,
        context: &Context,
        expect: Option<PeerId>,
    ) -> Result<Arrival, Reason> {
        let Step::Reply(handshake, reply) = handshake.read(first).map_err(of_fault)? else { return Err(Reason::Protocol) };
        write_handshake(&reply, &mut self.out);
        self.flush().await?;
        let third = self.frame().await?;
        let Step::Done { reply: None, session } = handshake.read(&third).map_err(of_fault)? else { return Err(Reason::Protocol) };
        if expect.is_some_and(|expected| expected != session.peer) {
            return Err(Reason::WrongPeer);
        }
        self.greet(session, path, context).await
    }

    /// Exchanges Hellos, in one write with what is left of the handshake.
    async fn greet(mut self, mut session: Session, path: Path, context: &Context) -> Result<Arrival, Reason> {
        self.reader.established();
        let mut plaintext = Vec::new();
        let hello = Message::Hello(context.hello()).encode();
        pack_records([&*hello], &mut plaintext);
        session.cipher.seal(&plaintext, &mut self.out).map_err(|_| Reason::Protocol)?;
        self.flush().await?;
        loop {
            let body = self.frame().await?;
            session.cipher.open(&body, &mut plaintext).map_err(|_| Reason::Protocol)?;
            let mut messages = decode(&plaintext)?.into_iter();
            let hello = match messages.next() {
                Some(Message::Hello(hello)) => hello,
                Some(Message::Bye(bye)) => return Err(Reason::of_bye(bye)),
                Some(_) => return Err(Reason::Protocol),
                None => continue,
            };
            // An idle link keeps no buffer, not even an empty one.
            let rest = self.input.as_slice().to_vec();
            let Self { stream, reader, .. } = self;
            return Ok(Arrival { stream, path, session, hello, reader, messages: messages.collect(), rest });
        }
    }
}

/// All messages of a plaintext that this version knows.
pub(crate) fn decode(plaintext: &[u8]) -> Result<Vec<Message>, Reason> {
    let mut messages = Vec::new();
    for record in records(plaintext) {
        let record = record.map_err(|_| Reason::Protocol)?;
        messages.extend(Message::decode(record).map_err(|_| Reason::Protocol)?);
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use identity::Identity;
    use tokio::sync::mpsc;
    use wire::StaticKey;

    use super::*;
    use crate::config::Config;

    fn context(seed: u8) -> Context {
        let key = StaticKey::generate().expect("randomness");
        Context::new(Arc::new(Identity::from_seed(&[seed; 32])), key, &Config::default(), mpsc::channel(1).0, mpsc::channel(1).0)
    }

    #[tokio::test]
    async fn two_devices_greet_each_other_over_any_byte_stream() {
        let (ana, ben) = (context(1), context(2));
        let (at_ana, at_ben) = tokio::io::duplex(1024);
        let path = Path::Tcp(SocketAddr::from(([192, 0, 2, 1], 4747)));
        let (introduced, answered) = tokio::join!(
            introduce(ByteStream::Memory(at_ana), path, &ana, Some(ben.me.peer()), async |_| true),
            answer(ByteStream::Memory(at_ben), path, &ben, async || {}),
        );
        let (Ok(Some(at_ana)), Ok(at_ben)) = (introduced, answered) else { panic!("they greet each other") };
        assert_eq!((at_ana.session.peer, at_ben.session.peer), (ben.me.peer(), ana.me.peer()));
        assert_eq!(at_ana.session.hash, at_ben.session.hash);
        assert_eq!((at_ana.hello.boot_nonce, at_ben.hello.boot_nonce), (ben.boot_nonce, ana.boot_nonce));
    }

    #[tokio::test]
    async fn two_who_dial_each_other_at_once_come_to_one_link_with_one_side_each() {
        let path = Path::Tcp(SocketAddr::from(([192, 0, 2, 1], 4747)));
        for expect_each_other in [true, false] {
            let (ana, ben) = (context(1), context(2));
            let (at_ana, at_ben) = tokio::io::duplex(1024);
            let [to_ben, to_ana] = [&ben, &ana].map(|context| expect_each_other.then(|| context.me.peer()));
            let (at_ana, at_ben) = tokio::join!(
                introduce(ByteStream::Memory(at_ana), path, &ana, to_ben, async |_| true),
                introduce(ByteStream::Memory(at_ben), path, &ben, to_ana, async |_| true),
            );
            let (Ok(Some(at_ana)), Ok(Some(at_ben))) = (at_ana, at_ben) else { panic!("they greet each other") };
            assert_eq!((at_ana.session.peer, at_ben.session.peer), (ben.me.peer(), ana.me.peer()));
            assert_eq!(at_ana.session.role, at_ben.session.role.other());
        }
    }

    #[tokio::test]
    async fn who_dialled_somebody_else_finds_out_in_either_role() {
        let path = Path::Tcp(SocketAddr::from(([192, 0, 2, 1], 4747)));
        for _ in 0..8 {
            let (ana, ben) = (context(1), context(2));
            let (at_ana, at_ben) = tokio::io::duplex(1024);
            let chi = context(3).me.peer();
            let (at_ana, _) = tokio::join!(
                introduce(ByteStream::Memory(at_ana), path, &ana, Some(chi), async |_| true),
                introduce(ByteStream::Memory(at_ben), path, &ben, None, async |_| true),
            );
            assert_eq!(at_ana.err(), Some(Reason::WrongPeer));
        }
    }
}
