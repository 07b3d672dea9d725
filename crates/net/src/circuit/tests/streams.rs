//! An end as a byte stream, before a link whose room the test decides on.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use wire::limits::MAX_CIRCUIT_DATA;
use wire::reach::{CircuitEnd, HelpRefused};
use wire::{CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, Class, Message};

use super::super::end::{End, Over};
use super::super::limits::{RETURNED_AT, WINDOW};
use super::super::stream::{CircuitStream, Pipe};
use crate::byte_stream::ByteStream;
use crate::queues::Full;

const ID: u32 = 4;
/// Long enough to see that something does not happen.
const MOMENT: Duration = Duration::from_millis(20);

/// What a link was given, and how many records of bulk it still takes.
#[derive(Default)]
struct Given {
    room: usize,
    records: Vec<(Class, Message)>,
}

struct Scene {
    pipe: Arc<Pipe>,
    stream: ByteStream,
    given: Arc<Mutex<Given>>,
}

impl Scene {
    fn new(end: End, room: usize) -> Self {
        let given = Arc::new(Mutex::new(Given { room, ..Given::default() }));
        let link = given.clone();
        let pipe = Pipe::new(ID, end, move |class, message| {
            let mut link = link.lock().expect("one thread");
            if class == Class::Bulk {
                link.room = link.room.checked_sub(1).ok_or(Full)?;
            }
            link.records.push((class, message));
            Ok(())
        });
        Self { stream: ByteStream::Circuit(CircuitStream::new(pipe.clone())), pipe, given }
    }

    fn given(&self) -> Vec<(Class, Message)> {
        std::mem::take(&mut self.given.lock().expect("one thread").records)
    }

    fn make_room(&self, room: usize) {
        self.given.lock().expect("one thread").room = room;
        self.pipe.on_drained();
    }

    fn hear(&self, message: Message) -> Option<Over> {
        self.pipe.on_message(message)
    }
}

fn data(bytes: Vec<u8>) -> Message {
    Message::CircuitData(CircuitData { id: ID, bytes })
}

fn close(why: CircuitEnd) -> Message {
    Message::CircuitClose(CircuitClose { id: ID, why })
}

fn answer(refused: Option<HelpRefused>) -> Message {
    Message::CircuitAnswer(CircuitAnswer { id: ID, refused })
}

async fn waits<T>(work: impl Future<Output = T>) -> bool {
    timeout(MOMENT, work).await.is_err()
}

#[test]
fn a_circuit_makes_no_link_larger() {
    assert!(size_of::<ByteStream>() <= size_of::<tokio::net::TcpStream>() + 8, "{} bytes", size_of::<ByteStream>());
}

#[tokio::test]
async fn nothing_is_sent_before_the_answer_and_all_of_it_after() {
    let mut ana = Scene::new(End::calling(), 10);
    assert!(waits(ana.stream.write_all(b"hello")).await);
    assert_eq!(ana.given(), []);
    assert_eq!(ana.hear(answer(None)), None);
    ana.stream.write_all(b"hello").await.expect("it stands");
    assert_eq!(ana.given(), [(Class::Bulk, data(b"hello".to_vec()))]);
}

#[tokio::test]
async fn a_refusal_is_an_error_that_says_why() {
    for (why, kind) in [(HelpRefused::NotLinked, io::ErrorKind::HostUnreachable), (HelpRefused::Busy, io::ErrorKind::ResourceBusy)] {
        let mut ana = Scene::new(End::calling(), 10);
        assert_eq!(ana.hear(answer(Some(why))), Some(Over::Refused(why)));
        assert_eq!(ana.stream.read_u8().await.expect_err("refused").kind(), kind);
        assert_eq!(ana.stream.write_u8(1).await.expect_err("refused").kind(), io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn a_window_is_sent_in_pieces_and_more_when_credit_comes() {
    let mut ana = Scene::new(End::accepted(), 100);
    let mut writing = Box::pin(ana.stream.write_all(&[7; WINDOW + 10]));
    assert!(waits(&mut writing).await);
    let given = std::mem::take(&mut ana.given.lock().expect("one thread").records);
    assert_eq!(given, vec![(Class::Bulk, data(vec![7; MAX_CIRCUIT_DATA])); 4]);
    assert_eq!(ana.pipe.on_message(Message::CircuitCredit(CircuitCredit { id: ID, bytes: 20_000 })), None);
    writing.await.expect("there is credit");
    assert_eq!(ana.given(), [(Class::Bulk, data(vec![7; 10]))]);
}

#[tokio::test]
async fn what_the_link_has_no_room_for_is_sent_when_it_has() {
    let mut ana = Scene::new(End::accepted(), 1);
    assert_eq!(ana.stream.try_write(&[7; 40_000]).expect("it stands"), MAX_CIRCUIT_DATA);
    assert_eq!(ana.stream.try_write(&[8; 40_000]).expect("it stands"), 0);
    let pipe = ana.pipe.clone();
    let given = ana.given.clone();
    let drained = async {
        tokio::time::sleep(MOMENT).await;
        given.lock().expect("one thread").room = 1;
        pipe.on_drained();
    };
    let (written, ()) = tokio::join!(ana.stream.write_all(&[8; 10]), drained);
    written.expect("there was room");
    assert_eq!(ana.given(), [(Class::Bulk, data(vec![7; MAX_CIRCUIT_DATA])), (Class::Bulk, data(vec![8; 10]))]);
}

#[tokio::test]
async fn credit_goes_back_when_half_a_window_was_read() {
    let mut ana = Scene::new(End::accepted(), 10);
    for _ in 0..4 {
        assert_eq!(ana.hear(data(vec![7; MAX_CIRCUIT_DATA])), None);
    }
    let mut input = vec![0; RETURNED_AT - 1];
    ana.stream.read_exact(&mut input).await.expect("it came");
    assert_eq!(ana.given(), []);
    ana.stream.read_u8().await.expect("it came");
    let returned = Message::CircuitCredit(CircuitCredit { id: ID, bytes: RETURNED_AT as u32 });
    assert_eq!(ana.given(), [(Class::Control, returned)]);
}

#[tokio::test]
async fn a_carrier_that_sends_beyond_the_window_is_told_and_believed_no_more() {
    let beyond = || [data(vec![7; MAX_CIRCUIT_DATA]), data(Vec::new()), Message::CircuitCredit(CircuitCredit { id: ID, bytes: 1 })];
    for message in beyond() {
        let mut ana = Scene::new(End::accepted(), 10);
        for _ in 0..4 {
            assert_eq!(ana.hear(data(vec![7; MAX_CIRCUIT_DATA])), None);
        }
        assert_eq!(ana.hear(message), Some(Over::Closed(CircuitEnd::Fault)));
        assert_eq!(ana.given(), [(Class::Control, close(CircuitEnd::Fault))]);
        assert_eq!(ana.hear(data(vec![7; 10])), None, "it is over");
        let mut input = Vec::new();
        assert!(ana.stream.read_to_end(&mut input).await.is_err());
        assert_eq!(input.len(), WINDOW, "what came within the rules is read");
    }
}

#[tokio::test]
async fn the_last_words_are_read_and_then_the_end() {
    let mut ana = Scene::new(End::accepted(), 10);
    ana.hear(data(b"bye".to_vec()));
    assert_eq!(ana.hear(close(CircuitEnd::Done)), Some(Over::Closed(CircuitEnd::Done)));
    let mut words = String::new();
    ana.stream.read_to_string(&mut words).await.expect("an orderly end");
    assert_eq!(words, "bye");
    drop(ana.stream);
    assert_eq!(ana.given.lock().expect("one thread").records, []);
}

#[tokio::test]
async fn a_close_waits_for_its_turn_behind_what_was_written() {
    let mut ana = Scene::new(End::accepted(), 1);
    ana.stream.write_all(b"bye").await.expect("there is room");
    assert!(waits(ana.stream.shutdown()).await);
    ana.make_room(1);
    ana.stream.shutdown().await.expect("there is room");
    assert_eq!(ana.given(), [(Class::Bulk, data(b"bye".to_vec())), (Class::Bulk, close(CircuitEnd::Done))]);
    assert_eq!(ana.stream.read(&mut [0; 8]).await.expect("an orderly end"), 0);
}

#[tokio::test]
async fn a_dropped_stream_closes_its_circuit_even_without_room() {
    let ana = Scene::new(End::accepted(), 1);
    drop(ana.stream);
    assert_eq!(ana.given.lock().expect("one thread").records, [(Class::Bulk, close(CircuitEnd::Done))]);
    let ana = Scene::new(End::accepted(), 0);
    drop(ana.stream);
    assert_eq!(ana.given.lock().expect("one thread").records, [(Class::Control, close(CircuitEnd::Gone))]);
}

#[tokio::test]
async fn a_lost_link_wakes_reader_and_writer_with_an_error() {
    let ana = Scene::new(End::accepted(), 0);
    let pipe = ana.pipe.clone();
    let (mut reader, mut writer) = tokio::io::split(ana.stream);
    let lost = async {
        tokio::time::sleep(MOMENT).await;
        assert!(pipe.end(Over::LinkDown));
    };
    let (read, written, ()) = tokio::join!(reader.read_u8(), writer.write_all(b"x"), lost);
    assert_eq!(read.expect_err("lost").kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(written.expect_err("lost").kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_given_up() {
    let mut ana = Scene::new(End::calling(), 10);
    assert!(ana.pipe.give_up() && !ana.pipe.give_up());
    assert_eq!(ana.given(), [(Class::Control, close(CircuitEnd::Done))]);
    assert_eq!(ana.stream.read_u8().await.expect_err("nobody answered").kind(), io::ErrorKind::TimedOut);
    assert!(!Scene::new(End::accepted(), 10).pipe.give_up());
}
