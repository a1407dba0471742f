//! A child process of the supervisor: from the fork to its last rites.

use anyhow::{Context, Result};
use casemate_sys::event;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::process as processes;
use casemate_sys::{credentials, fd, libc, signal, terminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// A child process.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: i32,
    pub(super) pidfd: OwnedFd,
    pub(super) since: Duration,
}

impl Child {
    pub(super) fn has_ended(&self) -> bool {
        matches!(
            event::wait_one(self.pidfd.as_fd(), libc::POLLIN, Some(Duration::ZERO)),
            Ok(true)
        )
    }

    pub(super) fn kill(&self) {
        let _ = processes::kill_fd(self.pidfd.as_fd(), libc::SIGKILL);
    }

    pub(super) fn reap(&self) {
        let _ = processes::reap(self.pid, processes::Wait::Block);
    }
}

/// In the parent the child, in the child nothing.
pub(super) fn fork(step: &'static str) -> Result<Option<Child>> {
    let Some(pid) = processes::fork().context(step)? else {
        return Ok(None);
    };
    Ok(Some(Child {
        pid,
        pidfd: processes::open_pidfd(pid).context(step)?,
        since: event::monotonic(),
    }))
}

/// In a child: a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone, plain
/// signals, and nothing open but what it is given.
pub(super) fn enter(kept: &[BorrowedFd<'_>], name: &std::ffi::CStr) -> std::io::Result<()> {
    let _ = terminal::new_session();
    let _ = credentials::set_name(name);
    credentials::die_with_parent()?;
    signal::reset()?;
    signal::ignore(signal::SIGPIPE);
    // Words go to standard error; a terminal's input and output are nobody's but the supervisor's.
    let null = fs::open_at(None, b"/dev/null", libc::O_RDWR, 0, Resolve::Host)?;
    fd::duplicate_to(null.as_fd(), 0)?;
    fd::duplicate_to(null.as_fd(), 1)?;
    drop(null);
    fd::close_all_but(kept, 3)
}
