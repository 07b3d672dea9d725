//! Who may know whom: the arrows of docs/ARCHITECTURE.md, and the other rules of shape that a
//! machine can check. Uses nothing but the standard library, so that `./test arrows` can compile it
//! alone in a second.
//!
//! Here: which crate knows which. `circles.rs`: which file knows which, read by `modules.rs` and
//! `tokens.rs`. `sizes.rs`: how long files and lines may be.

mod circles;
mod modules;
mod sizes;
mod tokens;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tree::{check, files, read, root};

/// Each part and the parts that it may know. A crate that is not in this list fails the test.
const ARROWS: &[(&str, &[&str])] = &[
    ("identity", &[]),
    ("wire", &["identity"]),
    ("gossip", &["wire", "identity"]),
    ("rooms", &["wire", "identity"]),
    ("net", &["wire", "identity"]),
    ("store", &["rooms", "wire", "identity"]),
    ("node", &["identity", "wire", "gossip", "rooms", "net", "store"]),
    ("api", &["node", "rooms", "identity"]),
    ("cli", &["api"]),
    // Not shipped: the test bed.
    ("sim", &["node", "gossip", "rooms", "wire", "identity"]),
];

/// Crates that decide and never act: time and chance are handed in, effects are handed out.
const PURE: &[&str] = &["wire", "gossip", "rooms"];

/// What a pure crate must not touch outside its tests.
const ACTS: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "std::fs",
    "std::thread",
    "std::process",
    "std::env",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "tokio",
    "rand::rng(",
    "thread_rng",
];

/// Names of what a manifest depends on when it is shipped (not what its tests use).
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = table == "dependencies" || table == "build-dependencies" || table.ends_with(".dependencies");
            if let Some((kind, name)) = table.rsplit_once("dependencies.")
                && !kind.ends_with("dev-")
                && !kind.ends_with("workspace.")
            {
                names.insert(name.trim_matches('"').to_owned());
            }
            inside &= table != "workspace.dependencies";
        } else if inside && !line.starts_with('#') && line.contains('=') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.insert(name.to_owned());
        }
    }
    names
}

/// Which of our own parts a dependency is, under its short or its package name.
fn own_part(dependency: &str) -> Option<String> {
    let short = dependency.strip_prefix("grapevine-").unwrap_or(dependency);
    let short = if short == "node-engine" { "node" } else { short };
    let ours = dependency.starts_with("grapevine") || ARROWS.iter().any(|(part, _)| *part == short);
    ours.then(|| short.to_owned())
}

fn crates() -> Vec<String> {
    let folder = root().join("crates");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("there is a folder of crates")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.join("Cargo.toml").exists())
        .map(|path| path.file_name().and_then(|name| name.to_str()).expect("crates have plain names").to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn each_crate_knows_only_whom_it_may() {
    let mut wrong = Vec::new();
    for name in crates() {
        let Some((_, allowed)) = ARROWS.iter().find(|(part, _)| *part == name) else {
            wrong.push(format!("{name} has no arrows yet; a new crate needs a decision note"));
            continue;
        };
        let manifest = read(&root().join("crates").join(&name).join("Cargo.toml"));
        let known = dependencies(&manifest).into_iter().filter_map(|dependency| own_part(&dependency));
        wrong.extend(known.filter(|part| !allowed.contains(&part.as_str())).map(|part| format!("{name} → {part}")));
    }
    check(&wrong, "arrows that the design does not have");
}

#[test]
fn the_shell_knows_only_the_contract() {
    let known: Vec<String> = dependencies(&read(&root().join("Cargo.toml"))).iter().filter_map(|name| own_part(name)).collect();
    assert_eq!(known, ["api"]);
}

#[test]
fn only_the_shell_knows_tauri() {
    let mut wrong = Vec::new();
    for name in crates() {
        let manifest = read(&root().join("crates").join(&name).join("Cargo.toml"));
        wrong.extend(dependencies(&manifest).into_iter().filter(|d| d.starts_with("tauri")).map(|d| format!("crates/{name} → {d}")));
    }
    check(&wrong, "only src-tauri may depend on tauri");
}

/// The arrows inside the page are judged by its own test, `ui/src/arrows.test.ts`.
fn is_page_test(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".test.ts")
}

/// The feature that hands sockets, disk and loop to the caller, who steps a node.
#[test]
fn only_the_simulator_steps_nodes_by_hand() {
    let mut wrong = Vec::new();
    // Tests of node's own that need the feature run where it is on; they do not turn it on.
    let asks = |manifest: &str| {
        let mut lines = manifest.lines().filter(|line| !line.starts_with("required-features"));
        lines.any(|line| line.contains("features = [") && line.contains("\"manual\""))
    };
    for name in crates().iter().map(|name| format!("crates/{name}")).chain(["benches".to_owned(), String::new()]) {
        if asks(&read(&root().join(&name).join("Cargo.toml"))) && name != "crates/sim" {
            wrong.push(name);
        }
    }
    check(&wrong, "only crates/sim may turn on the feature `manual`");
    assert!(asks(&read(&root().join("crates/sim/Cargo.toml"))), "the simulator turns it on the way that this test looks for");
}

#[test]
fn only_one_file_of_the_page_knows_the_shell() {
    let door = root().join("ui/src/host/tauri.ts");
    let page = files(&root().join("ui/src"), &[".ts", ".svelte"]);
    let knowing: Vec<String> = page
        .iter()
        .filter(|path| **path != door && !is_page_test(path) && read(path).contains("@tauri-apps"))
        .map(|path| path.display().to_string())
        .collect();
    check(&knowing, "only ui/src/host/tauri.ts may import @tauri-apps");
    assert!(read(&door).contains("@tauri-apps"), "the door is where this test thinks it is");
}

/// The code of a file without its tests, which stand last, and without comments.
fn shipped(source: &str) -> Vec<(usize, &str)> {
    let lines: Vec<&str> = source.lines().collect();
    let tests_begin = |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{');
    let end = lines.windows(2).position(tests_begin).unwrap_or(lines.len());
    lines.iter().take(end).enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(at, line)| (at + 1, *line)).collect()
}

/// Names of the files that these sources declare as modules of tests.
fn test_modules(sources: &[PathBuf]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources.iter().map(|path| read(path)) {
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let declared = pair[1].split_once("mod ").and_then(|(_, rest)| rest.strip_suffix(';'));
            names.extend(declared.map(|name| format!("{name}.rs")));
        }
    }
    names
}

#[test]
fn pure_crates_do_not_act() {
    let mut wrong = Vec::new();
    for name in PURE {
        let sources = files(&root().join("crates").join(name).join("src"), &[".rs"]);
        let tests = test_modules(&sources);
        for path in sources {
            if path.file_name().is_some_and(|file| tests.contains(&*file.to_string_lossy())) {
                continue;
            }
            let source = read(&path);
            for (at, line) in shipped(&source) {
                wrong.extend(ACTS.iter().filter(|act| line.contains(**act)).map(|act| format!("{}:{at} uses {act}", path.display())));
            }
        }
    }
    check(&wrong, "wire, gossip and rooms decide; they do not act");
}

#[test]
fn this_test_reads_manifests_as_cargo_does() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# wire = 1\nidentity.workspace = true\nserde = { version = \"1\" }\n\
                    [dependencies.store]\npath = \"../store\"\n[target.'cfg(unix)'.dependencies]\nnet = \"1\"\n[dev-dependencies]\nproptest = \"1\"\n\
                    [dev-dependencies.gossip]\npath = \"x\"\n[workspace.dependencies]\nrooms = \"1\"\n";
    let expected = ["identity", "net", "serde", "store"].map(str::to_owned);
    assert_eq!(dependencies(manifest).into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(own_part("grapevine-node-engine").as_deref(), Some("node"));
    assert_eq!(own_part("serde"), None);
}
