//! Remembers versions between runs, by the identity of the program's file.
//!
//! `detect` reads and writes it around a probe. It is a convenience: whatever is wrong with it, it is
//! passed over and the program is asked again. It must never trust a file that others could write.

use super::host::Host;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name in the cache folder.
pub const FILE: &str = "versions";
/// The name under which it is written before it takes the other's place.
const DRAFT: &str = "versions.new";
/// A draft this old was left by a process that died.
const DRAFT_STALE: Duration = Duration::from_secs(10);
const HEADER: &str = "casemate versions 1";
/// Entries kept: the newest.
const ENTRY_LIMIT: usize = 64;
const FILE_LIMIT_BYTES: u64 = 32 * 1024;

/// What an answer is kept under: a program that is replaced or changed has another key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a language's program.
    ///
    /// # Errors
    /// When the program is gone.
    pub fn of(language: &str, program: &Path) -> io::Result<Self> {
        let file = fs::metadata(program)?;
        let mtime_ns = i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec());
        Ok(Self(format!(
            "{language}\t{}\t{}\t{mtime_ns}\t{}",
            file.dev(),
            file.ino(),
            file.len()
        )))
    }
}

/// The version kept under a key.
pub fn read(host: &Host, key: &Key) -> Option<String> {
    let folder = host.cache_dir.as_deref()?;
    let entries = entries(folder, host.uid);
    let found = entries.iter().rev().find(|(known, _)| known == key);
    found.map(|(_, version)| version.clone())
}

/// Keeps a version. A cache that cannot be written is left as it is: the next reader asks again.
pub fn write(host: &Host, key: &Key, version: &str) {
    if let Some(folder) = host.cache_dir.as_deref() {
        _ = store(folder, host.uid, key, version);
    }
}

fn store(folder: &Path, uid: u32, key: &Key, version: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if !is_private(&fs::symlink_metadata(folder)?, uid) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut entries = entries(folder, uid);
    // One program has one entry: what it had before it changed is of no use.
    let program = |key: &Key| key.0.splitn(4, '\t').take(3).collect::<Vec<_>>().join("\t");
    entries.retain(|(known, _)| program(known) != program(key));
    entries.push((key.clone(), version.to_owned()));
    let start = entries.len().saturating_sub(ENTRY_LIMIT);
    let mut text = format!("{HEADER}\n");
    for (key, version) in &entries[start..] {
        text += &format!("{}\t{version}\n", key.0);
    }
    let draft = Draft::create(folder)?;
    (&draft.file).write_all(text.as_bytes())?;
    fs::rename(&draft.path, folder.join(FILE))
}

/// All entries of a trusted and whole file; nothing of any other.
fn entries(folder: &Path, uid: u32) -> Vec<(Key, String)> {
    let text = trusted(folder, uid).unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) || !text.ends_with('\n') {
        return Vec::new();
    }
    lines
        .map(entry)
        .take(ENTRY_LIMIT + 1)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default()
}

fn entry(line: &str) -> Option<(Key, String)> {
    let (key, version) = line.rsplit_once('\t')?;
    let is_key = key.split('\t').count() == 5
        && key
            .split('\t')
            .skip(1)
            .all(|number| number.parse::<i128>().is_ok());
    let plain = |c: char| c.is_ascii_alphanumeric() || ".+-_~".contains(c);
    let is_version = !version.is_empty() && version.len() <= 64 && version.chars().all(plain);
    (is_key && is_version).then(|| (Key(key.to_owned()), version.to_owned()))
}

/// The file's text, if the folder and the file are the caller's and nobody else can write them. As the
/// folder is private, nobody can exchange the file between the two looks.
fn trusted(folder: &Path, uid: u32) -> Option<String> {
    let path = folder.join(FILE);
    let is_ours = |metadata: &Metadata| is_private(metadata, uid);
    fs::symlink_metadata(folder)
        .ok()
        .filter(|m| m.is_dir() && is_ours(m))?;
    fs::symlink_metadata(&path)
        .ok()
        .filter(|m| m.is_file() && is_ours(m) && m.len() <= FILE_LIMIT_BYTES)?;
    let mut text = String::new();
    File::open(&path)
        .ok()?
        .take(FILE_LIMIT_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

fn is_private(metadata: &Metadata, uid: u32) -> bool {
    metadata.uid() == uid && metadata.permissions().mode() & 0o022 == 0
}

/// The new file before it takes its place; it goes away with its owner if it never does.
struct Draft {
    file: File,
    path: PathBuf,
}

impl Draft {
    /// Fails while another process writes: its answer is as good as ours.
    fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(DRAFT);
        let age = fs::symlink_metadata(&path)
            .and_then(|draft| draft.modified())
            .map(|time| time.elapsed());
        if matches!(age, Ok(Ok(age)) if age > DRAFT_STALE) {
            fs::remove_file(&path)?;
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self { file, path })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing under this name, or another process's draft that has its
        // own inode: only ours is removed.
        let same = |a: &Metadata, b: &Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        if let (Ok(ours), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(&self.path))
            && same(&ours, &there)
        {
            _ = fs::remove_file(&self.path);
        }
    }
}
