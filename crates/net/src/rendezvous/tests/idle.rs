//! What it costs to wait for somebody who does not come.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::capture::{Capture, Datagram, ROLE, in_a_namespace};
use super::driver::{NODES, Order, bootstrap, person, testnet};
use super::world::{NOON, World, ana, meeting};
use crate::rendezvous::effect::Input;
use crate::rendezvous::meeting::{Meeting, Side};

const TEST: &str = "rendezvous::tests::idle::an_idle_node_costs_next_to_nothing";
/// Bytes of one question about a slot and its answer, measured on a testnet of 30 nodes (which name
/// 20 nodes each time; most real ones name 8), headers included; and of a search and a store.
const PEEK: usize = 740;
const SEARCH: usize = 22_000;
const STORE: usize = 53_000;

fn cost(asked: usize, searched: usize, stored: usize, seconds: usize) -> usize {
    (asked * PEEK + searched * SEARCH + stored * STORE) / seconds
}

#[test]
fn waiting_costs_less_than_a_kibibyte_per_second() {
    let invite = |byte| Meeting { secret: [byte; 32], ..meeting(Side::Inviter) };
    let contact = |byte| Meeting { secret: [byte; 32], ..meeting(Side::Smaller) };
    let cases: [(&str, u64, Vec<Meeting>); 6] = [
        ("an invite", NOON, vec![invite(1)]),
        ("an invite around midnight", NOON + 11 * 3_600_000, vec![invite(1)]),
        ("a pasted invite", NOON, vec![meeting(Side::Joiner)]),
        ("four invites", NOON, (1..5).map(invite).collect()),
        ("a contact", NOON, vec![contact(1)]),
        ("an invite and 31 contacts", NOON, std::iter::once(invite(1)).chain((2..33).map(contact)).collect()),
    ];
    for (name, start, meetings) in cases {
        let mut world = World::at(start);
        let person = world.person(ana());
        let many = meetings.len() > 1 || start != NOON;
        world.tell(person, Input::Meetings(meetings));
        world.tell(person, Input::On(true));
        let mut before = (0, 0, 0);
        for minutes in [10, 20, 30, 40, 50, 60] {
            world.run(600_000);
            let person = &world.people[person];
            let now = (person.asked, person.searched, person.stored);
            let rate = cost(now.0 - before.0, now.1 - before.1, now.2 - before.2, 600);
            println!("{name}, up to minute {minutes}: {rate} B/s, {now:?}");
            // At the start many slots are searched.
            let most = if minutes == 10 && many { 2048 } else { 1024 };
            assert!(rate <= most, "{name} {rate}");
            before = now;
        }
    }
}

/// Runs in a namespace, with the DHT in a process of its own, so that only this node is measured.
#[test]
#[ignore = "takes ten minutes"]
fn an_idle_node_costs_next_to_nothing() {
    match std::env::var(ROLE).as_deref() {
        Err(_) => drop(in_a_namespace(TEST, "measure")),
        Ok("dht") => {
            let net = testnet();
            println!("\nbootstrap {}", [bootstrap(&net), net.bootstrap.clone()].concat().join(","));
            let _ = std::io::stdout().flush();
            // Until the one who measures is gone.
            let _ = std::io::stdin().read(&mut [0]);
        }
        Ok(_) => measure(),
    }
}

/// Processor time of this process, in seconds.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

fn measure() {
    let exe = std::env::current_exe().expect("a test is a program");
    let mut dht = Command::new(exe)
        .args(["--exact", TEST, "--nocapture", "--include-ignored"])
        .env(ROLE, "dht")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(dht.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let line = lines.find_map(|line| line.strip_prefix("bootstrap ").map(str::to_owned)).expect("the DHT is up");
    // It would end if nobody read what else it says.
    std::thread::spawn(move || lines.for_each(drop));
    let nodes: Vec<String> = line.split(',').map(str::to_owned).collect();
    let ports: Vec<u16> = nodes.iter().map(|node| node.rsplit(':').next().expect("a port").parse().expect("a number")).collect();
    assert_eq!(ports.len(), NODES + 4);
    let seconds = std::env::var("SECONDS_IDLE").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    for side in [Some(Side::Inviter), None] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let capture = Capture::start();
        let before = processor();
        let port = runtime.block_on(async {
            let mut person = person(ana(), nodes[..4].to_vec()).await;
            let meetings = side.map(meeting).into_iter().collect();
            let _ = person.orders.send(Order::Set(meetings)).await;
            let _ = person.orders.send(Order::On(true)).await;
            let end = tokio::time::sleep(Duration::from_secs(seconds));
            tokio::pin!(end);
            loop {
                tokio::select! {
                    _ = person.events.recv() => {}
                    () = &mut end => break person.address.port(),
                }
            }
        });
        let used = 100.0 * (processor() - before) / seconds as f64;
        let own = |port: &u16| !ports.contains(port);
        let datagrams = capture.stop();
        let bytes = |wanted: &dyn Fn(&Datagram) -> bool| datagrams.iter().filter(|one| wanted(one)).map(|one| one.length).sum::<usize>();
        let all = bytes(&|one| own(&one.from) || own(&one.to));
        let asked = datagrams.iter().filter(|one| one.from == port).count();
        let by_asking = bytes(&|one| one.from == port || one.to == port);
        let rate = all as u64 / seconds;
        println!("{side:?} for {seconds} s: {rate} B/s of UDP with headers, {used:.2} % of a processor");
        println!("{asked} questions with answers: {by_asking} bytes; searches and stores: {} bytes", all - by_asking);
        assert!(rate <= 1024 && used < 0.5);
    }
    drop(dht.stdin.take());
    let _ = dht.wait();
}
