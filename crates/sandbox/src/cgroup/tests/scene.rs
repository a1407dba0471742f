//! What the tests stand on: directories that go away, real subtrees of their own, child processes that wait.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::cgroup::{Group, Hierarchy, Kind, Options, discover};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The longest that anything is waited for. The emulated guest is about 18 times slower than its host.
const PATIENCE: Duration = Duration::from_secs(60);

fn unique() -> String {
    format!(
        "casemate-test-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A temporary directory.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Scratch {
        let path = std::env::temp_dir().join(unique());
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and the directories above it.
    pub(super) fn file(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A line of `mountinfo` for the directory `point`.
    pub(super) fn mount_line(&self, point: &str, what: &str) -> String {
        format!("40 31 0:37 / {}/{point} rw shared:5 - {what}\n", self.0.display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A real subtree that only this test uses.
pub(super) struct Scene {
    pub(super) hierarchy: Box<dyn Hierarchy>,
}

impl Scene {
    /// One scene for each kind of control groups that this machine can show: on a hybrid host v1 alone, too.
    pub(super) fn each() -> Vec<Scene> {
        let host = Options::of_host(None).unwrap();
        let mut tables = vec![host.mountinfo.clone()];
        if host.mountinfo.contains(" - cgroup ") && host.mountinfo.contains(" - cgroup2 ") {
            let v1_alone = host
                .mountinfo
                .lines()
                .filter(|line| !line.contains(" - cgroup2 "));
            tables.push(v1_alone.collect::<Vec<_>>().join("\n"));
        }
        let mut scenes: Vec<Scene> = Vec::new();
        for mountinfo in tables {
            let base = Some(PathBuf::from("/").join(unique()));
            match discover(&Options {
                base,
                mountinfo,
                ..host.clone()
            }) {
                Ok(hierarchy) if scenes.iter().all(|scene| scene.kind() != hierarchy.kind()) => {
                    scenes.push(Scene { hierarchy });
                }
                Ok(hierarchy) => drop(Scene { hierarchy }),
                Err(error) => eprintln!("skipped one kind of control groups: {error}"),
            }
        }
        if scenes.is_empty() {
            eprintln!("skipped: no control groups to test with");
        }
        scenes
    }

    pub(super) fn kind(&self) -> Kind {
        self.hierarchy.kind()
    }

    /// Our base in the hierarchy that has `file` in its groups.
    pub(super) fn bases(&self) -> Vec<PathBuf> {
        self.hierarchy.base().split(", ").map(PathBuf::from).collect()
    }

    /// The content of a file of the group `name`, from whichever hierarchy has it.
    pub(super) fn read(&self, name: &str, file: &str) -> String {
        let text = self
            .bases()
            .iter()
            .find_map(|base| fs::read_to_string(group_at(base, name).join(file)).ok());
        text.unwrap_or_else(|| panic!("no {file} in {:?}", self.kind()))
            .trim()
            .to_owned()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.bases().iter().any(|base| group_at(base, name).exists())
    }
}

/// The directory of the group `name` at one of [`Scene::bases`], which on v1 ends with the prefix and a `*`.
pub(super) fn group_at(base: &Path, name: &str) -> PathBuf {
    match base.to_string_lossy().strip_suffix('*') {
        Some(prefix) => PathBuf::from(format!("{prefix}{name}")),
        None => base.join(name),
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let bases = self.bases();
        let swept = self.hierarchy.sweep(&|_| false);
        self.hierarchy.retire();
        for base in bases {
            let _ = fs::remove_dir(base.parent().unwrap());
            let left = base.parent().unwrap().exists();
            assert!(
                !left || std::thread::panicking(),
                "{} is left, {swept:?}",
                base.display()
            );
        }
    }
}

/// A shell that waits for [`Program::go`] before it runs its script.
pub(super) struct Program(Child);

impl Program {
    pub(super) fn new(script: &str) -> Program {
        let mut command = casemate_sys::host::command("/bin/sh");
        command
            .args(["-c", &format!("read go; {script}")])
            .env("PATH", "/usr/bin:/bin");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Program(command.spawn().unwrap())
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn go(&mut self) {
        self.0.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }

    /// Runs it to its end.
    pub(super) fn finish(mut self) -> ExitStatus {
        if self.0.stdin.is_some() {
            self.go();
        }
        self.wait()
    }

    pub(super) fn wait(mut self) -> ExitStatus {
        until("the program ends", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a condition, or fails after a minute.
pub(super) fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < PATIENCE, "waited for a minute until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Removes a group as the warden does: again while it is busy.
pub(super) fn remove(group: &mut dyn Group) {
    until("the group is removed", || match group.remove() {
        Ok(()) => true,
        Err(error) if error.is_retryable() => false,
        Err(error) => panic!("{error}"),
    });
}
