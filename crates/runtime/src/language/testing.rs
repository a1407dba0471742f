//! A host made of a temporary folder, for the tests of this module. It holds a `usr`, a `home` and
//! whatever a test adds, and is removed at its end.

use super::host::Host;
use super::table::{Language, Table};
use super::{Installation, LanguageError, detect};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

pub struct FakeHost {
    pub root: PathBuf,
    pub host: Host,
}

impl FakeHost {
    pub fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("casemate-language-{}-{count}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let root = root.canonicalize().unwrap();
        for folder in ["usr/bin", "usr/local/bin", "home/user", "cache"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let uid = fs::metadata(&root).unwrap().uid();
        let mut host = Host::new(
            Some(root.join("home/user")),
            OsString::new(),
            Some(root.join("cache")),
            uid,
        );
        host.system_folders = vec![root.join("usr/bin"), root.join("usr/local/bin")];
        host.mounted = vec![root.join("usr")];
        Self { root, host }
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// An executable file with the given text.
    pub fn program(&self, path: &str, text: &str) -> &Self {
        self.file(path, text);
        self.mode(path, 0o755)
    }

    pub fn programs(&self, paths: &[&str]) -> &Self {
        paths.iter().for_each(|path| _ = self.program(path, "\u{7f}ELF"));
        self
    }

    pub fn file(&self, path: &str, text: &str) -> &Self {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
        self
    }

    pub fn mode(&self, path: &str, mode: u32) -> &Self {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A link; a target that begins with `//` is taken below the root.
    pub fn link(&self, path: &str, target: &str) -> &Self {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        let target = target
            .strip_prefix("//")
            .map_or_else(|| PathBuf::from(target), |below| self.at(below));
        symlink(target, self.at(path)).unwrap();
        self
    }

    /// Sets PATH; each entry is taken below the root unless it is empty or begins with a dot.
    pub fn path(&mut self, entries: &[&str]) -> &mut Self {
        let is_plain = |entry: &str| entry.is_empty() || entry.starts_with('.');
        let place = |entry: &&str| {
            if is_plain(entry) {
                PathBuf::from(entry)
            } else {
                self.at(entry)
            }
        };
        self.host.path = std::env::join_paths(entries.iter().map(place)).unwrap();
        self
    }

    pub fn detect(&self, language: &str) -> Result<Installation, LanguageError> {
        detect(row(language), &self.host)
    }

    /// Checks the program and the prefixes that are found, both below the root.
    pub fn check(&self, language: &str, program: &str, prefixes: &[&str]) {
        let found = self.detect(language).unwrap();
        assert_eq!(found.program, self.at(program));
        assert_eq!(
            found.prefixes,
            prefixes.iter().map(|prefix| self.at(prefix)).collect::<Vec<_>>()
        );
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.root);
    }
}

pub fn row(language: &str) -> &'static Language {
    Table::builtin().find(language).unwrap()
}

/// An installation nobody looked for, to render commands with.
pub fn installation(language: &str, program: &str, tools: Vec<(&'static str, PathBuf)>) -> Installation {
    let program = Path::new(program).to_path_buf();
    Installation {
        language: row(language),
        program,
        version: None,
        prefixes: Vec::new(),
        mounts: Vec::new(),
        tools,
    }
}
