//! A peer that speaks the protocol by hand: it says what a test tells it to say, and answers
//! nothing but Pings.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use identity::{Identity, PeerId};
use wire::frame::{RecordFault, pack_records, records, write_handshake};
use wire::handshake::{Handshake, Session, StaticKey, Step};
use wire::ids::RoomId;
use wire::limits::MAX_TAGS;
use wire::message::{Hello, Join, Message, Record, epoch_tag, room_tag};
use wire::{FrameReader, Invite, NameSeal, Naming};

use crate::peer::{PATIENCE, Peer};

pub(crate) struct Outsider {
    pub(crate) me: Arc<Identity>,
    socket: TcpStream,
    reader: FrameReader,
    /// Read and not yet looked at.
    input: Vec<u8>,
    session: Session,
    heard: VecDeque<Message>,
}

impl Outsider {
    /// A new person with a link to `peer`; the Hellos are exchanged.
    pub(crate) fn dial(peer: &Peer) -> Outsider {
        Outsider::dial_as(peer, Arc::new(Identity::generate()))
    }

    /// The same, as somebody who may have been here before.
    pub(crate) fn dial_as(peer: &Peer, me: Arc<Identity>) -> Outsider {
        Outsider::reach(&peer.address(), me).expect("they listen, and answer")
    }

    /// The same at an address; none if nobody is there, or if they close before both said Hello.
    pub(crate) fn reach(address: &str, me: Arc<Identity>) -> Option<Outsider> {
        let mut socket = TcpStream::connect(address).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let (mut reader, mut input) = (FrameReader::new(), Vec::new());
        let key = StaticKey::generate().expect("a key");
        let (handshake, first) = Handshake::initiate(me.clone(), &key, None).expect("a first message");
        let mut words = Vec::new();
        write_handshake(&first, &mut words);
        socket.write_all(&words).ok()?;
        let second = frame(&mut socket, &mut reader, &mut input)?;
        let Ok(Step::Done { reply: Some(third), session }) = handshake.read(&second) else { panic!("they prove who they are") };
        words.clear();
        write_handshake(&third, &mut words);
        socket.write_all(&words).ok()?;
        Outsider::greet(me, socket, reader, input, session)
    }

    /// The same with whoever has dialled; none if they do not go through with it.
    pub(crate) fn answer(mut socket: TcpStream, me: Arc<Identity>) -> Option<Outsider> {
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let (mut reader, mut input) = (FrameReader::new(), Vec::new());
        let key = StaticKey::generate().expect("a key");
        let handshake = Handshake::respond(me.clone(), &key).expect("it begins");
        let first = frame(&mut socket, &mut reader, &mut input)?;
        let Ok(Step::Reply(handshake, second)) = handshake.read(&first) else { return None };
        let mut words = Vec::new();
        write_handshake(&second, &mut words);
        socket.write_all(&words).ok()?;
        let third = frame(&mut socket, &mut reader, &mut input)?;
        let Ok(Step::Done { reply: None, session }) = handshake.read(&third) else { return None };
        Outsider::greet(me, socket, reader, input, session)
    }

    fn greet(me: Arc<Identity>, socket: TcpStream, mut reader: FrameReader, input: Vec<u8>, session: Session) -> Option<Outsider> {
        reader.established();
        let mut outsider = Outsider { me, socket, reader, input, session, heard: VecDeque::new() };
        outsider.say(&Message::Hello(Hello { boot_nonce: 1, addresses: Vec::new(), agent: "by hand".to_owned() }));
        while !matches!(outsider.next()?, Message::Hello(_)) {}
        Some(outsider)
    }

    /// Who is at the other end.
    pub(crate) fn who(&self) -> PeerId {
        self.session.peer
    }

    /// The invite, shown on this link.
    pub(crate) fn join_by(&self, invite: &str) -> Join {
        let invite = Invite::parse(invite).expect("an invite");
        // Each link has a hash of its own.
        let nonce = *self.session.hash.first_chunk().expect("32 bytes");
        let name = self.seal().seal(Naming::Join, nonce, "outsider");
        Join::make(&invite.keys(), invite.hint(), name, &self.session.hash, &self.me.peer())
    }

    /// For the names on this link.
    pub(crate) fn seal(&self) -> NameSeal {
        NameSeal::new(&self.me, &self.session.peer, &self.session.hash).expect("sound keys")
    }

    /// Names these rooms, without padding.
    pub(crate) fn name(&mut self, rooms: &[RoomId]) {
        let tags = rooms.iter().map(|room| room_tag(room, &self.session.hash, self.session.role)).collect();
        self.say(&Message::Rooms(tags));
    }

    /// Names a room by its id and by these epochs, as far as they go into one record.
    pub(crate) fn name_by(&mut self, room: &RoomId, tag_keys: &[[u8; 32]]) {
        let (link, role) = (self.session.hash, self.session.role);
        let by_epochs = tag_keys.iter().map(|key| epoch_tag(key, &link, role));
        let tags = [room_tag(room, &link, role)].into_iter().chain(by_epochs).take(MAX_TAGS).collect();
        self.say(&Message::Rooms(tags));
    }

    pub(crate) fn say(&mut self, message: &Message) {
        self.send(&message.encode());
    }

    /// Says many messages in as few frames as hold them.
    pub(crate) fn say_all(&mut self, messages: &[Message]) {
        let records: Vec<Record> = messages.iter().map(Message::encode).collect();
        let (mut left, mut plaintext, mut words) = (records.as_slice(), Vec::new(), Vec::new());
        while !left.is_empty() {
            let packed = pack_records(left.iter().map(|record| record.as_ref()), &mut plaintext);
            assert!(packed > 0, "a record fits into a frame");
            left = left.get(packed..).unwrap_or_default();
            self.session.cipher.seal(&plaintext, &mut words).expect("it fits");
        }
        let _closed = self.socket.write_all(&words);
    }

    /// One record in a frame of its own, be it as it may. If they have closed already, reading
    /// tells.
    pub(crate) fn send(&mut self, record: &[u8]) {
        let plaintext = [&u16::try_from(record.len()).expect("a record").to_be_bytes(), record].concat();
        let mut words = Vec::new();
        self.session.cipher.seal(&plaintext, &mut words).expect("it fits");
        let _closed = self.socket.write_all(&words);
    }

    /// The next message; none once they have closed. Pings are answered and not shown.
    pub(crate) fn next(&mut self) -> Option<Message> {
        loop {
            while let Some(message) = self.heard.pop_front() {
                match message {
                    Message::Ping(token) => self.say(&Message::Pong(token)),
                    other => return Some(other),
                }
            }
            let body = frame(&mut self.socket, &mut self.reader, &mut self.input)?;
            let mut plaintext = Vec::new();
            self.session.cipher.open(&body, &mut plaintext).expect("their next frame");
            let read = |record: Result<&[u8], RecordFault>| Message::decode(record.expect("a whole record")).expect("a message");
            self.heard.extend(records(&plaintext).filter_map(read));
        }
    }

    /// Waits for a message, and gives what came before it too.
    pub(crate) fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(&Message) -> Option<T>) -> (T, Vec<Message>) {
        let mut before = Vec::new();
        while let Some(message) = self.next() {
            if let Some(found) = wanted(&message) {
                return (found, before);
            }
            before.push(message);
        }
        panic!("closed before {what}: {before:?}");
    }

    /// Reads a byte and does nothing with it; false once they have closed. The link says nothing
    /// more after it.
    pub(crate) fn sip(&mut self) -> bool {
        matches!(self.socket.read(&mut [0]), Ok(1))
    }

    /// Everything until they close.
    pub(crate) fn rest(mut self) -> Vec<Message> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// They have dealt with all that was said before, and the link stands: what they said
    /// meanwhile.
    pub(crate) fn settle(&mut self) -> Vec<Message> {
        self.say(&Message::Ping(77));
        self.until("a Pong", |message| (*message == Message::Pong(77)).then_some(())).1
    }
}

/// The body of the next frame; none once they have closed.
fn frame(socket: &mut TcpStream, reader: &mut FrameReader, input: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let mut rest = input.as_slice();
        let body = reader.next(&mut rest).expect("a length that is allowed").map(<[u8]>::to_vec);
        let used = input.len() - rest.len();
        input.drain(..used);
        if body.is_some() {
            return body;
        }
        let mut part = [0; 4096];
        match socket.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(count) => input.extend_from_slice(part.get(..count)?),
        }
    }
}
