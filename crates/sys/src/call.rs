//! How the kernel is asked, and how its answers (a value, or the negated `errno`) become `io::Result`;
//! used by every module of this crate.
//!
//! System calls are made directly and not through libc: init has none, and one way for all is the way
//! that every test takes.

use crate::handle::{FromRawFd, OwnedFd, RawFd};
use crate::io;
use alloc::ffi::CString;

/// A value that a system call takes in a register.
pub(crate) trait Word {
    fn word(self) -> usize;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Word for $kind {
            fn word(self) -> usize {
                // Signed numbers keep their sign, as C's `long` arguments do.
                self as usize
            }
        }
    )*};
}
numbers!(i32, u32, i64, u64, isize, usize);

impl<T> Word for *const T {
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Word for *mut T {
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Word for &T {
    fn word(self) -> usize {
        core::ptr::from_ref(self).expose_provenance()
    }
}

impl<T> Word for &mut T {
    fn word(self) -> usize {
        core::ptr::from_mut(self).expose_provenance()
    }
}

/// Makes a system call with up to six arguments; the kernel's answer as it comes. Unsafe: what the
/// arguments point to must be what this call reads and writes.
macro_rules! syscall {
    ($number:expr $(, $argument:expr)* $(,)?) => {
        $crate::arch::call($number, [$($crate::call::Word::word($argument)),*])
    };
}
pub(crate) use syscall;

/// Checks the answer of a system call.
pub(crate) fn check(answer: isize) -> io::Result<usize> {
    if answer < 0 {
        Err(io::Error::from_raw_os_error(-answer as i32))
    } else {
        Ok(answer as usize)
    }
}

/// Takes ownership of a descriptor that a system call has just returned.
pub(crate) fn owned(answer: isize) -> io::Result<OwnedFd> {
    let fd = check(answer)? as RawFd;
    // SAFETY: the kernel returned `fd` as a new descriptor, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes a C string; a NUL byte within is `EINVAL`, as the kernel could not see what follows it.
pub(crate) fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}
