//! The system call instruction of each architecture (syscall(2), "Architecture calling conventions").

use core::ffi::c_long;

/// Makes system call `number` with up to six arguments; the answer is a value or a negated `errno`.
///
/// # Safety
/// What the arguments point to must be valid for what the call reads and writes, and the call must not
/// change what the compiler relies on (memory maps, descriptors that somebody owns).
#[inline]
pub(crate) unsafe fn call<const N: usize>(number: c_long, arguments: [usize; N]) -> isize {
    const { assert!(N <= 6, "a system call takes six arguments") };
    let mut six = [0; 6];
    six[..N].copy_from_slice(&arguments);
    // SAFETY: the caller vouches for the call; arguments that it does not take are not looked at.
    unsafe { enter(number, six) }
}

/// # Safety
/// As [`call`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn enter(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: this is the kernel's calling convention; it clobbers rcx and r11 alone and uses no stack
    // of ours. Memory counts as clobbered.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => answer,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    answer
}

/// # Safety
/// As [`call`].
#[cfg(target_arch = "aarch64")]
#[inline(always)]
unsafe fn enter(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: this is the kernel's calling convention; it clobbers x0 alone and uses no stack of ours.
    // Memory counts as clobbered.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a => answer,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    answer
}
