//! The one thing done to a network namespace from inside: its loopback interface is brought up.

use crate::call::{check, owned, syscall};
use crate::handle::AsRawFd;
use crate::io;

/// Brings `lo` up (netdevice(7), `SIOCSIFFLAGS`); needs `CAP_NET_ADMIN` over the namespace.
pub fn loopback_up() -> io::Result<()> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
    // SAFETY: socket takes three ints.
    let socket = owned(unsafe { syscall!(libc::SYS_socket, libc::AF_INET, kind, 0) })?;
    // SAFETY: an ifreq of zero bytes is a valid value of this plain C structure.
    let mut request: libc::ifreq = unsafe { core::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    // SAFETY: `request` is a live ifreq with a NUL-terminated name.
    check(unsafe { syscall!(libc::SYS_ioctl, socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) }).map(drop)
}
