//! What an idle link costs: 500 of them between two processes. Kernel socket buffers are not in
//! this figure.
#![cfg(target_os = "linux")]

mod support;

use std::alloc::System;
use std::process::Stdio;
use std::sync::Arc;

use identity::Identity;
use net::{Config, Event, Limits, Times};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::raw::Raw;
use support::{ANA, PATIENCE, Peer, config};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes of resident memory promised for an idle link.
const PROMISE: u64 = 5 * 1024;
/// Links before measuring, so that pools and stacks have grown.
const WARM_UP: u32 = 100;
const LINKS: u32 = 500;

const ADDRESS: &str = "GRAPEVINE_TEST_HUB";
const FIRST: &str = "GRAPEVINE_TEST_FIRST";
const COUNT: &str = "GRAPEVINE_TEST_COUNT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_idle_links_cost_at_most_5_kib_each() {
    let limits = Limits { half_open: 1000, lobby: 1000, ..Limits::default() };
    // The crowd answers one Ping and then only sits there.
    let times = Times { silence: PATIENCE * 10, ..Times::default() };
    let mut ana = Peer::with(ANA, Config { limits, times, ..config() }).await;
    let _warm = crowd(&mut ana, 0, WARM_UP).await;
    let (before, region) = (resident(), Region::new(ALLOCATOR));
    let _crowd = crowd(&mut ana, WARM_UP, LINKS).await;
    let each = resident().saturating_sub(before) / u64::from(LINKS);
    let stats = region.change();
    let heap = (stats.bytes_allocated - stats.bytes_deallocated) / LINKS as usize;
    println!("an idle link costs {each} bytes of resident memory, of which {heap} are on the heap");
    assert!(each <= PROMISE, "{each} bytes");
}

/// Starts another process with this many peers, and waits until all are linked and have answered a
/// Ping.
async fn crowd(ana: &mut Peer, first: u32, count: u32) -> Child {
    let this = std::env::current_exe().expect("the test's program");
    let mut child = Command::new(this)
        .args(["--exact", "a_crowd_in_another_process", "--ignored", "--nocapture"])
        .env(ADDRESS, ana.address.to_string())
        .env(FIRST, first.to_string())
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    let mut up = 0;
    while up < count {
        let (peer, link) = ana
            .wait("a link", |event| match event {
                Event::LinkUp(up) => Some((up.peer, up.link)),
                Event::LinkDown { reason, .. } => panic!("a link went down: {reason}"),
                _ => None,
            })
            .await;
        ana.net.welcome(peer, link);
        up += 1;
    }
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        if line.contains("all answered") {
            return child;
        }
    }
    panic!("the crowd went away");
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kib * 1024
}

#[tokio::test]
#[ignore = "runs in the process that the test above starts"]
async fn a_crowd_in_another_process() {
    let read = |name: &str| std::env::var(name).expect("set by the test above");
    let address = read(ADDRESS).parse().expect("an address");
    let (first, count): (u32, u32) = (read(FIRST).parse().expect("a number"), read(COUNT).parse().expect("a number"));
    let mut crowd = Vec::new();
    for n in first..first + count {
        let mut seed = [42; 32];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        let mut raw = Raw::dial(address, Arc::new(Identity::from_seed(&seed))).await;
        let token = raw.receive_until(|message| if let wire::Message::Ping(token) = message { Some(token) } else { None }).await;
        raw.send(&wire::Message::Pong(token)).await;
        crowd.push(raw);
    }
    println!("all answered");
    // Until the other process closes the pipe or kills this one.
    let _ = tokio::io::AsyncReadExt::read(&mut tokio::io::stdin(), &mut [0]).await;
    drop(crowd);
}
