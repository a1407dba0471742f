//! Terminals: is it one, how wide is it, make one the controlling terminal.

use crate::call::{check, syscall};
use crate::handle::{AsRawFd, BorrowedFd};
use crate::io;

/// Tells whether a descriptor is a terminal.
pub fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: a termios of zero bytes is a valid value of this plain C structure.
    let mut settings: libc::termios = unsafe { core::mem::zeroed() };
    // SAFETY: `settings` may be written, and is larger than what the kernel writes.
    check(unsafe { syscall!(libc::SYS_ioctl, fd.as_raw_fd(), libc::TCGETS, &mut settings) }).is_ok()
}

/// Starts a session of its own, without a terminal (`setsid(2)`).
pub fn new_session() -> io::Result<()> {
    // SAFETY: setsid takes nothing.
    check(unsafe { syscall!(libc::SYS_setsid) }).map(drop)
}

/// Makes a terminal the controlling one of our session (`TIOCSCTTY`).
pub fn take_terminal(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes an int.
    check(unsafe { syscall!(libc::SYS_ioctl, fd.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}
