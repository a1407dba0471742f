//! Descriptors: pipes, duplication, closing of ranges, flags, locks.

use crate::call::{check, syscall};
use crate::handle::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::io;
use alloc::vec::Vec;

/// `pipe2(2)` with `O_CLOEXEC`: the reading end, then the writing end.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0 as RawFd; 2];
    // SAFETY: `ends` is a valid array of two ints that lives across the call.
    check(unsafe { syscall!(libc::SYS_pipe2, ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call succeeded, so ends[0] is a new descriptor that nothing else owns.
    let reader = unsafe { OwnedFd::from_raw_fd(ends[0]) };
    // SAFETY: the same holds for ends[1].
    let writer = unsafe { OwnedFd::from_raw_fd(ends[1]) };
    Ok((reader, writer))
}

/// Duplicates `fd` to exactly `target`, closing what was there; the copy survives `execve(2)`.
pub fn duplicate_to(fd: BorrowedFd<'_>, target: RawFd) -> io::Result<()> {
    if fd.as_raw_fd() == target {
        return set_inherited(target);
    }
    // SAFETY: dup3 takes three ints; it touches no memory of ours.
    check(unsafe { syscall!(libc::SYS_dup3, fd.as_raw_fd(), target, 0) }).map(drop)
}

/// Duplicates `fd` to the lowest free number at or above `least`, with close-on-exec.
pub fn duplicate_above(fd: BorrowedFd<'_>, least: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes an int argument; it touches no memory of ours.
    let new = check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) })?;
    // SAFETY: the kernel returned `new` as a new descriptor, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(new as RawFd) })
}

/// Takes ownership of a descriptor number that an exec handed over by agreement.
///
/// # Errors
/// `EBADF` when the number is not open.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_GETFD takes no pointer.
    check(unsafe { syscall!(libc::SYS_fcntl, number, libc::F_GETFD) })?;
    // SAFETY: the number is open, and the caller's protocol says that it was handed to it alone.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    // SAFETY: F_SETFD takes an int.
    check(unsafe { syscall!(libc::SYS_fcntl, number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(fd)
}

/// Clears close-on-exec on a descriptor number.
fn set_inherited(number: RawFd) -> io::Result<()> {
    // SAFETY: F_SETFD takes an int.
    check(unsafe { syscall!(libc::SYS_fcntl, number, libc::F_SETFD, 0) }).map(drop)
}

/// Closes every descriptor from `first` on (`close_range(2)`, Linux 5.9).
pub fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: close_range takes three ints; the caller gives up what lies in the range.
    check(unsafe { syscall!(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// Closes every descriptor from `first` on but these.
///
/// # Errors
/// What close_range(2) answers.
pub fn close_all_but(kept: &[BorrowedFd<'_>], first: RawFd) -> io::Result<()> {
    let mut numbers: Vec<RawFd> = kept
        .iter()
        .map(|fd| fd.as_raw_fd())
        .filter(|n| *n >= first)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut start = first;
    for number in numbers {
        if start < number {
            // SAFETY: close_range takes three ints; the caller gives up what lies in the range.
            check(unsafe { syscall!(libc::SYS_close_range, start, number - 1, 0) })?;
        }
        start = number + 1;
    }
    close_from(start)
}

/// Marks every descriptor from `first` on close-on-exec (`CLOSE_RANGE_CLOEXEC`, Linux 5.11).
pub fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: close_range takes three ints and only changes flags here.
    check(unsafe { syscall!(libc::SYS_close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) }).map(drop)
}

/// Sets or clears `O_NONBLOCK` on the open file description.
pub fn set_nonblocking(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    // SAFETY: F_GETFL takes no argument.
    let flags = check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_GETFL) })? as libc::c_int;
    let flags = if on {
        flags | libc::O_NONBLOCK
    } else {
        flags & !libc::O_NONBLOCK
    };
    // SAFETY: F_SETFL takes an int.
    check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_SETFL, flags) }).map(drop)
}

/// Reads from a descriptor; `Ok(0)` is the end.
pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length describe `buffer`, which is writable and lives across the call.
    let n = unsafe { syscall!(libc::SYS_read, fd.as_raw_fd(), buffer.as_mut_ptr(), buffer.len()) };
    check(n)
}

/// Reads at an offset without moving the file position.
pub fn read_at(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    // SAFETY: the pointer and length describe `buffer`, which is writable and lives across the call.
    let n = unsafe {
        syscall!(
            libc::SYS_pread64,
            fd.as_raw_fd(),
            buffer.as_mut_ptr(),
            buffer.len(),
            offset as i64,
        )
    };
    check(n)
}

/// Writes all bytes at an offset without moving the file position.
pub fn write_all_at(fd: BorrowedFd<'_>, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        let at = (offset + done as u64) as i64;
        // SAFETY: the pointer and length describe `rest`, which lives across the call.
        let n = unsafe { syscall!(libc::SYS_pwrite64, fd.as_raw_fd(), rest.as_ptr(), rest.len(), at) };
        match check(n) {
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Writes to a descriptor; may write less than asked.
pub fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length describe `bytes`, which lives across the call.
    let n = unsafe { syscall!(libc::SYS_write, fd.as_raw_fd(), bytes.as_ptr(), bytes.len()) };
    check(n)
}

/// Writes all bytes; waits by `poll(2)` while a nonblocking descriptor is full.
pub fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                crate::event::wait_one(fd, libc::POLLOUT, None)?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Tries to take an exclusive lock on one byte of an open file (`F_OFD_SETLK`, Linux 3.15).
///
/// The lock belongs to the open file description and goes when its last descriptor closes, so a
/// killed holder leaves none behind. `Ok(false)` when another holds it.
pub fn try_lock_byte(fd: BorrowedFd<'_>, offset: u64) -> io::Result<bool> {
    let lock = byte_lock(libc::F_WRLCK, offset);
    // SAFETY: `lock` is a valid flock structure that lives across the call.
    match check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_OFD_SETLK, &lock) }) {
        Ok(_) => Ok(true),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Gives a lock on one byte back that this open file description holds; without one it changes nothing.
pub fn unlock_byte(fd: BorrowedFd<'_>, offset: u64) -> io::Result<()> {
    let lock = byte_lock(libc::F_UNLCK, offset);
    // SAFETY: `lock` is a valid flock structure that lives across the call.
    check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_OFD_SETLK, &lock) }).map(drop)
}

/// Takes a shared lock on one byte of an open file, waiting for one who holds it exclusively.
///
/// [`try_lock_byte`] on the same description turns it into an exclusive one if nobody shares it.
pub fn share_byte(fd: BorrowedFd<'_>, offset: u64) -> io::Result<()> {
    let lock = byte_lock(libc::F_RDLCK, offset);
    loop {
        // SAFETY: `lock` is a valid flock structure that lives across the call.
        match check(unsafe { syscall!(libc::SYS_fcntl, fd.as_raw_fd(), libc::F_OFD_SETLKW, &lock) }) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(drop),
        }
    }
}

/// A lock of a kind (`F_RDLCK`, `F_WRLCK`, `F_UNLCK`) on one byte; pid 0 as open file description locks ask.
fn byte_lock(kind: libc::c_int, offset: u64) -> libc::flock {
    libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: offset as i64,
        l_len: 1,
        l_pid: 0,
    }
}
