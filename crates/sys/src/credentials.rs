//! Identity and privilege of the calling process. Raw system calls: they change one thread, and
//! every caller is a process of one thread.

use crate::call::{check, syscall};
use crate::io;

/// Sets real, effective and saved user id.
pub fn set_uid(uid: u32) -> io::Result<()> {
    // SAFETY: setresuid takes three ints.
    check(unsafe { syscall!(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Sets real, effective and saved group id.
pub fn set_gid(gid: u32) -> io::Result<()> {
    // SAFETY: setresgid takes three ints.
    check(unsafe { syscall!(libc::SYS_setresgid, gid, gid, gid) }).map(drop)
}

/// Sets only the user id with which files are made and opened (setfsuid(2)).
pub fn set_filesystem_ids(uid: u32, gid: u32) {
    // SAFETY: setfsgid takes an int; it reports nothing.
    unsafe { syscall!(libc::SYS_setfsgid, gid) };
    // SAFETY: setfsuid takes an int; it reports nothing.
    unsafe { syscall!(libc::SYS_setfsuid, uid) };
}

/// Drops every supplementary group.
pub fn drop_groups() -> io::Result<()> {
    // SAFETY: a count of zero reads no memory.
    check(unsafe { syscall!(libc::SYS_setgroups, 0usize, core::ptr::null::<u32>()) }).map(drop)
}

/// The effective user id.
pub fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { syscall!(libc::SYS_geteuid) as u32 }
}

/// The effective group id.
pub fn effective_gid() -> u32 {
    // SAFETY: getegid takes nothing and cannot fail.
    unsafe { syscall!(libc::SYS_getegid) as u32 }
}

/// Capabilities of capabilities(7) that our own code keeps for a while.
pub mod capability {
    /// Pass by permission bits, of files whose owner is mapped.
    pub const DAC_OVERRIDE: u64 = 1 << 1;
    /// Send signals to processes of other users.
    pub const KILL: u64 = 1 << 5;
    /// Change group ids.
    pub const SETGID: u64 = 1 << 6;
    /// Change user ids.
    pub const SETUID: u64 = 1 << 7;
    /// Change the bounding set and securebits.
    pub const SETPCAP: u64 = 1 << 8;
    /// Administer a network namespace.
    pub const NET_ADMIN: u64 = 1 << 12;
    /// Look into undumpable processes, and enter their namespaces.
    pub const SYS_PTRACE: u64 = 1 << 19;
    /// Set the offsets of a time namespace.
    pub const SYS_TIME: u64 = 1 << 25;
    /// Administer namespaces and mounts.
    pub const SYS_ADMIN: u64 = 1 << 21;
}

#[repr(C)]
struct CapHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const CAP_VERSION_3: u32 = 0x2008_0522;

/// Sets permitted and effective capabilities to `keep` (a mask of [`capability`]), inheritable to none.
pub fn set_capabilities(keep: u64) -> io::Result<()> {
    let header = CapHeader {
        version: CAP_VERSION_3,
        pid: 0,
    };
    let half = |bits: u64| CapData {
        effective: bits as u32,
        permitted: bits as u32,
        inheritable: 0,
    };
    let data = [half(keep & 0xffff_ffff), half(keep >> 32)];
    // SAFETY: header and data have the layout of capset(2) version 3, which reads two data entries.
    check(unsafe { syscall!(libc::SYS_capset, &header, data.as_ptr()) }).map(drop)
}

/// Lets `keep` survive an exec by a process whose user id is not 0 (capabilities(7), "ambient set").
pub fn keep_capabilities_over_exec(keep: u64) -> io::Result<()> {
    let held = effective_capabilities()?;
    let header = CapHeader {
        version: CAP_VERSION_3,
        pid: 0,
    };
    let half = |all: u64, kept: u64| CapData {
        effective: all as u32,
        permitted: all as u32,
        inheritable: kept as u32,
    };
    let keep = keep & held;
    let data = [
        half(held & 0xffff_ffff, keep & 0xffff_ffff),
        half(held >> 32, keep >> 32),
    ];
    // SAFETY: header and data have the layout of capset(2) version 3, which reads two data entries.
    check(unsafe { syscall!(libc::SYS_capset, &header, data.as_ptr()) })?;
    for number in (0..64u64).filter(|n| keep & 1 << n != 0) {
        // SAFETY: PR_CAP_AMBIENT_RAISE takes integers.
        check(unsafe {
            syscall!(
                libc::SYS_prctl,
                libc::PR_CAP_AMBIENT,
                libc::PR_CAP_AMBIENT_RAISE as u64,
                number,
                0u64,
                0u64,
            )
        })?;
    }
    Ok(())
}

/// The effective capabilities as a mask.
pub fn effective_capabilities() -> io::Result<u64> {
    let header = CapHeader {
        version: CAP_VERSION_3,
        pid: 0,
    };
    let mut data = [CapData::default(); 2];
    // SAFETY: header and data have the layout of capget(2) version 3, which writes two data entries.
    check(unsafe { syscall!(libc::SYS_capget, &header, data.as_mut_ptr()) })?;
    Ok(u64::from(data[0].effective) | u64::from(data[1].effective) << 32)
}

/// Empties the ambient set and the bounding set.
pub fn drop_bounding_set() -> io::Result<()> {
    drop_bounding_set_but(0)
}

/// Empties the ambient set, and the bounding set but for a mask of [`capability`].
pub fn drop_bounding_set_but(keep: u64) -> io::Result<()> {
    prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as u64)?;
    for capability in (0..64).filter(|number| keep & 1 << number == 0) {
        match prctl(libc::PR_CAPBSET_DROP, capability) {
            Ok(_) => {}
            // The first number that the kernel does not know ends the set.
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) && capability > 30 => return Ok(()),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Locks securebits so that uid 0 never gains capabilities (capabilities(7), "securebits").
pub fn lock_securebits() -> io::Result<()> {
    const NOROOT: u64 = 1 << 0 | 1 << 1;
    const NO_SETUID_FIXUP: u64 = 1 << 2 | 1 << 3;
    const KEEP_CAPS_LOCKED: u64 = 1 << 5;
    const NO_CAP_AMBIENT_RAISE: u64 = 1 << 6 | 1 << 7;
    let bits = NOROOT | NO_SETUID_FIXUP | KEEP_CAPS_LOCKED | NO_CAP_AMBIENT_RAISE;
    prctl(libc::PR_SET_SECUREBITS, bits).map(drop)
}

/// Gives up new privileges through exec for ever (`PR_SET_NO_NEW_PRIVS`).
pub fn set_no_new_privileges() -> io::Result<()> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1).map(drop)
}

/// Says whether other processes of the same user may look into this one (`PR_SET_DUMPABLE`).
pub fn set_dumpable(on: bool) -> io::Result<()> {
    prctl(libc::PR_SET_DUMPABLE, u64::from(on)).map(drop)
}

/// Asks to be killed when the parent thread ends (`PR_SET_PDEATHSIG`); a change of ids clears it.
pub fn die_with_parent() -> io::Result<()> {
    prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64).map(drop)
}

/// Names the calling thread, at most 15 bytes.
pub fn set_name(name: &core::ffi::CStr) -> io::Result<()> {
    // SAFETY: PR_SET_NAME reads at most 16 bytes of a C string.
    check(unsafe { syscall!(libc::SYS_prctl, libc::PR_SET_NAME, name.as_ptr()) }).map(drop)
}

fn prctl(option: libc::c_int, value: u64) -> io::Result<usize> {
    // SAFETY: callers pass only options whose arguments are integers.
    check(unsafe { syscall!(libc::SYS_prctl, option, value, 0u64, 0u64, 0u64) })
}
