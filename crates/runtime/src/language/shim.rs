//! Recognises the stand-ins that version managers put into PATH.
//!
//! `resolve` asks it about every program it meets. A shim reads configuration from the working
//! directory and may run anything named there, so it must never be run, on the host least of all.

use super::table::{SHIM_FOLDERS, SHIM_PROGRAMS};
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How much of a script is read; the managers' scripts are shorter.
const SCRIPT_LIMIT_BYTES: u64 = 1024;
/// Below this size an equal size says nothing: rustup's proxies are of some MiB.
const COPY_MIN_BYTES: u64 = 1 << 20;

/// Whether one link of the chain that leads to a program is a stand-in, by its path.
pub fn is_named_shim(path: &Path) -> bool {
    let in_folder = || {
        path.parent().is_some_and(|folder| {
            folder
                .iter()
                .any(|part| SHIM_FOLDERS.iter().any(|name| part == *name))
        })
    };
    path.file_name()
        .is_some_and(|name| SHIM_PROGRAMS.iter().any(|known| name == *known))
        || in_folder()
}

/// Whether the file at the end of the chain is a stand-in: a hard link to, or a copy of, a manager
/// beside it (rustup falls back to these), or a script that only hands over to a manager. A system
/// folder holds no copies: there, a file with one link needs no comparison.
pub fn is_shim_file(path: &Path, metadata: &Metadata, is_system: bool) -> bool {
    let same = |other: Metadata| {
        let linked = (other.dev(), other.ino()) == (metadata.dev(), metadata.ino());
        linked || (other.len() == metadata.len() && other.len() >= COPY_MIN_BYTES)
    };
    let beside = |name: &&str| fs::metadata(path.with_file_name(name)).is_ok_and(same);
    let is_comparable = !is_system || metadata.nlink() > 1;
    (is_comparable && SHIM_PROGRAMS.iter().any(beside)) || is_shim_script(path)
}

/// `exec "/home/u/.pyenv/libexec/pyenv" exec "$program" "$@"`: pyenv, its kin, and asdf.
fn is_shim_script(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SCRIPT_LIMIT_BYTES).read_to_end(&mut head));
    if read.is_err() || !head.starts_with(b"#!") {
        return false;
    }
    String::from_utf8_lossy(&head).lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("exec") && words.any(|word| word == "exec" || word == "which")
    })
}
