//! The walls around an analyser, taken by itself before it reads anything.
//!
//! The process must have one thread. Namespaces and the empty root are taken where the host lets it; every other step
//! fails closed.

use crate::confine::become_other;
use crate::error::{AtStep, SandboxError};
use crate::{plan, rootless, seccomp};
use casemate_sys::credentials::capability;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::mount::{self, attr};
use casemate_sys::namespace::{
    CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWUTS, unshare,
};
use casemate_sys::resource::{
    RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE,
    RLIMIT_NOFILE, limit,
};
use casemate_sys::{credentials, landlock, libc};
use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;

/// Address space, its stack included.
const SPACE_BYTES: u64 = 1 << 30;
/// What it may allocate.
const DATA_BYTES: u64 = 512 << 20;
/// CPU time of its whole life: each question has a limit of its own, kept by who asks.
const CPU_SECONDS: u64 = 600;

/// How an analyser is confined.
#[derive(Clone, Copy, Debug)]
pub struct Confined {
    /// The user and group id that it takes when it is root.
    pub id: Option<u32>,
    /// Whether it takes a network namespace too. Making and removing one costs about a millisecond; without it, that no
    /// socket can be made is up to seccomp alone.
    pub network_namespace: bool,
}

/// Confines the calling process for good. It may hold open what it needs: it can open nothing afterwards.
///
/// # Errors
/// The step that failed: the process must end then.
pub fn confine(wanted: &Confined) -> Result<(), SandboxError> {
    let limits = [
        (RLIMIT_AS, SPACE_BYTES),
        (RLIMIT_DATA, DATA_BYTES),
        (RLIMIT_CPU, CPU_SECONDS),
        (RLIMIT_NOFILE, 8),
    ];
    take_walls(wanted, c"casemate-read", &limits, seccomp::analyser())
}

/// The walls around a process of ours that reads what strangers made, with these limits beside those of all such.
pub(crate) fn take_walls(
    wanted: &Confined,
    name: &CStr,
    limits: &[(u32, u64)],
    filter: &[u8],
) -> Result<(), SandboxError> {
    credentials::die_with_parent().at(|| "tie it to its parent".into())?;
    let is_mapped = enter_namespaces(wanted.network_namespace)?;
    if is_mapped && may_become_other() {
        let id = wanted.id.ok_or_else(|| SandboxError::WallMissing {
            wall: "privileges",
            reason: "an analyser that is root was given no id of its own".into(),
        })?;
        become_other(id)?;
        // The change of ids has cleared it.
        credentials::die_with_parent().at(|| "tie it to its parent".into())?;
    }
    // A user namespace of its own has given it all of them there.
    credentials::set_capabilities(0).at(|| "drop capabilities".into())?;
    credentials::set_no_new_privileges().at(|| "set no_new_privs".into())?;
    credentials::set_dumpable(false).at(|| "become undumpable".into())?;
    credentials::set_name(name).at(|| "take a name".into())?;
    let nothing = [RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE].map(|resource| (resource, 0));
    for (resource, most) in nothing.iter().chain(limits).copied() {
        limit(resource, most, most).at(|| format!("limit resource {resource}"))?;
    }
    enter_landlock().at(|| "enter the Landlock domain".into())?;
    casemate_sys::seccomp::load(filter).at(|| "load the seccomp filter".into())
}

/// Whether it is root with the power over its ids, which a container may have taken away.
fn may_become_other() -> bool {
    let wanted = capability::SETUID | capability::SETGID | capability::SETPCAP;
    credentials::effective_uid() == 0
        && credentials::effective_capabilities().is_ok_and(|held| held & wanted == wanted)
}

/// Namespaces of its own, with an empty root. A host that forbids them to ordinary accounts leaves the other walls.
/// Whether its ids still mean something: in a user namespace of its own they do not.
fn enter_namespaces(network: bool) -> Result<bool, SandboxError> {
    let privileged = rootless::is_privileged();
    let mut flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
    if network {
        flags |= CLONE_NEWNET;
    }
    if !privileged {
        flags |= CLONE_NEWUSER;
    }
    match unshare(flags) {
        Ok(()) => {
            enter_empty_root().at(|| "enter an empty root".into())?;
            Ok(privileged)
        }
        Err(_) if !privileged => Ok(true),
        Err(error) => Err(error).at(|| "make namespaces".into()),
    }
}

fn enter_empty_root() -> io::Result<()> {
    mount::make_all_private()?;
    let attributes = attr::RDONLY | attr::NOSUID | attr::NODEV | attr::NOEXEC;
    let options = [("mode", "0555"), ("size", "4k"), ("nr_inodes", "2")];
    let root = mount::new_filesystem("tmpfs", &options, attributes)?;
    let host = fs::open_at(None, b"/", libc::O_PATH | libc::O_DIRECTORY, 0, Resolve::Host)?;
    mount::attach(root.as_fd(), host.as_fd(), b"")?;
    fs::enter_dir(root.as_fd())?;
    mount::pivot_to_current_directory()?;
    drop(host);
    fs::change_dir(b"/")
}

/// Everything that the kernel can handle is handled, and nothing allowed. A kernel without Landlock leaves the other
/// walls.
fn enter_landlock() -> io::Result<()> {
    let abi = landlock::abi();
    if abi == 0 {
        return Ok(());
    }
    let wanted = plan::landlock_nothing(abi);
    let handled = landlock::Handled {
        files: wanted.files,
        network: wanted.network,
        scopes: wanted.scopes,
    };
    let ruleset = landlock::create(&handled, abi)?;
    landlock::restrict_self(ruleset.as_fd())
}
