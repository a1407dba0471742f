//! Taking away what a crash left: groups whose owner is dead, with whatever still runs in them.
//!
//! Called once at the start of a process, before it makes groups of its own, while other Casemate processes may be
//! making and removing theirs in the same directories: what vanishes meanwhile is fine. It must never touch a group
//! that the caller calls alive, nor one whose name Casemate could not have given.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::CgroupError;
use super::mounts::Set;
use super::v1::Tree;
use super::{V1_PREFIX, check_name, files, kill, life};

/// The longest a whole sweep may take.
pub const SWEEP_TIME: Duration = Duration::from_secs(5);

/// Groups that one sweep looks at in each hierarchy; the next sweep finds the others.
const MAX_GROUPS: usize = 4096;

/// How deep groups inside a group are looked for. A sandbox cannot make any; an administrator may have.
const MAX_DEPTH: usize = 8;

/// The pause between two attempts to remove a group whose processes are dying.
const PAUSE: Duration = Duration::from_millis(1);

/// Kills and removes the dead groups of the v1 hierarchies and below the v2 base; returns their names.
pub(super) fn sweep(
    trees: &[Tree],
    life: Option<&Path>,
    is_alive: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, CgroupError> {
    let deadline = Instant::now() + SWEEP_TIME;
    let mut names = BTreeSet::new();
    for tree in trees {
        let children = child_names(&tree.parent)?;
        let ours = children.iter().filter_map(|name| name.strip_prefix(V1_PREFIX));
        names.extend(ours.map(str::to_owned));
    }
    if let Some(base) = life {
        names.extend(child_names(base)?);
    }
    names.retain(|name| check_name(name).is_ok());
    let mut swept = Vec::new();
    let mut failed = None;
    for name in names.into_iter().filter(|name| !is_alive(name)) {
        match sweep_one(trees, life, &name, deadline) {
            Ok(()) => swept.push(name),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        None => Ok(swept),
        Some(error) => Err(error),
    }
}

/// Kills and removes one group everywhere, trying until `deadline`, and at least once.
fn sweep_one(trees: &[Tree], life: Option<&Path>, name: &str, deadline: Instant) -> Result<(), CgroupError> {
    loop {
        let mut dirs = Vec::new();
        for tree in trees {
            let first = dirs.len();
            descend(&tree.group(name), MAX_DEPTH, &mut dirs)?;
            if tree.set.has(Set::FREEZER) {
                thaw(&dirs[first..]);
            }
        }
        if let Some(base) = life {
            life::kill_tree(&base.join(name))?;
            descend(&base.join(name), MAX_DEPTH, &mut dirs)?;
        }
        let freezer = trees
            .iter()
            .find(|tree| tree.set.has(Set::FREEZER))
            .map(|tree| tree.group(name));
        let all: Vec<&Path> = dirs.iter().map(PathBuf::as_path).collect();
        let killed = kill::kill_members(&all, freezer.as_deref());
        let removed = killed.and_then(|()| dirs.iter().try_for_each(|dir| files::remove_group(dir)));
        match removed {
            Err(error) if error.is_retryable() && Instant::now() < deadline => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
}

/// Appends the groups below `dir` and then `dir` itself, so that the order is one in which they can be removed.
fn descend(dir: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), CgroupError> {
    if depth > 0 && into.len() < MAX_GROUPS {
        for name in child_names(dir)? {
            descend(&dir.join(name), depth - 1, into)?;
        }
    }
    into.push(dir.to_path_buf());
    Ok(())
}

/// A group inside that was frozen on its own keeps its tasks from dying, even when the outer one is thawed.
fn thaw(dirs: &[PathBuf]) {
    for dir in dirs {
        // A failure shows as a group that stays busy.
        let _ = files::write(&dir.join("freezer.state"), b"THAWED");
    }
}

/// The names of the groups directly below `dir`; none when it is gone.
fn child_names(dir: &Path) -> Result<Vec<String>, CgroupError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if files::is_gone(&error) => return Ok(Vec::new()),
        Err(error) => return Err(CgroupError::io("list", dir, error)),
    };
    let dirs = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(dirs
        .filter_map(|entry| entry.file_name().into_string().ok())
        .take(MAX_GROUPS)
        .collect())
}
