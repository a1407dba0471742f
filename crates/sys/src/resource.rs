//! Resource limits of a process (`setrlimit(2)`) and what it has used (`getrusage(2)`).

use crate::call::{check, syscall};
use crate::io;

pub use libc::{
    RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE,
    RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RTPRIO, RLIMIT_SIGPENDING, RLIMIT_STACK,
};

/// How many CPUs this process may run on (`sched_getaffinity(2)`); 1 where the kernel would not say.
pub fn usable_cpus() -> usize {
    // Room for 8,192: `CONFIG_NR_CPUS` is that at most on x86_64.
    let mut mask = [0u64; 128];
    // SAFETY: `mask` may be written and has the size given; 0 is the calling thread.
    let answer = unsafe {
        syscall!(
            libc::SYS_sched_getaffinity,
            0,
            size_of_val(&mask),
            mask.as_mut_ptr()
        )
    };
    let count: u32 = mask.iter().map(|word| word.count_ones()).sum();
    if answer > 0 { count as usize } else { 1 }
}

/// The soft limit of this process.
pub fn soft_limit(resource: u32) -> io::Result<u64> {
    present(0, resource).map(|now| now.rlim_cur)
}

/// Sets soft and hard limit; neither is ever raised above the present hard limit, which takes a
/// capability that we do not ask for.
pub fn limit(resource: u32, soft: u64, hard: u64) -> io::Result<()> {
    limit_of(0, resource, soft, hard)
}

/// As [`limit`], of another process; 0 is the caller. It takes the ids of that process (`prlimit(2)`).
pub fn limit_of(pid: i32, resource: u32, soft: u64, hard: u64) -> io::Result<()> {
    let hard = hard.min(present(pid, resource)?.rlim_max);
    let new = libc::rlimit {
        rlim_cur: soft.min(hard),
        rlim_max: hard,
    };
    // SAFETY: `new` is a live rlimit; the last 0 says that nothing is to be told.
    check(unsafe { syscall!(libc::SYS_prlimit64, pid, resource, &new, 0) }).map(drop)
}

fn present(pid: i32, resource: u32) -> io::Result<libc::rlimit> {
    let mut now = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `now` is a live rlimit that may be written; 0 says that nothing is to be set.
    check(unsafe { syscall!(libc::SYS_prlimit64, pid, resource, 0, &mut now) })?;
    Ok(now)
}
