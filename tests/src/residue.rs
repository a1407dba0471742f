//! Counts what runs could leave behind on the host. `leaks.rs` and `cli.rs` call it before and
//! after. It must never count what belongs to others: only names and kinds the product makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{facts::NAMESPACES, watch::Process};

/// Counts of everything a run makes, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residue(pub BTreeMap<&'static str, BTreeSet<String>>);

impl Residue {
    /// Looks now.
    pub fn now() -> Self {
        let mut seen = BTreeMap::new();
        seen.insert("cgroups", cgroups());
        seen.insert("mounts", mounts());
        seen.insert("namespaces", namespaces());
        seen.insert("processes", processes());
        seen.insert("temporary entries", temporary());
        seen.insert("user ids", user_ids());
        Self(seen)
    }

    /// What is here and was not there, each with its kind.
    pub fn beyond(&self, before: &Self) -> Vec<String> {
        let mut more = Vec::new();
        for (kind, entries) in &self.0 {
            let known = before.0.get(kind).cloned().unwrap_or_default();
            more.extend(entries.difference(&known).map(|entry| format!("{kind}: {entry}")));
        }
        more
    }
}

/// Every folder below the cgroup trees whose path speaks of the product.
fn cgroups() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![(Path::new("/sys/fs/cgroup").to_path_buf(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            let text = path.to_string_lossy().into_owned();
            if text.contains("casemate") {
                found.insert(text);
            }
            if depth < 12 {
                waiting.push((path, depth + 1));
            }
        }
    }
    found
}

fn mounts() -> BTreeSet<String> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").expect("own mounts");
    text.lines().map(str::to_owned).collect()
}

/// The namespaces of every process that the tests may look at.
fn namespaces() -> BTreeSet<String> {
    let of = |process: &Process| {
        NAMESPACES
            .iter()
            .filter_map(|kind| process.namespace(kind))
            .collect::<Vec<_>>()
    };
    Process::all().iter().flat_map(of).collect()
}

/// Processes named after the product, and every zombie.
fn processes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for process in Process::all() {
        let status = process.status();
        let (name, state) = (status.get("Name"), status.get("State"));
        let zombie = state.is_some_and(|state| state.starts_with('Z'));
        if zombie || name.is_some_and(|name| name.starts_with("casemate")) {
            found.insert(format!("{} {name:?} {state:?}", process.pid));
        }
    }
    found
}

/// Entries of the places for temporary files that speak of the product.
fn temporary() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in [
        "/tmp",
        "/dev/shm",
        "/run/casemate",
        "/run/user",
        "/var/lib/casemate",
        "/dev/mqueue",
    ] {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path().to_string_lossy().into_owned();
            if path.contains("casemate") {
                found.insert(path);
            }
        }
    }
    found
}

/// The user ids above 65,535 that processes have: no account of a distribution is there.
fn user_ids() -> BTreeSet<String> {
    let of = |process: &Process| {
        let field = process.status().get("Uid").cloned().unwrap_or_default();
        field
            .split_whitespace()
            .filter(|id| id.parse().is_ok_and(|id: u32| id > 65_535))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    Process::all().iter().flat_map(of).collect()
}
