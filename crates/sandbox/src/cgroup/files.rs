//! Reading and writing the small files of cgroupfs: one open, one call, no allocation but the path.
//!
//! Used by every file of this folder. A value goes out in one `write(2)`, because the kernel parses each write on its
//! own; a read is bounded by the buffer of the caller, because no file read here is longer than that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use casemate_sys::libc;

use super::error::CgroupError;

/// Room for the longest file read whole on a stack, `memory.stat` (about 2.5 KiB on Linux 6.18).
pub(super) const STAT_BYTES: usize = 8192;

/// The most that is read of a list of processes or of a table of mounts.
pub(super) const TEXT_BYTES: u64 = 4 << 20;

/// Writes `value` in one call.
pub(super) fn write(path: &Path, value: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    match file.write(value)? {
        n if n == value.len() => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::WriteZero)),
    }
}

/// Opens a file for writing only.
pub(super) fn door(path: &Path) -> Result<OwnedFd, CgroupError> {
    let opened = OpenOptions::new().write(true).open(path);
    opened
        .map(OwnedFd::from)
        .map_err(|error| CgroupError::io("open", path, error))
}

/// Writes a decimal number in one call.
pub(super) fn write_number(path: &Path, value: u64) -> io::Result<()> {
    let mut buffer = [0u8; 20];
    write(path, decimal(value, &mut buffer))
}

/// The decimal digits of `value`, at the end of `buffer` (20 digits hold every `u64`).
pub(super) fn decimal(mut value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return &buffer[start..];
        }
    }
}

/// Reads `file` from its beginning into `buffer`; what does not fit is left.
pub(super) fn read_again<'a>(file: &File, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], length as u64) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..length])
}

/// Opens and reads the file at `path` into `buffer`; what does not fit is left.
pub(super) fn read<'a>(path: &Path, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    read_again(&File::open(path)?, buffer)
}

/// Reads a file that holds one number. `None` when it is missing, unreadable or not a number (`max`).
pub(super) fn number(path: &Path) -> Option<u64> {
    let mut buffer = [0u8; 32];
    parse_number(read(path, &mut buffer).ok()?)
}

/// Reads a whole text, at most [`TEXT_BYTES`] long.
pub(super) fn text(path: &Path) -> io::Result<String> {
    // Room for most of them, so that the kernel is not asked for a few bytes at a time.
    let mut text = String::with_capacity(8 << 10);
    File::open(path)?.take(TEXT_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_BYTES {
        Err(io::Error::from(io::ErrorKind::FileTooLarge))
    } else {
        Ok(text)
    }
}

/// The number behind `key` in a file of `key value` lines, such as `memory.stat`.
pub(super) fn field(text: &[u8], key: &str) -> Option<u64> {
    text.split(|byte| *byte == b'\n').find_map(|line| {
        let rest = line.strip_prefix(key.as_bytes())?.strip_prefix(b" ")?;
        parse_number(rest)
    })
}

/// The process ids of a `cgroup.procs` file. A process of a foreign pid namespace shows as 0.
pub(super) fn members(dir: &Path) -> io::Result<Vec<u32>> {
    Ok(text(&dir.join("cgroup.procs"))?
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect())
}

/// Whether a `cgroup.procs` file names anybody, or cannot be read although it is there.
pub(super) fn has_members(dir: &Path) -> bool {
    let mut buffer = [0u8; 16];
    match read(&dir.join("cgroup.procs"), &mut buffer) {
        Ok(text) => !text.is_empty(),
        Err(error) => !is_gone(&error),
    }
}

/// Whether a group vanished under our hands: its directory (ENOENT), or the group behind an open file (ENODEV).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

/// Whether this account may write the file. Opening changes nothing; the kernel judges by the opener's rights
/// (CVE-2021-4197).
pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

/// Makes a directory; one that is there already is fine.
pub(super) fn make_dir(path: &Path) -> Result<(), CgroupError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(CgroupError::io("make", path, error))
        }
        _ => Ok(()),
    }
}

/// Makes the directory of a group, which must be new, below `base`. A base that a concurrent process removed as empty
/// is made again, once, by `remake`.
pub(super) fn make_group(
    base: &Path,
    name: &str,
    remake: &dyn Fn() -> Result<(), CgroupError>,
) -> Result<PathBuf, CgroupError> {
    let dir = base.join(name);
    let mut made = fs::create_dir(&dir);
    if made
        .as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        remake()?;
        made = fs::create_dir(&dir);
    }
    match made {
        Ok(()) => Ok(dir),
        Err(source) => Err(CgroupError::io("make", &dir, source)),
    }
}

/// Removes the directory of a group. One that is gone already is fine.
///
/// # Errors
/// [`CgroupError::Busy`] while it has processes or child groups.
pub(super) fn remove_group(dir: &Path) -> Result<(), CgroupError> {
    match fs::remove_dir(dir) {
        Ok(()) => Ok(()),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            io::ErrorKind::ResourceBusy | io::ErrorKind::DirectoryNotEmpty => Err(CgroupError::Busy {
                path: dir.to_path_buf(),
            }),
            _ => Err(CgroupError::io("remove", dir, error)),
        },
    }
}

/// A decimal number with white space around it.
pub(super) fn parse_number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim_ascii().parse().ok()
}
