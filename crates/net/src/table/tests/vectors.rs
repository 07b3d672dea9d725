//! Which of two links with one peer stays, for other implementations (`docs/vectors/paths.json`).

use serde_json::{Value, json};

use super::*;

const PATHS: [(&str, Rank); 3] = [("circuit", Rank::Circuit), ("quic", Rank::Quic), ("tcp", Rank::Tcp)];

fn path(rank: Rank) -> Path {
    let remote = "192.0.2.1:1".parse().expect("an address");
    match rank {
        Rank::Circuit => Path::Circuit { carrier: PeerId::from_bytes([9; 32]) },
        Rank::Quic => Path::Quic(remote),
        Rank::Tcp => Path::Tcp(remote),
    }
}

/// Which link stays at `me` when `new` comes `age` milliseconds after `old`; `ours` says which of
/// them this side dialled.
fn stays(me: PeerId, peer: PeerId, ranks: [Rank; 2], ours: [bool; 2], age: u64, restarted: bool) -> &'static str {
    let mut table = Table::new(me, Limits::default(), Times::default(), Pace::default(), 7);
    let (mut now, mut out) = (Now { tick: 1, wall: 1 }, Vec::new());
    for n in 0..2 {
        let role = if ours[n] { Role::Initiator } else { Role::Responder };
        let nonce = if restarted { n as u64 } else { 0 };
        table.greeted(Candidate { link: LinkId(n as u64), peer, role, path: path(ranks[n]), nonce, attempt: None }, now, &mut out);
        table.welcome(peer, LinkId(0));
        now.tick += age;
    }
    match out.iter().find_map(|effect| if let Effect::Close { link, .. } = effect { Some(link.0) } else { None }) {
        Some(0) => "new",
        Some(_) => "old",
        None => panic!("one of them goes"),
    }
}

#[test]
fn golden_paths() {
    let mut cases: Vec<Value> = Vec::new();
    for (old, old_rank) in PATHS {
        for (new, new_rank) in PATHS {
            for (old_by_smaller, new_by_smaller) in [(true, true), (true, false), (false, true), (false, false)] {
                for (age_ms, restarted) in [(100, false), (10_001, false), (100, true)] {
                    let at_ana = stays(ANA, BEN, [old_rank, new_rank], [old_by_smaller, new_by_smaller], age_ms, restarted);
                    let at_ben = stays(BEN, ANA, [old_rank, new_rank], [!old_by_smaller, !new_by_smaller], age_ms, restarted);
                    assert_eq!(at_ana, at_ben, "both sides keep the same one");
                    cases.push(json!({
                        "old": old, "new": new, "old_dialled_by_smaller": old_by_smaller, "new_dialled_by_smaller": new_by_smaller,
                        "age_ms": age_ms, "restarted": restarted, "stays": at_ana,
                    }));
                }
            }
        }
    }
    let fresh = json!({
        "about": "Two links between the same two devices. smaller: the device whose PeerId is the smaller one; age_ms: how much later the \
            new link came; restarted: the boot nonces differ.",
        "cases": cases,
    });
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/paths.json");
    if std::env::var_os("GRAPEVINE_REGENERATE").is_some() {
        std::fs::write(&file, format!("{fresh:#}\n")).expect("vectors are writable");
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap_or_default()).unwrap_or_default();
    assert!(committed == fresh, "docs/vectors/paths.json is stale: run the test with GRAPEVINE_REGENERATE=1");
}
