//! Whose turn it is when something is said.

mod common;

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use node::view::{Body, Notice};
use node::{Node, RoomId};
use tempfile::TempDir;

/// Texts of messages, in the order in which the window was told of them.
type Shown = Arc<Mutex<Vec<String>>>;

async fn in_a_room() -> (Node, RoomId, Shown, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = Shown::default();
    let window = shown.clone();
    let node = common::start(folder.path(), move |notices| {
        let messages = notices.into_iter().filter_map(|notice| if let Notice::Messages(_, all) = notice { Some(all) } else { None });
        let texts = messages.flatten().filter_map(|m| if let Body::Text { text, .. } = m.body { Some(text) } else { None });
        window.lock().expect("nobody panicked").extend(texts);
    })
    .await;
    let room = node.with(|core| core.create_room("Room")).await.expect("it runs").expect("a room").id;
    (node, room, shown, folder)
}

#[tokio::test]
async fn what_is_said_while_the_node_rests_is_said_without_waking_it() {
    let (node, room, shown, _folder) = in_a_room().await;
    // Polled once, and nothing else of this thread's runs meanwhile.
    let mut saying = pin!(node.say(room, "now".to_owned(), None));
    let Poll::Ready(Ok(mut outcome)) = saying.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
    assert!(outcome.try_recv().expect("it is done").is_ok());
    assert_eq!(*shown.lock().expect("nobody panicked"), ["now"]);
    node.stop().await;
}

/// The first in a turn of the caller's, the others by way of the queue, some while the loop has its
/// turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_caller_says_comes_in_that_order() {
    let (node, room, shown, _folder) = in_a_room().await;
    let texts: Vec<String> = (0..2_000).map(|nth| nth.to_string()).collect();
    let mut outcomes = Vec::new();
    for (nth, text) in texts.iter().enumerate() {
        outcomes.push(node.say(room, text.clone(), None).await.expect("it runs"));
        if nth % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(nth as u64 / 100 % 4)).await;
        }
    }
    let mut positions = Vec::new();
    for outcome in outcomes {
        positions.push(outcome.await.expect("an answer").expect("it is said").position);
    }
    assert!(positions.is_sorted(), "out of order");
    node.stop().await;
    assert_eq!(*shown.lock().expect("nobody panicked"), texts);
}

#[tokio::test]
async fn a_node_that_ends_or_has_ended_takes_no_words() {
    let (node, room, shown, _folder) = in_a_room().await;
    let mut stopping = pin!(node.stop());
    while stopping.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        if let Ok(mut outcome) = node.say(room, "late".to_owned(), None).await {
            assert!(outcome.try_recv().is_err(), "said while it ends");
        }
        tokio::task::yield_now().await;
    }
    assert!(node.say(room, "late".to_owned(), None).await.is_err());
    assert_eq!(*shown.lock().expect("nobody panicked"), [] as [String; 0]);
}
