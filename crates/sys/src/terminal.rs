//! Terminals: is it one, how wide is it, make one the controlling terminal.

use crate::call::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Tells whether a descriptor is a terminal.
pub fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: isatty takes an int.
    unsafe { libc::isatty(fd.as_raw_fd()) == 1 }
}

/// Starts a session of its own, without a terminal (`setsid(2)`).
pub fn new_session() -> io::Result<()> {
    // SAFETY: setsid takes nothing.
    check(unsafe { libc::setsid() }).map(drop)
}

/// Makes a terminal the controlling one of our session (`TIOCSCTTY`).
pub fn take_terminal(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes an int.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}
