//! What detection may know of the host: folders and who is asking, handed in by the caller.
//!
//! The command line fills it from its environment. It must never read the environment by itself, so
//! that a test can build a host out of a temporary folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Folders of the caller's PATH beyond this many are not searched.
const PATH_LIMIT: usize = 64;

/// The host as detection sees it.
#[derive(Clone, Debug)]
pub struct Host {
    /// The caller's home directory, where version managers live.
    pub home: Option<PathBuf>,
    /// The caller's PATH; relative entries are passed over.
    pub path: OsString,
    /// Where versions may be cached; nothing is cached without it.
    pub cache_dir: Option<PathBuf>,
    /// The caller's effective uid: files of other users, save root, are not trusted.
    pub uid: u32,
    /// Folders that are searched first.
    pub system_folders: Vec<PathBuf>,
    /// Folders that every sandbox has at their own place, without links in their own path.
    pub mounted: Vec<PathBuf>,
}

impl Host {
    /// A host with the usual folders: `/usr/bin`, `/bin` and `/usr/local/bin`; `/usr` and, where they
    /// are not links into it, `/bin`, `/sbin` and the library folders are in every sandbox.
    pub fn new(home: Option<PathBuf>, path: OsString, cache_dir: Option<PathBuf>, uid: u32) -> Self {
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        Self {
            home,
            path,
            cache_dir,
            uid,
            system_folders: folders(&["/usr/bin", "/bin", "/usr/local/bin"]),
            mounted: folders(&["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]),
        }
    }

    /// Whether every sandbox has this path already.
    pub(super) fn has_mounted(&self, path: &Path) -> bool {
        self.mounted.iter().any(|folder| path.starts_with(folder))
    }

    /// The absolute folders of the caller's PATH, without the system's, bounded in number.
    pub(super) fn path_folders(&self) -> impl Iterator<Item = PathBuf> {
        std::env::split_paths(&self.path)
            .take(PATH_LIMIT)
            .filter(|folder| folder.is_absolute() && !self.system_folders.contains(folder))
    }

    /// Resolves `~/x` and absolute paths of the table; nothing without a home directory.
    pub(super) fn expand(&self, path: &str) -> Option<PathBuf> {
        match path.strip_prefix("~/") {
            Some(below) => self
                .home
                .as_ref()
                .filter(|home| home.is_absolute())
                .map(|home| home.join(below)),
            None => Some(PathBuf::from(path)),
        }
    }
}
