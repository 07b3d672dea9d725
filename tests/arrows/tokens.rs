//! Words and signs of Rust source, without comments, texts and tests.

/// Cuts source into words, `::` and other signs. Comments and literals are left out.
pub(crate) fn tokens(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = literal_or_comment(rest);
        let length = match first {
            _ if skipped > 0 => skipped,
            'a'..='z' | 'A'..='Z' | '_' | '0'..='9' => word(rest),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        if skipped == 0 && !first.is_whitespace() {
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found
}

fn word(source: &str) -> usize {
    source.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(source.len())
}

/// How many bytes of a comment, a text, a character or a lifetime stand first; 0 if none.
fn literal_or_comment(source: &str) -> usize {
    if source.starts_with("//") {
        return source.find('\n').unwrap_or(source.len());
    }
    if source.starts_with("/*") {
        return source.find("*/").map_or(source.len(), |end| end + 2);
    }
    let prefix = ["br", "cr", "b", "c", "r"].into_iter().find(|prefix| source.starts_with(prefix)).unwrap_or("");
    let text = &source[prefix.len()..];
    let raw = text.trim_start_matches('#');
    let marks = &text[..text.len() - raw.len()];
    if prefix.ends_with('r') && raw.starts_with('"') {
        let end = format!("\"{marks}");
        return raw[1..].find(&end).map_or(source.len(), |at| prefix.len() + marks.len() + 1 + at + end.len());
    }
    if text.starts_with('"') {
        return prefix.len() + quoted(text, '"');
    }
    match source.strip_prefix('b').filter(|rest| rest.starts_with('\'')).unwrap_or(source) {
        text if text.starts_with("'\\") => source.len() - text.len() + quoted(text, '\''),
        text if text.starts_with('\'') => {
            let mut letters = text.char_indices().skip(2);
            let is_letter = letters.next().is_some_and(|(_, letter)| letter == '\'');
            let end = if is_letter { letters.next().map_or(text.len(), |(at, _)| at) } else { 1 + word(&text[1..]) };
            source.len() - text.len() + end
        }
        _ => 0,
    }
}

/// The length of a quoted text with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where a bracket that opens at `at` is closed.
pub(crate) fn closing(tokens: &[&str], at: usize) -> usize {
    let mut depth = 0usize;
    for (nth, token) in tokens.iter().enumerate().skip(at) {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return nth;
        }
    }
    tokens.len()
}

/// Whether the item after an attribute, whose `[` is at `at`, is there for tests only.
pub(crate) fn is_for_tests(tokens: &[&str], at: usize) -> bool {
    let inside = &tokens[at + 1..closing(tokens, at).min(tokens.len())];
    let of_all = ["cfg", "(", "all", "("].as_slice();
    inside == ["test"] || inside == ["cfg", "(", "test", ")"] || (inside.starts_with(of_all) && inside.contains(&"test"))
}

/// Where the item, field or arm that begins at `at` is over.
pub(crate) fn after_item(tokens: &[&str], mut at: usize) -> usize {
    while tokens.get(at) == Some(&"#") {
        at = closing(tokens, at + 1) + 1;
    }
    if tokens.get(at) == Some(&"pub") {
        at += 1;
        if tokens.get(at) == Some(&"(") {
            at = closing(tokens, at) + 1;
        }
    }
    let words = ["use", "fn", "impl", "struct", "enum", "mod", "const", "static", "type", "trait", "unsafe", "async", "extern"];
    let is_item = tokens.get(at).is_some_and(|word| words.contains(word));
    let is_use = tokens.get(at) == Some(&"use");
    while let Some(token) = tokens.get(at) {
        match *token {
            ";" => return at + 1,
            "," if !is_item => return at + 1,
            // The end of what the item stands in.
            "}" | ")" | "]" => return at,
            "{" if !is_use => return closing(tokens, at) + 1,
            "(" | "[" | "{" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
    at
}
