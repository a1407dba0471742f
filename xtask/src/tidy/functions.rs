//! Rule `function-size`: a function fits a screen.

use super::lexer::{find_word, is_word_byte, matching};
use super::sizes::is_table;
use super::source::Source;
use crate::finding::Finding;

const RULE: &str = "function-size";
const MAX_LINES: usize = 70;

/// Checks every function with a body that is not a test. Lines count from `fn` to the closing brace.
pub fn check(source: &Source) -> Vec<Finding> {
    if is_table(&source.path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, name) in functions(&source.code) {
        let first = source.line(at);
        if source.is_test(first) {
            continue;
        }
        let Some(end) = body_end(&source.code, at) else {
            continue;
        };
        let lines = source.line(end - 1) - first + 1;
        if lines > MAX_LINES {
            let message =
                format!("{name} has {lines} lines (at most {MAX_LINES}): move straight work into helpers");
            findings.push(Finding::error(RULE, &source.path, first, message));
        }
    }
    findings
}

/// Positions of `fn` and the names that follow; `fn(u8)` is a type and has none.
fn functions(code: &str) -> impl Iterator<Item = (usize, &str)> {
    find_word(code, "fn").filter_map(|at| {
        let rest = code[at + 2..].trim_start();
        let end = rest
            .bytes()
            .position(|byte| !is_word_byte(byte))
            .unwrap_or(rest.len());
        (end > 0).then(|| (at, &rest[..end]))
    })
}

/// The end of the body; `None` for a declaration.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    let mut position = at;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'{' => return matching(code, position),
            b';' => return None,
            b'(' | b'[' => position = matching(code, position)?,
            _ => position += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        check(&Source::new("crates/a/src/b.rs", text))
            .into_iter()
            .map(|f| (f.line, f.message))
            .collect()
    }

    fn body(lines: usize) -> String {
        format!("{{\n{}}}\n", "    let a = \"}\"; // }\n".repeat(lines - 2))
    }

    #[test]
    fn finds_long_functions() {
        assert_eq!(found(&format!("fn short() {}", body(70))), []);
        let long = found(&format!(
            "\nfn long<'a>(a: [u8; 4], b: char) -> &'a str {}",
            body(71)
        ));
        assert_eq!(long.len(), 1);
        assert_eq!(long[0].0, 2);
        assert!(long[0].1.starts_with("long has 71 lines"));
    }

    #[test]
    fn finds_methods_beside_declarations() {
        let text = format!(
            "trait T {{\n fn f(&self);\n fn g(&self) {}}}\ntype F = fn(u8) -> u8;\n",
            body(80)
        );
        assert_eq!(found(&text).len(), 1);
    }

    #[test]
    fn leaves_tests_alone() {
        assert_eq!(
            found(&format!("#[cfg(test)]\nmod tests {{\nfn t() {}}}\n", body(90))),
            []
        );
    }
}
