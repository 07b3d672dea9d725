//! No circles: what a file imports never imports that file, not even by way of others. `mod x;` is
//! no import. A file with child modules that only re-exports their names is passed through: a name
//! counts for the file that defines it. Methods that an `impl` adds elsewhere are not seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path as FilePath;

use crate::modules::{Module, Path, Sources, modules};
use crate::tree::{check, entries, files, read, root, shown};

/// For each file the files that it imports, each with one of the paths by which it does.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

/// A chain of re-exports that is longer is a mistake of this test.
const MAX_HOPS: u32 = 16;

fn imports(modules: &[Module]) -> Imports {
    let mut found = Imports::new();
    for (at, module) in modules.iter().enumerate().filter(|(_, module)| !module.is_test) {
        let lists = only_lists(modules, module);
        let uses = if lists { &[] } else { module.uses.as_slice() };
        let by_glob = if lists { Vec::new() } else { names_by_glob(modules, at) };
        for path in uses.iter().chain(&module.paths).chain(&by_glob) {
            if let Some(target) = resolve(modules, at, path, MAX_HOPS)
                && modules[target].file != module.file
            {
                let names = found.entry(module.file.clone()).or_default();
                names.entry(modules[target].file.clone()).or_insert_with(|| path.join("::"));
            }
        }
    }
    found
}

/// What a module names without a path, because it took in all names of another.
fn names_by_glob(modules: &[Module], at: usize) -> Vec<Path> {
    let module = &modules[at];
    let all = module.globs.iter().flat_map(|glob| module.words.iter().map(|word| joined(glob, std::slice::from_ref(word))));
    let is_defined = |path: &Path| {
        let found = resolve(modules, at, path, MAX_HOPS);
        found.zip(path.last()).is_some_and(|(found, name)| modules[found].items.contains(name))
    };
    all.filter(is_defined).collect()
}

fn has_files_below(modules: &[Module], module: &Module) -> bool {
    module.children.values().any(|child| modules[*child].file != module.file)
}

fn only_lists(modules: &[Module], module: &Module) -> bool {
    has_files_below(modules, module) && !module.does_more_than_list
}

/// The module that defines what a path stands for; none if that is another crate's.
fn resolve(modules: &[Module], from: usize, path: &[String], hops: u32) -> Option<usize> {
    let (first, mut rest) = path.split_first()?;
    let hops = hops.checked_sub(1)?;
    let here = &modules[from];
    let mut at = match first.as_str() {
        "crate" => 0,
        "self" => from,
        "super" => here.parent,
        name => match (here.children.get(name), here.bindings.get(name)) {
            (Some(child), _) => *child,
            (None, Some(meant)) if meant.len() > 1 => return resolve(modules, from, &joined(meant, rest), hops),
            (None, _) => return None,
        },
    };
    while let Some((name, further)) = rest.split_first() {
        let module = &modules[at];
        match name.as_str() {
            "self" => {}
            "super" => at = module.parent,
            name => match module.children.get(name) {
                Some(child) => at = *child,
                None => return item(modules, at, name, further, hops),
            },
        }
        rest = further;
    }
    // A module that is only a way to others counts where it is used.
    (!has_files_below(modules, &modules[at])).then_some(at)
}

/// Who defines what a module calls `name`.
fn item(modules: &[Module], at: usize, name: &str, further: &[String], hops: u32) -> Option<usize> {
    let module = &modules[at];
    if module.items.contains(name) || !has_files_below(modules, module) {
        return Some(at);
    }
    if let Some(meant) = module.bindings.get(name) {
        return resolve(modules, at, &joined(meant, further), hops);
    }
    let mut from_globs = module.globs.iter().filter_map(|glob| {
        let found = resolve(modules, at, &joined(glob, &[name.to_owned()]), hops)?;
        modules[found].items.contains(name).then_some(found)
    });
    from_globs.next().or(Some(at))
}

fn joined(one: &[String], other: &[String]) -> Path {
    [one, other].concat()
}

/// The shortest circle through each import, in words.
fn circles(imports: &Imports) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (file, known) in imports {
        for other in known.keys() {
            let Some(way) = way(imports, other, file) else { continue };
            // Begins with the file whose name comes first, so that it is told once.
            let first = way.iter().enumerate().min_by_key(|(_, file)| **file).map_or(0, |(nth, _)| nth);
            let circle: Vec<&str> = way.iter().cycle().skip(first).take(way.len() + 1).copied().collect();
            let names = circle.windows(2).map(|two| format!("{} names {}", two[0], imports[two[0]][two[1]]));
            found.insert(format!("{} ({})", circle.join(" → "), names.collect::<Vec<_>>().join(", ")));
        }
    }
    found
}

/// The shortest way from one file to another, both included.
fn way<'a>(imports: &'a Imports, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(from, None)]);
    let mut waiting = VecDeque::from([from]);
    while let Some(file) = waiting.pop_front() {
        if file == to {
            let mut way: Vec<&str> = std::iter::successors(Some(file), |file| came_from[file]).collect();
            way.reverse();
            return Some(way);
        }
        for next in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if !came_from.contains_key(next.as_str()) {
                came_from.insert(next, Some(file));
                waiting.push_back(next);
            }
        }
    }
    None
}

fn is_root(file: &str) -> bool {
    ["lib.rs", "main.rs", "build.rs"].contains(&file) || (file.starts_with("bin/") && file.matches('/').count() == 1)
}

fn sources(folder: &FilePath) -> Sources {
    let name = |path: &FilePath| path.strip_prefix(folder).expect("it is below").to_string_lossy().replace('\\', "/");
    files(folder, &[".rs"]).iter().map(|path| (name(path), read(path))).collect()
}

#[test]
fn no_file_imports_what_imports_it() {
    let crates = entries(&root().join("crates")).into_iter().chain(entries(&root().join("benches/peers")));
    let mut folders: Vec<_> = crates.map(|folder| folder.join("src")).filter(|folder| folder.is_dir()).collect();
    folders.extend(["src-tauri", "benches/src", "benches/peers/src", "benches/journals/src"].map(|folder| root().join(folder)));
    let mut wrong = Vec::new();
    for folder in &folders {
        let sources = sources(folder);
        let mut unread: BTreeSet<&String> = sources.keys().collect();
        for root in sources.keys().filter(|file| is_root(file)) {
            let modules = modules(&sources, root);
            modules.iter().for_each(|module| {
                unread.remove(&module.file);
            });
            wrong.extend(circles(&imports(&modules)).into_iter().map(|circle| format!("{}: {circle}", shown(folder))));
        }
        // Tests under a path of their own.
        unread.retain(|file| !file.ends_with("_tests.rs"));
        wrong.extend(unread.into_iter().map(|file| format!("{}: {file} is not found from any root", shown(folder))));
    }
    check(&wrong, "files that import each other in a circle");
}

fn made_up(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect()
}

fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    circles(&imports(&modules(&made_up(files), "lib.rs"))).into_iter().collect()
}

#[test]
fn a_circle_is_found_and_told_in_words() {
    let line = ("line.rs", "use super::outbox::{self, Shared};\npub struct Line(Shared);");
    let lib = ("lib.rs", "mod line;\nmod outbox;\npub use line::Line;");
    let told = "line.rs → outbox.rs → line.rs (line.rs names super::outbox, outbox.rs names crate::Line::new)";
    assert_eq!(circles_of(&[lib, line, ("outbox.rs", "pub struct Shared;\nfn f() { crate::Line::new(); }")]), [told]);
    let own_tests = "pub struct Shared;\n#[cfg(test)]\nmod tests { use crate::line::Line; }\n#[cfg(test)]\nuse crate::{line, Line};";
    assert_eq!(circles_of(&[lib, line, ("outbox.rs", own_tests)]), [] as [&str; 0], "tests do not count");
    let said = "pub struct Shared;\n// crate::Line::new()\nconst WORDS: (&str, char) = (\"crate::Line::new() \\\" \", '\"');";
    assert_eq!(circles_of(&[lib, line, ("outbox.rs", said)]), [] as [&str; 0], "nor do comments and texts");
}

#[test]
fn a_parent_that_only_lists_is_no_part_of_a_circle_and_one_that_defines_is() {
    let lib = ("lib.rs", "mod core;");
    let door = ("core/door.rs", "use super::room::Room;\npub(crate) struct Door(Room);");
    let room = ("core/room.rs", "pub(crate) struct Room;");
    let lists = ("core/mod.rs", "mod door;\nmod room;\npub(crate) use door::Door;\nuse room::Room;");
    assert_eq!(circles_of(&[lib, door, room, lists]), [] as [&str; 0]);
    let through = ("core/door.rs", "use super::Room;\npub(crate) struct Door(Room);");
    assert_eq!(circles_of(&[lib, through, room, lists]), [] as [&str; 0], "a listed name is its definer's");
    let by_glob = ("core/door.rs", "use super::*;\npub(crate) struct Door(Room);");
    let back = ("core/room.rs", "use super::*;\npub(crate) struct Room(Box<Door>);");
    let told = "core/door.rs → core/room.rs → core/door.rs (core/door.rs names super::Room, core/room.rs names super::Door)";
    assert_eq!(circles_of(&[lib, by_glob, back, lists]), [told], "all its names at once hide nothing");
    let defines = ("core/mod.rs", "mod door;\nmod room;\nuse door::Door;\npub(crate) struct Room(Door);");
    let told = "core/door.rs → core/mod.rs → core/door.rs (core/door.rs names super::Room, core/mod.rs names door::Door)";
    assert_eq!(circles_of(&[lib, through, room, defines]), [told]);
}

#[test]
fn uses_are_read_however_they_are_nested() {
    let source =
        "pub(crate) use crate::{a::{self, B, c::{D as E, F}}, g::*};\nfn f<'a>(x: &'a str) { self::h::<u8>(x); std::mem::take(x) }";
    let module = modules(&made_up(&[("lib.rs", source)]), "lib.rs").swap_remove(0);
    let paths = |paths: &[Path]| paths.iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(paths(&module.uses), ["crate::a", "crate::a::B", "crate::a::c::D", "crate::a::c::F", "crate::g::*"]);
    assert_eq!(module.bindings["E"].join("::"), "crate::a::c::D");
    assert_eq!(paths(&module.paths), ["self::h", "std::mem::take"]);
    assert_eq!(module.items.into_iter().collect::<Vec<_>>(), ["f"]);
}
