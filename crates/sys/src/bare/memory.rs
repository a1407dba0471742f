//! The functions that compiled code calls for moving bytes (rustc's "symbols required by core"). In
//! assembly or by plain loops over volatile bytes, so that the compiler cannot turn one into a call of itself.

/// # Safety
/// As `memcpy(3)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both areas; they do not overlap, so upwards is right.
    unsafe { copy_up(to, from, count) };
    to
}

/// # Safety
/// As `memmove(3)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: the caller vouches for both areas; no byte is written before it has been read.
        unsafe { copy_up(to, from, count) };
        return to;
    }
    for i in (0..count).rev() {
        // SAFETY: i < count, within what the caller vouches for.
        let byte = unsafe { from.add(i).read_volatile() };
        // SAFETY: the same.
        unsafe { to.add(i).write_volatile(byte) };
    }
    to
}

/// # Safety
/// As `memset(3)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller vouches for `count` bytes at `to`; the direction flag is clear by the ABI.
    unsafe {
        core::arch::asm!("rep stosb", inout("rdi") to => _, inout("rcx") count => _, in("al") byte as u8,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for i in 0..count {
        // SAFETY: i < count, within what the caller vouches for.
        unsafe { to.add(i).write_volatile(byte as u8) };
    }
    to
}

/// # Safety
/// As `memcmp(3)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    for i in 0..count {
        // SAFETY: i < count, within what the caller vouches for.
        let a = unsafe { one.add(i).read_volatile() };
        // SAFETY: the same.
        let b = unsafe { other.add(i).read_volatile() };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

/// # Safety
/// As `memcmp(3)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    // SAFETY: the caller vouches for both areas.
    unsafe { memcmp(one, other, count) }
}

/// # Safety
/// Both areas are valid for `count` bytes, and none is written before it has been read.
#[inline(always)]
unsafe fn copy_up(to: *mut u8, from: *const u8, count: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller vouches for both areas; the direction flag is clear by the ABI.
    unsafe {
        core::arch::asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") count => _,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for i in 0..count {
        // SAFETY: i < count, within what the caller vouches for.
        let byte = unsafe { from.add(i).read_volatile() };
        // SAFETY: the same.
        unsafe { to.add(i).write_volatile(byte) };
    }
}
