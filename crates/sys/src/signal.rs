//! Signals as descriptors (`signalfd(2)`), masks, and disposition.

use crate::call::{check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, OwnedFd};
use crate::io;

pub use libc::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGQUIT, SIGSTOP, SIGTERM, SIGXCPU};

/// One signal as read from a [`descriptor`].
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// The signal's number.
    pub signal: i32,
    /// The sender's pid as seen from here; 0 when it lives outside our pid namespace or is the kernel.
    pub sender: u32,
    /// `si_code`; negative when the sender wrote the rest itself (rt_sigqueueinfo(2)).
    pub code: i32,
}

/// A signal set as the kernel takes it (rt_sigprocmask(2), "C library/kernel differences"): bit `n - 1` for
/// signal `n`.
type Set = u64;

/// What `rt_sigaction(2)` takes; only dispositions that run no code of ours are set, so it needs no restorer.
#[repr(C)]
struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: Set,
}

fn set_of(signals: &[i32]) -> Set {
    signals
        .iter()
        .filter(|signal| (1..=64).contains(*signal))
        .fold(0, |set, signal| set | 1 << (signal - 1))
}

/// Blocks `signals` in this thread and gives a nonblocking descriptor that reads them.
pub fn descriptor(signals: &[i32]) -> io::Result<OwnedFd> {
    block(signals)?;
    let set = set_of(signals);
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: `set` is a live signal set of the size given.
    owned(unsafe { syscall!(libc::SYS_signalfd4, -1, &set, size_of::<Set>(), flags) })
}

/// Blocks `signals` in the calling thread.
pub fn block(signals: &[i32]) -> io::Result<()> {
    mask(libc::SIG_BLOCK, signals)
}

/// Unblocks every signal and gives each its default action: what a new program expects.
pub fn reset() -> io::Result<()> {
    for signal in 1..=64 {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            dispose(signal, libc::SIG_DFL);
        }
    }
    mask(libc::SIG_SETMASK, &[])
}

/// Ignores one signal in this process.
pub fn ignore(signal: i32) {
    dispose(signal, libc::SIG_IGN);
}

fn mask(how: libc::c_int, signals: &[i32]) -> io::Result<()> {
    let (set, no_old) = (set_of(signals), core::ptr::null::<Set>());
    // SAFETY: `set` is a live signal set of the size given; a null old mask is allowed.
    check(unsafe { syscall!(libc::SYS_rt_sigprocmask, how, &set, no_old, size_of::<Set>()) }).map(drop)
}

/// A number that is no signal is refused without effect.
fn dispose(signal: i32, handler: usize) {
    let action = Action {
        handler,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    let no_old = core::ptr::null::<Action>();
    // SAFETY: `action` is live and has the kernel's layout; SIG_DFL and SIG_IGN run no code of ours; a
    // null old action is allowed.
    unsafe { syscall!(libc::SYS_rt_sigaction, signal, &action, no_old, size_of::<Set>()) };
}

/// Takes the next signal from a [`descriptor`], if one waits.
pub fn take(fd: BorrowedFd<'_>) -> io::Result<Option<Received>> {
    // SAFETY: a signalfd_siginfo of zero bytes is a valid value of this plain C structure.
    let mut info: libc::signalfd_siginfo = unsafe { core::mem::zeroed() };
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the pointer and size describe `info`, which may be written.
    match check(unsafe { syscall!(libc::SYS_read, fd.as_raw_fd(), &raw mut info, size) }) {
        Ok(n) if n == size => Ok(Some(Received {
            signal: info.ssi_signo as i32,
            sender: info.ssi_pid,
            code: info.ssi_code,
        })),
        Ok(_) => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e),
    }
}
