//! `xtask tidy`: reads the repository once and hands it to every rule.
//!
//! A rule about one file takes a [`Source`] or a text; a rule about the whole takes the [`Tree`]. Each rule
//! lives in one module beside its tests, which show that it finds what it should.

mod architecture;
mod attributes;
mod fences;
mod functions;
mod layers;
mod lexer;
mod manifest;
mod modules;
mod names;
mod sizes;
mod source;
mod specification;
mod text;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::finding::{Finding, Level};
use source::Source;
use tree::Tree;

/// The rules by name, for `tidy --rules`.
const RULES: [(&str, &str); 14] = [
    (
        "layers",
        "crates depend downwards only, by the table in xtask/src/tidy/layers.rs; anyhow only in cli",
    ),
    (
        "file-size",
        "at most 800 production lines a file (warning from 500)",
    ),
    ("function-size", "at most 70 lines a function"),
    ("unsafe-fence", "`unsafe` in crates/sys/src only"),
    (
        "no-panic",
        "no unwrap, expect, panic!, todo! or unimplemented! outside tests",
    ),
    ("reasons", "no #[allow]; #[expect] and #[ignore] state a reason"),
    ("module-doc", "every module file opens with //!"),
    (
        "lib-shape",
        "lib.rs holds docs, mod lines, re-exports and attributes only",
    ),
    ("architecture", "paths named in the documents exist"),
    ("specification", "each row names a command that exists"),
    ("names", "no utils, common, helpers, manager"),
    (
        "whitespace",
        "no trailing blanks, no tabs in Rust, a newline at the end",
    ),
    ("machine-path", "no path of a build machine"),
    ("fuzz-targets", "each file of fuzz/fuzz_targets has its [[bin]]"),
];

/// The rules as text.
pub fn describe() -> String {
    RULES
        .iter()
        .map(|(name, what)| format!("{name:14} {what}\n"))
        .collect()
}

/// Checks the repository at `root` and prints the findings.
///
/// # Errors
/// When the repository cannot be read.
pub fn run(root: &Path) -> Result<ExitCode> {
    let started = Instant::now();
    let tree = Tree::read(root)?;
    let mut findings = check(&tree);
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .count();
    println!(
        "tidy: {} files, {errors} errors, {} warnings, {} ms",
        tree.files().len(),
        findings.len() - errors,
        started.elapsed().as_millis()
    );
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Every rule over every file.
fn check(tree: &Tree) -> Vec<Finding> {
    let sources = sources(tree);
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let source = sources.get(path.as_str());
        let is_test = |line| source.is_some_and(|source| source.is_test(line));
        findings.extend(names::check(path));
        findings.extend(text::whitespace(path, text));
        findings.extend(text::machine_paths(path, text, tree.root(), is_test));
    }
    for source in sources.values() {
        findings.extend(sizes::check(source));
        findings.extend(functions::check(source));
        findings.extend(fences::check(source));
        findings.extend(attributes::check(source));
        findings.extend(modules::check(source));
    }
    findings.extend(layers::check(tree));
    findings.extend(architecture::check(tree));
    findings.extend(specification::check(tree));
    findings.extend(manifest::fuzz_targets(tree));
    findings
}

/// The Rust files, with those marked as tests that only tests declare.
fn sources(tree: &Tree) -> BTreeMap<&str, Source> {
    let rust = tree.files().iter().filter(|(path, _)| tree::is_rust_source(path));
    let mut sources: BTreeMap<&str, Source> = rust
        .map(|(path, text)| (path.as_str(), Source::new(path, text)))
        .collect();
    let stems: Vec<String> = sources
        .values()
        .flat_map(|source| {
            source
                .test_modules()
                .into_iter()
                .map(|name| source.child_stem(name))
        })
        .collect();
    for (path, source) in &mut sources {
        if stems.iter().any(|stem| {
            path.strip_prefix(stem.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '/']))
        }) {
            source.make_test();
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_wired() {
        let tree = Tree::from_texts(&[
            ("crates/types/src/utils.rs", "fn f() { unsafe { g() } } \n"),
            (
                "crates/types/Cargo.toml",
                "[package]\nname = \"casemate-types\"\n[dependencies]\nanyhow = \"1\"\n",
            ),
            ("fuzz/fuzz_targets/parse.rs", "//! Doc.\n"),
        ]);
        let found = check(&tree);
        for rule in [
            "names",
            "whitespace",
            "unsafe-fence",
            "module-doc",
            "layers",
            "architecture",
            "specification",
            "fuzz-targets",
        ] {
            assert!(
                found.iter().any(|finding| finding.rule == rule),
                "{rule} found nothing in {found:#?}"
            );
        }
        for finding in &found {
            assert!(
                RULES.iter().any(|(name, _)| *name == finding.rule),
                "{} is not described",
                finding.rule
            );
        }
    }

    #[test]
    fn a_file_that_only_tests_declare_is_a_test() {
        let tree = Tree::from_texts(&[
            (
                "crates/a/src/lib.rs",
                "//! Doc.\n#[cfg(test)]\nmod probe;\nmod probed;\n",
            ),
            ("crates/a/src/probe.rs", "fn f() {}\n"),
            ("crates/a/src/probe/part.rs", "fn f() {}\n"),
            ("crates/a/src/probed.rs", "fn g() {}\n#[cfg(test)]\nmod inner;\n"),
            ("crates/a/src/probed/inner.rs", "fn f() {}\n"),
        ]);
        let tests: Vec<&str> = sources(&tree)
            .iter()
            .filter(|(_, s)| s.production_lines() == 0)
            .map(|(p, _)| *p)
            .collect();
        assert_eq!(
            tests,
            [
                "crates/a/src/probe.rs",
                "crates/a/src/probe/part.rs",
                "crates/a/src/probed/inner.rs"
            ]
        );
    }
}
