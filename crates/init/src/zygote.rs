//! How a template starts its zygote: an interpreter of the host's with our library loaded before everything else.

use crate::build::{AtStep, StepError};
use crate::plan::Plan;
use casemate_sys::credentials::{self, capability};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::process::{self, Vector};
use casemate_sys::{event, fd, libc, signal, socket};
use core::time::Duration;

/// Descriptor on which a zygote finds the plan.
pub const PLAN_FD: i32 = 3;
/// Descriptor of the socket on which it is asked for children.
pub const FORGE_FD: i32 = 4;
/// Descriptor of the socket on which it says that it serves.
pub const READY_FD: i32 = 5;
/// Descriptor of its library.
const SHIM_FD: i32 = 6;
/// The loader takes the library from there; it is all of the environment.
const PRELOAD: &[u8] = b"LD_PRELOAD=/proc/self/fd/6";

/// A zygote as its template knows it.
#[derive(Debug)]
pub struct Zygote {
    /// Its pid.
    pub pid: i32,
    /// Where it is asked for children.
    pub forge: OwnedFd,
    /// Where it says that it serves.
    pub ready: OwnedFd,
    /// Whether it said so.
    pub serves: bool,
    /// Sandboxes that were made to ask it.
    pub children: u32,
    /// When it was started.
    pub since: Duration,
}

/// Starts one.
///
/// # Errors
/// When a socket or a process cannot be made. What fails later is told on `ready`, or by its end.
pub fn start(plan: &Plan, plan_file: BorrowedFd<'_>, shim: BorrowedFd<'_>) -> Result<Zygote, StepError> {
    let step = || "start the zygote".into();
    let wanted = plan
        .zygote
        .as_ref()
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
        .at(step)?;
    let (forge, forge_inside) = socket::pair().at(step)?;
    let (ready, ready_inside) = socket::pair().at(step)?;
    if let Some(pid) = process::fork().at(step)? {
        return Ok(Zygote {
            pid,
            forge,
            ready,
            serves: false,
            children: 0,
            since: event::monotonic(),
        });
    }
    let become_zygote = || -> io::Result<(Vector, Vector)> {
        credentials::die_with_parent()?;
        signal::reset()?;
        let fds = [plan_file, forge_inside.as_fd(), ready_inside.as_fd(), shim];
        let moved = fds.map(|f| fd::duplicate_above(f, 64));
        for (number, moved) in (PLAN_FD..).zip(moved) {
            fd::duplicate_to(moved?.as_fd(), number)?;
        }
        fd::close_on_exec_from(SHIM_FD + 1)?;
        // Over its own user namespace, which is the sandboxes' parent, and nothing else. Their inits are not dumpable.
        let keep = capability::SYS_ADMIN | capability::SYS_PTRACE;
        credentials::drop_bounding_set_but(keep)?;
        credentials::set_capabilities(keep)?;
        Ok((Vector::new(&wanted.argv)?, Vector::new(&[PRELOAD])?))
    };
    let error = match become_zygote() {
        Ok((argv, env)) => process::exec(&wanted.program, &argv, &env),
        Err(error) => error,
    };
    let word = crate::forge::Word::Broken {
        step: b"execute the zygote".to_vec(),
        errno: error.raw_os_error().unwrap_or(libc::EIO) as u32,
    };
    let _ = socket::send(ready_inside.as_fd(), &word.encode(), &[]);
    process::exit(127)
}
