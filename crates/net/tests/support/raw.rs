//! A peer with a key and a socket that need not behave.

use std::net::SocketAddr;
use std::sync::Arc;

use identity::Identity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::frame::{pack_records, records, write_handshake};
use wire::{FrameReader, Handshake, Hello, Message, Session, StaticKey, Step};

use super::PATIENCE;

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    pub(crate) session: Session,
    reader: FrameReader,
    input: Vec<u8>,
    inbox: std::collections::VecDeque<Message>,
}

impl Raw {
    /// Dials and shakes hands as `me`, and says Hello; the other side's Hello is the
    /// first message to receive.
    pub(crate) async fn dial(address: SocketAddr, me: Arc<Identity>) -> Self {
        let mut raw = Self::dial_mutely(address, me).await;
        raw.send(&Message::Hello(Hello { boot_nonce: rand::random(), addresses: Vec::new(), agent: "raw".to_owned() })).await;
        raw
    }

    /// The same, without a Hello.
    pub(crate) async fn dial_mutely(address: SocketAddr, me: Arc<Identity>) -> Self {
        Self::dial_spoiling(address, me, |_| {}).await
    }

    /// Changes its last message of the handshake, and says no Hello.
    pub(crate) async fn dial_spoiling(address: SocketAddr, me: Arc<Identity>, spoil: impl FnOnce(&mut Vec<u8>)) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("a socket");
        let key = StaticKey::generate().expect("a key");
        let (handshake, first) = Handshake::initiate(me, &key, None).expect("a handshake begins");
        let mut talk = Half { stream, reader: FrameReader::new(), input: Vec::new() };
        talk.send(&first).await;
        let second = talk.frame().await.expect("an answer");
        let Ok(Step::Done { reply: Some(mut third), session }) = handshake.read(&second) else { panic!("no handshake") };
        spoil(&mut third);
        talk.send(&third).await;
        talk.reader.established();
        let Half { stream, reader, input } = talk;
        Self { stream, session, reader, input, inbox: Default::default() }
    }

    /// A frame as it goes over the wire.
    pub(crate) fn seal(&mut self, messages: &[Message]) -> Vec<u8> {
        let encoded: Vec<_> = messages.iter().map(Message::encode).collect();
        let mut plaintext = Vec::new();
        assert_eq!(pack_records(encoded.iter().map(|record| &**record), &mut plaintext), messages.len());
        self.seal_plaintext(&plaintext)
    }

    pub(crate) fn seal_plaintext(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        self.session.cipher.seal(plaintext, &mut frame).expect("it fits");
        frame
    }

    pub(crate) async fn send(&mut self, message: &Message) {
        let frame = self.seal(std::slice::from_ref(message));
        self.send_bytes(&frame).await;
    }

    /// Whatever it is; whether it was taken is not looked at.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next message, or none if the other side closed.
    pub(crate) async fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.inbox.pop_front() {
                return Some(message);
            }
            let body = next_frame(&mut self.stream, &mut self.reader, &mut self.input).await?;
            let mut plaintext = Vec::new();
            self.session.cipher.open(&body, &mut plaintext).expect("the other side seals well");
            for record in records(&plaintext) {
                let message = Message::decode(record.expect("whole records")).expect("a good message");
                self.inbox.extend(message);
            }
        }
    }

    /// The first message that `pick` picks; panics if the link ends before.
    pub(crate) async fn receive_until<T>(&mut self, mut pick: impl FnMut(Message) -> Option<T>) -> T {
        loop {
            let message = self.receive().await.expect("the link goes on");
            if let Some(found) = pick(message) {
                return found;
            }
        }
    }
}

struct Half {
    stream: TcpStream,
    reader: FrameReader,
    input: Vec<u8>,
}

impl Half {
    async fn send(&mut self, body: &[u8]) {
        let mut frame = Vec::new();
        write_handshake(body, &mut frame);
        self.stream.write_all(&frame).await.expect("a socket");
    }

    async fn frame(&mut self) -> Option<Vec<u8>> {
        next_frame(&mut self.stream, &mut self.reader, &mut self.input).await
    }
}

async fn next_frame(stream: &mut TcpStream, reader: &mut FrameReader, input: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let mut rest = input.as_slice();
        let body = reader.next(&mut rest).expect("good frames").map(<[u8]>::to_vec);
        let used = input.len() - rest.len();
        input.drain(..used);
        if body.is_some() {
            return body;
        }
        let read = timeout(PATIENCE, stream.read_buf(input)).await.expect("something arrives, or the end does");
        if read.unwrap_or(0) == 0 {
            return None;
        }
    }
}
