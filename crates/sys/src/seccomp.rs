//! Loads a compiled seccomp filter (`seccomp(2)`), and hears of the calls that a listening one holds back
//! (seccomp_unotify(2)). The filters are data of the `sandbox` crate, and of init.

use crate::call::{check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, OwnedFd};
use crate::io;
use alloc::vec::Vec;

/// Loads a filter given as the bytes of a `struct sock_filter` array; needs no_new_privs.
///
/// # Errors
/// `EINVAL` when the bytes are not 1 to 4,096 whole instructions or the kernel refuses the filter.
pub fn load(filter: &[u8]) -> io::Result<()> {
    set_filter(filter, 0).map(drop)
}

fn set_filter(filter: &[u8], flags: libc::c_uint) -> io::Result<usize> {
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
    check(unsafe { syscall!(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) })
}

/// A call that a listening filter holds back until it is answered (`struct seccomp_notif`, seccomp_unotify(2)).
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Names it until it is answered.
    pub id: u64,
    /// Who called, as our pid namespace numbers it; 0 for one outside of it.
    pub pid: i32,
    /// The call's number.
    pub number: i64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

const FLAG_NEW_LISTENER: libc::c_uint = 1 << 3;
/// Linux 5.19: a held call is not interrupted by signals that do not kill.
const FLAG_WAIT_KILLABLE: libc::c_uint = 1 << 5;
/// Linux 5.5: the call goes on as if nobody had looked.
const ANSWER_CONTINUE: u32 = 1;
// `SECCOMP_IOCTL_NOTIF_*` (include/uapi/linux/seccomp.h): 80 bytes in, 24 out, and an id.
const RECEIVE: u64 = 0xc050_2100;
const ANSWER: u64 = 0xc018_2101;
const ID_VALID: u64 = 0x4008_2102;

#[repr(C)]
#[derive(Default)]
struct Notification {
    id: u64,
    pid: u32,
    flags: u32,
    number: i32,
    arch: u32,
    instruction: u64,
    arguments: [u64; 6],
}

#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

/// Loads a filter some of whose calls are held back; the descriptor tells of them. Needs no_new_privs.
///
/// # Errors
/// As [`load`]; `EBUSY` where a filter of ours listens already.
pub fn load_listening(filter: &[u8]) -> io::Result<OwnedFd> {
    match set_filter(filter, FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE) {
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => set_filter(filter, FLAG_NEW_LISTENER),
        answer => answer,
    }
    .and_then(|fd| owned(fd as isize))
}

/// Takes the next held call; waits for one. `None` when the one that was there is gone again.
///
/// # Errors
/// When the descriptor is none of a listening filter.
pub fn next_held(listener: BorrowedFd<'_>) -> io::Result<Option<Held>> {
    let mut got = Notification::default();
    // SAFETY: `got` has the layout and size that this request names, is zeroed as it asks, and may be written.
    let answer = unsafe { syscall!(libc::SYS_ioctl, listener.as_raw_fd(), RECEIVE, &mut got) };
    match check(answer) {
        Ok(_) => Ok(Some(Held {
            id: got.id,
            pid: got.pid as i32,
            number: got.number.into(),
            arguments: got.arguments,
        })),
        Err(e) if matches!(e.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whether a held call still waits, so that what was read of its process was its own.
pub fn still_waits(listener: BorrowedFd<'_>, id: u64) -> bool {
    // SAFETY: the request reads 8 bytes at `id`, which is live.
    check(unsafe { syscall!(libc::SYS_ioctl, listener.as_raw_fd(), ID_VALID, &id) }).is_ok()
}

/// Lets a held call go on. One that is gone needs no answer.
pub fn let_go(listener: BorrowedFd<'_>, id: u64) {
    let answer = Answer {
        id,
        value: 0,
        error: 0,
        flags: ANSWER_CONTINUE,
    };
    // SAFETY: `answer` has the layout and size that this request names; it is only read.
    let _ = unsafe { syscall!(libc::SYS_ioctl, listener.as_raw_fd(), ANSWER, &answer) };
}
