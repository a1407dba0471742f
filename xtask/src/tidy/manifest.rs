//! Reads what the rules need of a Cargo.toml: the package's name, its dependencies, its binaries.
//!
//! It knows the forms that this repository uses, and no more: tables on lines of their own, one key a line.

use super::tree::Tree;
use crate::finding::Finding;

const FUZZ: &str = "fuzz-targets";

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The name of the package as Cargo knows it here.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
}

/// Every dependency of any kind: ordinary, build, dev, of one target.
pub fn dependencies(text: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut inside = false;
    for (line, content) in (1..).zip(text.lines().map(str::trim)) {
        if let Some(header) = header(content) {
            let parts: Vec<&str> = header.split('.').collect();
            let is_table = |part: &&str| part.ends_with("dependencies");
            inside = parts.last().is_some_and(is_table) && !header.starts_with("workspace");
            // [dependencies.name]
            if let [.., table, name] = parts.as_slice()
                && is_table(table)
                && !header.starts_with("workspace")
            {
                found.push(Dependency {
                    name: unquote(name),
                    line,
                });
            }
        } else if inside
            && !content.starts_with('#')
            && let Some((key, _)) = content.split_once('=')
        {
            let name = key.trim().split('.').next().unwrap_or_default();
            found.push(Dependency {
                name: unquote(name),
                line,
            });
        }
    }
    found
}

/// The `name` of `[package]`.
pub fn package_name(text: &str) -> Option<String> {
    names_in(text, "package").into_iter().next()
}

/// The `name` of every `[[bin]]`.
pub fn binaries(text: &str) -> Vec<String> {
    names_in(text, "bin")
}

/// Rule `fuzz-targets`: a target without its `[[bin]]` would never run, and the other way round.
pub fn fuzz_targets(tree: &Tree) -> Vec<Finding> {
    let manifest = "fuzz/Cargo.toml";
    let listed = binaries(tree.text(manifest).unwrap_or_default());
    let folder = "fuzz/fuzz_targets/";
    let files: Vec<&str> = tree
        .files()
        .keys()
        .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(".rs"))
        .collect();
    let unlisted = files
        .iter()
        .filter(|name| !listed.iter().any(|known| known == *name))
        .map(|name| {
            Finding::error(
                FUZZ,
                &format!("{folder}{name}.rs"),
                0,
                format!("has no [[bin]] in {manifest}"),
            )
        });
    let missing = listed
        .iter()
        .filter(|name| !files.contains(&name.as_str()))
        .map(|name| {
            Finding::error(
                FUZZ,
                manifest,
                0,
                format!("[[bin]] {name} has no file in {folder}"),
            )
        });
    unlisted.chain(missing).collect()
}

/// The text between the brackets of a table's line.
fn header(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('[')?.split(']').next()?;
    Some(inner.trim_start_matches('[').trim())
}

fn names_in(text: &str, table: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(header) = header(line) {
            inside = header == table;
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
        {
            names.push(unquote(value));
        }
    }
    names
}

fn unquote(value: &str) -> String {
    value.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dependencies_in_every_form() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\n# no = 1\nc = { path = \"x\" }\n\
                    [dev-dependencies]\nd = \"1\"\n[build-dependencies.e]\npath = \"y\"\n\
                    [target.'cfg(unix)'.dependencies]\nf = \"1\"\n[features]\ng = []\n";
        let found: Vec<_> = dependencies(text)
            .into_iter()
            .map(|dependency| (dependency.name, dependency.line))
            .collect();
        let expected = [("b", 4), ("c", 6), ("d", 8), ("e", 9), ("f", 12)];
        assert_eq!(found, expected.map(|(name, line)| (name.to_owned(), line)));
        assert_eq!(package_name(text).as_deref(), Some("a"));
        assert_eq!(dependencies("[workspace.dependencies]\nx = \"1\"\n"), []);
    }

    #[test]
    fn ties_fuzz_targets_to_the_manifest() {
        let manifest = "[package]\nname = \"f\"\n[[bin]]\nname = \"one\"\n[[bin]]\nname = \"gone\"\n";
        let tree = Tree::from_texts(&[
            ("fuzz/Cargo.toml", manifest),
            ("fuzz/fuzz_targets/one.rs", ""),
            ("fuzz/fuzz_targets/two.rs", ""),
        ]);
        let paths: Vec<_> = fuzz_targets(&tree)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(paths, ["fuzz/fuzz_targets/two.rs", "fuzz/Cargo.toml"]);
    }
}
