//! Killing the members of groups by name where the kernel has no `cgroup.kill` (v1, and v2 before Linux 5.14).
//!
//! Called by the groups and by the sweep. A second means: reading a list and then signalling races with forks, so the
//! group is frozen meanwhile where it can be, and the chase is bounded. It must never signal this process, process 0
//! (our own process group, to kill(2)) or process 1.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use casemate_sys::libc;

use super::error::CgroupError;
use super::files;

/// How often the list of members is read at most.
const MAX_ROUNDS: usize = 64;

/// Sends SIGKILL to every member of `dirs`. With a v1 `freezer` the members are stopped first and thawed last: a
/// frozen task dies only after that, and one that was frozen by somebody else is thawed too.
pub(super) fn kill_members(dirs: &[&Path], freezer: Option<&Path>) -> Result<(), CgroupError> {
    let state: Option<PathBuf> = freezer.map(|dir| dir.join("freezer.state"));
    // Freezing only helps: without it the rounds below still chase every fork.
    let frozen = state
        .as_ref()
        .is_some_and(|path| files::write(path, b"FROZEN").is_ok());
    let killed = chase(dirs, frozen);
    let thawed = match &state {
        None => Ok(()),
        Some(path) => match files::write(path, b"THAWED") {
            Err(error) if !files::is_gone(&error) => Err(CgroupError::io("thaw", path, error)),
            _ => Ok(()),
        },
    };
    match killed {
        Ok(()) => thawed,
        Err(cause) => Err(cause.after_cleanup(thawed)),
    }
}

/// Signals until a round finds nobody new. The members of a frozen group cannot end, so that their ids stay theirs;
/// otherwise every member is signalled again in each round.
fn chase(dirs: &[&Path], frozen: bool) -> Result<(), CgroupError> {
    let ours = std::process::id();
    let mut signalled = HashSet::new();
    for _ in 0..MAX_ROUNDS {
        let mut fresh = false;
        for dir in dirs {
            let members = match files::members(dir) {
                Ok(members) => members,
                Err(error) if files::is_gone(&error) => continue,
                Err(error) => return Err(CgroupError::io("list", dir, error)),
            };
            for pid in members.into_iter().filter(|pid| *pid > 1 && *pid != ours) {
                let new = signalled.insert(pid);
                fresh |= new;
                if new || !frozen {
                    signal(dir, pid)?;
                }
            }
        }
        if !fresh {
            return Ok(());
        }
    }
    match dirs.first() {
        Some(dir) => Err(CgroupError::Busy {
            path: dir.to_path_buf(),
        }),
        None => Ok(()),
    }
}

fn signal(dir: &Path, pid: u32) -> Result<(), CgroupError> {
    match casemate_sys::process::kill(pid.cast_signed(), libc::SIGKILL) {
        Err(error) if error.raw_os_error() != Some(libc::ESRCH) => {
            Err(CgroupError::io("kill a member of", dir, error))
        }
        _ => Ok(()),
    }
}
