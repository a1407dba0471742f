//! Namespaces: `unshare(2)`, `setns(2)`, host name, clock offsets.

use crate::call::{check, syscall};
use crate::handle::{AsRawFd, BorrowedFd};
use crate::io;

pub use libc::{
    CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS,
};
/// A time namespace (Linux 5.6); `unshare` moves only later children into it.
pub const CLONE_NEWTIME: libc::c_int = 0x80;

/// Moves the calling process into new namespaces.
pub fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: unshare takes an int.
    check(unsafe { syscall!(libc::SYS_unshare, flags) }).map(drop)
}

/// Moves the calling thread into the namespace that `fd` names.
pub fn enter(fd: BorrowedFd<'_>, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: setns takes two ints.
    check(unsafe { syscall!(libc::SYS_setns, fd.as_raw_fd(), kind) }).map(drop)
}

/// Sets the host name of our uts namespace.
pub fn set_host_name(name: &[u8]) -> io::Result<()> {
    // SAFETY: the pointer and length describe `name`.
    check(unsafe { syscall!(libc::SYS_sethostname, name.as_ptr(), name.len()) }).map(drop)
}

/// Sets the NIS domain name of our uts namespace.
pub fn set_domain_name(name: &[u8]) -> io::Result<()> {
    // SAFETY: the pointer and length describe `name`.
    check(unsafe { syscall!(libc::SYS_setdomainname, name.as_ptr(), name.len()) }).map(drop)
}
