//! Finds the real toolchains that version managers keep, without asking the managers.
//!
//! `detect` asks it last. It reads the managers' own files (a default, aliases, a list of folders),
//! each with a bound, and must never run a manager or read the working directory's configuration.

use super::host::Host;
use super::table::{Chosen, Managed};
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Versions looked at below one root.
const VERSION_LIMIT: usize = 256;
/// A manager's file is read no further.
const FILE_LIMIT_BYTES: u64 = 16 * 1024;
/// Aliases followed from one default, as in nvm's `default` -> `lts/*` -> `lts/jod` -> `v22.11.0`.
const ALIAS_LIMIT: usize = 4;

/// A version's program and the folder that holds all of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where the program should be.
    pub program: PathBuf,
    /// The version's own folder.
    pub folder: PathBuf,
}

/// The candidates one manager offers: the default version first, then the newest before the older.
pub fn candidates(managed: &Managed, host: &Host) -> Vec<Candidate> {
    let mut found = Vec::new();
    for root in managed.roots.iter().filter_map(|root| host.expand(root)) {
        let folder = root.join(managed.versions);
        let mut versions = versions_in(&folder);
        versions.sort_by(|a, b| newest_first(a, b));
        if let Some(default) = default_version(managed, &root, host).and_then(|word| choose(&versions, &word))
        {
            versions[..=default].rotate_right(1);
        }
        found.extend(versions.into_iter().map(|version| {
            let folder = folder.join(version);
            Candidate {
                program: folder.join(managed.program),
                folder,
            }
        }));
    }
    found
}

fn versions_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .take(VERSION_LIMIT)
        .flatten()
        .map(|entry| entry.file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

/// The word that names the default version, with aliases resolved.
fn default_version(managed: &Managed, root: &Path, host: &Host) -> Option<String> {
    let (path, key) = match managed.default {
        Chosen::Newest => return None,
        Chosen::Link(link) => return Some(link.to_owned()),
        Chosen::File { path, key } => (path, key),
    };
    let file = if path.starts_with("~/") {
        host.expand(path)?
    } else {
        root.join(path)
    };
    let mut word = first_value(&read(&file)?, key)?;
    let Some(aliases) = managed.aliases.map(|aliases| root.join(aliases)) else {
        return Some(word);
    };
    for _ in 0..ALIAS_LIMIT {
        match is_plain(&word).then(|| read(&aliases.join(&word))).flatten() {
            Some(text) => word = first_value(&text, None)?,
            None => break,
        }
    }
    Some(word)
}

/// A name that stays below the folder it is joined to.
fn is_plain(word: &str) -> bool {
    word.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn read(path: &Path) -> Option<String> {
    // Not a FIFO, which would hold us up.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(FILE_LIMIT_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

/// The first word of a file; with a key, the first value of `key value` or `key = "value"`.
fn first_value(text: &str, key: Option<&str>) -> Option<String> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let value = match key {
        None => lines.into_iter().next()?,
        Some(key) => lines.into_iter().find_map(|line| {
            let rest = line.strip_prefix(key)?;
            rest.starts_with([' ', '\t', '='])
                .then(|| rest.trim_start_matches([' ', '\t', '=', '[']))
        })?,
    };
    let word = value
        .split([' ', '\t', '"', '\'', ',', ']'])
        .find(|word| !word.is_empty())?;
    Some(word.to_owned())
}

/// The index of the version that a word means: the same name, or the newest one that begins with it
/// (`3.12` means `3.12.4`, `20` means `v20.11.1`, `stable` means `stable-x86_64-unknown-linux-gnu`).
fn choose(versions: &[String], word: &str) -> Option<usize> {
    let plain = |name: &str| name.strip_prefix('v').unwrap_or(name).to_owned();
    let word = plain(word);
    let exact = versions.iter().position(|version| plain(version) == word);
    exact.or_else(|| {
        versions.iter().position(|version| {
            plain(version)
                .strip_prefix(&word)
                .is_some_and(|rest| rest.starts_with(['.', '-']))
        })
    })
}

/// Releases before previews, then by their numbers.
fn newest_first(a: &str, b: &str) -> Ordering {
    let key = |name: &str| (!is_preview(name), numbers(name));
    key(b).cmp(&key(a)).then_with(|| a.cmp(b))
}

fn is_preview(name: &str) -> bool {
    let marks = ["nightly", "dev", "alpha", "beta", "preview", "rc"];
    let lower = name.to_ascii_lowercase();
    marks.iter().any(|mark| lower.contains(mark))
        // `3.13.0a4`: a letter between two digits, as Python names its previews.
        || lower.as_bytes().windows(3).any(|w| w[0].is_ascii_digit() && matches!(w[1], b'a' | b'b') && w[2].is_ascii_digit())
}

fn numbers(name: &str) -> Vec<u64> {
    let digits = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    digits
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .take(8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_order(names: &[&str], expected: &[&str]) {
        let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        names.sort_by(|a, b| newest_first(a, b));
        assert_eq!(names, expected);
    }

    #[test]
    fn versions_are_ordered_by_number_and_previews_come_last() {
        check_order(
            &["3.9.1", "3.13.0rc1", "3.10.0", "3.2"],
            &["3.10.0", "3.9.1", "3.2", "3.13.0rc1"],
        );
        check_order(
            &["3.13.0a4", "3.13-dev", "2.7.18"],
            &["2.7.18", "3.13.0a4", "3.13-dev"],
        );
        check_order(
            &["v8.1.0", "v20.11.1", "v20.9.0"],
            &["v20.11.1", "v20.9.0", "v8.1.0"],
        );
        let (stable, nightly) = (
            "stable-x86_64-unknown-linux-gnu",
            "nightly-x86_64-unknown-linux-gnu",
        );
        check_order(&[nightly, stable], &[stable, nightly]);
        check_order(&["9999999999999999999999", "1"], &["9999999999999999999999", "1"]);
    }

    fn check_value(text: &str, key: Option<&str>, expected: Option<&str>) {
        assert_eq!(first_value(text, key).as_deref(), expected, "{text:?} {key:?}");
    }

    #[test]
    fn defaults_are_read_in_every_managers_spelling() {
        check_value("3.11.7\n3.10.13\n", None, Some("3.11.7"));
        check_value("# mine\n\n 3.12:x\n", None, Some("3.12:x"));
        check_value("", None, None);
        let settings = "version = \"12\"\ndefault_toolchain = \"stable-x86_64-unknown-linux-gnu\"\n";
        check_value(
            settings,
            Some("default_toolchain"),
            Some("stable-x86_64-unknown-linux-gnu"),
        );
        check_value(
            "nodejs 20.1.0 18.0\npython 3.11.4 system\n",
            Some("python"),
            Some("3.11.4"),
        );
        check_value(
            "[tools]\npython = ['3.12', '3.11']\n",
            Some("python"),
            Some("3.12"),
        );
        check_value("python-build = \"1\"\n", Some("python"), None);
        check_value("python =\n", Some("python"), None);
    }

    fn check_choice(word: &str, expected: Option<&str>) {
        let versions = ["v21.0.0", "v20.11.1", "v20.1.0", "v2.0.0"].map(str::to_owned);
        assert_eq!(
            choose(&versions, word).map(|at| versions[at].as_str()),
            expected,
            "{word}"
        );
    }

    #[test]
    fn a_partial_version_means_its_newest() {
        check_choice("v20.1.0", Some("v20.1.0"));
        check_choice("20.1.0", Some("v20.1.0"));
        check_choice("20", Some("v20.11.1"));
        check_choice("v2", Some("v2.0.0"));
        check_choice("20.1", Some("v20.1.0"));
        check_choice("system", None);
    }
}
