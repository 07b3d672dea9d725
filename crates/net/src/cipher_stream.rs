//! The byte stream of a link and the cipher on it. The link's task writes here, and now and then a
//! sender does.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context as Waking, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::trace;
use wire::frame::{pack_records, pad, records};
use wire::limits::RECORD_HEADER;
use wire::message::CIRCUIT_DATA;
use wire::{Bye, Class, LinkCipher, Message, OpenFault};

use crate::byte_stream::ByteStream;
use crate::mailbox::Mailbox;
use crate::reason::Reason;
use crate::time::TimeSource;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Room for one frame to write.
#[derive(Default)]
struct Scratch {
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

/// It keeps no buffer unless the socket is full.
pub(crate) struct CipherStream {
    stream: ByteStream,
    cipher: LinkCipher,
    time: TimeSource,
    /// Sealed, and not taken by the socket yet.
    out: Vec<u8>,
    sent: usize,
}

impl CipherStream {
    pub(crate) fn new(stream: ByteStream, cipher: LinkCipher, time: TimeSource) -> Self {
        Self { stream, cipher, time, out: Vec::new(), sent: 0 }
    }

    /// The socket has taken everything that was sealed.
    pub(crate) fn is_free(&self) -> bool {
        self.out.is_empty()
    }

    /// Reads once into `input`.
    pub(crate) fn poll_read(&mut self, waking: &mut Waking<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Knows that the socket is empty after it gave less than there was room for, and does not
        // ask it again.
        Pin::new(&mut self.stream).poll_read(waking, input)
    }

    /// Opens the body of a frame.
    pub(crate) fn open(&mut self, body: &[u8], plaintext: &mut Vec<u8>) -> Result<(), OpenFault> {
        self.cipher.open(body, plaintext)
    }

    /// Writes what waits in queues of these classes, at most one frame, if the socket has taken
    /// everything before; whether there was anything.
    pub(crate) fn write(&mut self, mailbox: &Mailbox, classes: &[Class]) -> Result<bool, Reason> {
        if !self.is_free() {
            return Ok(false);
        }
        SCRATCH.with_borrow_mut(|Scratch { plaintext, sealed }| {
            plaintext.clear();
            if mailbox.drain(classes, plaintext) {
                mailbox.set_drained();
            }
            if plaintext.is_empty() {
                return Ok(false);
            }
            if !is_padded_inside(plaintext) {
                pad(plaintext);
            }
            sealed.clear();
            self.seal(plaintext, sealed)?;
            let taken = self.stream.try_write(sealed).map_err(|error| Reason::of_io(&error))?;
            let rest = sealed.get(taken..).unwrap_or_default();
            trace!(bytes = sealed.len(), waiting = rest.len(), "frame out");
            if !rest.is_empty() {
                self.out = rest.to_vec();
                mailbox.set_stalled(self.time.tick());
            }
            Ok(true)
        })
    }

    /// Goes on with what the socket did not take, as soon as it takes more.
    pub(crate) fn poll_write_rest(&mut self, waking: &mut Waking<'_>, mailbox: &Mailbox) -> Poll<Result<(), Reason>> {
        let rest = self.out.get(self.sent..).unwrap_or_default();
        let taken = match ready!(Pin::new(&mut self.stream).poll_write(waking, rest)) {
            Ok(taken) => taken,
            Err(error) => return Poll::Ready(Err(Reason::of_io(&error))),
        };
        self.sent = self.sent.saturating_add(taken);
        if taken > 0 {
            mailbox.set_moving();
        }
        if self.sent >= self.out.len() {
            self.out = Vec::new();
            self.sent = 0;
        } else {
            mailbox.set_stalled(self.time.tick());
        }
        Poll::Ready(Ok(()))
    }

    /// The socket, and what is still to be written to it: a begun frame, and the reason for
    /// parting.
    pub(crate) fn part(mut self, bye: Bye) -> (ByteStream, Vec<u8>) {
        let mut words = self.out.split_off(self.sent.min(self.out.len()));
        let mut plaintext = Vec::new();
        pack_records([&*Message::Bye(bye).encode()], &mut plaintext);
        if self.seal(&plaintext, &mut words).is_err() {
            words.clear();
        }
        (self.stream, words)
    }

    fn seal(&mut self, plaintext: &[u8], sealed: &mut Vec<u8>) -> Result<(), Reason> {
        self.cipher.seal(plaintext, sealed).map_err(|fault| {
            tracing::error!(%fault, "a frame could not be sealed");
            Reason::Lost
        })
    }
}

/// Whether there is nothing in it but bytes of circuits. Those are frames that the ends have
/// padded, mostly just longer than a power of two: padding them again would nearly double them.
fn is_padded_inside(plaintext: &[u8]) -> bool {
    let is_of_circuit = |record: &[u8]| record.first() == Some(&CIRCUIT_DATA);
    // Seldom true, and looked at first: most frames cost one comparison.
    plaintext.get(RECORD_HEADER) == Some(&CIRCUIT_DATA) && records(plaintext).all(|record| record.is_ok_and(is_of_circuit))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use identity::Identity;
    use tokio::io::AsyncReadExt;
    use wire::limits::FRAME_HEADER;
    use wire::{Handshake, Session, StaticKey, Step};

    use super::*;
    use crate::limits::Limits;

    fn sessions() -> (Session, Session) {
        let [ana, ben] = [1, 2].map(|seed| Arc::new(Identity::from_seed(&[seed; 32])));
        let key = StaticKey::generate().expect("randomness");
        let (dialling, first) = Handshake::initiate(ana, &key, None).expect("ana can dial");
        let dialled = Handshake::respond(ben, &key).expect("ben can answer");
        let Ok(Step::Reply(dialled, second)) = dialled.read(&first) else { panic!("ben answers") };
        let Ok(Step::Done { reply: Some(third), session: at_ana }) = dialling.read(&second) else { panic!("ana ends it") };
        let Ok(Step::Done { reply: None, session: at_ben }) = dialled.read(&third) else { panic!("ben ends it") };
        (at_ana, at_ben)
    }

    #[tokio::test]
    async fn what_the_stream_does_not_take_at_once_is_written_when_it_does() {
        let (at_ana, mut at_ben) = sessions();
        let (near, mut far) = tokio::io::duplex(64);
        let mailbox = Mailbox::new(Arc::new(Limits::default()), 1);
        let mut stream = CipherStream::new(ByteStream::Memory(near), at_ana.cipher, TimeSource::start());
        mailbox.push(Class::Live, vec![7; 300].into()).expect("there is room");
        assert_eq!(stream.write(&mailbox, &[Class::Live]), Ok(true));
        assert!(!stream.is_free() && mailbox.stalled().is_some());
        let mut received = Vec::new();
        while !stream.is_free() {
            far.read_buf(&mut received).await.expect("the stream is there");
            poll_fn(|waking| stream.poll_write_rest(waking, &mailbox)).await.expect("there is room");
        }
        far.read_buf(&mut received).await.expect("the stream is there");
        assert_eq!(mailbox.stalled(), None);
        let mut plaintext = Vec::new();
        at_ben.cipher.open(&received[FRAME_HEADER..], &mut plaintext).expect("the whole frame");
        assert_eq!(wire::frame::records(&plaintext).next(), Some(Ok(&[7; 300][..])));
    }
    #[test]
    fn only_frames_full_of_what_the_ends_of_circuits_padded_are_not_padded() {
        let data = Message::CircuitData(wire::CircuitData { id: 300, bytes: vec![7; 84] }).encode();
        let ping = Message::Ping(1).encode();
        let is_padded_inside = |records: &[&[u8]]| {
            let mut plaintext = Vec::new();
            records.iter().for_each(|record| wire::frame::push_record(&mut plaintext, record).expect("there is room"));
            is_padded_inside(&plaintext)
        };
        assert!(is_padded_inside(&[&data]));
        assert!(is_padded_inside(&[&data, &data]));
        assert!(!is_padded_inside(&[&data, &ping]));
        assert!(!is_padded_inside(&[&ping, &data]));
    }

    #[tokio::test]
    async fn a_frame_of_circuits_goes_as_it_is_and_others_padded() {
        let mailbox = Mailbox::new(Arc::new(Limits::default()), 1);
        let (near, mut far) = tokio::io::duplex(1024);
        let mut stream = CipherStream::new(ByteStream::Memory(near), sessions().0.cipher, TimeSource::start());
        let data = Message::CircuitData(wire::CircuitData { id: 2, bytes: vec![7; 84] }).encode();
        for (record, expected) in [(data.clone(), RECORD_HEADER + data.len()), (Message::Ping(1).encode(), 64)] {
            mailbox.push(Class::Live, record).expect("there is room");
            assert_eq!(stream.write(&mailbox, &[Class::Live]), Ok(true));
            let mut frame = Vec::with_capacity(1024);
            far.read_buf(&mut frame).await.expect("the stream is there");
            assert_eq!(frame.len(), FRAME_HEADER + expected + wire::limits::TAG);
        }
    }
}
