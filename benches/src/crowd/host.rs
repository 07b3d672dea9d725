//! A process with many whole peers: sockets, keys, databases, each with a profile of its own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use identity::Identity;
use node::{Node, Options, RoomId};
use store::Anchor;
use tokio::sync::mpsc;

use super::hosts::MAX_LINES;
use super::tally::Tally;
use super::words::{Number, Order, Told, now};

/// Bytes of a message's text.
const TEXT_BYTES: usize = 300;
/// Entries read at once from a history.
const PAGE: u32 = 200;
/// Orders that wait; more than one run ever gives at once.
const MAX_ORDERS: usize = 1_024;
const ROOM: &str = "Everybody";

/// How a host is started.
#[derive(Args, Clone, Debug)]
pub(crate) struct HostArgs {
    /// Where the profiles are.
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// Number of the first peer.
    #[arg(long)]
    pub(crate) first: usize,
    /// Peers in this process.
    #[arg(long)]
    pub(crate) count: usize,
    /// Peers in the whole crowd.
    #[arg(long)]
    pub(crate) everybody: u32,
}

/// Runs until the order to stop, or until nobody gives orders any more.
pub(crate) fn host(args: &HostArgs) -> ExitCode {
    let (out, told) = std::sync::mpsc::sync_channel::<Told>(MAX_LINES);
    let writing = std::thread::spawn(move || {
        let mut stdout = std::io::stdout().lock();
        for told in told {
            let line = serde_json::to_string(&told).expect("what is told has a form");
            if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
                return;
            }
        }
    });
    let (give, orders) = mpsc::channel(MAX_ORDERS);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let order: Order = serde_json::from_str(&line).expect("orders have a form");
            if give.blocking_send(order).is_err() {
                return;
            }
        }
    });
    let tally = Tally::new(args.count, args.everybody, out);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(serve(args, tally, orders));
    drop(runtime);
    writing.join().expect("the writer does not panic");
    ExitCode::SUCCESS
}

async fn serve(args: &HostArgs, tally: Tally, mut orders: mpsc::Receiver<Order>) {
    let mut nodes = Vec::with_capacity(args.count);
    for peer in 0..args.count {
        match start(args, peer, tally.clone()).await {
            Ok(node) => nodes.push(node),
            Err(error) => return tally.trouble(format!("peer {peer} does not start: {error}")),
        }
    }
    tally.tell(Told::Ready);
    while let Some(order) = orders.recv().await {
        match order {
            Order::Create { uses } => create(&nodes, &tally, uses).await,
            Order::Join { invite } => join(&nodes, &tally, invite).await,
            Order::Say { peer, number } => say(&nodes, &tally, peer, number).await,
            Order::Links => tally.tell(Told::Links { count: links(&nodes).await }),
            Order::Histories => histories(&nodes, &tally).await,
            Order::Stop => break,
        }
    }
    futures(nodes.into_iter().map(|node| async move { node.stop().await })).await;
}

/// Starts a peer, new or as it was left.
async fn start(args: &HostArgs, peer: usize, tally: Tally) -> Result<Node, Box<dyn std::error::Error + Send + Sync>> {
    let number = args.first + peer;
    let mut seed = *b"a crowd of peers, each by number";
    seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let profile = args.folder.join(number.to_string());
    let place = profile.clone();
    let opened = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&place)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(node::open_store(&place, &seed)?)
    });
    let sink_tally = tally.clone();
    let mut told = 0;
    let options = Options {
        identity: Identity::from_seed(&seed),
        opened: opened.await??,
        name: Some(format!("Peer {number}")),
        fallback_name: String::new(),
        listen: vec![address(&profile, number)],
        nearby: false,
        peer_exchange: true,
        mapping: false,
        dht: Vec::new(),
        agent: "grapevine-bench".to_owned(),
        sink: Box::new(move |notices| {
            notices.iter().for_each(|notice| sink_tally.notice(peer, notice));
            told += notices.len() as u64;
            told
        }),
    };
    let node = node::start(options).await?;
    let snapshot = node.with(|core| core.snapshot()).await?;
    if let Some(room) = snapshot.rooms.first() {
        tally.set_room(room.id);
        tally.joined(peer);
        tally.counted(peer, room.members);
        read(&node, room.id, |messages| tally.has(peer, messages)).await?;
    }
    keep_address(&node, &profile).await?;
    Ok(node)
}

/// Each peer has a loopback address of its own and keeps its port, so that outgoing connections of
/// others never take it meanwhile.
fn address(profile: &Path, number: usize) -> SocketAddr {
    let kept = std::fs::read_to_string(profile.join("address")).ok().and_then(|text| text.parse().ok());
    let [high, low] = u16::try_from(number + 1).expect("fewer peers than addresses").to_be_bytes();
    kept.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)))
}

async fn keep_address(node: &Node, profile: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // The network tells its address at once; what is asked meanwhile goes in line behind it or is
    // asked again.
    loop {
        let me = node.with(|core| core.snapshot().me).await?;
        if let Some(address) = me.addresses.first() {
            return Ok(std::fs::write(profile.join("address"), address)?);
        }
        if let Some(why) = me.not_listening {
            return Err(why.into());
        }
        tokio::task::yield_now().await;
    }
}

async fn create(nodes: &[Node], tally: &Tally, uses: u32) {
    let Some(first) = nodes.first() else { return tally.trouble("no peers".to_owned()) };
    let made = first.with(move |core| {
        let room = core.create_room(ROOM)?;
        Ok::<_, node::view::Refused>((room.id, core.create_invite(Some(room.id), uses)?))
    });
    match made.await {
        Ok(Ok((room, invite))) => {
            tally.set_room(room);
            tally.joined(0);
            tally.tell(Told::Created { invite: invite.text });
        }
        Ok(Err(refused)) => tally.trouble(refused.to_string()),
        Err(closed) => tally.trouble(closed.to_string()),
    }
}

async fn join(nodes: &[Node], tally: &Tally, invite: String) {
    for node in nodes {
        let text = invite.clone();
        let asked = node.with(move |core| match core.snapshot().rooms.is_empty() {
            true => core.accept_invite(&text).map(drop),
            false => Ok(()),
        });
        match asked.await {
            Ok(Ok(())) => {}
            Ok(Err(refused)) => tally.trouble(refused.to_string()),
            Err(closed) => tally.trouble(closed.to_string()),
        }
    }
}

async fn say(nodes: &[Node], tally: &Tally, peer: usize, number: Number) {
    let (Some(node), Some(room)) = (nodes.get(peer), tally.room()) else { return tally.trouble(format!("peer {peer} has no room")) };
    let text = format!("{:x<TEXT_BYTES$}", format!("{number} "));
    tally.tell(Told::Says { number, at: now() });
    let said = match node.say(room, text, None).await {
        Ok(said) => said.await,
        Err(closed) => return tally.trouble(closed.to_string()),
    };
    match said {
        Ok(Ok(_)) => {}
        Ok(Err(refused)) => tally.trouble(refused.to_string()),
        Err(_) => tally.trouble(format!("peer {peer} has ended")),
    }
}

async fn links(nodes: &[Node]) -> Vec<u32> {
    let mut count = Vec::with_capacity(nodes.len());
    for node in nodes {
        count.push(node.with(|core| core.snapshot().me.links).await.unwrap_or(0));
    }
    count
}

async fn histories(nodes: &[Node], tally: &Tally) {
    let Some(room) = tally.room() else { return tally.trouble("no room".to_owned()) };
    let (mut count, mut digest) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
    for node in nodes {
        let (mut texts, mut hasher) = (0, DefaultHasher::new());
        let read = read(node, room, |messages| {
            for message in messages {
                message.id.as_bytes().hash(&mut hasher);
                texts += u32::from(matches!(message.body, node::view::Body::Text { .. }));
            }
        });
        if let Err(error) = read.await {
            return tally.trouble(error.to_string());
        }
        count.push(texts);
        digest.push(hasher.finish());
    }
    tally.tell(Told::Histories { count, digest });
}

/// The whole history of a room, page by page, oldest page first.
async fn read(
    node: &Node,
    room: RoomId,
    mut each: impl FnMut(&[node::view::Message]),
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut pages = Vec::new();
    let mut anchor = Anchor::Latest;
    loop {
        let page = node.with(move |core| core.timeline(room, anchor, PAGE)).await??;
        let first = page.messages.first().map(|message| message.position);
        let more = page.more_before;
        pages.push(page.messages);
        match first {
            Some(first) if more => anchor = Anchor::Before(first),
            Some(_) | None => break,
        }
    }
    pages.iter().rev().for_each(|page| each(page));
    Ok(())
}

/// All of them at once.
async fn futures(all: impl Iterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let mut set = tokio::task::JoinSet::new();
    all.for_each(|one| {
        set.spawn(one);
    });
    set.join_all().await;
}
