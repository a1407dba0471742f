//! Rules `module-doc` and `lib-shape`: a file says what it is for, and `lib.rs` is a contents page.

use super::source::Source;
use crate::finding::Finding;

const DOC: &str = "module-doc";
const SHAPE: &str = "lib-shape";

/// Checks one file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !opens_with_doc(&source.text) {
        let message = "opens without //!: say what the module does, who calls it and what it must never do";
        findings.push(Finding::error(DOC, &source.path, 1, message));
    }
    if source.path.starts_with("crates/") && source.path.ends_with("/src/lib.rs") {
        findings.extend(strangers(source));
    }
    findings
}

/// The first line that is not blank is a `//!` with words.
fn opens_with_doc(text: &str) -> bool {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    first
        .strip_prefix("//!")
        .is_some_and(|rest| rest.contains(char::is_alphabetic))
}

/// Statements of a `lib.rs` that are neither `mod` lines nor re-exports.
fn strangers(source: &Source) -> Vec<Finding> {
    let mut code = source.code.clone().into_bytes();
    for (at, attribute) in source.attributes() {
        let inner = usize::from(source.code.as_bytes().get(at + 1) == Some(&b'!'));
        let end = at + inner + attribute.len() + 3;
        code[at..end]
            .iter_mut()
            .filter(|byte| **byte != b'\n')
            .for_each(|byte| *byte = b' ');
    }
    let code = String::from_utf8_lossy(&code);
    let mut findings = Vec::new();
    let mut at = 0;
    for statement in statements(&code) {
        let start = at + (statement.len() - statement.trim_start().len());
        at += statement.len();
        let statement = statement.trim().trim_end_matches(';');
        if !statement.is_empty() && !belongs(statement) {
            let first: String = statement.chars().take_while(|c| *c != '\n').take(40).collect();
            let message = format!("`{first}`: lib.rs holds docs, mod lines, re-exports and attributes only");
            findings.push(Finding::error(SHAPE, &source.path, source.line(start), message));
        }
    }
    findings
}

/// The code cut after each `;` that is in no bracket.
fn statements(code: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    code.split_inclusive(move |c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ';' && depth == 0
    })
}

fn belongs(statement: &str) -> bool {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let public = words.first().is_some_and(|word| word.starts_with("pub"));
    match words.as_slice() {
        // A crate that can do without the standard library names this one itself.
        ["extern", "crate", "alloc"] => true,
        ["mod", name] => is_name(name),
        [_, "mod", name] => public && is_name(name),
        [_, "use", ..] => public,
        _ => false,
    }
}

fn is_name(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text))
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn wants_a_doc_first() {
        assert_eq!(
            rules("crates/a/src/b.rs", "\n//! Reads a plan.\nfn f() {}\n"),
            [] as [&str; 0]
        );
        for bad in ["fn f() {}\n//! late\n", "//!\n", "// plain\n", ""] {
            assert_eq!(rules("crates/a/src/b.rs", bad), [DOC], "{bad}");
        }
    }

    #[test]
    fn keeps_lib_rs_a_contents_page() {
        let good = "//! Doc.\n#![allow(unsafe_code)]\nmod a;\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\n\
                    pub use a::{B, C as D};\n#[doc(inline)]\npub use b::*;\n";
        assert_eq!(rules("crates/a/src/lib.rs", good), [] as [&str; 0]);
        for bad in [
            "fn f() {}",
            "use std::fmt;",
            "mod a { }",
            "pub const A: u8 = 1;",
            "macro_rules! m { () => {} }",
        ] {
            assert_eq!(
                rules("crates/a/src/lib.rs", &format!("//! Doc.\nmod x;\n{bad}\n")),
                [SHAPE],
                "{bad}"
            );
            assert_eq!(
                rules("crates/a/src/other.rs", &format!("//! Doc.\n{bad}\n")),
                [] as [&str; 0],
                "{bad}"
            );
        }
    }
}
