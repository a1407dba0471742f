//! Signals as descriptors (`signalfd(2)`), masks, and disposition.

use crate::call::{check, owned};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

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

fn set_of(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: a sigset_t of zero bytes is a valid value, and sigemptyset writes it anyway.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is live and may be written.
    unsafe { libc::sigemptyset(&mut set) };
    for signal in signals {
        // SAFETY: `set` is live and was initialised; a bad number is refused without effect.
        unsafe { libc::sigaddset(&mut set, *signal) };
    }
    set
}

/// Blocks `signals` in this thread and gives a nonblocking descriptor that reads them.
pub fn descriptor(signals: &[i32]) -> io::Result<OwnedFd> {
    block(signals)?;
    let set = set_of(signals);
    // SAFETY: `set` is a live, initialised sigset_t.
    owned(unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) }.into())
}

/// Blocks `signals` in the calling thread.
pub fn block(signals: &[i32]) -> io::Result<()> {
    let set = set_of(signals);
    // SAFETY: `set` is a live, initialised sigset_t; a null old mask is allowed.
    check(unsafe { libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) }).map(drop)
}

/// Unblocks every signal and gives each its default action: what a new program expects.
pub fn reset() -> io::Result<()> {
    for signal in 1..=64 {
        if signal == libc::SIGKILL || signal == libc::SIGSTOP {
            continue;
        }
        // SAFETY: SIG_DFL is a valid disposition; numbers that libc reserves are refused harmlessly.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let none = set_of(&[]);
    // SAFETY: `none` is a live, initialised sigset_t; a null old mask is allowed.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut()) }).map(drop)
}

/// Ignores one signal in this process.
pub fn ignore(signal: i32) {
    // SAFETY: SIG_IGN is a valid disposition.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Takes the next signal from a [`descriptor`], if one waits.
pub fn take(fd: BorrowedFd<'_>) -> io::Result<Option<Received>> {
    // SAFETY: a signalfd_siginfo of zero bytes is a valid value of this plain C structure.
    let mut info: libc::signalfd_siginfo = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the pointer and size describe `info`, which may be written.
    match check(unsafe { libc::read(fd.as_raw_fd(), (&raw mut info).cast(), size) }) {
        Ok(n) if n as usize == size => Ok(Some(Received {
            signal: info.ssi_signo as i32,
            sender: info.ssi_pid,
            code: info.ssi_code,
        })),
        Ok(_) => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e),
    }
}
