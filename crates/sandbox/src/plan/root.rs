//! The root filesystem: `/usr` and the library folders of the host, prefixes of interpreters that
//! live elsewhere, a generated `/etc`, five device nodes. Nothing of `/home`, `/root`, `/run`, `/var`.

use super::{Ground, NODE_GATE, Source, etc, proc_view, setuid};
use crate::error::{AtStep, SandboxError};
use casemate_init::plan::Step;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Top-level names that are links into `/usr` on a merged host and folders elsewhere.
const TOP_LEVEL: [&str; 6] = ["bin", "sbin", "lib", "lib64", "lib32", "libx32"];
/// Device nodes of the host that every sandbox gets.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Links of `/dev` that programs expect.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("ptmx", "pts/ptmx"),
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// The gate of a node that waits for its program.
const NODE_GATE_TEXT: &[u8] = include_bytes!("../../../../resources/workers/node.cjs");

/// The steps, the host trees they attach, and what programs may read.
pub(super) struct Tree {
    pub steps: Vec<Step>,
    pub sources: Vec<Source>,
    pub readable: Vec<PathBuf>,
}

/// Draws the whole tree.
pub(super) fn tree(ground: &Ground) -> Result<Tree, SandboxError> {
    let mut draft = Draft::default();
    draft.host_tree(
        Path::new("/usr"),
        Source {
            path: "/usr".into(),
            device: false,
        },
    );
    for name in TOP_LEVEL {
        draft.top_level(name)?;
    }
    draft.dir(Path::new("/etc"), 0o755);
    etc::draw(&mut draft, &ground.extra);
    draft.dir(Path::new("/dev"), 0o755);
    for name in DEVICES {
        let path = Path::new("/dev").join(name);
        draft.file(&path, b"");
        draft.attach(
            &path,
            Source {
                path: path.clone(),
                device: true,
            },
        );
    }
    for (name, target) in DEVICE_LINKS {
        draft.link(&Path::new("/dev").join(name), target.as_bytes());
    }
    draft.dir(Path::new("/dev/shm"), 0o755);
    draft.dir(Path::new("/dev/pts"), 0o755);
    draft.dir(Path::new("/proc"), 0o555);
    proc_view::draw(&mut draft);
    if ground.gate {
        draft.file(Path::new(NODE_GATE), NODE_GATE_TEXT);
        draft.readable.push(NODE_GATE.into());
    }
    for (path, content) in &ground.planted {
        draft.parents(path, 0o755);
        draft.file(path, content);
        draft.readable.push(path.clone());
    }
    for prefix in &ground.prefixes {
        draft.prefix(prefix)?;
    }
    // Configuration below /etc holds no programs.
    let roots = draft
        .sources
        .iter()
        .filter(|s| !s.device && !s.path.starts_with("/etc"));
    let hidden: Vec<PathBuf> = roots
        .flat_map(|s| setuid::find(&s.path, ground.cache_dir.as_deref()))
        .collect();
    for path in hidden {
        draft.steps.push(Step::Hide {
            path: relative(&path),
        });
    }
    Ok(Tree {
        steps: draft.steps,
        sources: draft.sources,
        readable: draft.readable,
    })
}

/// A tree being drawn; folders are made once.
#[derive(Default)]
pub(super) struct Draft {
    pub steps: Vec<Step>,
    pub sources: Vec<Source>,
    pub readable: Vec<PathBuf>,
    made: BTreeSet<PathBuf>,
}

fn relative(path: &Path) -> Vec<u8> {
    path.strip_prefix("/")
        .unwrap_or(path)
        .as_os_str()
        .as_bytes()
        .to_vec()
}

impl Draft {
    /// Makes a folder unless it was made.
    pub(super) fn dir(&mut self, path: &Path, mode: u32) {
        if self.made.insert(path.to_owned()) {
            self.steps.push(Step::Dir {
                path: relative(path),
                mode,
            });
        }
    }

    /// Makes a generated file.
    pub(super) fn file(&mut self, path: &Path, content: &[u8]) {
        if self.made.insert(path.to_owned()) {
            self.steps.push(Step::File {
                path: relative(path),
                content: content.to_vec(),
            });
        }
    }

    /// Makes a link.
    pub(super) fn link(&mut self, path: &Path, target: &[u8]) {
        if self.made.insert(path.to_owned()) {
            self.steps.push(Step::Link {
                path: relative(path),
                target: target.to_vec(),
            });
        }
    }

    /// Attaches a host tree at a place that exists.
    pub(super) fn attach(&mut self, path: &Path, source: Source) {
        self.steps.push(Step::Tree { path: relative(path) });
        self.sources.push(source);
    }

    /// Makes a place and attaches a host folder or file there. Nothing happens when the host lacks it.
    pub(super) fn host_tree(&mut self, path: &Path, source: Source) {
        let Ok(metadata) = std::fs::metadata(&source.path) else {
            return;
        };
        if self.made.contains(path) {
            return;
        }
        if metadata.is_dir() {
            self.dir(path, 0o755);
        } else {
            self.file(path, b"");
        }
        self.readable.push(path.to_owned());
        self.attach(path, source);
    }

    /// Makes the folders above a path.
    pub(super) fn parents(&mut self, path: &Path, mode: u32) {
        let above: Vec<&Path> = path
            .ancestors()
            .skip(1)
            .filter(|p| *p != Path::new("/"))
            .collect();
        for parent in above.into_iter().rev() {
            self.dir(parent, mode);
        }
    }

    /// Whether a path lies in a tree that is attached already.
    pub(super) fn is_covered(&self, path: &Path) -> bool {
        self.sources
            .iter()
            .any(|s| !s.device && path.starts_with(&s.path))
    }

    fn top_level(&mut self, name: &str) -> Result<(), SandboxError> {
        let path = Path::new("/").join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(m) if m.is_symlink() => {
                let target = std::fs::read_link(&path).at(|| format!("read the link {}", path.display()))?;
                self.link(&path, target.as_os_str().as_bytes());
            }
            Ok(_) => self.host_tree(
                &path,
                Source {
                    path: path.clone(),
                    device: false,
                },
            ),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).at(|| format!("look at {}", path.display())),
        }
        Ok(())
    }

    /// An interpreter's prefix at its own path, below parents that list nothing.
    fn prefix(&mut self, prefix: &Path) -> Result<(), SandboxError> {
        let real = std::fs::canonicalize(prefix).at(|| format!("find {}", prefix.display()))?;
        let mut places = vec![real.clone()];
        if prefix != real {
            places.push(prefix.to_owned());
        }
        for place in places {
            if self.is_covered(&place) || self.made.contains(&place) {
                continue;
            }
            self.parents(&place, 0o111);
            self.host_tree(
                &place,
                Source {
                    path: real.clone(),
                    device: false,
                },
            );
        }
        Ok(())
    }
}
