//! Much that is said about messages: told in parts, and put aside where it no longer counts.

mod common;

use std::sync::{Arc, Mutex};

use node::view::{Body, Message, Notice};
use node::{Node, RoomId};
use tempfile::TempDir;

/// Batches of messages, in the order in which the window was told of them.
type Told = Arc<Mutex<Vec<Vec<Message>>>>;

async fn in_a_room() -> (Node, RoomId, Told, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let told = Told::default();
    let window = told.clone();
    let node = common::start(folder.path(), move |notices| {
        let batches = notices.into_iter().filter_map(|notice| if let Notice::Messages(_, all) = notice { Some(all) } else { None });
        window.lock().expect("nobody panicked").extend(batches);
    })
    .await;
    let room = node.with(|core| core.create_room("Room")).await.expect("it runs").expect("a room").id;
    (node, room, told, folder)
}

async fn say(node: &Node, room: RoomId, text: &str) -> node::view::Said {
    let outcome = node.say(room, text.to_owned(), None).await.expect("it runs");
    outcome.await.expect("an answer").expect("it is said")
}

fn reactions(message: &Message) -> Vec<String> {
    match &message.body {
        Body::Text { reactions, .. } => reactions.iter().map(|reaction| reaction.emoji.clone()).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn what_no_longer_counts_of_thousands_of_reactions_is_put_aside_and_the_message_stays_as_it_was() {
    let (node, room, told, folder) = in_a_room().await;
    let hello = say(&node, room, "hello").await;
    for _ in 0..30 {
        let react = move |core: &mut node::Core| {
            for n in 0..100 {
                core.react(room, hello.id, "👍".to_owned(), n % 2 == 0).expect("it is said");
            }
            core.react(room, hello.id, "🎉".to_owned(), true).expect("it is said");
        };
        node.with(react).await.expect("it runs");
    }
    node.stop().await;
    let last = told.lock().expect("nobody panicked").last().and_then(|batch| batch.last().cloned()).expect("it was told");
    assert_eq!((last.id, reactions(&last)), (hello.id, vec!["🎉".to_owned()]));
    let store = node::open_store(folder.path(), &[7; 32]).expect("it was closed in order").store;
    for row in store.all_in::<store::EpochRow>(&room) {
        let store::KeyRow::Whole(secret) = row.key else { panic!("ana's own") };
        let held = rooms::keys::Held::Whole(rooms::keys::EpochSecret::from_bytes(secret.0));
        store.keyring().put(&room, row.epoch, held).expect("the key of that epoch");
    }
    let left = store.relations_of(&room, &hello.position);
    assert!(left.len() < 200, "{} of 3 030 are read with the message", left.len());
    let hello = store.event(&room, &hello.position).expect("it is there");
    let entry = rooms::fold(&hello, &left).expect("a message");
    assert_eq!(entry.reactions.into_keys().collect::<Vec<_>>(), ["🎉"]);
}

#[tokio::test]
async fn changes_of_many_messages_are_told_a_few_at_a_time_and_all_in_the_end() {
    let (node, room, told, _folder) = in_a_room().await;
    let mut said = Vec::new();
    for n in 0..500 {
        said.push(say(&node, room, &n.to_string()).await.id);
    }
    told.lock().expect("nobody panicked").clear();
    let all = said.clone();
    let react = move |core: &mut node::Core| {
        for message in all {
            core.react(room, message, "👍".to_owned(), true).expect("it is said");
        }
    };
    node.with(react).await.expect("it runs");
    // Each question is a turn, and after each turn some are told.
    while told.lock().expect("nobody panicked").iter().map(Vec::len).sum::<usize>() < said.len() {
        node.with(|_| {}).await.expect("it runs");
    }
    node.stop().await;
    let told = told.lock().expect("nobody panicked");
    assert!(told.iter().all(|batch| batch.len() <= 64), "{:?} at once", told.iter().map(Vec::len).max());
    let mut changed: Vec<_> = told.iter().flatten().map(|message| message.id).collect();
    changed.sort();
    said.sort();
    assert_eq!(changed, said);
    assert!(told.iter().flatten().all(|message| reactions(message) == ["👍"]));
}
