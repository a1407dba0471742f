//! Rule `architecture`: a document that names a path of the repository is true, or it is mended.

use super::tree::Tree;
use crate::finding::Finding;

const RULE: &str = "architecture";

/// The document that must be there.
const MAP: &str = "ARCHITECTURE.md";

/// Documents about what was or what might be: their paths need not exist.
const EXEMPT: [&str; 2] = ["CHANGELOG.md", "docs/decisions/"];

/// What stands at the root of the repository, or will: a path that begins so is meant to be ours.
const ROOTS: [&str; 13] = [
    "crates",
    "xtask",
    "tests",
    "fuzz",
    "docs",
    "resources",
    "examples",
    "scripts",
    "console",
    ".ci",
    "benches",
    ".cargo",
    "packaging",
];

/// Checks the map and every other document.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if tree.text(MAP).is_none() {
        findings.push(Finding::error(RULE, MAP, 0, "the map of the project is missing"));
    }
    let is_document =
        |path: &&String| path.ends_with(".md") && !EXEMPT.iter().any(|exempt| path.starts_with(exempt));
    for path in tree.files().keys().filter(is_document) {
        for (line, named) in named_paths(tree.text(path).unwrap_or_default()) {
            if !stands(tree, path, &named) {
                findings.push(Finding::error(
                    RULE,
                    path,
                    line,
                    format!("`{named}` does not exist"),
                ));
            }
        }
    }
    findings
}

/// The texts between single backticks, with their lines. Fenced blocks are left out.
pub fn code_spans(text: &str) -> Vec<(usize, String)> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if !fenced {
            spans.extend(
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(|span| (number, span.to_owned())),
            );
        }
    }
    spans
}

/// Whether the text looks like a path of this repository.
pub fn is_path(span: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-*{},".contains(c);
    if span.is_empty() || !span.chars().all(plain) {
        return false;
    }
    match span.split_once('/') {
        Some((first, _)) => ROOTS.contains(&first),
        None => span.ends_with(".md") || span == "Makefile",
    }
}

fn named_paths(text: &str) -> Vec<(usize, String)> {
    let paths = code_spans(text).into_iter().filter(|(_, span)| is_path(span));
    paths
        .flat_map(|(line, span)| expand(&span).into_iter().map(move |path| (line, path)))
        .collect()
}

/// `a/{b,c}/d` names two paths.
fn expand(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let Some((choices, after)) = rest.split_once('}') else {
        return vec![path.to_owned()];
    };
    choices
        .split(',')
        .flat_map(|choice| expand(&format!("{before}{choice}{after}")))
        .collect()
}

/// Whether a file or folder matches; a document may also name its neighbours.
fn stands(tree: &Tree, document: &str, path: &str) -> bool {
    if let Some((before, after)) = path.split_once('*') {
        let after = after.rsplit('*').next().unwrap_or_default();
        return tree
            .files()
            .keys()
            .any(|known| known.starts_with(before) && known[before.len()..].contains(after));
    }
    let beside = document
        .rsplit_once('/')
        .map(|(folder, _)| format!("{folder}/{path}"));
    tree.exists(path) || beside.is_some_and(|beside| tree.exists(&beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(text: &str) -> Vec<String> {
        let tree = Tree::from_texts(&[
            (MAP, text),
            ("crates/types/src/lib.rs", ""),
            ("resources/seccomp/program.toml", ""),
            ("tests/vm/README.md", ""),
        ]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn finds_paths_that_are_gone() {
        for bad in [
            "crates/old",
            "crates/types/src/gone.rs",
            "THREATS.md",
            "crates/*/gone.rs",
            "crates/{types,old}/src",
            "docs/x",
        ] {
            assert_eq!(missing(&format!("See `{bad}`.")).len(), 1, "{bad}");
        }
        assert_eq!(check(&Tree::from_texts(&[]))[0].path, MAP);
    }

    #[test]
    fn takes_paths_that_stand_and_what_is_no_path() {
        for good in [
            "crates/types",
            "crates/types/src/",
            "resources/seccomp/*.toml",
            "ARCHITECTURE.md",
            "/proc/self/cgroup",
            "application/json",
            "engine::pipeline",
            "make demo",
            "casemate.toml",
            "target/release/casemate",
        ] {
            assert_eq!(missing(&format!("See `{good}`.")), [] as [&str; 0], "{good}");
        }
        assert_eq!(missing("```\n`crates/old`\n```\n"), [] as [&str; 0]);
    }
}
