//! Waiting: `poll(2)`, `eventfd(2)`, `timerfd_create(2)`, the monotonic clock.

use crate::call::{check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, OwnedFd};
use crate::io;
use core::time::Duration;

/// One descriptor to wait on, the events wanted (`POLLIN`, `POLLOUT`, `POLLPRI`) and those seen.
pub type PollFd = libc::pollfd;

/// Describes one descriptor for [`wait`].
pub fn interest(fd: BorrowedFd<'_>, events: i16) -> PollFd {
    PollFd {
        fd: fd.as_raw_fd(),
        events,
        revents: 0,
    }
}

/// An entry that [`wait`] skips; keeps positions in a fixed list.
pub fn no_interest() -> PollFd {
    PollFd {
        fd: -1,
        events: 0,
        revents: 0,
    }
}

/// Waits until one of `fds` is ready or `timeout` has passed (`ppoll(2)`); returns how many are ready.
///
/// An interrupted wait counts as no event, so that callers look at their clocks again.
pub fn wait(fds: &mut [PollFd], timeout: Option<Duration>) -> io::Result<usize> {
    let mut spec = timeout.map(|t| libc::timespec {
        tv_sec: t.as_secs() as libc::time_t,
        tv_nsec: i64::from(t.subsec_nanos()),
    });
    // The kernel writes into it what time was left.
    let spec = spec.as_mut().map_or(core::ptr::null_mut(), core::ptr::from_mut);
    // SAFETY: the pointer and length describe `fds`; `spec` is null or points to a live timespec;
    // a null signal mask is allowed.
    let n = unsafe {
        syscall!(
            libc::SYS_ppoll,
            fds.as_mut_ptr(),
            fds.len() as libc::nfds_t,
            spec,
            core::ptr::null::<u64>(),
            size_of::<u64>(),
        )
    };
    match check(n) {
        Ok(n) => Ok(n),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => {
            fds.iter_mut().for_each(|f| f.revents = 0);
            Ok(0)
        }
        Err(e) => Err(e),
    }
}

/// Waits on one descriptor; `Ok(false)` when the time ran out first.
pub fn wait_one(fd: BorrowedFd<'_>, events: i16, timeout: Option<Duration>) -> io::Result<bool> {
    wait(&mut [interest(fd, events)], timeout).map(|n| n > 0)
}

/// A nonblocking, close-on-exec `eventfd(2)` counter at zero.
pub fn eventfd() -> io::Result<OwnedFd> {
    // SAFETY: eventfd takes two ints.
    owned(unsafe { syscall!(libc::SYS_eventfd2, 0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// A nonblocking, close-on-exec timer on the monotonic clock, not armed.
pub fn timerfd() -> io::Result<OwnedFd> {
    // SAFETY: timerfd_create takes two ints.
    let fd = unsafe {
        syscall!(
            libc::SYS_timerfd_create,
            libc::CLOCK_MONOTONIC,
            libc::TFD_CLOEXEC | libc::TFD_NONBLOCK
        )
    };
    owned(fd)
}

/// Arms a timer to fire once at `at`, an instant of [`monotonic`]; `None` disarms it.
pub fn arm_timer(timer: BorrowedFd<'_>, at: Option<Duration>) -> io::Result<()> {
    let zero = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // An all-zero value would disarm, so the instant 0 becomes 1 ns.
    let value = at.map_or(zero, |t| libc::timespec {
        tv_sec: t.as_secs() as libc::time_t,
        tv_nsec: i64::from(t.subsec_nanos().max(u32::from(t.as_secs() == 0))),
    });
    let spec = libc::itimerspec {
        it_interval: zero,
        it_value: value,
    };
    // SAFETY: `spec` is a live itimerspec; a null old value is allowed.
    let r = unsafe {
        syscall!(
            libc::SYS_timerfd_settime,
            timer.as_raw_fd(),
            libc::TFD_TIMER_ABSTIME,
            &spec,
            core::ptr::null_mut::<libc::itimerspec>(),
        )
    };
    check(r).map(drop)
}

/// Time since boot that no one can set (`CLOCK_MONOTONIC`).
pub fn monotonic() -> Duration {
    clock(libc::CLOCK_MONOTONIC)
}

/// Time since boot, suspension included (`CLOCK_BOOTTIME`).
pub fn boottime() -> Duration {
    clock(libc::CLOCK_BOOTTIME)
}

/// Processor time of the calling thread (`CLOCK_THREAD_CPUTIME_ID`).
pub fn thread_time() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a live timespec that may be written; all three clocks exist since Linux 2.6.39.
    unsafe { syscall!(libc::SYS_clock_gettime, id, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
