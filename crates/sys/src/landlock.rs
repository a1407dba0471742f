//! Landlock (landlock(7)): rulesets over files, TCP ports and scopes. The policy is the caller's.

use crate::call::{check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, OwnedFd};
use crate::io;

const CREATE_VERSION: u32 = 1;
const RULE_PATH_BENEATH: u32 = 1;

/// What a ruleset handles; zero fields are left alone (landlock_create_ruleset(2)).
#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Handled {
    /// File rights, `LANDLOCK_ACCESS_FS_*`.
    pub files: u64,
    /// TCP rights, `LANDLOCK_ACCESS_NET_*` (ABI 4).
    pub network: u64,
    /// Scopes, `LANDLOCK_SCOPE_*` (ABI 6).
    pub scopes: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: i32,
}

/// The ABI version of the running kernel; 0 when Landlock is missing or switched off.
pub fn abi() -> u32 {
    let none = core::ptr::null::<Handled>();
    // SAFETY: with the version flag the attribute must be null and of size zero.
    let version = unsafe { syscall!(libc::SYS_landlock_create_ruleset, none, 0usize, CREATE_VERSION) };
    u32::try_from(version).unwrap_or(0)
}

/// Makes a ruleset. Only the fields that `abi` knows are passed.
pub fn create(handled: &Handled, abi: u32) -> io::Result<OwnedFd> {
    let size = match abi {
        0..=3 => 8usize,
        4..=5 => 16,
        _ => size_of::<Handled>(),
    };
    // SAFETY: `handled` is live and at least `size` bytes long.
    owned(unsafe {
        syscall!(
            libc::SYS_landlock_create_ruleset,
            handled as *const Handled,
            size,
            0,
        )
    })
}

/// Allows file rights on a file, or on all beneath a folder.
pub fn allow_beneath(ruleset: BorrowedFd<'_>, parent: BorrowedFd<'_>, allowed: u64) -> io::Result<()> {
    let rule = PathBeneath {
        allowed,
        parent: parent.as_raw_fd(),
    };
    // SAFETY: `rule` is live and has the layout of landlock_path_beneath_attr.
    check(unsafe {
        syscall!(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            RULE_PATH_BENEATH,
            &raw const rule,
            0,
        )
    })
    .map(drop)
}

/// Puts the calling thread behind a ruleset for ever; needs no_new_privs.
pub fn restrict_self(ruleset: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: landlock_restrict_self takes two ints.
    check(unsafe { syscall!(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) }).map(drop)
}
