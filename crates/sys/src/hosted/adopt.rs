//! A fork whose child another process adopts: a helper in the child's pid namespace forks and ends, so that the
//! kernel gives the child to the init of that namespace. The helper shares our memory (`vfork(2)`), so that page
//! tables are copied once.

use crate::call::check;
use crate::io;
use crate::process::{self, Wait};
use core::arch::global_asm;
use core::ffi::{c_int, c_void};

/// Which side of the fork this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Adopted {
    /// The new process.
    Child,
    /// The old one; the child is somebody else's by now.
    Parent,
}

unsafe extern "C" {
    /// The C library's own, which keeps its books right in the child.
    fn fork() -> c_int;
    fn casemate_vfork_call(call: extern "C" fn(*mut c_void) -> c_int, argument: *mut c_void) -> isize;
}

// casemate_vfork_call(call, argument): vfork; the helper calls `call(argument)` deeper on the same stack. Where that
// answers 0, this is the helper's own child, which has a copy of all memory and returns 0 from here. The helper itself
// ends; the caller, suspended until then, returns the kernel's answer. Its frame lies above what the helper wrote.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".hidden casemate_vfork_call",
    ".globl casemate_vfork_call",
    "casemate_vfork_call:",
    "push rbx",
    "push r12",
    "sub rsp, 8",
    "mov rbx, rdi",
    "mov r12, rsi",
    "mov eax, 58",
    "syscall",
    "test rax, rax",
    "jnz 2f",
    "mov rdi, r12",
    "call rbx",
    "test eax, eax",
    "jz 1f",
    "xor edi, edi",
    "mov eax, 60",
    "syscall",
    "ud2",
    "1: xor eax, eax",
    "2: add rsp, 8",
    "pop r12",
    "pop rbx",
    "ret",
);
// There is no vfork on this architecture: clone with CLONE_VM, CLONE_VFORK and SIGCHLD, on the same stack.
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".hidden casemate_vfork_call",
    ".globl casemate_vfork_call",
    "casemate_vfork_call:",
    "stp x29, x30, [sp, #-32]!",
    "stp x19, x20, [sp, #16]",
    "mov x19, x0",
    "mov x20, x1",
    "mov x0, #0x4111",
    "mov x1, #0",
    "mov x2, #0",
    "mov x3, #0",
    "mov x4, #0",
    "mov x8, #220",
    "svc 0",
    "cbnz x0, 2f",
    "mov x0, x20",
    "blr x19",
    "cbz w0, 2f",
    "mov x0, #0",
    "mov x8, #93",
    "svc 0",
    "brk #1",
    "2: ldp x19, x20, [sp, #16]",
    "ldp x29, x30, [sp], #32",
    "ret",
);

struct Job<'a> {
    enter: &'a mut dyn FnMut() -> io::Result<()>,
    outcome: io::Result<()>,
}

extern "C" fn help(argument: *mut c_void) -> c_int {
    // SAFETY: `fork_adopted` passes its own `Job`, which outlives the helper.
    let job = unsafe { &mut *argument.cast::<Job<'_>>() };
    job.outcome = (job.enter)();
    if job.outcome.is_err() {
        return 1;
    }
    // SAFETY: the process has one thread, so the child may run any code.
    match unsafe { fork() } {
        0 => 0,
        -1 => {
            job.outcome = Err(io::Error::from_raw_os_error(libc::EAGAIN));
            1
        }
        _ => 1,
    }
}

/// Forks a child into the pid namespace that this process's children are in (setns(2)); `enter` is run by the helper
/// before, and so for the child. The caller must have one thread.
///
/// # Errors
/// What `enter` answered, or the kernel.
pub fn fork_adopted(enter: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Adopted> {
    let mut job = Job {
        enter,
        outcome: Err(io::Error::from_raw_os_error(libc::EAGAIN)),
    };
    let argument = (&raw mut job).cast::<c_void>();
    // SAFETY: `help` takes what `argument` points to, and `job` lives until the helper has ended.
    let pid = check(unsafe { casemate_vfork_call(help, argument) })?;
    if pid == 0 {
        return Ok(Adopted::Child);
    }
    process::reap(pid as i32, Wait::Block)?;
    // Written by the helper, in this memory.
    // SAFETY: `job` is live; a plain read could be taken for the value from before.
    let outcome = unsafe { core::ptr::read_volatile(&raw const job.outcome) };
    outcome.map(|()| Adopted::Parent)
}

/// How many threads this process has.
///
/// # Errors
/// When `/proc` does not say.
pub fn count_threads(tasks: crate::handle::BorrowedFd<'_>) -> io::Result<u64> {
    // A folder of /proc has two links and one for each entry (proc_task_getattr, fs/proc/base.c).
    Ok(u64::from(crate::fs::status(tasks)?.st_nlink as u32).saturating_sub(2))
}
