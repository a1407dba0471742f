//! Rules `unsafe-fence` and `no-panic`: words that may stand in some places only.

use super::lexer::find_word;
use super::source::Source;
use crate::finding::Finding;

const UNSAFE: &str = "unsafe-fence";
const PANIC: &str = "no-panic";

/// The only folder where `unsafe` may stand.
const UNSAFE_HOME: &str = "crates/sys/src/";

/// Methods that panic, as called.
const METHODS: [&str; 4] = ["unwrap", "expect", "unwrap_err", "expect_err"];

/// Macros that panic. `unreachable!` and `assert!` state an invariant and may stay.
const MACROS: [&str; 3] = ["panic", "todo", "unimplemented"];

/// Checks one file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !source.path.starts_with(UNSAFE_HOME) {
        for at in find_word(&source.code, "unsafe") {
            let message = format!("`unsafe` lives in {UNSAFE_HOME} only: add a safe wrapper there");
            findings.push(Finding::error(UNSAFE, &source.path, source.line(at), message));
        }
    }
    for word in METHODS.into_iter().chain(MACROS) {
        for at in find_word(&source.code, word) {
            let line = source.line(at);
            if !source.is_test(line) && is_call(&source.code, at, word) {
                let message = format!("`{word}` panics: return an error, or match and deny");
                findings.push(Finding::error(PANIC, &source.path, line, message));
            }
        }
    }
    findings
}

/// `.unwrap(`, `Option::unwrap`, `panic!`; not the attribute `#[expect(...)]`, nor a path such as `std::panic::`.
fn is_call(code: &str, at: usize, word: &str) -> bool {
    let before = code[..at].trim_end();
    let after = code[at + word.len()..].trim_start();
    if MACROS.contains(&word) {
        return after.starts_with('!') && !after.starts_with("!=");
    }
    let called = before.ends_with('.') && (after.starts_with('(') || after.starts_with("::<"));
    called || before.ends_with("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect_rules(path: &str, text: &str, expected: &[&str]) {
        let found: Vec<_> = check(&Source::new(path, text))
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn fences_unsafe() {
        expect_rules("crates/init/src/a.rs", "fn f() { unsafe { g() } }", &[UNSAFE]);
        expect_rules("tests/src/a.rs", "unsafe fn f() {}", &[UNSAFE]);
        expect_rules("crates/sys/src/a.rs", "fn f() { unsafe { g() } }", &[]);
        expect_rules(
            "crates/init/src/a.rs",
            "// unsafe\nfn f() { g(\"unsafe\") }\n#![deny(unsafe_code)]",
            &[],
        );
    }

    #[test]
    fn finds_what_panics() {
        for bad in [
            "x.unwrap()",
            "x\n.expect(\"y\")",
            "panic!(\"y\")",
            "todo!()",
            "unimplemented!()",
            "a.map(Option::unwrap)",
        ] {
            expect_rules("crates/a/src/b.rs", &format!("fn f() {{ {bad} }}"), &[PANIC]);
        }
    }

    #[test]
    fn allows_what_does_not() {
        for good in [
            "x.unwrap_or(1)",
            "#[expect(lint, reason = \"\")] let y = 1;",
            "std::panic::catch_unwind(f)",
            "self.expect == 1",
            "\"panic!\"",
        ] {
            expect_rules("crates/a/src/b.rs", &format!("fn f() {{ {good} }}"), &[]);
        }
        expect_rules(
            "crates/a/src/b.rs",
            "#[cfg(test)]\nmod tests {\n fn f() { x.unwrap() }\n}",
            &[],
        );
        expect_rules("tests/src/b.rs", "fn f() { x.unwrap() }", &[]);
    }
}
