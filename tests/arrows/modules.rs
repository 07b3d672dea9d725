//! The modules of a crate, read from its sources: what each defines, and what it names.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{after_item, closing, is_for_tests, tokens};

/// The sources of a crate, by their paths below its folder of sources.
pub(crate) type Sources = BTreeMap<String, String>;

/// A path as it is written: `crate::a::B`, or `super::*`.
pub(crate) type Path = Vec<String>;

/// A file, or a module that stands inside of one.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) parent: usize,
    pub(crate) is_test: bool,
    pub(crate) children: BTreeMap<String, usize>,
    /// What is defined here, but modules.
    pub(crate) items: BTreeSet<String>,
    /// Defines something, if only an `impl`.
    pub(crate) does_more_than_list: bool,
    /// Names that a `use` brings in, and what they stand for.
    pub(crate) bindings: BTreeMap<String, Path>,
    pub(crate) globs: Vec<Path>,
    /// Paths in `use`.
    pub(crate) uses: Vec<Path>,
    /// Paths elsewhere.
    pub(crate) paths: Vec<Path>,
    /// Every word of it but those in `use`.
    pub(crate) words: BTreeSet<String>,
}

/// All modules that a root reaches; the root is the first.
pub(crate) fn modules(sources: &Sources, root: &str) -> Vec<Module> {
    let mut reader = Reader { sources, modules: Vec::new() };
    reader.read_file(root, 0, false, "");
    reader.modules
}

struct Reader<'a> {
    sources: &'a Sources,
    modules: Vec<Module>,
}

impl Reader<'_> {
    /// `folder`: where the files of its child modules are.
    fn read_file(&mut self, file: &str, parent: usize, is_test: bool, folder: &str) -> usize {
        let module = self.add(file, parent, is_test);
        if let Some(source) = self.sources.get(file) {
            self.read_body(&tokens(source), module, folder);
        }
        module
    }

    fn add(&mut self, file: &str, parent: usize, is_test: bool) -> usize {
        self.modules.push(Module { file: file.to_owned(), parent, is_test, ..Module::default() });
        self.modules.len() - 1
    }

    fn read_body(&mut self, tokens: &[&str], module: usize, folder: &str) {
        let (mut at, mut depth, for_tests) = (0, 0usize, self.modules[module].is_test);
        while let Some(token) = tokens.get(at).copied() {
            let next = tokens.get(at + 1).copied().unwrap_or("");
            if is_word(token) {
                self.modules[module].words.insert(token.to_owned());
            }
            match token {
                "#" if next == "[" && is_for_tests(tokens, at + 1) => {
                    let item = closing(tokens, at + 1) + 1;
                    let end = after_item(tokens, item);
                    let mut rest = tokens[item..end.min(tokens.len())].iter().skip_while(|token| **token != "mod");
                    at = end;
                    if let (Some(_), Some(name), Some(&";")) = (rest.next(), rest.next(), rest.next()) {
                        self.read_child(name, module, true, folder);
                    }
                    continue;
                }
                "#" if next == "[" => at = closing(tokens, at + 1),
                "mod" if tokens.get(at + 2) == Some(&";") => {
                    self.read_child(next, module, for_tests, folder);
                    at += 2;
                }
                "mod" if tokens.get(at + 2) == Some(&"{") => {
                    let (begin, end) = (at + 3, closing(tokens, at + 2));
                    let file = self.modules[module].file.clone();
                    let child = self.add(&file, module, for_tests);
                    self.modules[module].children.insert(next.to_owned(), child);
                    self.read_body(&tokens[begin..end.min(tokens.len())], child, &format!("{folder}{next}/"));
                    at = end;
                }
                "use" if next != "<" => {
                    let end = (at..tokens.len()).find(|nth| tokens[*nth] == ";").unwrap_or(tokens.len());
                    let module = &mut self.modules[module];
                    read_use(&tokens[at + 1..end], &mut Vec::new(), module);
                    at = end;
                }
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ if next == "::" && is_word(token) && begins_path(tokens, at) => {
                    let (path, end) = read_path(tokens, at);
                    self.modules[module].paths.push(path);
                    at = end - 1;
                }
                _ if depth == 0 => self.note_item(tokens, at, module),
                _ => {}
            }
            at += 1;
        }
    }

    fn read_child(&mut self, name: &str, parent: usize, is_test: bool, folder: &str) {
        let beside = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
        if let Some(file) = beside.into_iter().find(|file| self.sources.contains_key(file)) {
            let child = self.read_file(&file, parent, is_test, &format!("{folder}{name}/"));
            self.modules[parent].children.insert(name.to_owned(), child);
        }
    }

    fn note_item(&mut self, tokens: &[&str], at: usize, module: usize) {
        let module = &mut self.modules[module];
        let named = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];
        let token = tokens[at];
        module.does_more_than_list |= token == "impl" || named.contains(&token);
        let mut name = tokens[at + 1..].iter().filter(|word| !["mut", "!"].contains(word));
        if named.contains(&token)
            && let Some(name) = name.next()
        {
            module.items.insert((*name).to_owned());
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Neither goes on from a longer path, nor says who may see an item.
fn begins_path(tokens: &[&str], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|nth| tokens.get(nth)).copied().unwrap_or("");
    let goes_on = ["::", "."].contains(&before(1));
    let is_visibility = before(1) == "in" && before(2) == "(" && before(3) == "pub";
    !goes_on && !is_visibility
}

fn read_path(tokens: &[&str], mut at: usize) -> (Path, usize) {
    let mut path = vec![tokens[at].to_owned()];
    while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|token| is_word(token)) {
        path.push(tokens[at + 2].to_owned());
        at += 2;
    }
    (path, at + 1)
}

/// Reads `a::{b, c::*, d as e}` into the paths and names that it stands for.
fn read_use(tokens: &[&str], before: &mut Path, module: &mut Module) {
    let length = before.len();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match *token {
            "{" => {
                let end = closing(tokens, at);
                for part in parts(&tokens[at + 1..end]) {
                    read_use(part, before, module);
                }
                before.truncate(length);
                return;
            }
            "*" => {
                module.globs.push(before.clone());
                before.push("*".to_owned());
                module.uses.push(before.clone());
                before.truncate(length);
                return;
            }
            "as" => break,
            "::" => {}
            // `a::{self}` is `a`.
            "self" if !before.is_empty() => {}
            word => before.push(word.to_owned()),
        }
        at += 1;
    }
    if let Some(last) = before.last() {
        let name = tokens.get(at + 1).map_or(last.clone(), |alias| (*alias).to_owned());
        module.bindings.insert(name, before.clone());
        module.uses.push(before.clone());
    }
    before.truncate(length);
}

/// Parts between commas, but those inside of brackets.
fn parts<'a, 'b>(tokens: &'a [&'b str]) -> Vec<&'a [&'b str]> {
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        match tokens[at] {
            "{" => at = closing(tokens, at),
            "," => {
                parts.push(&tokens[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&tokens[begin.min(tokens.len())..]);
    parts.retain(|part| !part.is_empty());
    parts
}
