//! The directory of one sandbox in the v2 tree: entry by clone, death by one write, processor time.
//!
//! Shared by the v2 groups and by the hybrid ones, which have their limits elsewhere: none of this needs a
//! controller. It must never set a limit.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::CgroupError;
use super::files;
use super::kill::kill_members;

/// One v2 directory.
pub(super) struct Life {
    dir: PathBuf,
    /// Open until the sandbox is in.
    fd: Option<File>,
}

impl Life {
    /// Makes `base/name`; see [`files::make_group`].
    pub(super) fn create(
        base: &Path,
        name: &str,
        remake: &dyn Fn() -> Result<(), CgroupError>,
    ) -> Result<Life, CgroupError> {
        let dir = files::make_group(base, name, remake)?;
        match File::open(&dir) {
            Ok(fd) => Ok(Life { dir, fd: Some(fd) }),
            Err(error) => {
                let error = CgroupError::io("open", &dir, error);
                Err(error.after_cleanup(files::remove_group(&dir)))
            }
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn number(&self) -> Option<u64> {
        Some(std::fs::metadata(&self.dir).ok()?.ino())
    }

    pub(super) fn close_entry(&mut self) {
        self.fd = None;
    }

    pub(super) fn attach(&self, pid: u32) -> Result<(), CgroupError> {
        attach(&self.dir, pid)
    }

    pub(super) fn enter(&self) -> Result<(), CgroupError> {
        attach(&self.dir, 0)
    }

    /// `cpu.stat` is there in every group of the v2 tree, with or without the `cpu` controller (Linux 4.15). It is
    /// opened for each look: a descriptor for each of some thousand sandboxes costs more.
    pub(super) fn cpu_total(&self) -> Option<Duration> {
        let mut buffer = [0u8; 1024];
        let text = files::read(&self.dir.join("cpu.stat"), &mut buffer).ok()?;
        Some(Duration::from_micros(files::field(text, "usage_usec")?))
    }

    /// Processor time outside and inside the kernel.
    pub(super) fn cpu_split(&self) -> Option<(Duration, Duration)> {
        let mut buffer = [0u8; 1024];
        let text = files::read(&self.dir.join("cpu.stat"), &mut buffer).ok()?;
        let micros = |key| files::field(text, key).map(Duration::from_micros);
        Some((micros("user_usec")?, micros("system_usec")?))
    }

    pub(super) fn kill(&self) -> Result<(), CgroupError> {
        kill_tree(&self.dir)
    }

    pub(super) fn is_populated(&self) -> bool {
        let mut buffer = [0u8; 256];
        match files::read(&self.dir.join("cgroup.events"), &mut buffer) {
            Ok(text) => files::field(text, "populated") != Some(0),
            Err(error) => !files::is_gone(&error),
        }
    }

    pub(super) fn remove(&self) -> Result<(), CgroupError> {
        files::remove_group(&self.dir)
    }
}

/// Moves a process into the group at `dir`, of either version.
pub(super) fn attach(dir: &Path, pid: u32) -> Result<(), CgroupError> {
    let path = dir.join("cgroup.procs");
    files::write_number(&path, u64::from(pid))
        .map_err(|error| CgroupError::io("attach a process by", &path, error))
}

/// Kills everything in the v2 group `dir` and below: `cgroup.kill` (Linux 5.14), else its members one by one.
pub(super) fn kill_tree(dir: &Path) -> Result<(), CgroupError> {
    let path = dir.join("cgroup.kill");
    match files::write(&path, b"1") {
        Ok(()) => Ok(()),
        Err(error) if files::is_gone(&error) => kill_members(&[dir], None),
        Err(error) => Err(CgroupError::io("write", &path, error)),
    }
}
