//! Rules `whitespace` and `machine-path`: what no text file of the project may hold.

use std::path::Path;

use crate::finding::Finding;

const WHITESPACE: &str = "whitespace";
const MACHINE_PATH: &str = "machine-path";

// Put together here so that this file does not find itself.
const WORK: &str = concat!("/wo", "rk/");
const ROOT: &str = concat!("/ro", "ot/");
const HOME: &str = concat!("/ho", "me/");

/// Homes that stand for anybody's in examples.
const ANYBODY: [&str; 5] = ["user", "alice", "bob", "you", "u"];

/// Blanks at the end of lines, tabs in Rust, a missing last newline.
pub fn whitespace(path: &str, text: &str) -> Vec<Finding> {
    let recorded = ["/snapshots/", "/fixtures/"]
        .iter()
        .any(|part| path.contains(part));
    if recorded || path == "LICENSE" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    // Not `lines()`, which would hide a carriage return.
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(Finding::error(
                WHITESPACE,
                path,
                number,
                "blanks at the end of the line",
            ));
        }
        if path.ends_with(".rs") && line.starts_with('\t') {
            findings.push(Finding::error(
                WHITESPACE,
                path,
                number,
                "a tab: indent with four spaces",
            ));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(Finding::error(
            WHITESPACE,
            path,
            text.lines().count(),
            "no newline at the end of the file",
        ));
    }
    findings
}

/// Paths of the machine something was written on. A test may name files of root's home, for that is what a
/// sandbox hides, and a documentation example an anonymous home; nothing may name the folder of this checkout.
pub fn machine_paths(path: &str, text: &str, root: &Path, is_test: impl Fn(usize) -> bool) -> Vec<Finding> {
    let checkout = checkout_prefix(root);
    let suspects = [Some(WORK), Some(ROOT), Some(HOME), checkout.as_deref()];
    if !suspects.iter().flatten().any(|suspect| text.contains(suspect)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let in_test = path.starts_with("tests/") || is_test(number);
        let named = named_path(line, in_test);
        let named = named.or_else(|| checkout.as_ref().filter(|prefix| line.contains(*prefix)).cloned());
        if let Some(named) = named {
            let message = format!("{named} is a path of one machine: make it relative, or a variable");
            findings.push(Finding::error(MACHINE_PATH, path, number, message));
        }
    }
    findings
}

/// The checkout's own path, when it is long enough to mean only that.
fn checkout_prefix(root: &Path) -> Option<String> {
    let parts = root.components().count();
    (root.is_absolute() && parts >= 3).then(|| format!("{}/", root.display()))
}

fn named_path(line: &str, in_test: bool) -> Option<String> {
    if starts_path(line, WORK).next().is_some() {
        return Some(WORK.to_owned());
    }
    if in_test {
        return None;
    }
    if starts_path(line, ROOT).next().is_some() {
        return Some(ROOT.to_owned());
    }
    starts_path(line, HOME)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default()
        })
        .find(|name| !name.is_empty() && !ANYBODY.contains(name))
        .map(|name| format!("{HOME}{name}"))
}

/// What follows `prefix` wherever it begins a path: not in the middle of another path or an address.
fn starts_path<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).filter_map(move |(at, found)| {
        let before = line[..at].chars().next_back();
        let inside = before.is_some_and(|c| c.is_alphanumeric() || "_.-/}*".contains(c));
        (!inside).then(|| &line[at + found.len()..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str, text: &str) -> usize {
        machine_paths(path, text, Path::new("/srv/checkout"), |line| line == 9).len()
    }

    #[test]
    fn finds_blanks() {
        assert_eq!(whitespace("a.rs", "fn f() {} \n\tx\r\nlast").len(), 4);
        assert_eq!(whitespace("Makefile", "all:\n\ttrue\n"), []);
        assert_eq!(whitespace("a.rs", ""), []);
    }

    #[test]
    fn finds_paths_of_a_machine() {
        let bad = [
            ("README.md", concat!("see /wo", "rk/main/x")),
            ("tests/src/a.rs", concat!("\"/wo", "rk/x\"")),
            ("crates/a/src/b.rs", concat!("\"/ro", "ot/.cargo\"")),
            ("README.md", concat!("/ho", "me/klaus/x")),
            ("README.md", "run /srv/checkout/target/x"),
        ];
        for (path, text) in bad {
            assert_eq!(paths(path, text), 1, "{text}");
        }
    }

    #[test]
    fn allows_what_a_sandbox_is_about() {
        let good = [
            ("tests/tests/a.rs", concat!("open(\"/ro", "ot/.ssh/id\")")),
            ("THREATS.md", "nothing of /root is there, /workspace/x is"),
            (
                "README.md",
                concat!("casemate run /ho", "me/user/hello.py, or $X/wo", "rk/a"),
            ),
            ("crates/a/src/b.rs", "crates/work/src"),
            (
                "crates/a/src/b.rs",
                concat!("\n\n\n\n\n\n\n\n/ro", "ot/.nvm in a test"),
            ),
        ];
        for (path, text) in good {
            assert_eq!(paths(path, text), 0, "{text}");
        }
    }
}
