//! Set-user-id and set-group-id files of the host's trees. They do nothing inside (nosuid mounts, no
//! new privileges); here they are found so that they are not even there.
//!
//! Looking at every file of `/usr` takes a moment, so the list is kept, keyed by what changes when a
//! package is installed. A list that cannot be kept is made anew each time.

use casemate_sys::fs::{self, Resolve};
use casemate_sys::libc;
use std::fmt::Write as _;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Most files looked at; a tree beyond that is searched no further.
const MAX_FILES: usize = 2_000_000;
/// Most files hidden.
const MAX_HIDDEN: usize = 512;
const MAX_DEPTH: usize = 64;
/// What changes with an installed package: dpkg, rpm, pacman, and the folders most used.
const WITNESSES: [&str; 9] = [
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/pacman/local",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local/bin",
];

/// The set-id files below `root`, from the kept list when it still holds.
pub(super) fn find(root: &Path, cache_dir: Option<&Path>) -> Vec<PathBuf> {
    let key = key(root);
    // One list for each root; a name longer than a file's may be is not kept.
    let name = root.to_string_lossy().replace('/', "-");
    let kept = cache_dir
        .filter(|_| name.len() < 200)
        .map(|dir| dir.join(format!("setid{name}")));
    if let Some(list) = kept.as_deref().and_then(|file| read(file, &key)) {
        return list;
    }
    let (mut found, mut left) = (Vec::new(), MAX_FILES);
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    if let Ok(dir) = fs::open_at(None, root.as_os_str().as_bytes(), flags, 0, Resolve::Host) {
        walk(dir.as_fd(), root, 0, &mut left, &mut found);
    }
    found.sort();
    found.dedup();
    if let Some(file) = kept {
        write(&file, &key, &found);
    }
    found
}

fn walk(dir: BorrowedFd<'_>, path: &Path, depth: usize, left: &mut usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::entries(dir, *left) else {
        return;
    };
    *left -= entries.len().min(*left);
    for entry in entries {
        let name = std::ffi::OsStr::from_bytes(&entry.name);
        let open = |flags| fs::open_at(Some(dir), &entry.name, flags | libc::O_NOFOLLOW, 0, Resolve::Host);
        match entry.kind {
            libc::DT_DIR if depth < MAX_DEPTH => {
                if let Ok(below) = open(libc::O_RDONLY | libc::O_DIRECTORY) {
                    walk(below.as_fd(), &path.join(name), depth + 1, left, found);
                }
            }
            libc::DT_REG | libc::DT_UNKNOWN if found.len() < MAX_HIDDEN => {
                let mode = open(libc::O_PATH)
                    .and_then(|f| fs::status(f.as_fd()))
                    .map_or(0, |s| s.st_mode);
                if mode & (libc::S_ISUID | libc::S_ISGID) != 0 && mode & libc::S_IFMT == libc::S_IFREG {
                    found.push(path.join(name));
                }
            }
            _ => {}
        }
    }
}

fn key(root: &Path) -> String {
    let mut key = String::from("casemate set-id files 1");
    for path in WITNESSES.iter().map(Path::new).chain([root]) {
        if let Ok(m) = std::fs::symlink_metadata(path) {
            let _ = write!(key, " {}:{}.{}", path.display(), m.mtime(), m.mtime_nsec());
        }
    }
    key.replace('\n', " ")
}

fn read(file: &Path, key: &str) -> Option<Vec<PathBuf>> {
    let metadata = std::fs::symlink_metadata(file).ok()?;
    let ours = metadata.uid() == casemate_sys::credentials::effective_uid();
    if !metadata.is_file() || !ours || metadata.mode() & 0o022 != 0 || metadata.len() > 1 << 20 {
        return None;
    }
    let bytes = std::fs::read(file).ok()?;
    let mut lines = bytes.split(|b| *b == b'\n');
    if lines.next()? != key.as_bytes() {
        return None;
    }
    let paths = lines.filter(|l| l.starts_with(b"/")).take(MAX_HIDDEN);
    Some(
        paths
            .map(|l| PathBuf::from(std::ffi::OsString::from_vec(l.to_vec())))
            .collect(),
    )
}

/// Keeps the list; a failure only costs time at the next start.
fn write(file: &Path, key: &str, found: &[PathBuf]) {
    // A name with a line break could not be read back; then nothing is kept.
    if found.iter().any(|p| p.as_os_str().as_bytes().contains(&b'\n')) {
        return;
    }
    let mut bytes = key.as_bytes().to_vec();
    for path in found {
        bytes.push(b'\n');
        bytes.extend_from_slice(path.as_os_str().as_bytes());
    }
    let fresh = file.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut f| std::io::Write::write_all(&mut f, &bytes))
        .and_then(|()| std::fs::rename(&fresh, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn set_id_files_are_found_and_the_list_is_kept() {
        let dir = std::env::temp_dir().join(format!("casemate-setid-{}", std::process::id()));
        let (tree, cache) = (dir.join("tree"), dir.join("cache"));
        std::fs::create_dir_all(tree.join("deep/er")).unwrap();
        std::fs::create_dir_all(&cache).unwrap();
        for (name, mode) in [("plain", 0o755), ("deep/suid", 0o4755), ("deep/er/sgid", 0o2755)] {
            std::fs::write(tree.join(name), b"").unwrap();
            std::fs::set_permissions(tree.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let expected = vec![tree.join("deep/er/sgid"), tree.join("deep/suid")];
        assert_eq!(find(&tree, Some(&cache)), expected);
        // Served from the list: the tree's own folder did not change.
        std::fs::set_permissions(tree.join("deep/suid"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(&tree, Some(&cache)), expected);
        // A list that others could write is not trusted.
        std::fs::set_permissions(
            cache.join(format!("setid{}", tree.to_string_lossy().replace('/', "-"))),
            std::fs::Permissions::from_mode(0o666),
        )
        .unwrap();
        assert_eq!(find(&tree, Some(&cache)), vec![tree.join("deep/er/sgid")]);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
