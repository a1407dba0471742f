//! What a program without a C library brings along: entry, end on a panic, memory functions, a heap.
//!
//! Compiled only without the feature `std`, into `casemate-init`
//! (`docs/decisions/0007-init-without-libc.md`). One thread, no thread-local storage.

mod heap;
#[cfg(not(feature = "hosted"))]
mod memory;

use core::arch::global_asm;

// The kernel enters with the stack pointer on the argument count (System V ABI, "Process Initialization").
// No argument is looked at; the frame chain ends here and the stack is aligned for a call.
#[cfg(all(target_arch = "x86_64", not(feature = "hosted")))]
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {main}",
    "ud2",
    main = sym start,
);
#[cfg(all(target_arch = "aarch64", not(feature = "hosted")))]
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, xzr",
    "mov x30, xzr",
    "bl {main}",
    "brk #1",
    main = sym start,
);

#[cfg(not(feature = "hosted"))]
unsafe extern "C" {
    /// Made by the macro `entry_point`.
    safe fn casemate_main() -> i32;
}

#[cfg(not(feature = "hosted"))]
extern "C" fn start() -> ! {
    crate::process::exit(casemate_main())
}

// A library must not stand in for the unwinder of the program that loads it.
#[cfg(feature = "hosted")]
global_asm!(".hidden rust_eh_personality", ".hidden _Unwind_Resume");

/// A bug of ours ends the process by the signal that `abort` would use; nobody could read a message.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    let _ = crate::process::kill(crate::process::own_pid(), libc::SIGABRT);
    crate::process::exit(134)
}

/// Named by the landing pads of the shipped `alloc`. Nothing of ours unwinds (`panic = "abort"`). In a program that loads
/// us the C library does so when its first thread ends itself (`pthread_exit(3)`): it goes past our frames, and nothing
/// in them is let go.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> core::ffi::c_int {
    /// `_URC_CONTINUE_UNWIND` (Itanium C++ ABI, "Exception Handling", 1.2).
    const CONTINUE: core::ffi::c_int = 8;
    CONTINUE
}

/// Called at the end of landing pads, which nothing enters.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    crate::process::exit(134)
}
