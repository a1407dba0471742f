//! A forked child on its way behind the walls, and from there to its program. Called by a zygote's child only; init
//! executes its programs itself ([`crate::spawn`]).
//!
//! The walls are those of an executed program in the same order, but for AppArmor, which needs an exec.

use crate::build::{AtStep, StepError};
use crate::forge::{Join, JoinFds};
use crate::plan::Plan;
use crate::protocol::Release;
use crate::spawn;
use crate::spec::SpawnSpec;
use crate::walls;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::namespace::{
    self, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWTIME, CLONE_NEWUSER,
    CLONE_NEWUTS,
};
use casemate_sys::{credentials, fd, fs, libc, terminal};

/// Where the child keeps its socket while it waits.
const SOCKET_FD: i32 = 3;
const JOINED: i32 =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

/// A child behind its walls.
#[derive(Debug)]
pub struct Isolated {
    /// Its socket.
    pub socket: OwnedFd,
    /// What [`walls::counts_per_namespace`] says; it could not be asked any more.
    counts: bool,
}

/// Goes behind every wall. `show` has `/proc` tell of the new id, as far as the kernel lets it.
///
/// # Errors
/// The step that failed; the child must end then.
pub fn isolate(
    plan: &Plan,
    join: &Join,
    fds: JoinFds,
    show: &mut dyn FnMut(u32),
) -> Result<Isolated, StepError> {
    namespace::enter(fds.pidfd.as_fd(), JOINED).at(|| "enter the namespaces".into())?;
    namespace::enter(fds.time.as_fd(), CLONE_NEWTIME).at(|| "enter the time namespace".into())?;
    terminal::new_session().at(|| "start a session".into())?;
    fs::set_umask(0o022);
    let release = release(join);
    walls::set_fixed_limits(plan)?;
    let counts = walls::counts_per_namespace();
    walls::drop_privileges(plan, &release)?;
    // What an exec would do: the change of ids made it undumpable, and its own /proc unreadable to it.
    credentials::set_dumpable(true).at(|| "become dumpable".into())?;
    show(join.program_id);
    fd::duplicate_to(fds.socket.as_fd(), SOCKET_FD).at(|| "keep the socket".into())?;
    let ruleset = fds
        .ruleset
        .as_ref()
        .map(|r| fd::duplicate_above(r.as_fd(), SOCKET_FD + 1))
        .transpose()
        .at(|| "keep the ruleset".into())?;
    // Their numbers are closed below.
    core::mem::forget(fds);
    walls::close(plan, &release, ruleset.as_ref().map(|r| r.as_fd()), None)?;
    core::mem::forget(ruleset);
    let socket = fd::adopt(SOCKET_FD).at(|| "find the socket".into())?;
    Ok(Isolated { socket, counts })
}

fn release(join: &Join) -> Release {
    Release {
        program_id: join.program_id,
        separate_ids: join.separate_ids,
        memory_bytes: 0,
        disk_bytes: 0,
        inodes: 0,
        loopback: join.loopback,
        template: false,
    }
}

/// Takes the order to run: limits, files, directory, standard input and output. Only the program is missing then.
///
/// # Errors
/// The step that failed; the child must end then.
pub fn prepare(
    plan: &Plan,
    join: &Join,
    isolated: &Isolated,
    fds: Vec<OwnedFd>,
) -> Result<SpawnSpec, StepError> {
    let missing = || io::Error::from_raw_os_error(libc::EBADF);
    let [spec_file, stdin, stdout, stderr] = <[OwnedFd; 4]>::try_from(fds)
        .map_err(|_| missing())
        .at(|| "find the order's descriptors".into())?;
    let spec = spawn::read_sealed_spec(spec_file.as_fd())?;
    walls::set_limits(&spec.limits, plan, &release(join), isolated.counts)?;
    spawn::write_fresh_files(&spec.files, spec_file.as_fd())?;
    fs::change_dir(&spec.directory).at(|| format!("enter {}", String::from_utf8_lossy(&spec.directory)))?;
    wire(&[stdin, stdout, stderr]).at(|| "wire standard input and output".into())?;
    Ok(spec)
}

fn wire(stdio: &[OwnedFd; 3]) -> io::Result<()> {
    for (number, end) in stdio.iter().enumerate() {
        fd::duplicate_to(end.as_fd(), number as i32)?;
    }
    Ok(())
}

/// Enters a sandbox's groups, for the calling process.
///
/// # Errors
/// What the kernel answered.
pub fn enter_groups(doors: &[OwnedFd]) -> io::Result<()> {
    doors
        .iter()
        .try_for_each(|door| fd::write_all(door.as_fd(), b"0"))
}

/// Lets the process's children begin in the pid namespace of the sandbox that `pidfd` names.
///
/// # Errors
/// What the kernel answered.
pub fn enter_pids(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    namespace::enter(pidfd, namespace::CLONE_NEWPID)
}
