//! Files by descriptor: `openat2(2)` beneath a folder, and what is needed to build and read trees.

use crate::call::{c_string, check, owned, syscall};
use crate::handle::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::io;
use alloc::vec;
use alloc::vec::Vec;

#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// How far `openat2(2)` may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolve {
    /// Links are followed; the path may be absolute.
    Host,
    /// Never out of the folder, over no link, over no magic link.
    BeneathNoLinks,
    /// The same, and over no mount.
    BeneathNoLinksNoMounts,
}

impl Resolve {
    fn bits(self) -> u64 {
        const NO_XDEV: u64 = 1;
        const NO_MAGICLINKS: u64 = 2;
        const NO_SYMLINKS: u64 = 4;
        const BENEATH: u64 = 8;
        match self {
            Resolve::Host => 0,
            Resolve::BeneathNoLinks => NO_MAGICLINKS | NO_SYMLINKS | BENEATH,
            Resolve::BeneathNoLinksNoMounts => NO_XDEV | NO_MAGICLINKS | NO_SYMLINKS | BENEATH,
        }
    }
}

/// Opens `path` below `dir` (or the working directory) with `O_CLOEXEC` added to `flags`.
pub fn open_at(
    dir: Option<BorrowedFd<'_>>,
    path: &[u8],
    flags: libc::c_int,
    mode: u32,
    resolve: Resolve,
) -> io::Result<OwnedFd> {
    let path = c_string(path)?;
    let dir = dir.map_or(libc::AT_FDCWD, |d| d.as_raw_fd());
    let how = OpenHow {
        flags: (flags | libc::O_CLOEXEC) as u64,
        mode: mode.into(),
        resolve: resolve.bits(),
    };
    loop {
        // SAFETY: `path` is a live C string, `how` a live open_how of the size given.
        let fd = unsafe { syscall!(libc::SYS_openat2, dir, path.as_ptr(), &how, size_of::<OpenHow>()) };
        match owned(fd) {
            // EAGAIN: a rename raced with RESOLVE_BENEATH (openat2(2)); EINTR: a signal came.
            Err(e) if matches!(e.raw_os_error(), Some(libc::EINTR)) => {}
            other => return other,
        }
    }
}

/// Makes a folder.
pub fn make_dir(dir: BorrowedFd<'_>, path: &[u8], mode: u32) -> io::Result<()> {
    let path = c_string(path)?;
    // SAFETY: `path` is a live C string.
    check(unsafe { syscall!(libc::SYS_mkdirat, dir.as_raw_fd(), path.as_ptr(), mode) }).map(drop)
}

/// Makes an empty regular file where none is, without opening it (`mknodat(2)`).
pub fn make_file(dir: BorrowedFd<'_>, path: &[u8], mode: u32) -> io::Result<()> {
    let path = c_string(path)?;
    let mode = libc::S_IFREG | mode;
    // SAFETY: `path` is a live C string; a regular file has no device number.
    check(unsafe { syscall!(libc::SYS_mknodat, dir.as_raw_fd(), path.as_ptr(), mode, 0) }).map(drop)
}

/// Opens a regular file below `dir` for writing, empty, making it and its folders as needed. Every
/// part is opened by itself, beneath the one before and over no link; what is there already and is no
/// regular file is refused without being waited for.
///
/// # Errors
/// `ELOOP` for a link on the way, `ENXIO` or `EINVAL` for a FIFO, socket or device at the end.
pub fn create_beneath(dir: BorrowedFd<'_>, path: &[u8]) -> io::Result<OwnedFd> {
    let mut parent: Option<OwnedFd> = None;
    let mut parts: Vec<&[u8]> = path.split(|b| *b == b'/').collect();
    let name = parts.pop().unwrap_or_default();
    for part in parts {
        let at = parent.as_ref().map_or(dir, |p| p.as_fd());
        match make_dir(at, part, 0o755) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
        parent = Some(open_at(Some(at), part, flags, 0, Resolve::BeneathNoLinks)?);
    }
    let at = parent.as_ref().map_or(dir, |p| p.as_fd());
    // Truncated only once it is known to be a regular file.
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = open_at(Some(at), name, flags, 0o600, Resolve::BeneathNoLinks)?;
    if status(file.as_fd())?.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: ftruncate takes two integers.
    check(unsafe { syscall!(libc::SYS_ftruncate, file.as_raw_fd(), 0) })?;
    Ok(file)
}

/// Opens a regular file for writing, empty, making it and its folders behind the first `kept` bytes of its path. By
/// the calls that a program may make, so it follows links on the way: only for places where nobody else has been.
pub fn create_fresh(path: &[u8], kept: usize) -> io::Result<OwnedFd> {
    let slashes = (kept..path.len()).filter(|at| path[*at] == b'/');
    for end in slashes {
        let folder = c_string(&path[..end])?;
        // SAFETY: `folder` is a live C string.
        match check(unsafe { syscall!(libc::SYS_mkdirat, libc::AT_FDCWD, folder.as_ptr(), 0o755) }) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
    }
    let path = c_string(path)?;
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    // SAFETY: `path` is a live C string.
    owned(unsafe { syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600) })
}

/// Enters a folder by its path.
pub fn change_dir(path: &[u8]) -> io::Result<()> {
    let path = c_string(path)?;
    // SAFETY: `path` is a live C string.
    check(unsafe { syscall!(libc::SYS_chdir, path.as_ptr()) }).map(drop)
}

/// Makes a symbolic link at `path` that says `target`.
pub fn make_link(dir: BorrowedFd<'_>, target: &[u8], path: &[u8]) -> io::Result<()> {
    let (target, path) = (c_string(target)?, c_string(path)?);
    // SAFETY: both are live C strings.
    check(unsafe {
        syscall!(
            libc::SYS_symlinkat,
            target.as_ptr(),
            dir.as_raw_fd(),
            path.as_ptr()
        )
    })
    .map(drop)
}

/// What a symbolic link says (`readlinkat(2)`); at most 1,024 bytes of it.
pub fn read_link(path: &[u8]) -> io::Result<Vec<u8>> {
    let path = c_string(path)?;
    let mut buffer = [0u8; 1024];
    // SAFETY: `path` is a live C string; `buffer` may be written up to its length.
    let length = check(unsafe {
        syscall!(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            path.as_ptr(),
            buffer.as_mut_ptr(),
            buffer.len()
        )
    })?;
    Ok(buffer[..length.min(buffer.len())].to_vec())
}

/// Changes the mode of an open file.
pub fn set_mode(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    // SAFETY: fchmod takes two ints.
    check(unsafe { syscall!(libc::SYS_fchmod, fd.as_raw_fd(), mode) }).map(drop)
}

/// Changes owner and group of an open file.
pub fn set_owner(fd: BorrowedFd<'_>, uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: fchown takes three ints.
    check(unsafe { syscall!(libc::SYS_fchown, fd.as_raw_fd(), uid, gid) }).map(drop)
}

/// Sets the file mode creation mask and returns the old one.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: umask takes an int and cannot fail.
    unsafe { syscall!(libc::SYS_umask, mask) as u32 }
}

/// Makes the folder that `fd` names the working directory.
pub fn enter_dir(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: fchdir takes an int.
    check(unsafe { syscall!(libc::SYS_fchdir, fd.as_raw_fd()) }).map(drop)
}

/// Makes the working directory the root of this process (`chroot(2)`), which needs `CAP_SYS_CHROOT`.
pub fn make_working_directory_root() -> io::Result<()> {
    // SAFETY: the path is a C string that lives for ever.
    check(unsafe { syscall!(libc::SYS_chroot, c".".as_ptr()) }).map(drop)
}

/// What `fstat(2)` says of an open file.
pub fn status(fd: BorrowedFd<'_>) -> io::Result<libc::stat> {
    // SAFETY: a stat of zero bytes is a valid value of this plain C structure.
    let mut status: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: `status` is live and may be written.
    check(unsafe { syscall!(libc::SYS_fstat, fd.as_raw_fd(), &mut status) })?;
    Ok(status)
}

/// Space and inodes of the filesystem that an open file is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes free.
    pub free_bytes: u64,
    /// Inodes free.
    pub free_inodes: u64,
}

/// Reads the [`Space`] of a filesystem (`fstatfs(2)`).
pub fn space(fd: BorrowedFd<'_>) -> io::Result<Space> {
    // SAFETY: a statfs of zero bytes is a valid value of this plain C structure.
    let mut s: libc::statfs = unsafe { core::mem::zeroed() };
    // SAFETY: `s` is live and may be written.
    check(unsafe { syscall!(libc::SYS_fstatfs, fd.as_raw_fd(), &mut s) })?;
    let block = s.f_bsize as u64;
    Ok(Space {
        used_bytes: s.f_blocks.saturating_sub(s.f_bfree) * block,
        free_bytes: s.f_bfree * block,
        free_inodes: s.f_ffree,
    })
}

/// Writes a file that is there already in one call, as the kernel's own files want it.
pub fn write_existing(path: &[u8], bytes: &[u8]) -> io::Result<()> {
    let file = open_at(None, path, libc::O_WRONLY, 0, Resolve::Host)?;
    match crate::fd::write(file.as_fd(), bytes)? {
        n if n == bytes.len() => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::EIO)),
    }
}

/// Reads at most `limit` bytes from the beginning of a file.
pub fn read_start(path: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let file = open_at(None, path, libc::O_RDONLY, 0, Resolve::Host)?;
    let mut bytes = vec![0; limit];
    let mut done = 0;
    while done < limit {
        match crate::fd::read(file.as_fd(), &mut bytes[done..])? {
            0 => break,
            n => done += n,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name's bytes.
    pub name: Vec<u8>,
    /// `DT_REG`, `DT_DIR` and so on; `DT_UNKNOWN` when the filesystem does not say.
    pub kind: u8,
}

/// Reads at most `limit` entries of an open folder, without `.` and `..` (`getdents64(2)`).
pub fn entries(dir: BorrowedFd<'_>, limit: usize) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    let mut buffer = vec![0u8; 16 * 1024];
    loop {
        // SAFETY: the pointer and length describe `buffer`, which may be written.
        let n = unsafe {
            syscall!(
                libc::SYS_getdents64,
                dir.as_raw_fd(),
                buffer.as_mut_ptr(),
                buffer.len(),
            )
        };
        let n = check(n)?;
        if n == 0 {
            return Ok(found);
        }
        let mut at = 0;
        // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name with NUL.
        while at + 19 < n {
            let length = usize::from(u16::from_ne_bytes([buffer[at + 16], buffer[at + 17]]));
            let record = buffer.get(at..at + length).unwrap_or_default();
            let name: Vec<u8> = record.iter().skip(19).copied().take_while(|b| *b != 0).collect();
            if name != b"." && name != b".." && !name.is_empty() {
                if found.len() == limit {
                    return Ok(found);
                }
                found.push(Entry {
                    name,
                    kind: buffer[at + 18],
                });
            }
            at += length.max(20);
        }
    }
}
