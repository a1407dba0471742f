//! Looks at processes from outside, through the host's `/proc`. Tests call it while a program
//! runs. It must never trust a process id longer than one look: ids are used again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{facts::HostFacts, host};

/// One process of the host.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its id in the tests' own process namespace.
    pub pid: u32,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A word that no other process has in its arguments.
pub fn marker() -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("cmmark-{}-{number}-", std::process::id())
}

/// Every process with this word among its arguments.
pub fn processes_with(word: &str) -> Vec<Process> {
    let matches = |process: &Process| {
        let bytes = std::fs::read(process.path("cmdline")).unwrap_or_default();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    Process::all().into_iter().filter(matches).collect()
}

/// Waits for the program with this word in its arguments: the first process that has it and is
/// in another process namespace than the tests.
#[track_caller]
pub fn find_inside(word: &str) -> Process {
    let own = HostFacts::namespace("pid");
    let found = until(host::seconds(20), || {
        processes_with(word).into_iter().find(|process| {
            // Between fork and exec the builders still have the arguments of `casemate run`.
            process.namespace("pid").is_some_and(|space| space != own)
                && !process.name().starts_with("casemate")
        })
    });
    found.unwrap_or_else(|| panic!("no program with {word} was ever seen inside"))
}

/// Asks again every few milliseconds until there is an answer or the time is over.
pub fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Process {
    /// Every process that the host shows now.
    pub fn all() -> Vec<Self> {
        let entries = std::fs::read_dir("/proc").expect("/proc");
        let pid = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        entries.filter_map(pid).map(|pid| Self { pid }).collect()
    }

    /// A file of its folder in `/proc`.
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }

    /// Whether it is still there (a zombie is).
    pub fn exists(&self) -> bool {
        self.path("stat").exists()
    }

    /// Its status file, field by field (proc_pid_status(5)); empty when it is gone.
    pub fn status(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.path("status")).unwrap_or_default();
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        pairs
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .collect()
    }

    /// One field of the status file.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let status = self.status();
        status
            .get(name)
            .cloned()
            .unwrap_or_else(|| panic!("process {} has no {name}: {status:?}", self.pid))
    }

    /// The name of the command.
    pub fn name(&self) -> String {
        self.status().get("Name").cloned().unwrap_or_default()
    }

    /// The inode of a namespace, as `type:[number]`, when the tests may read it.
    pub fn namespace(&self, kind: &str) -> Option<String> {
        let link = std::fs::read_link(self.path(&format!("ns/{kind}"))).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    /// The process ids it has, outermost first.
    pub fn nested_pids(&self) -> Vec<u32> {
        let field = self.status().get("NSpid").cloned().unwrap_or_default();
        field
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    /// Its real, effective, saved and filesystem user ids on the host.
    pub fn uids(&self) -> Vec<u32> {
        self.field("Uid")
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    /// The first process of its own process namespace.
    #[track_caller]
    pub fn init(&self) -> Self {
        let space = self.namespace("pid");
        let first = |other: &Self| other.nested_pids().last() == Some(&1) && other.namespace("pid") == space;
        Self::all()
            .into_iter()
            .find(first)
            .expect("the init of the sandbox")
    }

    /// Its cgroup in a hierarchy: `memory` or another v1 controller, or "" for v2.
    pub fn cgroup(&self, controller: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.path("cgroup")).ok()?;
        text.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            controllers
                .split(',')
                .any(|name| name == controller)
                .then(|| path.to_owned())
        })
    }

    /// Waits until it has started and come to rest: asleep, without using the processor.
    #[track_caller]
    pub fn settle(&self) {
        let look = || std::fs::read_to_string(self.path("stat")).ok();
        let asleep = |stat: &String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'));
        let settled = until(host::seconds(20), || {
            let first = look().filter(asleep)?;
            std::thread::sleep(Duration::from_millis(150) * host::slowness());
            (look()? == first).then_some(())
        });
        assert!(settled.is_some(), "process {} never came to rest", self.pid);
    }

    /// Whether it is held up in writing to, or reading from, a pipe (proc_pid_wchan(5)); root only.
    pub fn waits_on_a_pipe(&self) -> bool {
        let channel = std::fs::read_to_string(self.path("wchan")).unwrap_or_default();
        channel.contains("pipe")
    }

    /// Kills it at once, by kill(1).
    pub fn kill(&self) {
        let _ = host::command("kill")
            .args(["-s", "KILL", &self.pid.to_string()])
            .output();
    }
}
