//! Processes of our own that read programs before they run: how one is started, the walls around it, and how it is asked.
//!
//! A parser of hostile source may overflow its stack, run out of memory or be taken over. It does so in a process that
//! has one socket and memory, and nothing else: [`start`] executes our own program afresh, which calls [`confine`] before
//! it reads anything, and [`serve`] after that. Whoever asks holds the other end as a [`Link`], bounds the time, and reads
//! the answer as that of a stranger.

mod crew;
mod frame;
mod link;
mod walls;

pub use crew::{Crew, Terms};
pub use frame::{Kind, serve, tell_failure};
pub use link::{Asked, Link, LinkError};
pub(crate) use walls::take_walls;
pub use walls::{Confined, confine};

use crate::error::{AtStep, SandboxError};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::process::{self, Vector};
use casemate_sys::{credentials, fd, libc, resource, signal, socket, terminal};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Stack of an analyser: what nests deeper ends it, and nobody else.
const STACK_BYTES: u64 = 256 << 20;
/// The number of its socket.
const SOCKET: i32 = 0;

/// A started analyser, from the side of who started it.
#[derive(Debug)]
pub struct Started {
    /// The socket for a [`Link`].
    pub socket: OwnedFd,
    /// Its pid.
    pub pid: i32,
    /// Its pidfd.
    pub pidfd: OwnedFd,
}

/// The socket of an analyser, from its own side.
///
/// # Errors
/// When nobody handed it over.
pub fn socket() -> io::Result<OwnedFd> {
    fd::adopt(SOCKET)
}

/// Executes `program` with these arguments as an analyser: an empty environment, one socket, a large stack. The caller
/// must have a single thread.
///
/// # Errors
/// When a socket or a process cannot be made. What goes wrong later is told over the socket, or ends it.
pub fn start(program: &[u8], arguments: &[&str]) -> Result<Started, SandboxError> {
    let sockets = socket::stream_pair().at(|| "make an analyser's socket".into())?;
    launch(program, arguments, sockets)
}

/// The same with a pair of sockets: ours and its own.
pub(crate) fn launch(
    program: &[u8],
    arguments: &[&str],
    (ours, theirs): (OwnedFd, OwnedFd),
) -> Result<Started, SandboxError> {
    let vector = |words: &[&str]| Vector::new(words).at(|| "write an analyser's arguments".into());
    // All that allocates is done before there are two of us.
    let (argv, env) = (vector(arguments)?, vector(&[])?);
    match process::clone_into(0, None).at(|| "start an analyser".into())? {
        process::Side::Parent { pid, pidfd } => {
            fd::set_nonblocking(ours.as_fd(), true)
                .at(|| "make an analyser's socket wait for nobody".into())?;
            Ok(Started {
                socket: ours,
                pid,
                pidfd,
            })
        }
        process::Side::Child => {
            let _ = enter(&theirs);
            let _ = process::exec(program, &argv, &env);
            process::exit(1)
        }
    }
}

/// Ends an analyser that is of no use any more, without waiting for it.
pub fn end(pidfd: BorrowedFd<'_>) {
    let _ = process::kill_fd(pidfd, libc::SIGKILL);
}

/// In the child: nothing open but its socket, plain signals, no terminal.
fn enter(socket: &OwnedFd) -> io::Result<()> {
    let _ = terminal::new_session();
    credentials::die_with_parent()?;
    signal::reset()?;
    let null = fs::open_at(None, b"/dev/null", libc::O_RDWR, 0, Resolve::Host)?;
    fd::duplicate_to(null.as_fd(), 1)?;
    fd::duplicate_to(null.as_fd(), 2)?;
    fd::duplicate_to(socket.as_fd(), SOCKET)?;
    // The exec closes what is above.
    fd::close_on_exec_from(3)?;
    // The layout of the new image leaves room for it.
    resource::limit(resource::RLIMIT_STACK, STACK_BYTES, STACK_BYTES)
}
