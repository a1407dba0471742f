//! `/proc`: our own instance, in which processes of other users do not show and every entry that is
//! not about our own processes is kept by name, replaced, or covered.
//!
//! The list of entries is read from the instance itself, so what a newer kernel adds is covered.

use super::root::{EMPTY_DIR, EMPTY_FILE, seal};
use super::{AtStep, StepError};
use crate::plan::{Plan, Wall};
use alloc::format;
use alloc::string::String;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::libc;
use casemate_sys::mount::{self as mounts, attr};

/// More top-level entries than any kernel has.
const MAX_ENTRIES: usize = 512;
/// Folder of the new root in which the plan's steps put what replaces entries.
const REPLACEMENTS: &[u8] = b".casemate/proc";

/// Makes the instance while the host's own `/proc` can still be seen: without that the kernel refuses
/// one to a user namespace (mount_namespaces(7)).
pub(super) fn make() -> Result<OwnedFd, StepError> {
    let attributes = attr::NOSUID | attr::NODEV | attr::NOEXEC;
    // hidepid=2: other users' processes do not show (proc(5)).
    mounts::new_filesystem("proc", &[("hidepid", "2")], attributes).at(|| "make /proc".into())
}

/// Makes what replaces entries read-only, for all of its clones.
pub(super) fn seal_replacements(root: BorrowedFd<'_>) -> Result<(), StepError> {
    seal(root, REPLACEMENTS)
        .map(drop)
        .at(|| "seal the replacements of /proc".into())
}

/// Attaches a template's `/proc`, without covers: no program is there, and without a whole one in sight the kernel
/// refuses a new instance to the sandboxes (mount_namespaces(7)), which lay theirs over it.
pub(super) fn attach_whole(root: BorrowedFd<'_>, proc: BorrowedFd<'_>) -> Result<(), StepError> {
    mounts::attach(proc, root, b"proc").at(|| "attach /proc".into())
}

/// Attaches `/proc` to the new root, which is ours and the working directory by now, and covers what
/// tells of the host. `meminfo` is a mount of the sandbox's own file.
///
/// The covers are bound by path, one call each: these names are the kernel's and our own.
pub(super) fn attach(
    plan: &Plan,
    root: BorrowedFd<'_>,
    proc: BorrowedFd<'_>,
    meminfo: BorrowedFd<'_>,
) -> Result<(), StepError> {
    mounts::attach(proc, root, b"proc").at(|| "attach /proc".into())?;
    if plan.omitted.has(Wall::ProcMask) {
        return Ok(());
    }
    let proc =
        fs::open_at(Some(root), b"proc", libc::O_DIRECTORY, 0, Resolve::Host).at(|| "open /proc".into())?;
    let entries = fs::entries(proc.as_fd(), MAX_ENTRIES).at(|| "list /proc".into())?;
    for entry in entries {
        let name = &entry.name;
        let is_process = name.iter().all(u8::is_ascii_digit);
        // A link shows what its target shows, and that lies in our own process folders.
        if is_process || entry.kind == libc::DT_LNK || plan.proc.keep.contains(name) {
            continue;
        }
        if name == b"meminfo" {
            mounts::attach(meminfo, root, b"proc/meminfo").at(|| "replace /proc/meminfo".into())?;
            continue;
        }
        let replacement = plan.proc.replace.iter().find(|(n, _)| n == name);
        let source = match replacement {
            Some((_, by)) => [REPLACEMENTS, b"/", by].concat(),
            None if entry.kind == libc::DT_DIR => EMPTY_DIR.to_vec(),
            None => EMPTY_FILE.to_vec(),
        };
        mounts::bind_path(&source, &[b"proc/", &name[..]].concat())
            .at(|| format!("cover /proc/{}", String::from_utf8_lossy(name)))?;
    }
    Ok(())
}
