//! Sealed memory files (`memfd_create(2)`): bytes that can be handed over and no longer changed.

use crate::call::{c_string, check, owned, syscall};
use crate::fd;
use crate::handle::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::io;
use alloc::vec;
use alloc::vec::Vec;

const MFD_CLOEXEC: libc::c_uint = 1;
const MFD_ALLOW_SEALING: libc::c_uint = 2;
const MFD_NOEXEC_SEAL: libc::c_uint = 8;
const MFD_EXEC: libc::c_uint = 16;
const SEALS: libc::c_int = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE;

/// What a memory file will hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Bytes to be read; the file can never be executed where the kernel knows how (Linux 6.3).
    Data,
    /// A program to be executed.
    Program,
}

/// Makes a memory file with these bytes and seals it against every change.
///
/// # Errors
/// What `memfd_create(2)`, `write(2)` and `fcntl(2)` `F_ADD_SEALS` answer. `EACCES` for a
/// [`Kind::Program`] says that sysctl `vm.memfd_noexec` is 2.
pub fn sealed(name: &str, kind: Kind, bytes: &[u8]) -> io::Result<OwnedFd> {
    let fd = create(name, kind)?;
    fd::write_all(fd.as_fd(), bytes)?;
    seal(fd.as_fd())?;
    Ok(fd)
}

/// Makes an empty memory file that can still be written and then sealed.
pub fn create(name: &str, kind: Kind) -> io::Result<OwnedFd> {
    let name = c_string(name.as_bytes())?;
    let exec = if kind == Kind::Program {
        MFD_EXEC
    } else {
        MFD_NOEXEC_SEAL
    };
    let base = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    // SAFETY: `name` is a live C string.
    match owned(unsafe { syscall!(libc::SYS_memfd_create, name.as_ptr(), base | exec) }) {
        // Before Linux 6.3 the exec flags are unknown and every memory file is executable.
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => {
            // SAFETY: `name` is a live C string.
            owned(unsafe { syscall!(libc::SYS_memfd_create, name.as_ptr(), base) })
        }
        other => other,
    }
}

/// Seals a memory file against writing, growing, shrinking and further sealing.
pub fn seal(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: F_ADD_SEALS takes an int.
    check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_ADD_SEALS, SEALS) }).map(drop)
}

/// Tells whether a descriptor is a memory file that nobody can change any more.
pub fn is_sealed(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: F_GET_SEALS takes no argument; on anything but a memory file it fails with EINVAL.
    let seals = unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_GET_SEALS) as libc::c_int };
    seals >= 0 && seals & SEALS == SEALS
}

/// Reads a whole sealed memory file, at most `limit` bytes.
///
/// # Errors
/// `EPERM` when it is not sealed, `EFBIG` when it is larger than `limit`.
pub fn read_sealed(fd: BorrowedFd<'_>, limit: usize) -> io::Result<Vec<u8>> {
    if !is_sealed(fd) {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    let size = usize::try_from(crate::fs::status(fd)?.st_size).unwrap_or(usize::MAX);
    if size > limit {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    let mut bytes = vec![0; size];
    let mut done = 0;
    while done < size {
        match fd::read_at(fd, &mut bytes[done..], done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done += n,
        }
    }
    Ok(bytes)
}
