//! Mounts by descriptor: the mount API of Linux 5.2 (`fsopen`, `open_tree`, `move_mount`) and
//! `mount_setattr(2)` of 5.12. An image is hostile, so nothing here follows a path twice.

use crate::call::{c_string, check, owned, syscall};
use crate::handle::{AsRawFd, BorrowedFd, OwnedFd};
use crate::io;

const OPEN_TREE_CLONE: libc::c_uint = 1;
const FSOPEN_CLOEXEC: libc::c_uint = 1;
const FSMOUNT_CLOEXEC: libc::c_uint = 1;
const FSCONFIG_SET_FLAG: libc::c_uint = 0;
const FSCONFIG_SET_STRING: libc::c_uint = 1;
const FSCONFIG_CMD_CREATE: libc::c_uint = 6;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;

/// Mount attribute flags of `mount_setattr(2)` and `fsmount(2)`.
pub mod attr {
    /// Nothing can be written through this mount.
    pub const RDONLY: u64 = 0x1;
    /// Set-user-id bits and file capabilities do nothing.
    pub const NOSUID: u64 = 0x2;
    /// Device nodes cannot be opened.
    pub const NODEV: u64 = 0x4;
    /// Nothing can be executed.
    pub const NOEXEC: u64 = 0x8;
    /// Paths through symbolic links are not followed (Linux 5.10).
    pub const NOSYMFOLLOW: u64 = 0x20_0000;
}

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Whether a call takes the mounts below as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// This mount alone.
    One,
    /// This mount and all below it.
    All,
}

impl Depth {
    fn flag(self) -> libc::c_uint {
        if self == Depth::All {
            libc::AT_RECURSIVE as libc::c_uint
        } else {
            0
        }
    }
}

/// Makes a new filesystem of type `kind` with string options, mounted nowhere yet.
///
/// An option with an empty value is passed as a flag. `attributes` are of [`attr`].
pub fn new_filesystem(kind: &str, options: &[(&str, &str)], attributes: u64) -> io::Result<OwnedFd> {
    let name = c_string(kind.as_bytes())?;
    // SAFETY: `name` is a live C string.
    let context = owned(unsafe { syscall!(libc::SYS_fsopen, name.as_ptr(), FSOPEN_CLOEXEC) })?;
    for (key, value) in options {
        let key = c_string(key.as_bytes())?;
        let text = c_string(value.as_bytes())?;
        let (command, value) = if value.is_empty() {
            (FSCONFIG_SET_FLAG, core::ptr::null())
        } else {
            (FSCONFIG_SET_STRING, text.as_ptr())
        };
        // SAFETY: `key` is a live C string; `value` is null or a live C string, as the command wants.
        check(unsafe {
            syscall!(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                command,
                key.as_ptr(),
                value,
                0,
            )
        })?;
    }
    let null = core::ptr::null::<libc::c_char>();
    // SAFETY: FSCONFIG_CMD_CREATE wants null key and value.
    check(unsafe {
        syscall!(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            FSCONFIG_CMD_CREATE,
            null,
            null,
            0,
        )
    })?;
    // SAFETY: fsmount takes three integers.
    owned(unsafe {
        syscall!(
            libc::SYS_fsmount,
            context.as_raw_fd(),
            FSMOUNT_CLOEXEC,
            attributes as libc::c_uint,
        )
    })
}

/// Clones the mount at `path` (below `dir`) into a detached tree.
pub fn clone_tree(dir: BorrowedFd<'_>, path: &[u8], depth: Depth) -> io::Result<OwnedFd> {
    let flags = OPEN_TREE_CLONE
        | libc::O_CLOEXEC as libc::c_uint
        | libc::AT_EMPTY_PATH as libc::c_uint
        | depth.flag();
    open_tree(dir.as_raw_fd(), path, flags)
}

/// Clones the mount at an absolute host path into a detached tree; the last part may not be a link.
pub fn clone_host_tree(path: &[u8], depth: Depth) -> io::Result<OwnedFd> {
    let flags = OPEN_TREE_CLONE
        | libc::O_CLOEXEC as libc::c_uint
        | libc::AT_SYMLINK_NOFOLLOW as libc::c_uint
        | depth.flag();
    open_tree(libc::AT_FDCWD, path, flags)
}

fn open_tree(dir: i32, path: &[u8], flags: libc::c_uint) -> io::Result<OwnedFd> {
    let path = c_string(path)?;
    // SAFETY: `path` is a live C string.
    owned(unsafe { syscall!(libc::SYS_open_tree, dir, path.as_ptr(), flags) })
}

/// Attaches a detached tree at `path` below `dir`, or at `dir` itself when `path` is empty.
///
/// The last part of `path` is not followed when it is a link.
pub fn attach(tree: BorrowedFd<'_>, dir: BorrowedFd<'_>, path: &[u8]) -> io::Result<()> {
    const MOVE_MOUNT_T_EMPTY_PATH: libc::c_uint = 0x40;
    let target = c_string(path)?;
    let flags = MOVE_MOUNT_F_EMPTY_PATH
        | if path.is_empty() {
            MOVE_MOUNT_T_EMPTY_PATH
        } else {
            0
        };
    // SAFETY: both strings are live C strings.
    check(unsafe {
        syscall!(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            dir.as_raw_fd(),
            target.as_ptr(),
            flags,
        )
    })
    .map(drop)
}

/// Adds attributes of [`attr`] to a mount.
pub fn set_attributes(tree: BorrowedFd<'_>, set: u64, depth: Depth) -> io::Result<()> {
    mount_setattr(
        tree.as_raw_fd(),
        c"",
        &MountAttr {
            set,
            clear: 0,
            propagation: 0,
            userns_fd: 0,
        },
        depth,
    )
}

/// Cuts all mounts of our namespace off from the propagation of the host's.
pub fn make_all_private() -> io::Result<()> {
    let change = MountAttr {
        set: 0,
        clear: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    mount_setattr(libc::AT_FDCWD, c"/", &change, Depth::All)
}

fn mount_setattr(dir: i32, path: &core::ffi::CStr, change: &MountAttr, depth: Depth) -> io::Result<()> {
    let flags = libc::AT_EMPTY_PATH as libc::c_uint | depth.flag();
    // SAFETY: `path` is a live C string, `change` a live structure whose size is given.
    check(unsafe {
        syscall!(
            libc::SYS_mount_setattr,
            dir,
            path.as_ptr(),
            flags,
            change as *const MountAttr,
            size_of::<MountAttr>(),
        )
    })
    .map(drop)
}

/// Makes the current directory the root of our mount namespace and drops the old one.
///
/// `pivot_root(".", ".")` stacks the old root on the new one; detaching it leaves the new one alone
/// (pivot_root(2), notes).
pub fn pivot_to_current_directory() -> io::Result<()> {
    // SAFETY: both arguments are static C strings.
    check(unsafe { syscall!(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    detach(b".")
}

/// Binds `source` over `target` in one call (`mount(2)`, `MS_BIND`); both are followed like any path,
/// so this is only for places that nobody hostile can have made. The bind keeps the source's flags.
pub fn bind_path(source: &[u8], target: &[u8]) -> io::Result<()> {
    let (source, target) = (c_string(source)?, c_string(target)?);
    let none = core::ptr::null::<u8>();
    // SAFETY: both paths are live C strings; MS_BIND ignores the null type and data.
    check(unsafe {
        syscall!(
            libc::SYS_mount,
            source.as_ptr(),
            target.as_ptr(),
            none,
            libc::MS_BIND,
            none
        )
    })
    .map(drop)
}

/// Detaches the mount at `path` with all below it.
fn detach(path: &[u8]) -> io::Result<()> {
    let path = c_string(path)?;
    // SAFETY: `path` is a live C string.
    check(unsafe { syscall!(libc::SYS_umount2, path.as_ptr(), libc::MNT_DETACH) }).map(drop)
}
