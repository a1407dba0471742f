//! Loads a compiled seccomp filter (`seccomp(2)`); the filters are data of the `sandbox` crate.

use crate::call::{check, syscall};
use crate::io;
use alloc::vec::Vec;

/// Loads a filter given as the bytes of a `struct sock_filter` array; needs no_new_privs.
///
/// # Errors
/// `EINVAL` when the bytes are not 1 to 4,096 whole instructions or the kernel refuses the filter.
pub fn load(filter: &[u8]) -> io::Result<()> {
    const SECCOMP_SET_MODE_FILTER: libc::c_uint = 1;
    let count = filter.len() / 8;
    if !filter.len().is_multiple_of(8) || count == 0 || count > 4096 {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let instructions: Vec<libc::sock_filter> = filter
        .chunks_exact(8)
        .map(|i| libc::sock_filter {
            code: u16::from_ne_bytes([i[0], i[1]]),
            jt: i[2],
            jf: i[3],
            k: u32::from_ne_bytes([i[4], i[5], i[6], i[7]]),
        })
        .collect();
    let program = libc::sock_fprog {
        len: count as libc::c_ushort,
        filter: instructions.as_ptr().cast_mut(),
    };
    // SAFETY: `program` describes `instructions`; both live across the call, which only reads them.
    check(unsafe { syscall!(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) }).map(drop)
}
