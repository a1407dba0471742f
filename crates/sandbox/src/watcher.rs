//! The process that reads the kernel's ring of events: how it is started, and the walls around it.
//!
//! [`start`] executes our own program afresh. It loads the watching program while it is privileged, and calls [`confine`]
//! before it looks into the ring. What it holds then is the ring, what keeps the program attached, and one socket.

use crate::analyser::{self, Confined, Started};
use crate::error::{AtStep, SandboxError};
use crate::seccomp;
use casemate_sys::resource::{RLIMIT_DATA, RLIMIT_NOFILE};
use casemate_sys::socket;

/// What it may allocate.
const DATA_BYTES: u64 = 64 << 20;
/// Descriptors: the ring, four programs, what keeps them attached, and its socket; making the last wall takes one more.
const MAX_FILES: u64 = 32;

pub use analyser::socket as own_socket;

/// Executes `program` with these arguments: an empty environment, one socket of packets. The caller must have a single
/// thread.
///
/// # Errors
/// When a socket or a process cannot be made. What goes wrong later is told over the socket, or ends it.
pub fn start(program: &[u8], arguments: &[&str]) -> Result<Started, SandboxError> {
    let sockets = socket::pair().at(|| "make a watcher's socket".into())?;
    analyser::launch(program, arguments, sockets)
}

/// Confines the calling process for good, under this id when it is root.
///
/// # Errors
/// The step that failed: the process must end then.
pub fn confine(id: Option<u32>) -> Result<(), SandboxError> {
    let wanted = Confined {
        id,
        network_namespace: true,
    };
    let limits = [(RLIMIT_DATA, DATA_BYTES), (RLIMIT_NOFILE, MAX_FILES)];
    analyser::take_walls(&wanted, c"casemate-watch", &limits, seccomp::watcher())
}
