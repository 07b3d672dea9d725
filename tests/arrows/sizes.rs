//! How long files and lines may be.

use std::path::{Path, PathBuf};

use crate::tree::{check, entries, files, read, root, shown};

/// Longer files are more than one thing.
const MAX_LINES: usize = 400;
/// Longer lines are hard to read. For comments and documents; code has a formatter.
const MAX_COLUMNS: usize = 100;

#[test]
fn files_stay_small() {
    let folders = ["crates", "src-tauri", "tests", "benches", "fuzz", "ui/src", "ui/e2e"];
    let mut wrong = Vec::new();
    for path in folders.iter().flat_map(|folder| files(&root().join(folder), &[".rs", ".ts", ".svelte", ".css"])) {
        let lines = read(&path).lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{} has {lines} lines", shown(&path)));
        }
    }
    check(&wrong, "at most 400 lines; split by noun");
}

/// How a file marks its comments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All of it is prose.
    Document,
    /// `//`, `/* */`, `<!-- -->`.
    Slashes,
    /// `#`.
    Hashes,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("md") => Some(Kind::Document),
        Some("rs" | "ts" | "mjs" | "js" | "svelte" | "css" | "html") => Some(Kind::Slashes),
        Some("sh" | "toml" | "yml") => Some(Kind::Hashes),
        Some(_) => None,
        // Scripts that are called by their names.
        None => read_if_text(path).is_some_and(|text| text.starts_with("#!")).then_some(Kind::Hashes),
    }
}

fn read_if_text(path: &Path) -> Option<String> {
    std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Numbers of the lines of prose that are too long.
fn long_lines(kind: Kind, text: &str) -> Vec<usize> {
    let mut long = Vec::new();
    let mut inside = None;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if kind == Kind::Slashes && inside.is_none() {
            let opened = [("/*", "*/"), ("<!--", "-->")].into_iter().find(|(opens, _)| trimmed.starts_with(opens));
            inside = opened.map(|(_, closes)| closes);
        }
        let is_prose = match kind {
            Kind::Document => true,
            Kind::Slashes => inside.is_some() || trimmed.starts_with("//"),
            Kind::Hashes => trimmed.starts_with('#'),
        };
        if inside.is_some_and(|closes| trimmed.contains(closes)) {
            inside = None;
        }
        // An address cannot be broken.
        let is_address = line.split_whitespace().any(|word| word.contains("://") && word.chars().count() > MAX_COLUMNS - 8);
        if is_prose && !is_address && line.chars().count() > MAX_COLUMNS {
            long.push(at + 1);
        }
    }
    long
}

#[test]
fn comments_and_documents_fit_in_a_hundred_columns() {
    let at_the_top = entries(&root()).into_iter().filter(|path| path.is_file());
    let of_ci = entries(&root().join(".ci"));
    let below: Vec<PathBuf> = entries(&root()).into_iter().filter(|path| path.is_dir()).collect();
    let below = below.iter().filter(|folder| !shown(folder).starts_with(['.', '_']) && !shown(folder).starts_with("target"));
    let mut all: Vec<PathBuf> = at_the_top.chain(of_ci).collect();
    all.extend(
        below.flat_map(|folder| files(folder, &[".md", ".rs", ".ts", ".mjs", ".js", ".svelte", ".css", ".html", ".sh", ".toml", ".yml"])),
    );
    all.extend([".cargo", ".github"].iter().flat_map(|folder| files(&root().join(folder), &[".md", ".toml", ".yml"])));
    let mut wrong = Vec::new();
    for path in all {
        let Some(kind) = kind(&path) else { continue };
        wrong.extend(long_lines(kind, &read(&path)).into_iter().map(|line| format!("{}:{line}", shown(&path))));
    }
    check(&wrong, "at most 100 columns");
}

#[test]
fn only_prose_is_measured_and_an_address_may_be_long() {
    let long = "x ".repeat(60);
    let cases = [
        (Kind::Document, long.clone(), 1),
        (Kind::Document, format!("<https://example.org/{}>", "x".repeat(100)), 0),
        (Kind::Document, "é".repeat(100), 0),
        (Kind::Slashes, format!("let x = {long};"), 0),
        (Kind::Slashes, format!("    /// {long}"), 1),
        (Kind::Slashes, format!("/* one\n{long}\n*/\n{long}"), 1),
        (Kind::Slashes, format!("<!-- {long} -->\n{long}"), 1),
        (Kind::Hashes, format!("# {long}\necho {long}"), 1),
    ];
    for (kind, text, expected) in cases {
        assert_eq!(long_lines(kind, &text).len(), expected, "{text}");
    }
}
