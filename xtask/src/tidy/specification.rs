//! Rule `specification`: a promise in SPECIFICATION.md names the command that shows it, and the command exists.

use super::architecture::code_spans;
use super::manifest;
use super::tree::Tree;
use crate::finding::Finding;

const RULE: &str = "specification";
const DOCUMENT: &str = "SPECIFICATION.md";

/// What a text between backticks is.
#[derive(Debug, PartialEq, Eq)]
enum Span {
    NoCommand,
    Stands,
    Broken(String),
}

/// Checks every row of every table.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::error(
            RULE,
            DOCUMENT,
            0,
            "the list of promises is missing",
        )];
    };
    let mut findings = Vec::new();
    let rows = rows(text);
    if rows.is_empty() {
        findings.push(Finding::error(RULE, DOCUMENT, 0, "no table with a row"));
    }
    for (line, row) in rows {
        let mut shown = false;
        for (_, span) in code_spans(row) {
            match command(tree, &span) {
                Span::NoCommand => {}
                Span::Stands => shown = true,
                Span::Broken(why) => {
                    shown = true;
                    findings.push(Finding::error(RULE, DOCUMENT, line, format!("`{span}`: {why}")));
                }
            }
        }
        if !shown {
            let message = "the row names no command (`make TARGET`, `cargo test ...`, `scripts/...`)";
            findings.push(Finding::error(RULE, DOCUMENT, line, message));
        }
    }
    findings
}

/// The rows of tables below their header lines.
fn rows(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines().map(str::trim)).collect();
    let is_row = |line: &str| line.starts_with('|');
    let is_rule = |line: &str| is_row(line) && line.chars().all(|c| "|-: ".contains(c));
    let mut rows = Vec::new();
    let mut inside = false;
    for (number, line) in lines {
        inside = is_row(line) && (inside || is_rule(line));
        if inside && !is_rule(line) {
            rows.push((number, line));
        }
    }
    rows
}

fn command(tree: &Tree, span: &str) -> Span {
    // Leading settings such as `CASEMATE_LEAK_RUNS=2000 cargo test ...` belong to the command.
    let mut words = span
        .split_whitespace()
        .skip_while(|word| word.contains('=') && !word.starts_with('-'));
    let Some(program) = words.next() else {
        return Span::NoCommand;
    };
    let rest: Vec<&str> = words.collect();
    match program {
        "make" => each(&rest, |target| make_target(tree, target)),
        "cargo" => cargo(tree, &rest),
        _ => {
            let path = program.trim_start_matches("./");
            let ours = ["scripts/", "tests/", ".ci/"]
                .iter()
                .any(|prefix| path.starts_with(prefix));
            match ours {
                false => Span::NoCommand,
                true if tree.text(path).is_some() => Span::Stands,
                true => Span::Broken("no such file".to_owned()),
            }
        }
    }
}

fn each(words: &[&str], check: impl Fn(&str) -> Option<String>) -> Span {
    if words.is_empty() {
        return Span::Broken("names no target".to_owned());
    }
    words
        .iter()
        .find_map(|word| check(word))
        .map_or(Span::Stands, Span::Broken)
}

fn make_target(tree: &Tree, target: &str) -> Option<String> {
    let rule = format!("{target}:");
    let known = tree
        .text("Makefile")
        .unwrap_or_default()
        .lines()
        .any(|line| line.starts_with(&rule));
    (!known && !target.contains('=')).then(|| format!("the Makefile has no target {target}"))
}

/// `-p` names a package, `--test` and `--bench` a file of it.
fn cargo(tree: &Tree, words: &[&str]) -> Span {
    let after = |flag: &str| words.iter().skip_while(|word| **word != flag).nth(1).copied();
    let package = after("-p").or_else(|| after("--package"));
    let folder = package.and_then(|name| folder_of(tree, name));
    if let (Some(name), None) = (package, &folder) {
        return Span::Broken(format!("no package {name}"));
    }
    for (flag, kind) in [("--test", "tests"), ("--bench", "benches")] {
        let Some(name) = after(flag) else { continue };
        let end = format!("/{kind}/{name}.rs");
        let inside = folder.clone().unwrap_or_default();
        if !tree
            .files()
            .keys()
            .any(|path| path.starts_with(&inside) && path.ends_with(&end))
        {
            return Span::Broken(format!("no {kind}/{name}.rs"));
        }
    }
    match words.first() {
        Some(&("test" | "bench" | "run" | "deny" | "fuzz" | "build" | "clippy" | "fmt")) => Span::Stands,
        _ => Span::Broken("no such cargo command here".to_owned()),
    }
}

fn folder_of(tree: &Tree, package: &str) -> Option<String> {
    tree.files().iter().find_map(|(path, text)| {
        let folder = path.strip_suffix("Cargo.toml")?;
        (manifest::package_name(text).as_deref() == Some(package)).then(|| folder.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(row: &str) -> Vec<String> {
        let text = format!("| Promise | Command |\n|---|:--|\n{row}\n");
        let tree = Tree::from_texts(&[
            (DOCUMENT, &text),
            ("Makefile", "bench: build\n\tscripts/bench.sh\n"),
            ("scripts/bench.sh", ""),
            ("tests/Cargo.toml", "[package]\nname = \"casemate-tests\"\n"),
            ("tests/tests/leaks.rs", ""),
        ]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn takes_rows_whose_command_exists() {
        for good in [
            "| fast | `make bench` |",
            "| fast | at most `6 ms`: `scripts/bench.sh start` |",
            "| clean | `CASEMATE_LEAK_RUNS=2000 cargo test -p casemate-tests --test leaks` |",
        ] {
            assert_eq!(found(good), [] as [&str; 0], "{good}");
        }
    }

    #[test]
    fn finds_rows_without_proof() {
        for bad in [
            "| fast | trust me |",
            "| fast | `make gone` |",
            "| fast | `make` |",
            "| fast | `scripts/gone.sh` |",
            "| fast | `cargo test -p casemate-tests --test gone` |",
            "| fast | `cargo test -p gone` |",
            "| fast | `casemate run x` |",
        ] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
        assert_eq!(check(&Tree::from_texts(&[(DOCUMENT, "words\n")])).len(), 1);
        assert_eq!(check(&Tree::from_texts(&[])).len(), 1);
    }
}
