//! The repository's text files in memory. Every rule about the whole reads it; nothing writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Folders that hold what is made, not what is written.
const SKIPPED: [&str; 6] = [
    "target",
    ".git",
    "node_modules",
    "fuzz/corpus",
    "fuzz/artifacts",
    "fuzz/target",
];

/// A file beyond this size is data: its path is known, its text is not checked.
const MAX_TEXT_BYTES: u64 = 2 << 20;

/// A repository of more files is not ours.
const MAX_FILES: usize = 20_000;

/// The repository: paths relative to its root, with `/`, and their texts.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads every file below `root` but what is made by builds.
    ///
    /// # Errors
    /// When a folder or file cannot be read, or there are too many.
    pub fn read(root: &Path) -> Result<Self> {
        let mut tree = Self {
            root: root.to_path_buf(),
            files: BTreeMap::new(),
        };
        tree.read_folder("")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &str) -> Result<()> {
        let path = self.root.join(folder);
        let entries = std::fs::read_dir(&path).with_context(|| format!("list {}", path.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("list {}", path.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            if SKIPPED.contains(&relative.as_str()) || SKIPPED.contains(&name.as_str()) {
                continue;
            }
            let kind = entry.file_type().with_context(|| format!("look at {relative}"))?;
            if kind.is_dir() {
                self.read_folder(&relative)?;
            } else if kind.is_file() {
                self.read_file(relative)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, relative: String) -> Result<()> {
        if self.files.len() >= MAX_FILES {
            bail!("more than {MAX_FILES} files below {}", self.root.display());
        }
        let path = self.root.join(&relative);
        let size = path
            .metadata()
            .with_context(|| format!("look at {relative}"))?
            .len();
        let bytes = if size > MAX_TEXT_BYTES {
            Vec::new()
        } else {
            std::fs::read(&path).with_context(|| format!("read {relative}"))?
        };
        // What is not text has no lines to check.
        self.files
            .insert(relative, String::from_utf8(bytes).unwrap_or_default());
        Ok(())
    }

    /// A repository made of these files, for tests of the rules.
    #[cfg(test)]
    pub fn from_texts(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Self {
            root: PathBuf::from("/srv/checkout"),
            files,
        }
    }

    /// Where the repository lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Paths and texts, sorted.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a file or a folder with something in it has this path.
    pub fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let holds = |known: &String| known.starts_with(&folder);
        self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(known, _)| holds(known))
    }
}

/// Whether the path is Rust source of the project: not a program that examples or tests run inside.
pub fn is_rust_source(path: &str) -> bool {
    let ours = ["crates/", "xtask/", "tests/", "fuzz/"]
        .iter()
        .any(|prefix| path.starts_with(prefix));
    let program = ["/programs/", "/fixtures/", "/snapshots/"]
        .iter()
        .any(|part| path.contains(part));
    ours && !program && path.ends_with(".rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_and_folders() {
        let tree = Tree::from_texts(&[("a/b.rs", ""), ("a-b/c.rs", "")]);
        for (path, expected) in [
            ("a", true),
            ("a/", true),
            ("a/b.rs", true),
            ("a/b", false),
            ("c", false),
            ("a-", false),
        ] {
            assert_eq!(tree.exists(path), expected, "{path}");
        }
    }

    #[test]
    fn tells_source_from_programs() {
        assert!(is_rust_source("crates/types/src/lib.rs"));
        assert!(!is_rust_source("tests/programs/works/hello.rs"));
        assert!(!is_rust_source("examples/hello.rs"));
    }
}
