//! Processes: clone, exec, wait, kill, pidfds.

use crate::call::{check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::io;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::time::Duration;

/// Which side of a clone this is.
pub enum Side {
    /// The new process.
    Child,
    /// The old process, with the new one's pid and a descriptor of it.
    Parent {
        /// The child's pid in the caller's pid namespace.
        pid: i32,
        /// The child's pidfd (pidfd_open(2)).
        pidfd: OwnedFd,
    },
}

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_PIDFD: u64 = 0x1000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Copies the calling process into new namespaces (`clone3(2)`, Linux 5.3), and into a cgroup of
/// version 2 when its folder is given (Linux 5.7).
///
/// Works like `fork(2)`: the child goes on with a copy of all memory. The caller must have a single
/// thread; libc's handlers for fork do not run.
pub fn clone_into(namespaces: libc::c_int, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Side> {
    let mut pidfd: RawFd = -1;
    let mut args = CloneArgs {
        flags: namespaces as u64 | CLONE_PIDFD,
        pidfd: &raw mut pidfd as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: `args` is a live clone_args of the size given, and `pidfd` may be written. Without
    // CLONE_VM the child has its own copy of the stack, so it may go on from here as after fork.
    let pid = check(unsafe { syscall!(libc::SYS_clone3, &args, size_of::<CloneArgs>()) })?;
    if pid == 0 {
        return Ok(Side::Child);
    }
    // SAFETY: the kernel wrote a new descriptor to `pidfd`, and nothing else owns it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Side::Parent {
        pid: pid as i32,
        pidfd,
    })
}

/// `fork(2)`: `None` in the child, the child's pid in the parent. The caller must have one thread.
///
/// Where there is a C library it is the one that forks, so that its own books are right in a child that
/// will have threads.
pub fn fork() -> io::Result<Option<i32>> {
    let pid = check(clone_self())?;
    Ok(if pid == 0 { None } else { Some(pid as i32) })
}

#[cfg(feature = "std")]
fn clone_self() -> isize {
    // SAFETY: the caller has a single thread, so the child may run any code.
    match unsafe { libc::fork() } {
        -1 => {
            -(std::io::Error::last_os_error()
                .raw_os_error()
                .unwrap_or(libc::EAGAIN) as isize)
        }
        pid => pid as isize,
    }
}

#[cfg(not(feature = "std"))]
fn clone_self() -> isize {
    // SAFETY: the caller has a single thread, so the child may run any code. Without CLONE_VM it has its own
    // copy of the stack, so it may go on from here; the other arguments, 0 in any order, are not used.
    unsafe { syscall!(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) }
}

/// Argument or environment vector in the form that exec takes.
pub struct Vector {
    _strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Vector {
    /// Copies the strings; `EINVAL` when one holds a NUL byte.
    pub fn new<T: AsRef<[u8]>>(items: &[T]) -> io::Result<Self> {
        let strings: Vec<CString> = items
            .iter()
            .map(|s| crate::call::c_string(s.as_ref()))
            .collect::<io::Result<_>>()?;
        let pointers = strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([core::ptr::null()])
            .collect();
        Ok(Self {
            _strings: strings,
            pointers,
        })
    }
}

/// Replaces this process by the program at `path`; returns only on failure.
pub fn exec(path: &[u8], argv: &Vector, env: &Vector) -> io::Error {
    let path = match crate::call::c_string(path) {
        Ok(path) => path,
        Err(e) => return e,
    };
    // SAFETY: `path` is a live C string; both vectors are live, NULL-terminated arrays of C strings.
    let answer = unsafe {
        syscall!(
            libc::SYS_execve,
            path.as_ptr(),
            argv.pointers.as_ptr(),
            env.pointers.as_ptr()
        )
    };
    io::Error::from_raw_os_error(-answer as i32)
}

/// Replaces this process by the program that an open file holds (`execveat(2)`, `AT_EMPTY_PATH`).
pub fn exec_fd(program: BorrowedFd<'_>, argv: &Vector, env: &Vector) -> io::Error {
    // SAFETY: the path is a static C string; both vectors are live, NULL-terminated arrays of C strings.
    let answer = unsafe {
        syscall!(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            argv.pointers.as_ptr(),
            env.pointers.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::from_raw_os_error(-answer as i32)
}

/// Copies memory of another process (`process_vm_readv(2)`), which we must be allowed to trace; how much there was.
pub fn read_memory(pid: i32, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let remote = libc::iovec {
        iov_base: core::ptr::without_provenance_mut(address as usize),
        iov_len: buffer.len(),
    };
    // SAFETY: `local` describes `buffer`, which may be written; the kernel checks `remote`, an address of another
    // process that is never followed here.
    check(unsafe { syscall!(libc::SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0) })
}

/// Our own pid, as our pid namespace numbers it.
pub fn own_pid() -> i32 {
    // SAFETY: getpid takes nothing and cannot fail.
    unsafe { syscall!(libc::SYS_getpid) as i32 }
}

/// Ends this process at once, running no destructor.
pub fn exit(code: i32) -> ! {
    // SAFETY: exit_group takes an int.
    unsafe { syscall!(libc::SYS_exit_group, code) };
    // The kernel does not come back; this only tells the compiler.
    loop {
        core::hint::spin_loop();
    }
}

/// Sends a signal (`kill(2)`); pid -1 means every process that we may signal, ourselves excepted.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: kill takes two ints.
    check(unsafe { syscall!(libc::SYS_kill, pid, signal) }).map(drop)
}

/// Sends a signal through a pidfd, so that a reused pid can never be hit.
pub fn kill_fd(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    let no_info = core::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo is allowed.
    check(unsafe { syscall!(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0) }).map(drop)
}

/// Opens a pidfd of a child of ours that was not reaped yet.
pub fn open_pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two ints.
    owned(unsafe { syscall!(libc::SYS_pidfd_open, pid, 0) })
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It called exit with this code.
    Code(u8),
    /// A signal ended it.
    Signal(u8),
}

/// What a reaped process had used, its own reaped children included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Time in user mode.
    pub user: Duration,
    /// Time in kernel mode.
    pub system: Duration,
    /// Largest resident set of any single process among them, bytes.
    pub resident_peak_bytes: u64,
}

/// One reaped child.
#[derive(Clone, Copy, Debug)]
pub struct Reaped {
    /// Its pid.
    pub pid: i32,
    /// How it ended.
    pub exit: Exit,
    /// What it had used.
    pub used: Used,
}

/// Whether to wait for a child or only to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Wait until one ends.
    Block,
    /// Return at once.
    Look,
}

/// Reaps one ended child (`wait4(2)`): of `pid`, or any with -1. `None`: none has ended, or there is none.
pub fn reap(pid: i32, wait: Wait) -> io::Result<Option<Reaped>> {
    let flags = if wait == Wait::Look { libc::WNOHANG } else { 0 } | libc::__WALL;
    let mut status = 0;
    // SAFETY: an rusage of zero bytes is a valid value of this plain C structure.
    let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
    loop {
        // SAFETY: `status` and `usage` are live and may be written.
        let got = unsafe { syscall!(libc::SYS_wait4, pid, &mut status, flags, &mut usage) };
        match check(got) {
            Ok(0) => return Ok(None),
            Ok(pid) => return Ok(Some(reaped(pid as i32, status, &usage))),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.raw_os_error() == Some(libc::ECHILD) => return Ok(None),
            Err(e) => return Err(e),
        }
    }
}

/// Whether this process has a child, ended or not (`waitid(2)` with `WNOWAIT`).
pub fn has_children() -> bool {
    let none = core::ptr::null_mut::<libc::siginfo_t>();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: null structures are allowed: nothing is written then.
    let answer = unsafe { syscall!(libc::SYS_waitid, libc::P_ALL, 0, none, flags, none) };
    !matches!(check(answer), Err(e) if e.raw_os_error() == Some(libc::ECHILD))
}

/// The pids of children that have ended and were not reaped (`waitid(2)` with `WNOWAIT` tells of one at a time, so
/// the list comes from `/proc/self/task`).
#[cfg(feature = "std")]
pub fn ended_children() -> std::io::Result<Vec<i32>> {
    let own = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"))?;
    let has_ended = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
    };
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    Ok(pids.filter(has_ended).collect())
}

fn reaped(pid: i32, status: i32, usage: &libc::rusage) -> Reaped {
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status) as u8)
    } else {
        Exit::Code(libc::WEXITSTATUS(status) as u8)
    };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    let used = Used {
        user: time(usage.ru_utime),
        system: time(usage.ru_stime),
        resident_peak_bytes: usage.ru_maxrss as u64 * 1024,
    };
    Reaped { pid, exit, used }
}
